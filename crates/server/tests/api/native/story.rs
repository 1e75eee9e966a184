//! One test from the first position to a restart, on SQLite and on PostgreSQL.

use crate::support::{TestServer, fresh_postgres, json_of};
use reqwest::Method;
use serde_json::{Value, json};

async fn run_story(settings: &[(&'static str, &str)], database: &str) {
    let server = TestServer::start_with(settings).await;
    assert_eq!(server.get_json("/ready", "").await["database"], database);
    server
        .add_vehicle(json!({"id": "b1", "kind": "bus", "label": "Bus 1", "license_plate": "P1", "route": "r1"}))
        .await;
    let key = server.add_device("k1", "b1").await;
    let (parent_id, parent) = server.add_user(json!({"username": "pa", "role": "parent", "vehicle_ids": ["b1"]})).await;

    let mut watcher = server.watch("/ws/bus-tracking/", &parent).await;
    watcher.settle().await;
    for second in 0..5 {
        let ping = json!({"latitude": 1.5, "longitude": second, "timestamp": format!("2025-01-15T10:00:0{second}Z")});
        assert_eq!(server.ping("k1", &key, ping).await.status(), 201);
        assert_eq!(watcher.next().await["data"]["longitude"], f64::from(second));
    }
    let late = json!({"latitude": 1.5, "longitude": 50, "timestamp": "2025-01-15T09:00:00Z"});
    assert_eq!(server.ping("k1", &key, late).await.status(), 201);
    watcher.send(json!({"type": "replay_request", "minutes": 10})).await;
    let mut replayed = Vec::new();
    loop {
        let message = watcher.next().await;
        if message["type"] == "replay_complete" {
            assert_eq!(message["count"], 5);
            break;
        }
        replayed.push(message["data"]["longitude"].as_f64().unwrap());
    }
    assert_eq!(replayed, [0.0, 1.0, 2.0, 3.0, 4.0], "the published positions, oldest first, without the late one");
    let patch = json!({"active": false});
    server.call(Method::PATCH, &format!("/api/v1/users/{parent_id}"), &server.admin, Some(patch)).await;
    assert_eq!(watcher.close_code().await, 1008);

    let server = server.restart(settings).await;
    let track = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    let longitudes: Vec<_> =
        track["items"].as_array().unwrap().iter().map(|p: &Value| p["longitude"].as_f64().unwrap()).collect();
    assert_eq!(longitudes, [50.0, 0.0, 1.0, 2.0, 3.0, 4.0], "in the order of time");
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(watcher.next().await["data"]["longitude"], 4.0);
    let again = json!({"latitude": 1.5, "longitude": 4, "timestamp": "2025-01-15T10:00:04Z", "vehicle_id": "b1"});
    let again = json_of(server.post("/api/v1/positions", &server.admin, again).await, 201).await;
    assert_eq!(again, json!({"accepted": 0, "duplicates": 1, "rejected": []}));
    assert_eq!(server.get("/auth/me", &parent).await.status(), 401);
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/b1", &server.admin, None).await.status(), 204);
    assert_eq!(server.ping("k1", &key, json!({"latitude": 1, "longitude": 1})).await.status(), 401);
}

#[tokio::test]
async fn on_sqlite() {
    run_story(&[], "sqlite").await;
}

#[tokio::test]
async fn on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    run_story(&[("DATABASE_URL", &database)], "postgres").await;
}
