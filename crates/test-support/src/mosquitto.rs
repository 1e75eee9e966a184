//! MQTT brokers for single tests, which may stop and restart them.

use crate::{PATIENCE, free_port};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, from the package `mosquitto`. Debian has it where only root looks.
const PROGRAMS: [&str; 2] = ["mosquitto", "/usr/sbin/mosquitto"];

fn program() -> Option<&'static str> {
    let runs =
        |program: &&str| Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    PROGRAMS.into_iter().find(runs)
}

/// A Mosquitto of a test's own, which keeps its sessions in a folder. Dropping it ends it.
pub struct Mosquitto {
    program: &'static str,
    port: u16,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Mosquitto {
    /// Starts a broker on a free port, or returns `None` without Mosquitto: the test is skipped with a message; with `CI=true` it
    /// fails.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "mosquitto is not installed");
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            let left_out = format!("LEFT OUT: {test} with a broker, mosquitto is not installed\n");
            std::io::stderr().write_all(left_out.as_bytes()).unwrap();
            return None;
        };
        let mut broker = Self { program, port: free_port(), folder: tempfile::tempdir().unwrap(), process: None };
        let folder = broker.folder.path().display();
        let user = if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" { "user root\n" } else { "" };
        let settings = format!(
            "{user}listener {} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n",
            broker.port
        );
        std::fs::write(broker.folder.path().join("mosquitto.conf"), settings).unwrap();
        broker.run();
        Some(broker)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it, so that it keeps its sessions.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }

    /// Starts it again on its port.
    pub fn run(&mut self) {
        self.stop();
        let log = std::fs::File::create(self.folder.path().join("mosquitto.log")).unwrap();
        let mut command = Command::new(self.program);
        command.arg("-c").arg(self.folder.path().join("mosquitto.conf"));
        self.process = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < deadline, "mosquitto did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.stop();
    }
}
