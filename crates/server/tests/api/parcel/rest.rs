//! Section 3 of the contract, parcels: who may add, see and change them, and where their drivers were.

use crate::parcel::people::{client, driver, place};
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, now_ms};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(one_story);

/// A parcel is added, assigned, carried by two drivers one after the other, delivered, and read again.
async fn one_story(database: Database) {
    let server = database.start().await;
    let id = server.add_parcel(None).await;
    let parcel = server.get_json(&format!("/api/v1/parcels/{id}"), &client(7)).await;
    assert_eq!(parcel["status"], "pending");
    assert_eq!(parcel["pickup"], json!({"lat": 0.0, "lng": 0.0, "address": "at 0"}));
    assert_eq!((&parcel["client_id"], &parcel["driver_id"]), (&json!(7), &Value::Null));

    assert_eq!(server.change_parcel(id, json!({"driver_id": 5})).await["status"], "assigned");
    let mut watcher = server.track_parcel(id, &client(7)).await;
    let mut first = server.track_parcel(id, &driver(5)).await;
    first.send_location(0.0, 0.3).await;
    assert_eq!(watcher.next_location().await, (id, 0.0, 0.3));
    json_of(server.patch_parcel(id, &driver(5), json!({"status": "picked_up"})).await, 200).await;
    assert_eq!(watcher.next().await["status"], "picked_up");

    server.change_parcel(id, json!({"driver_id": 6})).await;
    assert_eq!(first.next_location().await.0, id);
    assert_eq!(first.next().await["status"], "picked_up");
    assert_eq!(first.close_code().await, 4003);
    let mut second = server.track_parcel(id, &driver(6)).await;
    second.send_location(0.0, 0.6).await;
    assert_eq!(watcher.next_location().await, (id, 0.0, 0.6));
    json_of(server.patch_parcel(id, &driver(6), json!({"status": "delivered"})).await, 200).await;
    let ended = watcher.next().await;
    assert_eq!((&ended["type"], &ended["status"]), (&json!("tracking_ended"), &json!("delivered")));

    let path = server.get_json(&format!("/api/v1/parcels/{id}/path"), &client(7)).await;
    let points: Vec<_> =
        path["items"].as_array().unwrap().iter().map(|point| (&point["lng"], &point["driver_id"])).collect();
    assert_eq!(points, [(&json!(0.3), &json!(5)), (&json!(0.6), &json!(6))]);
    assert_eq!(server.patch_parcel(id, &server.admin, json!({"status": "in_transit"})).await.status(), 409);
    assert_eq!(server.patch_parcel(id, &server.admin, json!({"driver_id": 5})).await.status(), 409);
    let again = server.change_parcel(id, json!({"status": "delivered"})).await;
    assert_eq!(again["status"], "delivered");
}

#[tokio::test]
async fn only_managers_of_parcels_add_and_assign_them() {
    let server = TestServer::start().await;
    let body = json!({"client_id": 7, "pickup": place(0.0), "destination": place(1.0)});
    for (role, status) in
        [("admin", 201), ("manager", 201), ("superadmin", 201), ("driver", 403), ("client", 403), ("parent", 403)]
    {
        let token = claims_token("7", role, "default");
        assert_eq!(server.post("/api/v1/parcels", &token, body.clone()).await.status(), status, "{role}");
    }
    assert_eq!(server.post("/api/v1/parcels", "", body).await.status(), 401);
    let id = server.add_parcel(Some(5)).await;
    let check = async |token: &str, change: Value, status: u16| {
        assert_eq!(server.patch_parcel(id, token, change.clone()).await.status(), status, "{change}");
    };
    check(&client(7), json!({"status": "cancelled"}), 403).await;
    check(&client(8), json!({"status": "cancelled"}), 403).await;
    check(&driver(6), json!({"status": "picked_up"}), 403).await;
    check(&driver(5), json!({"driver_id": 6}), 403).await;
    check(&driver(5), json!({"status": "picked_up", "driver_id": 5}), 403).await;
    check(&driver(5), json!({"status": "picked_up"}), 200).await;
    check(&claims_token("9", "manager", "default"), json!({"status": "lost"}), 422).await;
    check(&claims_token("9", "manager", "default"), json!({"status": null}), 422).await;
    check(&claims_token("9", "manager", "default"), json!({"driver_id": 0}), 422).await;
    check(&claims_token("9", "manager", "default"), json!({"driver_id": 6}), 200).await;
}

#[tokio::test]
async fn an_invalid_field_is_refused_by_name() {
    let server = TestServer::start().await;
    let check = async |body: Value, field: &str| {
        let problem = json_of(server.post("/api/v1/parcels", &server.admin, body.clone()).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{body} {problem}");
    };
    let good = || json!({"client_id": 7, "pickup": place(0.0), "destination": place(1.0)});
    let with = |field: &str, value: Value| {
        let mut body = good();
        body[field] = value;
        body
    };
    check(with("pickup", json!({"lat": 90.1, "lng": 0})), "pickup.lat").await;
    check(with("destination", json!({"lat": 0, "lng": 180.1})), "destination.lng").await;
    check(with("destination", json!({"lat": 0, "lng": 0, "address": "x".repeat(501)})), "destination.address").await;
    check(with("pickup", json!({"lat": "0", "lng": 0})), "pickup.lat").await;
    check(with("pickup", json!({"lat": 0})), "pickup.lng").await;
    check(with("client_id", json!(0)), "client_id").await;
    check(with("client_id", json!("x")), "client_id").await;
    check(with("driver_id", json!(-1)), "driver_id").await;
    // A user of the tenant must have the right role. Any other number may be of another issuer.
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    let (client_id, _) = server.add_user(json!({"username": "cleo", "role": "client"})).await;
    let (driver_id, _) = server.add_user(json!({"username": "dan", "role": "driver"})).await;
    let (foreign, _) = server.add_user(json!({"username": "eve", "role": "driver", "tenant": "acme"})).await;
    check(with("client_id", json!(driver_id)), "client_id").await;
    check(with("driver_id", json!(client_id)), "driver_id").await;
    let mut body = with("driver_id", json!(driver_id));
    body["client_id"] = json!(client_id);
    let parcel = json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await;
    assert_eq!(parcel["status"], "assigned");
    let id = parcel["id"].as_i64().unwrap();
    assert_eq!(server.patch_parcel(id, &server.admin, json!({"driver_id": client_id})).await.status(), 422);
    assert_eq!(server.patch_parcel(id, &server.admin, json!({"driver_id": foreign})).await.status(), 200);
}

#[tokio::test]
async fn users_list_only_the_parcels_that_they_may_see() {
    let server = TestServer::start().await;
    let of = async |token: &str, query: &str| -> Vec<i64> {
        let page = server.get_json(&format!("/api/v1/parcels{query}"), token).await;
        page["items"].as_array().unwrap().iter().map(|parcel| parcel["id"].as_i64().unwrap()).collect()
    };
    let add = async |client: i64, driver: Option<i64>| {
        let body = json!({"client_id": client, "driver_id": driver, "pickup": place(0.0), "destination": place(1.0)});
        json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await["id"].as_i64().unwrap()
    };
    let (a, b, c) = (add(7, Some(5)).await, add(8, Some(5)).await, add(7, None).await);
    assert_eq!(of(&server.admin, "").await, [a, b, c]);
    assert_eq!(of(&client(7), "").await, [a, c]);
    assert_eq!(of(&client(7), "?client_id=8").await, [0; 0]);
    assert_eq!(of(&driver(5), "").await, [a, b]);
    assert_eq!(of(&driver(6), "").await, [0; 0]);
    assert_eq!(of(&server.admin, "?status=pending").await, [c]);
    assert_eq!(of(&server.admin, "?driver_id=5&client_id=8").await, [b]);
    assert_eq!(server.get("/api/v1/parcels?status=lost", &server.admin).await.status(), 422);
    assert_eq!(server.get("/api/v1/parcels", &claims_token("3", "cadet", "default")).await.status(), 403);
    let first = server.get_json("/api/v1/parcels?limit=2", &server.admin).await;
    let next = first["next"].as_str().unwrap();
    assert_eq!(of(&server.admin, &format!("?limit=2&cursor={next}")).await, [c]);
}

#[tokio::test]
async fn another_tenants_parcel_is_answered_like_an_unknown_one() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    for role in ["admin", "manager", "client", "driver"] {
        for subject in ["5", "7"] {
            let token = claims_token(subject, role, "acme");
            for path in [
                format!("/api/v1/parcels/{id}"),
                format!("/api/v1/parcels/{id}/path"),
                "/api/v1/parcels/999".to_owned(),
            ] {
                assert_eq!(server.get(&path, &token).await.status(), 404, "{role} {path}");
            }
            assert_eq!(server.patch_parcel(id, &token, json!({"status": "delivered"})).await.status(), 404);
            let (_, code, _) = server.refused(&format!("/?parcel_id={id}&token={token}")).await;
            assert_eq!(code, 4004);
            let page = server.get_json("/api/v1/parcels", &token).await;
            assert_eq!(page["items"], json!([]));
        }
    }
    // A superadmin sees the parcels of every tenant that it names.
    let root = claims_token("99", "superadmin", "acme");
    assert_eq!(server.get(&format!("/api/v1/parcels/{id}"), &root).await.status(), 404);
    assert_eq!(server.get(&format!("/api/v1/parcels/{id}?tenant=default"), &root).await.status(), 200);
    assert_eq!(server.get(&format!("/api/v1/parcels/{id}/path?tenant=default"), &root).await.status(), 200);
    let change = Some(json!({"status": "in_transit"}));
    let changed = server.call(Method::PATCH, &format!("/api/v1/parcels/{id}?tenant=default"), &root, change).await;
    assert_eq!(changed.status(), 200);
    // Within its tenant a parcel's existence is not secret, only its content.
    for token in [client(8), driver(6), claims_token("5", "rider", "default")] {
        assert_eq!(server.get(&format!("/api/v1/parcels/{id}"), &token).await.status(), 403);
        assert_eq!(server.get(&format!("/api/v1/parcels/{id}/path"), &token).await.status(), 403);
    }
    for nonsense in ["0", "-1", "x", "99999999999999999999"] {
        assert_eq!(server.get(&format!("/api/v1/parcels/{nonsense}"), &server.admin).await.status(), 404);
    }
    assert_eq!(server.call(Method::DELETE, &format!("/api/v1/parcels/{id}"), &server.admin, None).await.status(), 405);
}

#[tokio::test]
async fn the_path_is_served_in_every_format() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut watcher = server.track_parcel(id, &driver(5)).await;
    let from_ms = now_ms();
    for (at, lng) in [(1, 0.1), (3, 0.3), (2, 0.2)] {
        let timestamp = from_ms + at * 1000;
        watcher.send(json!({"type": "location_update", "lat": 1.5, "lng": lng, "address": "<A & B>", "timestamp": timestamp})).await;
    }
    assert_eq!(watcher.next_location().await.2, 0.1);
    assert_eq!(watcher.next_location().await.2, 0.3);
    watcher.settle().await;
    let path = format!("/api/v1/parcels/{id}/path");
    let points = server.get_json(&path, &client(7)).await;
    let lngs: Vec<_> = points["items"].as_array().unwrap().iter().map(|point| point["lng"].as_f64().unwrap()).collect();
    assert_eq!(lngs, [0.1, 0.2, 0.3]);
    assert_eq!((&points["items"][0]["longitude"], &points["items"][0]["address"]), (&json!(0.1), &json!("<A & B>")));
    let first = server.get_json(&format!("{path}?limit=2"), &client(7)).await;
    let rest = server.get_json(&format!("{path}?limit=2&cursor={}", first["next"].as_str().unwrap()), &client(7)).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));

    let file = async |format: &str, kind: &str| {
        let answer = server.get(&format!("{path}?format={format}"), &driver(5)).await;
        assert_eq!(answer.headers()["content-type"], kind);
        answer.text().await.unwrap()
    };
    let geojson: Value = serde_json::from_str(&file("geojson", "application/geo+json").await).unwrap();
    assert!(geojson.to_string().contains("[0.2,1.5"), "{geojson}");
    let gpx = file("gpx", "application/gpx+xml").await;
    assert_eq!(gpx.matches("<trkpt").count(), 3);
    assert!(gpx.contains(&format!("<name>parcel-{id}</name>")) && gpx.trim_end().ends_with("</gpx>"));
    assert_eq!(file("csv", "text/csv; charset=utf-8").await.lines().count(), 4);
    assert!(file("kml", "application/vnd.google-earth.kml+xml").await.contains("0.3 1.5"));
    assert_eq!(server.get(&format!("{path}?format=nmea"), &driver(5)).await.status(), 422);
}
