//! The server under test: started on a temporary data folder, or one that runs already.

use crate::child::Child;
use crate::http::Client;
use crate::watcher::Handshake;
use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use ring::hmac::{HMAC_SHA256, Key, sign};
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longer than any run.
const TOKEN_LIFE_SECONDS: u64 = 24 * 3600;
/// Signs the tokens of a server that this program starts; it listens on the loopback interface only.
const OWN_SECRET: &str = "milepost-load-signs-with-this-on-loopback-only";

/// The server to measure, and its CPUs.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct ServerOptions {
    /// The milepost binary to start [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Use a server that runs already, such as http://127.0.0.1:8080
    #[arg(long, requires = "jwt_secret", requires = "pid", conflicts_with = "server")]
    url: Option<String>,
    /// The secret of a server that runs already
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    #[serde(skip)]
    jwt_secret: Option<String>,
    /// The process id of a server that runs already
    #[arg(long)]
    pid: Option<u32>,
    /// Let the started server use this database instead of SQLite; the rows stay in it
    #[arg(long, value_name = "URL", hide_env_values = true)]
    #[serde(skip)]
    pub(crate) database_url: Option<String>,
    /// Let the started server use this Redis
    #[arg(long, value_name = "URL", hide_env_values = true)]
    #[serde(skip)]
    pub(crate) redis_url: Option<String>,
    /// Serve the API of Traccar too
    #[arg(skip)]
    #[serde(skip)]
    pub(crate) traccar_api: bool,
    /// CPUs of the started server, such as 0 or 0,1 [default: depends on the command]
    #[arg(long, value_delimiter = ',', value_name = "CPUS")]
    pub(crate) server_cpus: Vec<usize>,
    /// CPUs of this program [default: depends on the command]
    #[arg(long, value_delimiter = ',', value_name = "CPUS")]
    pub(crate) client_cpus: Vec<usize>,
}

/// A server that is ready.
#[derive(Debug)]
pub(crate) struct Milepost {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) pid: u32,
    /// A header line that makes the caller an admin.
    pub(crate) credential: String,
    /// Signs tokens.
    secret: String,
    own: Option<Own>,
}

/// A server that this program started.
#[derive(Debug)]
struct Own {
    // Dropped in this order: the process ends before its folder is removed.
    child: Child,
    folder: Folder,
    program: PathBuf,
}

impl Milepost {
    /// Starts a server with these options, or uses the running one.
    pub(crate) fn start(options: &ServerOptions) -> Result<Self> {
        if let (Some(url), Some(secret), Some(pid)) = (&options.url, &options.jwt_secret, options.pid) {
            let address = address_of(url)?;
            let (credential, secret) = (bearer(secret, "admin", "default", &[])?, secret.clone());
            return Ok(Self { address, pid, credential, secret, own: None });
        }
        let program = match &options.server {
            // It is started from its own folder.
            Some(path) => std::path::absolute(path)?,
            None => std::env::current_exe()?.with_file_name("milepost"),
        };
        let folder = Folder::create()?;
        let (child, address) = serve(&program, &folder, "127.0.0.1:0", options)?;
        let pid = child.pid();
        let (credential, secret) = (bearer(OWN_SECRET, "admin", "default", &[])?, OWN_SECRET.to_owned());
        Ok(Self { address, pid, credential, secret, own: Some(Own { child, folder, program }) })
    }

    /// Asks the started server to end, and starts another one on the same data and address once it has. `wait` is called again and
    /// again meanwhile.
    pub(crate) fn deploy(&mut self, options: &ServerOptions, mut wait: impl FnMut() -> Result<()>) -> Result<()> {
        let own = self.own.as_mut().context("only a server that this program started can be replaced")?;
        own.child.terminate()?;
        while !own.child.has_ended()? {
            wait()?;
        }
        (own.child, _) = serve(&own.program, &own.folder, &self.address.to_string(), options)?;
        self.pid = own.child.pid();
        Ok(())
    }

    /// A connection for setting up, as an admin.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::connect(self.address, &self.credential)
    }

    /// A header line that makes the caller a user of this role, who may see these vehicles if it is a parent.
    pub(crate) fn bearer_of(&self, role: &str, tenant: &str, vehicles: &[&str]) -> Result<String> {
        bearer(&self.secret, role, tenant, vehicles)
    }

    /// The handshake that opens the bus socket as an admin.
    pub(crate) fn bus_socket(&self, deflate: bool) -> Handshake {
        self.socket("/ws/bus-tracking/", deflate)
    }

    /// The handshake of the live protocol as an admin, who says hello next.
    pub(crate) fn live_socket(&self, deflate: bool) -> Handshake {
        self.socket("/ws", deflate)
    }

    fn socket(&self, path: &str, deflate: bool) -> Handshake {
        Handshake { address: self.address, path: path.to_owned(), credential: self.credential.clone(), deflate }
    }
}

/// Starts a server on a folder, and returns it with its address once it is there.
fn serve(program: &Path, folder: &Folder, listen: &str, options: &ServerOptions) -> Result<(Child, SocketAddr)> {
    let mut command = Command::new(program);
    command
        .arg("serve")
        .current_dir(&folder.0)
        .env("MILEPOST_LISTEN", listen)
        .env("MILEPOST_DATA", folder.0.join("data"))
        .env("MILEPOST_ECHO", "1")
        .env("JWT_SECRET", OWN_SECRET)
        .env("MAX_CONNECTIONS_PER_TENANT", "100000")
        .env("MILEPOST_WEBHOOK_ALLOW", "127.0.0.0/8")
        .env_remove("DATABASE_URL")
        .env_remove("REDIS_URL")
        .stderr(File::create(folder.0.join("stderr.log"))?);
    if let Some(url) = &options.database_url {
        command.env("DATABASE_URL", url);
    }
    if let Some(url) = &options.redis_url {
        command.env("REDIS_URL", url);
    }
    if options.traccar_api {
        command.env("TRACCAR_API", "1");
    }
    let child = Child::start(command, &options.server_cpus)?;
    let address = child
        .wait_for("its address", |line| address_of(line.split_once("http://")?.1).ok())
        .with_context(|| std::fs::read_to_string(folder.0.join("stderr.log")).unwrap_or_default())?;
    Ok((child, address))
}

/// A header line with a token for a user that the server does not know: the token's claims are enough.
fn bearer(secret: &str, role: &str, tenant: &str, vehicles: &[&str]) -> Result<String> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = json!({"sub": format!("milepost-load-{role}"), "role": role, "tenant": tenant, "vehicle_ids": vehicles,
        "exp": now_s + TOKEN_LIFE_SECONDS});
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(sign(&Key::new(HMAC_SHA256, secret.as_bytes()), signed.as_bytes()));
    Ok(format!("authorization: Bearer {signed}.{signature}"))
}

/// The address in `http://host:port/…`, with or without the scheme.
pub(crate) fn address_of(url: &str) -> Result<SocketAddr> {
    let host = url.trim_start_matches("http://").split(['/', ' ', '\u{1b}']).next().unwrap_or_default();
    match host.to_socket_addrs() {
        Ok(mut addresses) => addresses.next().with_context(|| format!("{host} has no address")),
        Err(_) => bail!("{url:?} is no http://host:port"),
    }
}

/// A folder that is removed when this is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self> {
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let path = std::env::temp_dir().join(format!("milepost-load-{}-{now_ns}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If that fails, a folder stays in the system's folder for temporary files.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn addresses_are_found_in_urls_and_in_what_the_server_prints() {
        let address: SocketAddr = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(address_of("http://127.0.0.1:8080").unwrap(), address);
        assert_eq!(address_of("127.0.0.1:8080/ and more").unwrap(), address);
        assert!(address_of("http://nobody").is_err());
    }

    #[test]
    fn a_folder_is_removed_with_its_owner() {
        let folder = Folder::create().unwrap();
        let path = folder.0.clone();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
