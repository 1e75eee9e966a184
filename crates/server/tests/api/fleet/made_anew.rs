//! A vehicle that is made anew under an old id is another vehicle: it inherits nothing.

use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_domain::{TenantId, VehicleId};
use milepost_store::Once;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both!(a_vehicle_made_anew_inherits_nothing, a_vehicle_made_anew_by_another_process_has_no_place_here);

async fn post(server: &TestServer, path: &str, body: Value) -> Value {
    json_of(server.post(path, &server.admin, body).await, 201).await
}

fn bus() -> Value {
    json!({"id": "bus", "kind": "bus", "label": "Bus"})
}

/// The vehicles in the first messages of a viewer's bus socket.
async fn seen_at_entry(server: &TestServer, token: &str) -> Vec<Value> {
    let mut watcher = server.watch("/ws/bus-tracking/", token).await;
    watcher.send(json!({"type": "ping"})).await;
    let mut seen = Vec::new();
    loop {
        let message = watcher.next().await;
        if message["type"] == "pong" {
            return seen;
        }
        seen.push(message["data"]["bus_id"].clone());
    }
}

async fn a_vehicle_made_anew_inherits_nothing(database: Database) {
    let server = database.start().await;
    let admin = server.admin.clone();
    post(&server, "/api/v1/tenants", json!({"id": "acme", "name": "Acme"})).await;
    post(
        &server,
        "/api/v1/vehicles?tenant=acme",
        json!({"id": "bus", "kind": "bus", "label": "Bus", "tenant": "acme"}),
    )
    .await;
    server.add_vehicle(bus()).await;
    server.add_bus("stays").await;
    let parent = json!({"username": "ann", "role": "parent", "vehicle_ids": ["bus", "stays"]});
    let (parent_id, parent) = server.add_user(parent).await;
    let other = json!({"username": "amy", "role": "parent", "tenant": "acme", "vehicle_ids": ["bus"]});
    let (other_id, _) = server.add_user(other).await;
    let key = server.add_device("kiosk", "bus").await;
    let circle = json!({"type": "Point", "coordinates": [2, 1]});
    let fence = json!({"name": "depot", "geometry": circle, "radius_m": 500, "vehicle_ids": ["bus"]});
    let fence = post(&server, "/api/v1/geofences", fence).await["id"].clone();
    post(
        &server,
        "/api/v1/alerts",
        json!({"type": "maintenance", "title": "x", "message": "y", "vehicle_id": "bus", "subject": "s"}),
    )
    .await;
    post(&server, "/api/v1/trips", json!({"vehicle_id": "bus"})).await;
    server.report("bus", 1.0, 2.0, "2026-01-15T10:00:00Z").await;
    server.report("stays", 1.0, 2.0, "2026-01-15T10:00:00Z").await;
    assert_eq!(seen_at_entry(&server, &parent).await, ["bus", "stays"]);
    let mut watcher = server.watch("/ws/bus-tracking/", &parent).await;

    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/bus", &admin, None).await.status(), 204);
    // The parent's rights have changed: its client connects again and gets what it may see now.
    assert_eq!(watcher.close_code().await, 1012);
    server.add_vehicle(bus()).await;

    let shown = server.get_json("/api/v1/vehicles/bus", &admin).await;
    assert_eq!(shown["position"], Value::Null);
    assert_eq!(server.get("/api/v1/vehicles/bus", &parent).await.status(), 404);
    assert_eq!(seen_at_entry(&server, &parent).await, ["stays"]);
    assert_eq!(server.get_json(&format!("/api/v1/users/{parent_id}"), &admin).await["vehicle_ids"], json!(["stays"]));
    assert_eq!(server.ping("kiosk", &key, json!({"latitude": 1, "longitude": 2})).await.status(), 401);
    let items = async |path: &str| server.get_json(path, &admin).await["items"].as_array().unwrap().clone();
    for empty in [
        "/api/v1/alerts",
        "/api/v1/trips?vehicle_id=bus&from=2020-01-01T00:00:00Z",
        "/api/v1/vehicles/bus/positions?from=2020-01-01T00:00:00Z",
    ] {
        assert_eq!(items(empty).await, Vec::<Value>::new(), "{empty}");
    }
    let fence = server.get_json(&format!("/api/v1/geofences/{fence}"), &admin).await;
    assert_eq!(fence["vehicle_ids"], json!([]), "it is for no vehicle, and not for all");
    // The subject is free again.
    post(
        &server,
        "/api/v1/alerts",
        json!({"type": "maintenance", "title": "x", "message": "y", "vehicle_id": "bus", "subject": "s"}),
    )
    .await;

    let theirs = server.get_json(&format!("/api/v1/users/{other_id}"), &admin).await;
    assert_eq!(theirs["vehicle_ids"], json!(["bus"]), "another tenant's vehicle of this id stays");
    assert_eq!(server.get("/api/v1/vehicles/bus?tenant=acme", &admin).await.status(), 200);
}

async fn a_vehicle_made_anew_by_another_process_has_no_place_here(database: Database) {
    let server = database.start().await;
    server.add_vehicle(bus()).await;
    server.report("bus", 1.0, 2.0, "2026-01-15T10:00:00Z").await;
    assert_eq!(seen_at_entry(&server, &server.admin).await, ["bus"]);
    let (store, home, id) =
        (&server.running.assembly.store, TenantId::default_tenant(), VehicleId::new("bus").unwrap());
    let old = store.get_vehicle(&home, &id).await.unwrap().unwrap().vehicle;
    let now = server.clock.clock().now();
    // Both before this process looks for events.
    assert!(store.remove_vehicle(&home, &id, None, now).await.unwrap());
    store.add_vehicle(&home, &old, now, &Once::unclaimed()).await.unwrap();
    let begun = Instant::now();
    while !seen_at_entry(&server, &server.admin).await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "it is still where the old one was");
        server.clock.turn(Duration::from_millis(500));
    }
    server.report("bus", 3.0, 4.0, "2026-01-14T10:00:00Z").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(
        watcher.next().await["data"]["latitude"],
        3.0,
        "its own first position, whatever the old one's time was"
    );
}
