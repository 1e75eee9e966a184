//! A database file that is replaced or overwritten under the running server: nothing is written into it.

use crate::support::{PATIENCE, TestServer, json_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Calls that write, each by another way into the store.
async fn write_statuses(server: &TestServer, round: usize) -> Vec<(&'static str, u16, String)> {
    let calls = [
        ("/api/v1/vehicles", json!({"id": format!("late{round}"), "kind": "bus", "label": "late"})),
        ("/api/v1/positions", json!({"vehicle_id": "one", "latitude": 1, "longitude": 2})),
        ("/api/v1/users", json!({"username": format!("u{round}"), "role": "client"})),
        ("/api/v1/alerts", json!({"type": "system_error", "title": "t", "message": "m"})),
        ("/api/v1/notifications", json!({"user_ids": [1], "message": "m"})),
        (
            "/tracking/start",
            json!({"order_id": format!("o{round}"), "rider_id": "7", "dropoff_lat": 5, "dropoff_lng": 1}),
        ),
    ];
    let mut statuses = Vec::new();
    for (path, body) in calls {
        let answer = server.post(path, &server.admin, body).await;
        let status = answer.status().as_u16();
        if status == 503 {
            assert!(answer.headers().contains_key("retry-after"), "{path}");
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        statuses.push((path, status, problem["detail"].as_str().unwrap_or_default().to_owned()));
    }
    statuses
}

async fn nothing_is_written(server: &TestServer) {
    for round in 0..5 {
        for (path, status, detail) in write_statuses(server, round).await {
            assert_eq!((status, detail.as_str()), (503, "the database is unavailable, try again soon"), "{path}");
        }
    }
    assert_eq!(
        server.get("/api/v1/vehicles", &server.admin).await.status(),
        503,
        "what is there now is not read either"
    );
}

/// A server with some vehicles, and a backup of it that lacks the last ones.
async fn started_with_a_backup() -> (TestServer, PathBuf) {
    let server = TestServer::start().await;
    server.add_bus("one").await;
    let backup = server.folder().join("backup");
    milepost_store::back_up(&file(&server), &backup, &mut |_, _| {}).unwrap();
    for number in 0..30 {
        server.add_bus(&format!("v{number}")).await;
    }
    (server, backup)
}

fn file(server: &TestServer) -> PathBuf {
    server.folder().join("milepost.db")
}

async fn ready_says(server: &TestServer, expected: &str) {
    let problem = json_of(server.get("/ready", "").await, 503).await;
    assert!(problem["detail"].as_str().unwrap().contains(expected), "{problem}");
}

/// The server's folder after its end. The file there is whole, and nothing of the old one is applied to it.
async fn the_new_file_is_whole_after(server: TestServer, backup: &Path) {
    let database = file(&server);
    let expected = std::fs::read(backup).unwrap();
    let folder = server.drain().await;
    assert_eq!(std::fs::read(&database).unwrap(), expected, "not a byte was written into it");
    let log = database.with_file_name("milepost.db-wal");
    assert!(std::fs::metadata(&log).map_or(0, |log| log.len()) == 0, "the old log does not lie beside it");
    drop(folder);
}

#[tokio::test]
async fn nothing_is_written_into_a_file_at_the_place_of_the_database() {
    let (server, backup) = started_with_a_backup().await;
    std::fs::remove_file(file(&server)).unwrap();
    std::fs::copy(&backup, file(&server)).unwrap();
    nothing_is_written(&server).await;
    ready_says(&server, "its file was replaced while in use: put the old one back, or restart").await;
    the_new_file_is_whole_after(server, &backup).await;
}

#[tokio::test]
async fn nothing_is_written_into_a_database_that_was_overwritten() {
    let (server, backup) = started_with_a_backup().await;
    // Keeps the file and changes what is in it, as `cp` does.
    std::fs::write(file(&server), std::fs::read(&backup).unwrap()).unwrap();
    nothing_is_written(&server).await;
    ready_says(&server, "its file was overwritten while in use: stop the server").await;
    the_new_file_is_whole_after(server, &backup).await;
}

#[tokio::test]
async fn a_database_that_was_moved_away_and_back_is_written_again() {
    let (server, _) = started_with_a_backup().await;
    let away = server.folder().join("away");
    std::fs::rename(file(&server), &away).unwrap();
    nothing_is_written(&server).await;
    assert!(!file(&server).exists(), "no empty one is made");
    std::fs::rename(&away, file(&server)).unwrap();
    let begun = Instant::now();
    while server.get("/ready", "").await.status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the server recovers by itself");
    }
    for (path, status, detail) in write_statuses(&server, 100).await {
        assert!(matches!(status, 200 | 201), "{path} {status} {detail}");
    }
    let server = server.restart(&[]).await;
    assert_eq!(server.get("/api/v1/vehicles/v29", &server.admin).await.status(), 200, "nothing was lost");
}

#[tokio::test]
async fn checkpoints_of_this_and_of_other_processes_are_no_swap() {
    let server = TestServer::start().await;
    server.add_bus("one").await;
    for round in 0..5 {
        let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
            c.execute(\"insert into tenants (id, name) values (?, 'x')\", ('t'+sys.argv[2],))\nc.commit()\n\
            c.execute('pragma wal_checkpoint(truncate)').fetchall()\n";
        // Not on this thread, on which the server may be in the middle of a transaction.
        let mut other = tokio::process::Command::new("python3");
        other.args(["-c", script]).arg(file(&server)).arg(round.to_string());
        assert!(other.status().await.unwrap().success());
        server.add_bus(&format!("v{round}")).await;
        server.report("one", 1.0, 2.0, &format!("2025-01-15T10:30:0{round}Z")).await;
        assert_eq!(server.get("/ready", "").await.status(), 200);
    }
}
