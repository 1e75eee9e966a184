//! Redis servers for single tests, which may stop, pause and restart them.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// The program, from the package `redis-server`.
const PROGRAM: &str = "redis-server";

/// Whether Redis is installed. Without it a test is skipped with a message; with `CI=true` it fails.
pub fn has_redis() -> bool {
    let has = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !has {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{PROGRAM} is not installed");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let left_out = format!("LEFT OUT: {test} on Redis, {PROGRAM} is not installed\n");
        std::io::stderr().write_all(left_out.as_bytes()).unwrap();
    }
    has
}

/// A Redis of a test's own, without anything on disk but its log. Dropping it ends it.
pub struct RedisServer {
    port: u16,
    options: Vec<String>,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server on a free port, or returns `None` without Redis.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with further options, such as `["--cluster-enabled", "yes"]`.
    pub fn start_with(options: &[&str]) -> Option<Self> {
        has_redis().then(|| {
            let options = options.iter().map(|&option| option.to_owned()).collect();
            let folder = tempfile::tempdir().unwrap();
            let mut server = Self { port: free_port(), options, folder, process: None };
            server.run();
            server
        })
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it like `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on its port, empty.
    pub fn run(&mut self) {
        self.kill();
        let mut command = Command::new(PROGRAM);
        let plain = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"];
        command.args(["--port", &self.port.to_string()]).args(plain);
        let log = std::fs::File::create(self.folder.path().join("redis.log")).unwrap();
        command
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(log);
        self.process = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it in its tracks: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`Self::pause`].
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on, below the ports that outgoing connections take.
pub fn free_port() -> u16 {
    loop {
        let port = 10_000 + (uuid::Uuid::new_v4().as_u128() % 10_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
