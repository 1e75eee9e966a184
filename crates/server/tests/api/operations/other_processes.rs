//! Changes that another process makes to the same database: another node, or the command line.

use crate::support::{PATIENCE, SECRET, TestServer, config_in};
use milepost::LogStats;
use milepost::serve;
use milepost_clock::Clock;
use milepost_domain::{TenantId, Timestamp, UserId, VehicleId, VehicleStatus};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

fn now() -> Timestamp {
    milepost_clock::Clock::system().now()
}

#[tokio::test]
async fn a_user_locked_out_by_another_process_is_disconnected_within_a_second() {
    let server = TestServer::start().await;
    let (id, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let mut watcher = server.watch("/ws/bus-tracking/", &token).await;
    watcher.settle().await;
    let store = &server.running.assembly.store;
    let mut user = store.get_user(UserId::new(id).unwrap()).await.unwrap().unwrap();
    user.active = false;
    user.version += 1;
    assert!(store.update_user(&user, None, now()).await.unwrap());
    server.clock.turn(Duration::from_secs(1));
    assert_eq!(watcher.close_code().await, 1008);
}

#[tokio::test]
async fn a_vehicle_changed_by_another_process_is_published_here() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    server.report("b1", 1.0, 2.0, "2025-01-15T10:00:00Z").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(watcher.next().await["data"]["status"], "active");
    let (tenant, id) = (TenantId::default_tenant(), VehicleId::new("b1").unwrap());
    let store = &server.running.assembly.store;
    let mut vehicle = store.get_vehicle(&tenant, &id).await.unwrap().unwrap().vehicle;
    vehicle.status = VehicleStatus::new("delayed").unwrap();
    vehicle.version += 1;
    assert!(store.update_vehicle(&tenant, &vehicle, now()).await.unwrap().is_some());
    assert_eq!(watcher.next().await["data"]["status"], "delayed");
}

#[tokio::test]
async fn an_import_beside_the_running_server_is_seen_by_those_who_watch() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    watcher.settle().await;
    let file = server.folder().join("track.csv");
    std::fs::write(&file, "timestamp,latitude,longitude\n2025-01-15T10:00:00Z,30.5,-97.5\n").unwrap();
    let mut import = Command::new(env!("CARGO_BIN_EXE_milepost"));
    import.args(["import", "--vehicle", "b1"]).arg(&file);
    import.env_clear().env("MILEPOST_DATA", server.folder()).env("JWT_SECRET", SECRET);
    let output = tokio::task::spawn_blocking(move || import.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(watcher.next().await["data"]["latitude"], 30.5);
    // The server's next position of this bus is published as usual after the other process's.
    server.report("b1", 31.0, -97.5, "2025-01-15T10:00:10Z").await;
    assert_eq!(watcher.next().await["data"]["latitude"], 31.0);
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused() {
    let server = TestServer::start().await;
    let second = serve::start(&config_in(server.folder(), &[]), Clock::system(), LogStats::default(), |_| {}).await;
    let error = second.err().expect("a refusal").to_string();
    assert!(error.contains("another server uses the database"), "{error}");
    let begun = Instant::now();
    let server = server.restart(&[]).await;
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(server.get("/health", "").await.status(), 200);
}

#[test]
fn a_file_of_several_vehicles_is_not_mixed_into_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fleet.csv");
    let rows = "vehicle,timestamp,latitude,longitude\na,2025-01-15T10:00:00Z,1,2\nb,2025-01-15T10:00:00Z,3,4\n";
    std::fs::write(&file, rows).unwrap();
    let import = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
        command.args(["import", "--vehicle", "x"]).arg(&file).args(extra);
        command.env_clear().env("MILEPOST_DATA", folder.path().join("data")).output().unwrap()
    };
    let refused = import(&[]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("several vehicles"));
    let chosen = import(&["--only", "b"]);
    assert!(String::from_utf8_lossy(&chosen.stdout).contains("Imported 1 positions"), "{chosen:?}");
}
