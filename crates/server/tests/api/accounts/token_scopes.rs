//! What an access token may call: the OpenAPI document says it for every operation, and the server does it.

use crate::native::isolation::{body_for, things_of, two_tenants};
use crate::outgoing::push_browser::Browser;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

async fn make(server: &TestServer, admin: &str, scopes: &[&str]) -> String {
    let body = json!({"name": scopes.join(" and "), "scopes": scopes});
    let made = json_of(server.post("/api/v1/access-tokens", admin, body).await, 201).await;
    made["token"].as_str().unwrap().to_owned()
}

/// A body with which something is added.
fn new_thing(path: &str) -> Option<Value> {
    let place = json!({"lat": 0, "lng": 0, "address": "x"});
    Some(match path {
        "/api/v1/users" => json!({"username": "new", "role": "driver"}),
        "/api/v1/vehicles" => json!({"id": "new", "kind": "bus", "label": "new"}),
        "/api/v1/devices" => json!({"id": "new", "vehicle_id": "v1"}),
        "/api/v1/positions" => json!({"vehicle_id": "v1", "latitude": 1, "longitude": 1}),
        "/api/v1/webhooks" => json!({"url": "https://blue.example.org/new"}),
        "/api/v1/parcels" => json!({"client_id": 7, "pickup": place, "destination": place}),
        "/api/v1/geofences" => {
            json!({"name": "new", "geometry": {"type": "Point", "coordinates": [1, 1]}, "radius_m": 100})
        }
        "/api/v1/roaming-fences" => json!({"name": "new", "radius_m": 100}),
        "/api/v1/trips" => json!({"vehicle_id": "v1"}),
        "/api/v1/reports" => json!({"kind": "trips", "from": "2026-01-01", "to": "2026-01-02"}),
        "/api/v1/report-schedules" => {
            json!({"name": "new", "kind": "trips", "period": "day", "time": "06:30"})
        }
        "/api/v1/alerts" => json!({"type": "system_error", "title": "new", "message": "x"}),
        "/api/v1/cadets" => json!({"name": "new"}),
        "/api/v1/notifications" | "/api/v1/messages" => json!({"user_ids": [7], "message": "x"}),
        "/api/v1/sync-events" => json!({"event_type": "new", "payload": {}}),
        "/api/v1/push/subscriptions" => Browser::new(1).subscription("https://push.example.org/new"),
        "/api/v1/tenants" => json!({"id": "new", "name": "new"}),
        "/api/v1/access-tokens" => json!({"name": "new", "scopes": ["read"]}),
        "/api/v1/shares" => json!({"name": "new", "vehicle_ids": ["v1"], "expires_at": 4_102_444_800_i64}),
        "/auth/email" => json!({"email": "new@example.org"}),
        "/api/v1/duty" => json!({"off_duty": true}),
        "/api/v1/second-factor" => json!({"roles": ["driver"]}),
        "/auth/totp/confirm" => json!({"code": "123456"}),
        "/auth/passkeys" => json!({
            "challenge": "x", "name": "x", "credential": {"response": {"clientDataJSON": "", "attestationObject": ""}},
        }),
        "/auth/step-up" => json!({"challenge": "x", "credential": {
            "id": "", "response": {"clientDataJSON": "", "authenticatorData": "", "signature": ""},
        }}),
        "/tracking/start" => json!({"order_id": "o2", "rider_id": "r2", "dropoff_lat": 1, "dropoff_lng": 1}),
        _ => return None,
    })
}

#[tokio::test]
async fn every_operation_takes_the_scope_that_the_document_names_and_no_other() {
    let (server, _, blue) = two_tenants().await;
    let mut things = things_of(&server, &blue).await;
    let all = make(&server, &blue, &["read", "ingest", "manage"]).await;
    let start = json!({"order_id": "o1", "rider_id": "r1", "dropoff_lat": 1, "dropoff_lng": 1});
    let started = json_of(server.post("/tracking/start", &all, start).await, 200).await;
    for place in ["update/", "v1/deliveries/", "tracking/"] {
        things.insert(0, (place, started["tracking_id"].as_str().unwrap().to_owned()));
    }
    // A program manages no admins.
    let driver = json!({"username": "dan", "role": "driver"});
    let driver = json_of(server.post("/api/v1/users", &blue, driver).await, 201).await["id"].to_string();
    things.insert(0, ("users/", driver));
    let document = server.get_json("/api/v1/openapi.json", "").await;
    let mut calls = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"].as_array().is_some_and(Vec::is_empty) {
                assert_eq!(operation.get("x-access-token-scope"), None, "{method} {template} needs no credential");
                continue;
            }
            let mut path = template.clone();
            while let Some(open) = path.find('{') {
                let thing = things.iter().find(|(place, _)| path[..open].ends_with(place));
                let (_, id) = thing.unwrap_or_else(|| panic!("things_of has no thing for {template}"));
                let close = path.find('}').unwrap();
                path.replace_range(open..=close, id);
            }
            let body = match method.as_str() {
                "get" | "delete" => None,
                _ if template == "/tracking/update/{tracking_id}" => Some(json!({"lat": 1, "lng": 1})),
                _ => new_thing(template).or_else(|| body_for(method, template)),
            };
            let scope = operation["x-access-token-scope"].as_str().map(str::to_owned);
            if template == "/api/v1/stream" {
                path.push_str("?to=vehicles");
            }
            if template == "/api/v1/positions" {
                path.push_str("?at=1700000000");
            }
            calls.push((method.clone(), path, body, scope));
        }
    }
    // What removes something comes last.
    calls.sort_by_key(|(method, ..)| method == "delete");
    assert!(calls.len() > 60, "{}", calls.len());
    for (method, path, body, needed) in calls {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let others: Vec<&str> =
            ["read", "ingest", "manage"].into_iter().filter(|scope| needed.as_deref() != Some(scope)).collect();
        let other = make(&server, &blue, &others).await;
        let refused = server.call(method.clone(), &path, &other, body.clone()).await.status();
        // What is a user's own does not exist for a program.
        let is_hidden = needed.is_none() && refused == 404;
        assert!(refused == 403 || is_hidden, "{method} {path} with {others:?}: {refused}");
        if needed.is_some() {
            let answer = server.call(method.clone(), &path, &all, body).await;
            let status = answer.status().as_u16();
            assert!(![400, 401, 403, 422].contains(&status), "{method} {path}: {status} {:?}", answer.text().await);
        }
    }
}
