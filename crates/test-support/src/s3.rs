//! S3 servers for single tests, which may stop and restart them.

use crate::{PATIENCE, free_port};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The key that the server takes.
pub const S3_KEY: (&str, &str) = ("S3RVER", "S3RVER");

/// An S3 server of a test's own, with one bucket: s3rver, which knows its keys and does not check signatures of version 4. Dropping it
/// ends it.
pub struct S3Server {
    program: PathBuf,
    port: u16,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl S3Server {
    /// The bucket.
    pub const BUCKET: &str = "proofs";

    /// Starts a server on a free port, or returns `None` if it is not installed: the test is skipped with a message; with `CI=true`
    /// it fails.
    pub fn start() -> Option<Self> {
        let program = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/s3rver/node_modules/s3rver/bin/s3rver.js"));
        if !program.exists() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "s3rver is not installed");
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            let left_out =
                format!("LEFT OUT: {test} with S3, s3rver is not installed (scripts/install-test-parts.sh)\n");
            std::io::stderr().write_all(left_out.as_bytes()).unwrap();
            return None;
        }
        let mut server = Self { program, port: free_port(), folder: tempfile::tempdir().unwrap(), process: None };
        server.run();
        Some(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder in which it keeps its bucket.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(Self::BUCKET)
    }

    /// Ends it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on its port, with what it kept.
    pub fn run(&mut self) {
        self.stop();
        let mut command = Command::new("node");
        command.arg(&self.program).arg("--directory").arg(self.folder.path());
        command.args(["--address", "127.0.0.1", "--silent", "--no-vhost-buckets", "--configure-bucket", Self::BUCKET]);
        command.arg("--port").arg(self.port.to_string());
        self.process = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < deadline, "s3rver did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}
