//! kill -9 under load: every acknowledged position is stored, and none twice.

use crate::support::signing::operator_token;
use crate::support::{PATIENCE, SECRET, http_client};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const WRITERS: usize = 8;

/// A server process that is killed when this is dropped.
pub struct Killed(Child);

impl Killed {
    /// The process's id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &std::path::Path, database: Option<&str>) -> (Killed, String) {
    start_with(folder, &database.map(|url| ("DATABASE_URL", url)).into_iter().collect::<Vec<_>>())
}

/// Starts the binary with these settings, and returns it with the URL that it prints.
pub fn start_with(folder: &std::path::Path, settings: &[(&str, &str)]) -> (Killed, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
    command.env("MILEPOST_DATA", folder).env("JWT_SECRET", SECRET).env("MILEPOST_LOG", "error");
    command.envs(settings.iter().copied());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = loop {
        let line = lines.next().expect("the server says where it listens").unwrap();
        if let Some(url) = line.strip_prefix("Milepost is listening on ") {
            break url.to_owned();
        }
    };
    // The output is read to its end, so that the process never blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (Killed(child), url)
}

/// Reports positions until the server dies. Returns the time of each acknowledged one, in seconds after a fixed start.
async fn write_until_death(url: String, writer: usize, next: Arc<AtomicU64>) -> Vec<u64> {
    let http = http_client();
    let mut acknowledged = Vec::new();
    loop {
        let seconds: Vec<u64> = (0..1 + writer as u64 % 3).map(|_| next.fetch_add(1, Ordering::Relaxed)).collect();
        let body: Vec<Value> = seconds
            .iter()
            .map(|s| json!({"vehicle_id": "b1", "latitude": 1, "longitude": 2, "timestamp": 1_600_000_000 + s}))
            .collect();
        let sent = http.post(format!("{url}/api/v1/positions")).bearer_auth(operator_token()).json(&body).send().await;
        let Ok(response) = sent else { return acknowledged };
        if response.status() == 201 {
            acknowledged.extend(seconds);
        }
    }
}

async fn kill_and_read_again(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let http = http_client();
    let next = Arc::new(AtomicU64::new(0));
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let (server, url) = start(folder.path(), database);
        if round == 0 {
            let body = json!({"id": "b1", "kind": "bus", "label": "b1"});
            let added =
                http.post(format!("{url}/api/v1/vehicles")).bearer_auth(operator_token()).json(&body).send().await;
            assert_eq!(added.unwrap().status(), 201);
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write_until_death(url.clone(), writer, Arc::clone(&next))))
            .collect();
        // After an amount of work instead of a time, so that each round kills the server at another moment.
        let (begun, goal) = (Instant::now(), next.load(Ordering::Relaxed) + 60 + 30 * round as u64);
        while next.load(Ordering::Relaxed) < goal && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(server);
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
    }
    assert!(acknowledged.len() > ROUNDS * WRITERS, "only {} were acknowledged", acknowledged.len());

    let (_server, url) = start(folder.path(), database);
    let mut stored = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{url}/api/v1/vehicles/b1/positions?limit=1000{cursor}");
        let page: Value = http.get(path).bearer_auth(operator_token()).send().await.unwrap().json().await.unwrap();
        for item in page["items"].as_array().unwrap() {
            let at: jiff::Timestamp = item["timestamp"].as_str().unwrap().parse().unwrap();
            stored.push(at.as_second() as u64 - 1_600_000_000);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(stored.is_sorted_by(|a, b| a < b), "no position is stored twice");
    acknowledged.sort_unstable();
    let lost: Vec<_> = acknowledged.iter().filter(|second| stored.binary_search(second).is_err()).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged positions are lost", lost.len(), acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_acknowledged_positions() {
    kill_and_read_again(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_acknowledged_positions() {
    let Some(database) = crate::support::fresh_postgres().await else { return };
    kill_and_read_again(Some(&database)).await;
}
