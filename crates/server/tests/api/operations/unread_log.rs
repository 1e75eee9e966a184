//! A log that nobody reads, or that can't be written, costs lines and nothing else. A closed terminal drains.

use crate::support::signing::operator_token;
use crate::support::{PATIENCE, SECRET, http_client};
use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Instant;

/// A real server, killed when it is dropped.
struct Process {
    child: Child,
    url: String,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Process {
    fn start(level: &str, stderr: Stdio) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
        command.env("MILEPOST_DATA", folder.path()).env("JWT_SECRET", SECRET).env("MILEPOST_LOG", level);
        command.env("MILEPOST_DRAIN_WINDOW", "1s");
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.find_map(|line| line.strip_prefix("Milepost is listening on ").map(str::to_owned)).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, http: http_client(), _folder: folder }
    }

    fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> u16 {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(operator_token()).json(&body);
        request.send().await.unwrap().status().as_u16()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn serves_as_ever(&self) {
        assert_eq!(self.get("/health").await.0, 200);
        assert_eq!(self.post("/api/v1/vehicles", json!({"id": "b", "kind": "bus", "label": "b"})).await, 201);
        let position = json!({"vehicle_id": "b", "latitude": 1, "longitude": 2});
        assert_eq!(self.post("/api/v1/positions", position).await, 201);
        assert_eq!(self.post("/api/v1/users", json!({"username": "u", "role": "client"})).await, 201);
        assert_eq!(self.get("/ready").await.0, 200);
    }

    /// Sends a signal: the exit code, `None` if the signal killed the process.
    async fn end_by(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.signal().is_none() || status.code().is_none());
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the process does not end");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn dropped_lines(metrics: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix("milepost_log_lines_dropped_total "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_log_whose_reader_has_gone_costs_no_answer() {
    for level in ["info", "debug"] {
        let mut server = Process::start(level, Stdio::piped());
        drop(server.stderr());
        server.serves_as_ever().await;
        assert_eq!(server.end_by("-TERM").await, Some(0), "{level}");
    }
}

#[tokio::test]
async fn a_log_on_a_full_disk_costs_no_answer_and_is_counted() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut server = Process::start("debug", full.into());
    server.serves_as_ever().await;
    let begun = Instant::now();
    while dropped_lines(&server.get("/metrics").await.1) == 0 {
        assert!(begun.elapsed() < PATIENCE, "lost lines are counted");
    }
    assert_eq!(server.end_by("-TERM").await, Some(0));
}

#[tokio::test]
async fn a_log_that_nobody_takes_costs_no_answer_and_does_not_keep_the_process() {
    let mut server = Process::start("trace", Stdio::piped());
    // Held open and never read: the pipe fills, and a write into it waits for ever.
    let _unread = server.stderr();
    for _ in 0..300 {
        assert_eq!(server.get("/health").await.0, 200);
    }
    server.serves_as_ever().await;
    assert_eq!(server.end_by("-TERM").await, Some(0));
}

#[tokio::test]
async fn a_closed_terminal_drains_like_a_stop() {
    let mut server = Process::start("info", Stdio::piped());
    let log = server.stderr();
    assert_eq!(server.end_by("-HUP").await, Some(0));
    let log = std::io::read_to_string(log).unwrap();
    assert!(log.contains("draining") && log.trim_end().lines().last().unwrap().contains("drained"), "{log}");
}

#[tokio::test]
async fn under_nohup_a_closed_terminal_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("nohup")
        .args([env!("CARGO_BIN_EXE_milepost"), "serve", "--listen", "127.0.0.1:0"])
        .env("MILEPOST_DATA", folder.path())
        .env("JWT_SECRET", SECRET)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.find_map(|line| line.strip_prefix("Milepost is listening on ").map(str::to_owned)).unwrap();
    let mut server = Process { child, url, http: http_client(), _folder: folder };
    assert!(Command::new("kill").args(["-HUP", &server.child.id().to_string()]).status().unwrap().success());
    for _ in 0..5 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(server.get("/ready").await.0, 200);
    }
    assert_eq!(server.end_by("-TERM").await, Some(0));
}
