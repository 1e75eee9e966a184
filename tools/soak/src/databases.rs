//! The PostgreSQL and the Redis of the run.

use crate::network::{Host, Network};
use crate::process::Process;
use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The longest start of a database on a busy machine.
const MAX_START: Duration = Duration::from_secs(60);

/// A PostgreSQL with a data folder of its own.
#[derive(Debug)]
pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    /// The user that it runs as, where this program is root, which PostgreSQL refuses.
    owner: Option<String>,
    process: Option<Process>,
}

impl Postgres {
    /// Makes the data folder in `folder`, and starts the server.
    pub(crate) async fn start(network: &Network, folder: &Path) -> Result<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let owner = is_root.then(|| if has_user("postgres") { "postgres" } else { "nobody" }.to_owned());
        let folder = folder.join("postgres");
        std::fs::create_dir(&folder)?;
        if let Some(owner) = &owner {
            done(Command::new("chown").args([owner.as_str()]).arg(&folder))?;
        }
        let mut made = Self { folder, programs: programs()?, owner, process: None };
        let mut initdb = made.as_owner(Command::new("env"), "initdb");
        let arguments = ["-U", "milepost", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"];
        done(initdb.args(arguments).arg(made.folder.join("data")).stdout(Stdio::null()))?;
        let rules = made.folder.join("data/pg_hba.conf");
        std::fs::write(&rules, "local all all trust\nhost all all 0.0.0.0/0 trust\n")?;
        made.run(network).await?;
        Ok(made)
    }

    /// Starts the server again, and waits until it answers.
    pub(crate) async fn run(&mut self, network: &Network) -> Result<()> {
        let address = network.address(Host::Postgres);
        let mut command = self.as_owner(network.command(Host::Postgres, "env"), "postgres");
        command
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(&self.folder)
            .args(["-p", &address.port().to_string()]);
        let listen = format!("listen_addresses={}", address.ip());
        for setting in [&listen, "fsync=off", "full_page_writes=off", "max_connections=100"] {
            command.args(["-c", setting]);
        }
        self.process = Some(Process::start(command, Signal::QUIT, &self.folder.join("../postgres.log"))?);
        let begun = Instant::now();
        while query(network, "select 1").await.is_err() {
            if begun.elapsed() > MAX_START {
                bail!("PostgreSQL does not start");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Ends the server: INT closes all connections and ends in order, QUIT ends like a crash.
    pub(crate) fn end(&mut self, signal: Signal) {
        if let Some(mut process) = self.process.take() {
            process.end(signal);
        }
    }

    /// Pauses or resumes the server with all its connections.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    /// `before` and then a program of PostgreSQL as its owner.
    fn as_owner(&self, mut before: Command, program: &str) -> Command {
        if let Some(owner) = &self.owner {
            before.args(["setpriv", "--reuid", owner, "--regid", owner, "--clear-groups"]);
        }
        before.arg(self.programs.join(program)).current_dir("/");
        before
    }
}

/// The lines that a query prints, with `|` between the columns.
pub(crate) async fn query(network: &Network, sql: &str) -> Result<Vec<String>> {
    let address = network.address(Host::Postgres);
    let mut command = tokio::process::Command::new("psql");
    command
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "-v", "ON_ERROR_STOP=1"])
        .arg(format!("postgres://milepost@{address}/postgres?connect_timeout=5"))
        .args(["--command", sql])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(MAX_START, command.output()).await.context("psql does not end")??;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
}

/// A Redis that keeps nothing on disk.
#[derive(Debug)]
pub(crate) struct Redis {
    folder: PathBuf,
    process: Option<Process>,
}

impl Redis {
    /// Starts a server.
    pub(crate) fn start(network: &Network, folder: &Path) -> Result<Self> {
        let mut made = Self { folder: folder.to_owned(), process: None };
        made.run(network)?;
        Ok(made)
    }

    /// Starts the server again, empty.
    pub(crate) fn run(&mut self, network: &Network) -> Result<()> {
        let address = network.address(Host::Redis);
        let mut command = network.command(Host::Redis, "redis-server");
        command.args(["--port", &address.port().to_string(), "--bind", &address.ip().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--protected-mode", "no"]).current_dir(&self.folder);
        self.process = Some(Process::start(command, Signal::KILL, &self.folder.join("redis.log"))?);
        Ok(())
    }

    /// Ends it like `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end(Signal::KILL);
        }
    }

    /// Pauses or resumes it.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }
}

/// The folder of PostgreSQL's programs: `PGBIN`, or the newest that is installed.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PGBIN") {
        return Ok(folder.into());
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.sort_by_key(|folder| {
        let version = folder.parent().and_then(|parent| parent.file_name()?.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version.unwrap_or(0))
    });
    let found = folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    found.context("PostgreSQL is not installed: no initdb; set PGBIN to the folder of its programs")
}

fn has_user(name: &str) -> bool {
    Command::new("id")
        .arg(name)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn done(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("can't run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
