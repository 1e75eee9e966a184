//! Nothing of one tenant is ever visible to another, whatever the endpoint.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

async fn two_tenants() -> (TestServer, String, String) {
    let server = TestServer::start().await;
    let mut tokens = Vec::new();
    for tenant in ["red", "blue"] {
        let body = json!({"id": tenant, "name": tenant});
        json_of(server.post("/api/v1/tenants", &server.admin, body).await, 201).await;
        let user = json!({"username": format!("admin-{tenant}"), "role": "admin", "tenant": tenant});
        let (_, token) = server.add_user(user).await;
        // The same ids in both: a leak would show the wrong label.
        let vehicle = json!({"id": "v1", "kind": "bus", "label": format!("label of {tenant}")});
        json_of(server.post("/api/v1/vehicles", &token, vehicle).await, 201).await;
        let only = json!({"id": format!("only-{tenant}"), "kind": "bus", "label": format!("label of {tenant}")});
        json_of(server.post("/api/v1/vehicles", &token, only).await, 201).await;
        let device = json!({"id": format!("device-{tenant}"), "vehicle_id": "v1"});
        json_of(server.post("/api/v1/devices", &token, device).await, 201).await;
        let position = json!([{"vehicle_id": "v1", "latitude": 1, "longitude": 1, "timestamp": 1_700_000_000}]);
        json_of(server.post("/api/v1/positions", &token, position).await, 201).await;
        tokens.push(token);
    }
    let blue = tokens.pop().unwrap();
    (server, tokens.pop().unwrap(), blue)
}

#[tokio::test]
async fn no_answer_to_one_tenant_speaks_of_the_other() {
    let (server, red, _) = two_tenants().await;
    let paths = [
        "/auth/me",
        "/api/v1/users",
        "/api/v1/vehicles",
        "/api/v1/vehicles/v1",
        "/api/v1/vehicles/only-blue",
        "/api/v1/vehicles/v1/positions",
        "/api/v1/vehicles/v1/positions?format=gpx",
        "/api/v1/vehicles/only-blue/positions",
        "/api/v1/devices",
        "/api/v1/devices/device-blue",
        "/api/v1/tenants",
        "/api/v1/users/3",
        "/api/v1/vehicles?tenant=blue",
        "/api/v1/vehicles/v1?tenant=blue",
        "/api/v1/devices?tenant=blue",
        "/api/v1/vehicles/v1/positions?tenant=blue",
        "/api/v1/users?tenant=blue",
    ];
    for path in paths {
        let text = server.get(path, &red).await.text().await.unwrap();
        assert!(
            !text.contains("label of blue") && !text.contains("admin-blue") && !text.contains("device-blue"),
            "{path}: {text}"
        );
    }
    for path in ["/api/v1/vehicles/only-blue", "/api/v1/devices/device-blue", "/api/v1/users/3"] {
        assert_eq!(server.get(path, &red).await.status(), 404, "{path}");
        assert_eq!(server.call(Method::DELETE, path, &red, None).await.status(), 404, "{path}");
    }
    let patched = server.call(Method::PATCH, "/api/v1/vehicles/only-blue", &red, Some(json!({"label": "x"}))).await;
    assert_eq!(patched.status(), 404);
    let foreign = json!({"username": "x", "role": "admin", "tenant": "blue"});
    assert_eq!(server.post("/api/v1/users", &red, foreign).await.status(), 403);
    let position = json!({"vehicle_id": "only-blue", "latitude": 1, "longitude": 1});
    assert_eq!(server.post("/api/v1/positions", &red, position.clone()).await.status(), 422);
    assert_eq!(server.post("/api/v1/positions?tenant=blue", &red, position).await.status(), 403);
}

#[tokio::test]
async fn no_socket_of_one_tenant_hears_of_the_other() {
    let (server, red, blue) = two_tenants().await;
    let mut watcher = server.watch("/ws/bus-tracking/?presence=1", &red).await;
    let mut seen = vec![watcher.next().await, watcher.next().await];
    let _other = server.watch("/ws/bus-tracking/", &blue).await;
    let position =
        |n: i64| json!([{"vehicle_id": "v1", "latitude": n, "longitude": 1, "timestamp": 1_700_000_000 + n}]);
    for n in 1..20 {
        json_of(server.post("/api/v1/positions", &blue, position(n)).await, 201).await;
    }
    watcher.send(json!({"type": "subscribe", "bus_ids": ["only-blue", "v1"], "routes": []})).await;
    watcher.send(json!({"type": "replay_request", "minutes": 10})).await;
    json_of(server.post("/api/v1/positions", &red, position(50)).await, 201).await;
    let (mut heard, mut replayed) = (false, false);
    while !(heard && replayed) {
        let message = watcher.next().await;
        heard |= message["data"]["latitude"] == 50.0 && message["replayed"].is_null();
        replayed |= message["type"] == "replay_complete";
        seen.push(message);
    }
    watcher.settle().await;
    let updates: Vec<&Value> = seen.iter().filter(|m| m["type"] == "location_update").collect();
    assert!(updates.iter().all(|m| [1.0, 50.0].contains(&m["data"]["latitude"].as_f64().unwrap())), "{seen:?}");
    let viewing: Vec<&Value> = seen.iter().filter(|m| m["type"] == "presence").map(|m| &m["data"]["viewing"]).collect();
    assert_eq!(viewing, [&json!(1)], "the other tenant's viewers are not counted");
    assert_eq!(server.try_watch(&format!("/ws/bus-tracking/?tenant=blue&token={red}"), &[]).await.err().unwrap(), 403);
}

#[tokio::test]
async fn a_superadmin_acts_in_every_tenant_that_it_names() {
    let (server, _, _) = two_tenants().await;
    let shown = server.get_json("/api/v1/vehicles/v1?tenant=blue", &server.admin).await;
    assert_eq!(shown["label"], "label of blue");
    let mut watcher = server.watch("/ws/bus-tracking/?tenant=red", &server.admin).await;
    assert_eq!(watcher.next_bus().await, "v1");
    assert_eq!(server.get("/api/v1/vehicles/v1", &server.admin).await.status(), 404);
}
