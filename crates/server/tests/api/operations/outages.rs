//! A database that is unavailable for a while: clear refusals, nothing half written, and recovery without a restart.

use crate::support::{PATIENCE, TestServer, json_of};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Takes the database's write lock and holds it until its input ends. The server's own writers may hold it for longer than
/// SQLite waits.
const HOLD_THE_LOCK: &str = r#"
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
while True:
    try:
        connection.execute("begin exclusive")
        break
    except sqlite3.OperationalError:
        time.sleep(0.05)
print("locked", flush=True)
sys.stdin.read()
"#;

// The test waits for another process. On one thread the server could not end the transaction that the process waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_file_is_a_503_and_then_works_again() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let body = |n: i64| json!({"vehicle_id": "b1", "latitude": 1, "longitude": 2, "timestamp": 1_700_000_000 + n});
    assert_eq!(server.post("/api/v1/positions", &server.admin, body(0)).await.status(), 201);

    let file = server.folder().join("milepost.db");
    let mut child = Command::new("python3")
        .args(["-c", HOLD_THE_LOCK])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    assert_eq!(line, "locked\n");
    let refused = server.post("/api/v1/positions", &server.admin, body(1)).await;
    assert!(refused.headers().contains_key("retry-after"));
    let problem = json_of(refused, 503).await;
    assert!(problem["detail"].as_str().unwrap().contains("database"));
    assert_eq!(server.get("/ready", "").await.status(), 503, "what takes no writes is not ready");
    drop(child.stdin.take());
    child.wait().unwrap();

    let begun = Instant::now();
    while server.post("/api/v1/positions", &server.admin, body(2)).await.status() != 201 {
        assert!(begun.elapsed() < PATIENCE, "the server recovers by itself");
    }
    assert_eq!(server.get("/ready", "").await.status(), 200);
    let track = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    let count = track["items"].as_array().unwrap().len();
    assert_eq!(count, 2, "the refused position was not stored: {track}");
}
