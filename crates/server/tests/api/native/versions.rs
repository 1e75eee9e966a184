//! `ETag`, `If-Match` and `If-None-Match`: nobody undoes silently what somebody else has changed.

use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use reqwest::header::{ETAG, IF_MATCH, IF_NONE_MATCH, ORIGIN};
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn call(server: &TestServer, method: Method, path: &str, if_match: &[&str], body: Option<Value>) -> Response {
    let mut request = server.http.request(method, format!("{}{path}", server.url)).bearer_auth(&server.admin);
    for tags in if_match {
        request = request.header(IF_MATCH, *tags);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

fn tag_of(response: &Response) -> String {
    response.headers().get(ETAG).expect("an ETag").to_str().unwrap().to_owned()
}

/// How it is added (`None` for what is always there), its path, two changes, and whether it can be removed.
type Versioned = (Option<(&'static str, Value)>, &'static str, Value, Value, bool);

/// What has versions.
fn things() -> Vec<Versioned> {
    let circle = json!({"type": "Point", "coordinates": [1, 2]});
    vec![
        (
            Some(("/api/v1/users", json!({"username": "ann", "role": "manager"}))),
            "/api/v1/users/{id}",
            json!({"active": false}),
            json!({"active": true}),
            true,
        ),
        (
            Some(("/api/v1/vehicles", json!({"id": "bus", "kind": "bus", "label": "Bus"}))),
            "/api/v1/vehicles/{id}",
            json!({"route": "7"}),
            json!({"label": "Seven"}),
            true,
        ),
        (
            Some(("/api/v1/geofences", json!({"name": "depot", "geometry": circle, "radius_m": 50}))),
            "/api/v1/geofences/{id}",
            json!({"radius_m": 60}),
            json!({"name": "yard", "radius_m": 70}),
            true,
        ),
        (
            Some(("/api/v1/webhooks", json!({"url": "https://shop.example/hook"}))),
            "/api/v1/webhooks/{id}",
            json!({"active": false}),
            json!({"active": true}),
            true,
        ),
        (
            Some((
                "/api/v1/parcels",
                json!({"client_id": 901, "pickup": {"lat": 1, "lng": 2, "address": "a"},
                    "destination": {"lat": 3, "lng": 4, "address": "b"}}),
            )),
            "/api/v1/parcels/{id}",
            json!({"driver_id": 902}),
            json!({"status": "picked_up"}),
            false,
        ),
        (
            Some(("/api/v1/devices", json!({"id": "kiosk", "vehicle_id": "truck"}))),
            "/api/v1/devices/{id}",
            json!({"name": "Front", "vehicle_id": "truck"}),
            json!({"vehicle_id": "car"}),
            true,
        ),
        (None, "/api/v1/fleet/rules", json!({"speed_limit_kmh": 50}), json!({"noise_m": 5}), false),
    ]
}

on_both!(
    a_change_of_a_version_that_is_not_the_present_one_is_refused,
    two_changes_at_once_never_undo_each_other,
    a_change_of_a_cadets_records_names_the_cadets_version
);

async fn a_change_of_a_version_that_is_not_the_present_one_is_refused(database: Database) {
    let server = database.start().await;
    server.add_bus("truck").await;
    server.add_bus("car").await;
    for (added, path, first, second, is_removable) in things() {
        let (path, mut tag) = match added {
            Some((list, body)) => {
                let added = call(&server, Method::POST, list, &[], Some(body)).await;
                let tag = tag_of(&added);
                let id = json_of(added, 201).await["id"].to_string().replace('"', "");
                (path.replace("{id}", &id), tag)
            }
            None => (path.to_owned(), "\"0\"".to_owned()),
        };
        let shown = call(&server, Method::GET, &path, &[], None).await;
        assert_eq!((shown.status().as_u16(), tag_of(&shown)), (200, tag.clone()), "{path}");
        let before = shown.text().await.unwrap();

        // Several tags, on several lines, and with others that are none of ours.
        let changed =
            call(&server, Method::PATCH, &path, &["\"x,y\", W/\"1\"", &format!("{tag} ,")], Some(first.clone())).await;
        assert_eq!(changed.status(), 200, "{path}");
        let stale = std::mem::replace(&mut tag, tag_of(&changed));
        assert_ne!(stale, tag, "{path}");
        // The answer to a deactivation lists the user's access tokens too.
        let now = changed.text().await.unwrap().replace("\"access_tokens\":[],", "");
        assert_ne!(before, now, "{path}");

        for refused in [&stale, &format!("W/{tag}"), "\"nonsense\""] {
            let methods = if is_removable { vec![Method::PATCH, Method::DELETE] } else { vec![Method::PATCH] };
            for method in methods {
                let body = (method == Method::PATCH).then(|| second.clone());
                let response = call(&server, method, &path, &[refused], body).await;
                assert_eq!(response.headers()["content-type"], "application/problem+json");
                assert_eq!(json_of(response, 412).await["status"], 412, "{path} {refused}");
            }
        }
        for malformed in ["7", "", "\"7", "*, \"7\""] {
            let response = call(&server, Method::PATCH, &path, &[malformed], Some(second.clone())).await;
            json_of(response, 400).await;
        }
        // What would be refused in any case is refused for that reason.
        let invalid = call(&server, Method::PATCH, &path, &[&stale], Some(json!({"no such field": 1}))).await;
        assert_eq!(invalid.status(), 422, "{path}");
        assert_eq!(call(&server, Method::GET, &path, &[], None).await.text().await.unwrap(), now, "{path}");

        let again = call(&server, Method::PATCH, &path, &["*"], Some(second)).await;
        assert_eq!(again.status(), 200, "{path}");
        let last = tag_of(&again);
        let without = call(&server, Method::PATCH, &path, &[], Some(first)).await;
        assert_eq!(without.status(), 200, "{path}");
        if is_removable {
            assert_eq!(call(&server, Method::DELETE, &path, &[&last], None).await.status(), 412, "{path}");
            assert_eq!(call(&server, Method::DELETE, &path, &[&tag_of(&without)], None).await.status(), 204, "{path}");
            assert_eq!(call(&server, Method::DELETE, &path, &["*"], None).await.status(), 404, "{path}");
        }
    }
}

/// A lock-out while a new password is being hashed, and whatever else is changed at once by several people.
async fn two_changes_at_once_never_undo_each_other(database: Database) {
    let server = database.start().await;
    let patch = async |path: &str, body: Value| {
        let changed = call(&server, Method::PATCH, path, &[], Some(body)).await;
        assert_eq!(changed.status(), 200);
    };
    for round in 0..5 {
        let user = json!({"username": format!("u{round}"), "role": "manager", "password": "old password"});
        let id = json_of(server.post("/api/v1/users", &server.admin, user).await, 201).await["id"].clone();
        let path = format!("/api/v1/users/{id}");
        tokio::join!(
            patch(&path, json!({"password": "new password"})),
            patch(&path, json!({"active": false})),
            patch(&path, json!({"cadet_id": 7})),
            patch(&path, json!({"vehicle_ids": ["bus"]})),
        );
        let after = server.get_json(&path, &server.admin).await;
        assert_eq!(
            (&after["active"], &after["cadet_id"], &after["vehicle_ids"]),
            (&json!(false), &json!(7), &json!(["bus"]))
        );
        patch(&path, json!({"active": true})).await;
        server.log_in(&format!("u{round}"), "new password").await;
    }
    server.add_bus("bus").await;
    let fence = json!({"name": "depot", "geometry": {"type": "Point", "coordinates": [1, 2]}, "radius_m": 50});
    let fence = json_of(server.post("/api/v1/geofences", &server.admin, fence).await, 201).await["id"].clone();
    let fence = format!("/api/v1/geofences/{fence}");
    let device = json!({"id": "kiosk", "vehicle_id": "bus"});
    json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;
    server.add_bus("car").await;
    tokio::join!(
        patch("/api/v1/devices/kiosk", json!({"name": "Front"})),
        patch("/api/v1/devices/kiosk", json!({"vehicle_id": "car"})),
    );
    let device = server.get_json("/api/v1/devices/kiosk", &server.admin).await;
    assert_eq!((&device["name"], &device["vehicle_id"]), (&json!("Front"), &json!("car")));
    let mut watcher = server.watch("/ws/tracking?company_id=default", &server.admin).await;
    tokio::join!(
        patch("/api/v1/vehicles/bus", json!({"route": "7"})),
        patch("/api/v1/vehicles/bus", json!({"status": "delayed"})),
        patch("/api/v1/vehicles/bus", json!({"speed_limit_kmh": 50})),
        patch("/api/v1/vehicles/bus", json!({"driver_id": 905})),
        patch(&fence, json!({"name": "yard"})),
        patch(&fence, json!({"radius_m": 60})),
        patch(&fence, json!({"dwell_s": 70})),
    );
    let bus = server.get_json("/api/v1/vehicles/bus", &server.admin).await;
    let expected = (&json!("7"), &json!("delayed"), &json!(50.0), &json!(905));
    assert_eq!((&bus["route"], &bus["status"], &bus["speed_limit_kmh"], &bus["driver_id"]), expected);
    let fence = server.get_json(&fence, &server.admin).await;
    assert_eq!((&fence["name"], &fence["radius_m"], &fence["dwell_s"]), (&json!("yard"), &json!(60.0), &json!(70)));
    assert_eq!(watcher.next().await["type"], "connection_established");
}

async fn a_change_of_a_cadets_records_names_the_cadets_version(database: Database) {
    let server = database.start().await;
    let added = call(&server, Method::POST, "/api/v1/cadets", &[], Some(json!({"name": "Zoë"}))).await;
    let first = tag_of(&added);
    let path = format!("/api/v1/cadets/{}", json_of(added, 201).await["id"]);
    let shown = async |known: &str| {
        let request = server.http.get(format!("{}{path}", server.url)).bearer_auth(&server.admin);
        request.header(IF_NONE_MATCH, known).send().await.unwrap()
    };
    assert_eq!((shown(&first).await.status().as_u16(), tag_of(&shown("").await)), (304, first.clone()));

    let grade = json!({"type": "merit", "points": 5, "reason": "x"});
    let grade = json_of(server.post(&format!("{path}/grades"), &server.admin, grade).await, 201).await["id"].clone();
    let writes = [
        (Method::PATCH, format!("{path}/scores"), Some(json!({"prelim_score": 50}))),
        (Method::PUT, format!("{path}/attendance/7"), Some(json!({"status": "present"}))),
        (Method::DELETE, format!("{path}/grades/{grade}"), None),
    ];
    let mut stale = first.clone();
    for (method, at, body) in writes {
        let present = shown(&stale).await;
        assert_eq!(present.status(), 200, "it was changed before {method} {at}");
        let (present, before) = (tag_of(&present), present.text().await.unwrap());
        let refused = call(&server, method.clone(), &at, &[&stale, &format!("W/{present}")], body.clone()).await;
        json_of(refused, 412).await;
        json_of(call(&server, method.clone(), &at, &["7"], body.clone()).await, 400).await;
        assert_eq!(shown("").await.text().await.unwrap(), before);
        let changed = call(&server, method.clone(), &at, &[&present], body).await;
        assert!(changed.status().is_success(), "{method} {at}");
        if method == Method::PATCH {
            assert_eq!(tag_of(&changed), tag_of(&shown("").await));
        }
        stale = present;
    }
    // What is not there is answered so, whatever the version.
    let again = call(&server, Method::DELETE, &format!("{path}/grades/{grade}"), &[&first], None).await;
    json_of(again, 404).await;
    // Two at once both count.
    let scores = format!("{path}/scores");
    let patch = async |body: Value| call(&server, Method::PATCH, &scores, &["*"], Some(body)).await.status().as_u16();
    let statuses = tokio::join!(patch(json!({"midterm_score": 60})), patch(json!({"final_score": 70})));
    assert_eq!(statuses, (200, 200));
    let cadet = server.get_json(&path, &server.admin).await;
    let marks = ["prelim_score", "midterm_score", "final_score"].map(|name| cadet[name].as_f64());
    assert_eq!(marks, [Some(50.0), Some(60.0), Some(70.0)]);
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let server = TestServer::start().await;
    server.add_bus("bus").await;
    let get = async |path: &str, tags: &str| {
        let request = server.http.get(format!("{}{path}", server.url)).bearer_auth(&server.admin);
        request.header(IF_NONE_MATCH, tags).send().await.unwrap()
    };
    let user = "/api/v1/users/1";
    let tag = tag_of(&server.get(user, &server.admin).await);
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let response = get(user, &known).await;
        assert_eq!((response.status().as_u16(), tag_of(&response)), (304, tag.clone()), "{known}");
        assert_eq!(response.text().await.unwrap(), "");
    }
    for other in ["\"99\"", "malformed"] {
        assert_eq!(get(user, other).await.status(), 200, "{other}");
    }
    // A vehicle moves without a new version.
    let vehicle = "/api/v1/vehicles/bus";
    let tag = tag_of(&server.get(vehicle, &server.admin).await);
    server.report("bus", 1.0, 2.0, "2025-01-15T10:00:00Z").await;
    let moved = get(vehicle, &tag).await;
    assert_eq!((moved.status().as_u16(), tag_of(&moved)), (200, tag.clone()));
    assert_eq!(call(&server, Method::PATCH, vehicle, &[&tag], Some(json!({"route": "7"}))).await.status(), 200);
    // A vehicle that is made anew under an old id has none of its versions.
    let tag = tag_of(&server.get(vehicle, &server.admin).await);
    call(&server, Method::DELETE, vehicle, &[&tag], None).await;
    server.add_bus("bus").await;
    assert_eq!(call(&server, Method::DELETE, vehicle, &[&tag], None).await.status(), 412);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_etag() {
    let server = TestServer::start().await;
    server.add_bus("truck").await;
    for (added, ..) in things() {
        let Some((path, body)) = added else { continue };
        let post = async || {
            let request = server.http.post(format!("{}{path}", server.url)).bearer_auth(&server.admin);
            request.header("Idempotency-Key", path).json(&body).send().await.unwrap()
        };
        let (first, again) = (post().await, post().await);
        assert_eq!(again.headers()["idempotency-replayed"], "true", "{path}");
        assert_eq!((first.status().as_u16(), tag_of(&first)), (201, tag_of(&again)), "{path}");
    }
}

#[tokio::test]
async fn pages_elsewhere_may_use_the_headers_and_the_document_describes_them() {
    let page = "https://app.example";
    let server = TestServer::start_with(&[("ALLOWED_ORIGINS", page)]).await;
    let preflight = server.http.request(Method::OPTIONS, format!("{}/api/v1/users/1", server.url));
    let preflight = preflight.header(ORIGIN, page).header("Access-Control-Request-Method", "PATCH");
    let preflight = preflight.header("Access-Control-Request-Headers", "if-match").send().await.unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(["if-match", "if-none-match"].iter().all(|name| allowed.split(", ").any(|one| one == *name)), "{allowed}");
    let shown = server.http.get(format!("{}/api/v1/users/1", server.url)).bearer_auth(&server.admin);
    let shown = shown.header(ORIGIN, page).send().await.unwrap();
    assert!(shown.headers()["access-control-expose-headers"].to_str().unwrap().contains("etag"));

    let document = server.get_json("/api/v1/openapi.json", "").await;
    for (_, path, _, _, is_removable) in things() {
        let operation = |method: &str| document["paths"][path][method].clone();
        let takes = |method: &str, name: &str| {
            operation(method)["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["name"] == name && one["in"] == "header")
        };
        let answers = |method: &str, status: &str| operation(method)["responses"][status].clone();
        assert!(takes("patch", "If-Match") && answers("patch", "412").is_object(), "{path}");
        for method in ["get", "patch"] {
            assert!(answers(method, "200")["headers"]["ETag"].is_object(), "{method} {path}");
        }
        assert_eq!(takes("get", "If-None-Match"), answers("get", "304").is_object(), "{path}");
        if is_removable {
            assert!(takes("delete", "If-Match") && answers("delete", "412").is_object(), "{path}");
        }
    }
    for (method, path) in [
        ("patch", "/api/v1/cadets/{id}/scores"),
        ("put", "/api/v1/cadets/{id}/attendance/{training_day_id}"),
        ("delete", "/api/v1/cadets/{id}/grades/{grade_id}"),
    ] {
        let operation = &document["paths"][path][method];
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|one| one["name"] == "If-Match"), "{path}");
        assert!(operation["responses"]["412"].is_object() && operation["responses"]["409"].is_null(), "{path}");
    }
}
