//! No tenant sees anything of another one, by any endpoint of the OpenAPI document.

use crate::delivery::proofs::send_proof;
use crate::outgoing::push_browser::Browser;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

/// Two tenants, and a token of each one's admin.
pub async fn two_tenants() -> (TestServer, String, String) {
    let server = TestServer::start().await;
    let mut tokens = Vec::new();
    for tenant in ["red", "blue"] {
        let body = json!({"id": tenant, "name": tenant});
        json_of(server.post("/api/v1/tenants", &server.admin, body).await, 201).await;
        let user = json!({"username": format!("admin-{tenant}"), "role": "admin", "tenant": tenant});
        let (_, token) = server.add_user(user).await;
        // Both tenants use the same ids: a leak would show the wrong label.
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

/// One thing of the blue tenant for each parameter of a path: the path up to the parameter, and the thing's id.
pub async fn things_of(server: &TestServer, blue: &str) -> Vec<(&'static str, String)> {
    let add = async |path: &str, body: Value| json_of(server.post(path, blue, body).await, 201).await;
    let hook = json!({"url": "https://blue.example.org/label-of-blue", "events": ["parcel.added"]});
    let user = server.get_json("/auth/me", blue).await["id"].clone();
    let place = |lng: f64| json!({"lat": 0, "lng": lng, "address": "label of blue"});
    let notice = json!({"user_ids": [user], "message": "label of blue"});
    let webhook = add("/api/v1/webhooks", hook).await["id"].clone();
    let parcel = json!({"client_id": 7, "pickup": place(0.0), "destination": place(1.0)});
    let parcel = add("/api/v1/parcels", parcel).await["id"].clone();
    let call = server.get_json("/api/v1/outgoing", blue).await["items"][0]["id"].clone();
    let cadet = add("/api/v1/cadets", json!({"name": "label of blue"})).await["id"].clone();
    let grade = json!({"type": "merit", "points": 1, "reason": "label of blue"});
    let grade = add(&format!("/api/v1/cadets/{cadet}/grades"), grade).await["id"].clone();
    let alert = json!({"type": "system_error", "title": "label of blue", "message": "x"});
    let alert = add("/api/v1/alerts", alert).await["id"].clone();
    let fence = json!({
        "name": "label of blue", "geometry": {"type": "Point", "coordinates": [1, 1]}, "radius_m": 100,
    });
    let fence = add("/api/v1/geofences", fence).await["id"].clone();
    let roaming = add("/api/v1/roaming-fences", json!({"name": "label of blue", "radius_m": 100})).await["id"].clone();
    let trip = add("/api/v1/trips", json!({"vehicle_id": "only-blue"})).await["id"].clone();
    let notification = add("/api/v1/notifications", notice.clone()).await["items"][0]["id"].clone();
    let message = add("/api/v1/messages", notice).await["items"][0]["id"].clone();
    let push = Browser::new(1).subscription("https://push.example.org/label-of-blue");
    let push = add("/api/v1/push/subscriptions", push).await["id"].clone();
    let token = add("/api/v1/access-tokens", json!({"name": "label of blue", "scopes": ["read"]})).await["id"].clone();
    let expires_at = server.clock.clock().now().unix_ms() / 1000 + 3600;
    let share = json!({"name": "label of blue", "vehicle_ids": ["only-blue"], "expires_at": expires_at});
    let share = add("/api/v1/shares", share).await["id"].clone();
    let session = server.get_json("/auth/sessions", blue).await["items"][0]["id"].clone();
    let order = json!({"order_id": "o-blue", "rider_id": "7", "dropoff_lat": 1, "dropoff_lng": 1});
    let delivery = json_of(server.post("/tracking/start", blue, order).await, 200).await["tracking_id"].clone();
    let proofs = format!("/api/v1/deliveries/{}/proofs", delivery.as_str().unwrap());
    let proof = json_of(send_proof(server, &proofs, blue, &[("note", b"label of blue")], None).await, 201).await;
    let report = json!({"kind": "trips", "from": "2026-01-01", "to": "2026-01-02"});
    let report = json_of(server.post("/api/v1/reports", blue, report).await, 202).await;
    let things = [
        ("jobs/", report["job"].clone()),
        ("v1/deliveries/", delivery.clone()),
        ("tracking/", delivery),
        ("/proofs/", proof["id"].clone()),
        ("/files/", json!(1)),
        ("access-tokens/", token),
        // Without a mail server there is none.
        ("report-schedules/", json!(1)),
        ("shares/", share),
        ("sessions/", session),
        ("auth/passkeys/", json!(1)),
        ("tenants/", json!("blue")),
        ("users/", user),
        ("vehicles/", json!("only-blue")),
        ("devices/", json!("device-blue")),
        ("devices/unknown/", json!("device-blue")),
        ("devices/gpslogger/", json!("device-blue")),
        ("webhooks/", webhook),
        ("/deliveries/", call.clone()),
        ("outgoing/", call),
        ("parcels/", parcel),
        ("cadets/", cadet),
        ("/grades/", grade),
        ("/attendance/", json!(1)),
        ("alerts/", alert),
        ("geofences/", fence),
        ("roaming-fences/", roaming),
        ("trips/", trip),
        ("notifications/", notification),
        ("messages/", message),
        ("push/subscriptions/", push),
        ("kiosks/", json!("device-blue")),
        ("rider/", json!("7")),
    ];
    things.map(|(place, id)| (place, id.as_str().map_or_else(|| id.to_string(), str::to_owned))).into()
}

/// A body that the operation accepts from the thing's own tenant.
pub fn body_for(method: &str, path: &str) -> Option<Value> {
    let last = path.rsplit('/').next().unwrap();
    match (method, last) {
        ("post", "grades") => Some(json!({"type": "merit", "points": 1, "reason": "x"})),
        ("put", _) if path.contains("/attendance/") => Some(json!({"status": "present"})),
        ("post", "adopt") => Some(json!({"vehicle_id": "v1"})),
        ("post", "commands") => Some(json!({"kind": "locate"})),
        ("post", "location") => Some(json!({"latitude": 1, "longitude": 2})),
        ("patch", "scores") => Some(json!({"final_score": 1})),
        ("patch", _) if path.contains("/users/") => Some(json!({"username": "x"})),
        ("patch", _) if path.contains("/tenants/") => Some(json!({"proof_required": true})),
        ("patch", _) if path.contains("/vehicles/") => Some(json!({"label": "x"})),
        ("patch", _) if path.contains("/devices/") => Some(json!({"name": "x"})),
        ("patch", _) if path.contains("/geofences/") => Some(json!({"name": "x"})),
        ("patch", _) if path.contains("/parcels/") => Some(json!({"status": "picked_up"})),
        ("patch", _) if path.contains("/cadets/") => Some(json!({"name": "x"})),
        ("get" | "delete", _) => None,
        _ => Some(json!({})),
    }
}

/// The method and path of every operation in the document.
async fn operations(server: &TestServer) -> Vec<(String, String)> {
    let document = server.get_json("/api/v1/openapi.json", "").await;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        let methods = methods.filter(|method| ["get", "put", "post", "delete", "patch"].contains(&method.as_str()));
        // The link of a delivery is for everybody who has it, and a stream does not end.
        if ["/tracking/{tracking_id}", "/tracking/update/{tracking_id}", "/api/events"].contains(&path.as_str()) {
            continue;
        }
        operations.extend(methods.map(|method| (method.clone(), path.clone())));
    }
    operations
}

#[tokio::test]
async fn no_operation_reaches_a_thing_of_another_tenant() {
    let (server, red, blue) = two_tenants().await;
    let things = things_of(&server, &blue).await;
    let mut tried = 0;
    for (method, template) in operations(&server).await.into_iter().filter(|(_, path)| path.contains('{')) {
        let mut path = template.clone();
        while let Some(open) = path.find('{') {
            let close = path.find('}').unwrap();
            let thing = things.iter().find(|(place, _)| path[..open].ends_with(place));
            let (_, id) = thing.unwrap_or_else(|| panic!("things_of has no thing for {template}"));
            path.replace_range(open..=close, id);
        }
        for path in [path.clone(), format!("{path}?tenant=blue")] {
            let call = server
                .call(
                    Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                    &path,
                    &red,
                    body_for(&method, &template),
                )
                .await;
            let (status, text) = (call.status().as_u16(), call.text().await.unwrap());
            assert!([403, 404].contains(&status), "{method} {path}: {status} {text}");
            assert!(!mentions_blue(&text), "{method} {path}: {text}");
            tried += 1;
        }
    }
    assert!(tried >= 60, "{tried}");
    // Nothing was changed, and each thing still exists for its own tenant.
    for collection in ["vehicles", "devices", "webhooks", "parcels", "cadets", "alerts", "geofences", "trips"] {
        let (_, id) = things.iter().find(|(place, _)| place.trim_end_matches('/') == collection).unwrap();
        let listed = server.get_json(&format!("/api/v1/{collection}"), &blue).await;
        assert!(listed.to_string().contains(id.as_str()), "{collection}: {listed}");
    }
}

fn mentions_blue(text: &str) -> bool {
    ["label of blue", "label-of-blue", "admin-blue", "device-blue\""].iter().any(|mark| text.contains(mark))
}

#[tokio::test]
async fn no_list_shows_things_of_another_tenant() {
    let (server, red, blue) = two_tenants().await;
    things_of(&server, &blue).await;
    let lists = operations(&server).await.into_iter().filter(|(method, path)| method == "get" && !path.contains('{'));
    let mut paths: Vec<String> = lists.map(|(_, path)| path).collect();
    assert!(paths.len() >= 15, "{paths:?}");
    for both in ["/auth/me", "/api/v1/vehicles/v1", "/api/v1/vehicles/v1/positions"] {
        paths.push(both.to_owned());
    }
    paths.push("/api/v1/vehicles/v1/positions?format=gpx".to_owned());
    paths.push("/api/v1/positions?at=1700000000".to_owned());
    for path in paths {
        for path in [path.clone(), format!("{path}{}tenant=blue", if path.contains('?') { '&' } else { '?' })] {
            let answer = server.get(&path, &red).await;
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            assert!(status < 500, "{path}: {status} {text}");
            assert!(!mentions_blue(&text), "{path}: {text}");
        }
    }
    let foreign = json!({"username": "x", "role": "admin", "tenant": "blue"});
    assert_eq!(server.post("/api/v1/users", &red, foreign).await.status(), 403);
    let position = json!({"vehicle_id": "only-blue", "latitude": 1, "longitude": 1});
    assert_eq!(server.post("/api/v1/positions", &red, position.clone()).await.status(), 422);
    assert_eq!(server.post("/api/v1/positions?tenant=blue", &red, position).await.status(), 403);
}

#[tokio::test]
async fn no_socket_gets_messages_of_another_tenant() {
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

#[tokio::test]
async fn the_same_number_names_each_tenants_own_thing() {
    let (server, red, blue) = two_tenants().await;
    let mut numbers = Vec::new();
    for (tenant, token) in [("red", &red), ("blue", &blue)] {
        let mark = format!("label of {tenant}");
        let place = json!({"lat": 0, "lng": 0, "address": mark});
        let point = json!({"type": "Point", "coordinates": [1, 1]});
        let mut of_tenant = Vec::new();
        for (path, body) in [
            ("parcels", json!({"client_id": 7, "pickup": place, "destination": place})),
            ("cadets", json!({"name": mark})),
            ("geofences", json!({"name": mark, "geometry": point, "radius_m": 100})),
            ("webhooks", json!({"url": format!("https://{tenant}.example.org/label-of-{tenant}")})),
        ] {
            let added = json_of(server.post(&format!("/api/v1/{path}"), token, body).await, 201).await;
            let path = format!("/api/v1/{path}/{}", added["id"]);
            for (path, token) in [(path.clone(), token), (format!("{path}?tenant={tenant}"), &server.admin)] {
                let shown = server.get_json(&path, token).await.to_string();
                assert!(shown.contains(&mark) || shown.contains(&mark.replace(' ', "-")), "{path}: {shown}");
            }
            of_tenant.push(path);
        }
        let cadet = of_tenant[1].clone();
        let grade = json!({"type": "merit", "points": 1, "reason": mark});
        let grade = json_of(server.post(&format!("{cadet}/grades"), token, grade).await, 201).await["id"].clone();
        of_tenant.push(grade.to_string());
        numbers.push(of_tenant);
    }
    assert_eq!(numbers[0], numbers[1], "a tenant's numbers tell nothing of another's volume");
    let grades = format!("{}/grades/1", numbers[0][1]);
    assert_eq!(server.call(Method::DELETE, &grades, &red, None).await.status(), 204);
    let left = server.get_json(&format!("{}/grades", numbers[0][1]), &blue).await;
    assert_eq!(left["items"][0]["reason"], "label of blue");
}
