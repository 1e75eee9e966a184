//! Section 3 of the contract: shapes, statuses, pages, idempotency.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_vehicle_is_added_shown_changed_and_removed() {
    let server = TestServer::start().await;
    let body = json!({"id": "v1", "kind": "truck", "label": "Big One", "driver_id": 5, "speed_limit_kmh": 80});
    let added = json_of(server.post("/api/v1/vehicles", &server.admin, body.clone()).await, 201).await;
    assert_eq!((added["id"].as_str(), added["status"].as_str()), (Some("v1"), Some("active")));
    assert_eq!(server.post("/api/v1/vehicles", &server.admin, body).await.status(), 409);
    let patch = json!({"status": "maintenance", "driver_id": null});
    let changed = server.call(Method::PATCH, "/api/v1/vehicles/v1", &server.admin, Some(patch)).await;
    let changed = json_of(changed, 200).await;
    assert_eq!(changed["status"], "maintenance");
    assert!(changed["driver_id"].is_null());
    assert_eq!(changed["speed_limit_kmh"], 80.0);
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/v1/", &server.admin, None).await.status(), 204);
    assert_eq!(server.get("/api/v1/vehicles/v1", &server.admin).await.status(), 404);
}

#[tokio::test]
async fn an_id_is_made_when_none_is_given() {
    let server = TestServer::start().await;
    let body = json!({"kind": "bus", "label": "Nameless"});
    let added = json_of(server.post("/api/v1/vehicles", &server.admin, body).await, 201).await;
    assert_eq!(added["id"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn an_invalid_field_is_named() {
    let server = TestServer::start().await;
    let check = async |path: &str, body: Value, status: u16, field: &str| {
        let problem = json_of(server.post(path, &server.admin, body.clone()).await, status).await;
        assert_eq!(problem["status"], status, "{body}");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    };
    check("/api/v1/vehicles", json!({"kind": "bus"}), 422, "label").await;
    check("/api/v1/vehicles", json!({"kind": "bus", "label": 7}), 422, "label").await;
    check("/api/v1/vehicles", json!({"kind": "bus", "label": "x", "id": "a/b"}), 422, "id").await;
    check("/api/v1/vehicles", json!({"kind": "bus", "label": "x", "speed_limit_kmh": -1}), 422, "speed_limit_kmh")
        .await;
    check("/api/v1/users", json!({"username": "x", "role": "king"}), 422, "role").await;
    check("/api/v1/devices", json!({"vehicle_id": "a\nb"}), 422, "vehicle_id").await;
    let malformed = server.http.post(format!("{}/api/v1/vehicles", server.url)).bearer_auth(&server.admin).body("{");
    let malformed = malformed.send().await.unwrap();
    assert_eq!(malformed.headers()["content-type"], "application/problem+json");
    assert_eq!(json_of(malformed, 400).await["title"], "Bad Request");
    let large = server.http.post(format!("{}/api/v1/vehicles", server.url)).bearer_auth(&server.admin);
    assert_eq!(large.body("x".repeat(200_000)).send().await.unwrap().status(), 413);
    assert_eq!(server.call(Method::PUT, "/api/v1/vehicles", &server.admin, None).await.status(), 405);
    assert_eq!(server.get("/no/such/page", "").await.status(), 404);
    for (path, status) in [
        ("/api/v1/vehicles?limit=many", 422),
        ("/api/v1/vehicles?cursor=garbage", 400),
        ("/api/v1/devices?cursor=b1", 400),
        ("/api/v1/users?cursor=1", 400),
        ("/api/v1/tenants?cursor=default", 400),
        ("/api/v1/vehicles?limit=1&limit=2", 422),
        ("/api/v1/vehicles/%ff", 400),
        ("/api/v1/vehicles/x%00y", 404),
        ("/no/such/page", 404),
    ] {
        let response = server.get(path, &server.admin).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(json_of(response, status).await["status"], status, "{path}");
    }
}

#[tokio::test]
async fn null_removes_an_optional_value_and_is_refused_for_other_fields() {
    let server = TestServer::start().await;
    let vehicle = json!({"id": "v1", "kind": "bus", "label": "x", "route": "9", "odometer_km": 5, "driver_id": 3});
    server.add_vehicle(vehicle).await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "cadet", "cadet_id": 7})).await;
    let patch = async |path: &str, body: Value| server.call(Method::PATCH, path, &server.admin, Some(body)).await;
    for field in ["kind", "label", "status"] {
        let problem = json_of(patch("/api/v1/vehicles/v1", json!({ field: null })).await, 422).await;
        assert_eq!(problem["errors"], json!([{"field": field, "message": "must be text"}]));
    }
    let user = format!("/api/v1/users/{id}");
    for (field, takes) in [
        ("username", "must be text"),
        ("password", "must be text"),
        ("role", "must be text"),
        ("approved", "must be true or false"),
        ("active", "must be true or false"),
        ("vehicle_ids", "must be a list"),
    ] {
        let problem = json_of(patch(&user, json!({ field: null })).await, 422).await;
        assert_eq!(problem["errors"], json!([{"field": field, "message": takes}]));
    }
    let all = json!({"license_plate": null, "route": null, "driver_id": null, "speed_limit_kmh": null,
        "fuel_l_per_100km": null, "fuel_price_per_l": null, "odometer_km": null});
    let changed = json_of(patch("/api/v1/vehicles/v1", all).await, 200).await;
    assert!(changed["route"].is_null() && changed["odometer_km"].is_null() && changed["driver_id"].is_null());
    assert!(json_of(patch(&user, json!({"cadet_id": null})).await, 200).await["cadet_id"].is_null());
}

#[tokio::test]
async fn a_change_refuses_fields_that_it_does_not_know() {
    let server = TestServer::start().await;
    server.add_bus("v1").await;
    for path in ["vehicles/v1", "users/1", "geofences/1", "parcels/1", "cadets/1/scores", "fleet/rules", "webhooks/1"] {
        let body = Some(json!({ "lable": "x" }));
        let refused = server.call(Method::PATCH, &format!("/api/v1/{path}"), &server.admin, body).await;
        let problem = json_of(refused, 422).await;
        assert_eq!(problem["errors"][0]["field"], "lable", "{path}");
    }
}

#[tokio::test]
async fn refusals_name_no_rust_types() {
    let server = TestServer::start().await;
    let body = json!({"kind": "bus", "label": "x", "speed_limit_kmh": "fast"});
    let problem = json_of(server.post("/api/v1/vehicles", &server.admin, body).await, 422).await;
    assert_eq!(problem["errors"], json!([{"field": "speed_limit_kmh", "message": "must be a number"}]));
    let positions = json!([{"vehicle_id": "v1", "latitude": "north", "longitude": 2}]);
    let problem = json_of(server.post("/api/v1/positions", &server.admin, positions).await, 422).await;
    assert_eq!(problem["errors"], json!([{"field": "0", "message": "latitude must be a number"}]));
    let problem = json_of(server.get("/api/v1/vehicles?limit=many", &server.admin).await, 422).await;
    assert_eq!(problem["errors"][0]["field"], "limit");
    assert!(problem["detail"].as_str().unwrap().starts_with("limit must be a whole number"), "{problem}");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = TestServer::start().await;
    for n in 0..7 {
        server.add_bus(&format!("b{n}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/vehicles?limit=3".to_owned();
    loop {
        let page = server.get_json(&path, &server.admin).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/vehicles?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["b0", "b1", "b2", "b3", "b4", "b5", "b6"]);
    assert_eq!(server.get("/api/v1/vehicles?limit=0", &server.admin).await.status(), 422);
}

#[tokio::test]
async fn the_same_idempotency_key_does_the_work_once() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let post = async |key: &str, body: Value| {
        let request = server.http.post(format!("{}/api/v1/devices", server.url)).bearer_auth(&server.admin);
        request.header("Idempotency-Key", key).json(&body).send().await.unwrap()
    };
    let first = json_of(post("one", json!({"vehicle_id": "b1"})).await, 201).await;
    let again = json_of(post("one", json!({"vehicle_id": "b1"})).await, 201).await;
    assert_eq!(first["id"], again["id"]);
    // The secret is shown once, and not stored for a repeated answer.
    assert!(first["key"].is_string() && again["key"].is_null());
    assert_eq!(post("one", json!({"vehicle_id": "b1", "name": "x"})).await.status(), 422);
    let listed = server.get_json("/api/v1/devices", &server.admin).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn permissions_are_those_of_the_table() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    for (role, users, vehicles, tenants) in [
        ("superadmin", 200, 201, 200),
        ("admin", 200, 201, 403),
        ("manager", 403, 201, 403),
        ("parent", 403, 403, 403),
        ("driver", 403, 403, 403),
        ("cadet", 403, 403, 403),
    ] {
        let (_, token) = server.add_user(json!({"username": format!("a-{role}"), "role": role})).await;
        assert_eq!(server.get("/api/v1/users", &token).await.status(), users, "{role} lists users");
        let body = json!({"id": format!("of-{role}"), "kind": "bus", "label": "x"});
        assert_eq!(server.post("/api/v1/vehicles", &token, body).await.status(), vehicles, "{role} adds a vehicle");
        assert_eq!(server.get("/api/v1/tenants", &token).await.status(), tenants, "{role} lists tenants");
    }
    let (_, admin) = server.add_user(json!({"username": "second", "role": "admin"})).await;
    let escalation = json!({"username": "evil", "role": "superadmin"});
    assert_eq!(server.post("/api/v1/users", &admin, escalation).await.status(), 403);
    let demotion = json!({"active": false});
    let demoted = server.call(Method::PATCH, "/api/v1/users/1", &admin, Some(demotion)).await;
    assert_eq!(demoted.status(), 403);
    let suicide = server.call(Method::PATCH, "/api/v1/users/1", &server.admin, Some(json!({"active": false}))).await;
    assert_eq!(suicide.status(), 409);
}
