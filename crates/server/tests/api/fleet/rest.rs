//! Section 3 of the contract, the fleet: geofences, alerts and thresholds. Each change has its event, and a write that changes
//! nothing has none.

use crate::support::databases::{Database, on_both};
use crate::support::signing::claims_token;
use crate::support::{TestServer, json_of};
use milepost_domain::{Event, Fact};
use reqwest::Method;
use serde_json::{Value, json};

on_both!(one_story);

async fn one_story(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    let before = server.events().await.len();
    a_geofence_is_added_changed_and_removed(&server).await;
    alerts_are_raised_read_and_deleted(&server).await;
    thresholds_are_changed_and_taken_back(&server).await;
    let published: Vec<String> = server.events().await[before..].iter().map(shown).collect();
    let expected = [
        "geofence",
        "geofence",
        "geofence",
        "geofence",
        "geofence",
        "raised",
        "raised",
        "raised",
        "read by Some(1)",
        "read by Some(7)",
        "deleted",
        "rules 1",
        "rules 2",
    ];
    assert_eq!(published, expected);
}

fn shown(event: &Event) -> String {
    match &event.fact {
        Fact::GeofenceChanged { .. } => "geofence".to_owned(),
        Fact::RulesChanged { version } => format!("rules {version}"),
        Fact::AlertRaised(_) => "raised".to_owned(),
        Fact::AlertRead { read_by, .. } => format!("read by {:?}", read_by.map(milepost_domain::UserId::get)),
        Fact::AlertDeleted { .. } => "deleted".to_owned(),
        other => panic!("{other:?}"),
    }
}

async fn a_geofence_is_added_changed_and_removed(server: &TestServer) {
    let geometry = json!({"type": "Polygon", "coordinates": [
        [[88.36, 22.57], [88.37, 22.57], [88.37, 22.58], [88.36, 22.58], [88.36, 22.57]],
        [[88.364, 22.574], [88.366, 22.574], [88.366, 22.576], [88.364, 22.576], [88.364, 22.574]]]});
    let zone = json!({"days": ["sun"], "from": "02:00:00", "to": "03:00:00", "timezone": "Europe/Berlin"});
    let zoned = json!({"name": "Night", "geometry": {"type": "Point", "coordinates": [1, 2]}, "radius_m": 50, "schedule": zone});
    let added = json_of(server.post("/api/v1/geofences", &server.admin, zoned).await, 201).await;
    assert_eq!(added["schedule"], zone);
    assert_eq!(
        server.call(Method::DELETE, &format!("/api/v1/geofences/{}", added["id"]), &server.admin, None).await.status(),
        204
    );
    let schedule = json!({"days": ["mon", "fri"], "from": "22:00", "to": "06:00", "utc_offset_minutes": 330});
    let body = json!({"name": "Dépôt", "geometry": geometry, "on": ["exit"], "dwell_s": 600, "speed_limit_kmh": 20,
        "vehicle_ids": ["b2", "b1", "b2"], "schedule": schedule});
    let added = json_of(server.post("/api/v1/geofences", &server.admin, body).await, 201).await;
    let id = added["id"].as_i64().unwrap();
    let mut expected = json!({"id": id, "name": "Dépôt", "geometry": geometry, "radius_m": null, "width_m": null,
        "on": ["exit"], "dwell_s": 600, "speed_limit_kmh": 20.0, "vehicle_ids": ["b1", "b2"],
        "schedule": {"days": ["mon", "fri"], "from": "22:00:00", "to": "06:00:00", "utc_offset_minutes": 330},
        "created_at": added["created_at"], "changed_at": added["changed_at"]});
    assert_eq!(added, expected);
    let path = format!("/api/v1/geofences/{id}");
    assert_eq!(server.get_json(&path, &server.admin).await, expected);
    assert_eq!(server.get_json("/api/v1/geofences", &server.admin).await["items"], json!([expected]));

    let patch =
        async |body: Value| json_of(server.call(Method::PATCH, &path, &server.admin, Some(body)).await, 200).await;
    assert_eq!(patch(json!({})).await, expected);
    assert_eq!(patch(json!({"name": "Dépôt", "speed_limit_kmh": 20})).await, expected, "what makes no difference");
    let circle = json!({"type": "Point", "coordinates": [88.365, 22.575]});
    let changed = patch(json!({"geometry": circle, "radius_m": 150, "on": null, "schedule": null})).await;
    for (field, value) in [("geometry", circle), ("radius_m", json!(150.0)), ("on", json!(["enter", "exit"]))] {
        expected[field] = value;
    }
    expected["schedule"] = Value::Null;
    expected["changed_at"] = changed["changed_at"].clone();
    assert_eq!(changed, expected);

    let remove = async || server.call(Method::DELETE, &path, &server.admin, None).await.status().as_u16();
    assert_eq!((remove().await, remove().await), (204, 404));
    assert_eq!(server.get(&path, &server.admin).await.status(), 404);
}

async fn alerts_are_raised_read_and_deleted(server: &TestServer) {
    let raise = async |body: Value| server.post("/api/v1/alerts", &server.admin, body).await;
    let driver = claims_token("7", "driver", "default");
    let invoice = json!({"type": "invoice_generated", "title": "Invoice 118", "message": "To be paid.\nBy Friday.",
        "data": {"amount": 12.5, "lines": [1, null]}, "subject": "invoice:118", "vehicle_id": "b1",
        "timestamp": 1736937045, "expires_at": "2099-01-01T00:00:00Z"});
    let company = json_of(raise(invoice.clone()).await, 201).await;
    let expected = json!({"id": company["id"], "type": "invoice_generated", "severity": "low", "user_id": null,
        "vehicle_id": "b1", "driver_id": null, "title": "Invoice 118", "message": "To be paid.\nBy Friday.",
        "data": {"amount": 12.5, "lines": [1, null]}, "subject": "invoice:118", "timestamp": "2025-01-15T10:30:45.000Z",
        "read": false, "read_at": null, "read_by": null, "expires_at": "2099-01-01T00:00:00.000Z"});
    assert_eq!(company, expected);
    // A second alert with the same subject is refused until the first has expired.
    assert_eq!(raise(invoice).await.status(), 409);
    let own = json_of(
        raise(json!({"type": "payment_received", "severity": "high", "title": "Paid", "message": "x", "user_id": 7}))
            .await,
        201,
    )
    .await;
    let again = json_of(raise(json!({"type": "system_error", "title": "Disk", "message": "full"})).await, 201).await;
    assert_eq!(again["severity"], "high");

    let ids = async |token: &str, query: &str| {
        let page = server.get_json(&format!("/api/v1/alerts{query}"), token).await;
        page["items"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect::<Vec<_>>()
    };
    let [company, own, again] = [company, own, again].map(|alert| alert["id"].clone());
    assert_eq!(ids(&server.admin, "").await, [again.clone(), company.clone()], "not what is addressed to another");
    assert_eq!(ids(&driver, "").await, std::slice::from_ref(&own));
    let of = |id: &Value, rest: &str| format!("/api/v1/alerts/{}{rest}", id.as_str().unwrap());

    let read = async |token: &str, id: &Value| {
        json_of(server.call(Method::POST, &of(id, "/read"), token, None).await, 200).await
    };
    let first = read(&server.admin, &company).await;
    assert_eq!((&first["read"], &first["read_by"]), (&json!(true), &json!(1)));
    let manager = claims_token("9", "manager", "default");
    assert_eq!(read(&manager, &company).await, first, "read once, for all");
    read(&driver, &own).await;
    assert_eq!(ids(&server.admin, "?unread").await, std::slice::from_ref(&again));
    assert_eq!(ids(&driver, "?unread=true").await, [Value::Null; 0]);
    assert_eq!(ids(&server.admin, "?unread=false&limit=1").await, std::slice::from_ref(&again));

    let remove =
        async |token: &str, id: &Value| server.call(Method::DELETE, &of(id, ""), token, None).await.status().as_u16();
    assert_eq!((remove(&server.admin, &own).await, remove(&driver, &company).await), (404, 404), "another's");
    assert_eq!((remove(&manager, &company).await, remove(&manager, &company).await), (204, 404));
    assert_eq!(server.call(Method::POST, &of(&company, "/read"), &manager, None).await.status(), 404);
    assert_eq!(ids(&server.admin, "").await, [again]);
}

async fn thresholds_are_changed_and_taken_back(server: &TestServer) {
    let path = "/api/v1/fleet/rules";
    let first = server.get_json(path, &server.admin).await;
    assert_eq!((&first["version"], &first["changed_at"], &first["own"]), (&json!(0), &Value::Null, &json!({})));
    assert_eq!(
        (&first["thresholds"]["speed_limit_kmh"], &first["thresholds"]["stop_after_s"]),
        (&json!(80.0), &json!(300))
    );
    let patch =
        async |body: Value| json_of(server.call(Method::PATCH, path, &server.admin, Some(body)).await, 200).await;
    assert_eq!(patch(json!({})).await, first);
    assert_eq!(patch(json!({"noise_m": null})).await, first, "what makes no difference");
    let changed = patch(json!({"speed_limit_kmh": 50, "stop_after_s": 600})).await;
    assert_eq!(
        (&changed["version"], &changed["own"]),
        (&json!(1), &json!({"speed_limit_kmh": 50.0, "stop_after_s": 600}))
    );
    assert_eq!(changed["thresholds"]["stop_after_s"], 600);
    let back = patch(json!({"speed_limit_kmh": null})).await;
    assert_eq!((&back["version"], &back["own"]), (&json!(2), &json!({"stop_after_s": 600})));
    assert_eq!(back["thresholds"]["speed_limit_kmh"], 80.0);
    assert_eq!(server.get_json(path, &server.admin).await, back);
    let acme = claims_token("9", "admin", "acme");
    assert_eq!(server.get_json(path, &acme).await["own"], json!({}), "each tenant has its own");
}

#[tokio::test]
async fn geofences_and_alerts_come_in_pages_without_gap_or_double() {
    let server = TestServer::start().await;
    for number in 0..5 {
        let circle = json!({"name": format!("g{number}"), "geometry": {"type": "Point", "coordinates": [number, 0]},
            "radius_m": 100});
        json_of(server.post("/api/v1/geofences", &server.admin, circle).await, 201).await;
        // Two alerts at each instant.
        let alert = json!({"type": "maintenance", "title": format!("a{number}"), "message": "x",
            "timestamp": 1_736_937_045 + number / 2});
        json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    }
    let all = async |list: &str, field: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get_json(&format!("/api/v1/{list}?limit=2{cursor}"), &server.admin).await;
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(all("geofences", "name").await, ["g0", "g1", "g2", "g3", "g4"]);
    assert_eq!(all("alerts", "title").await, ["a4", "a3", "a2", "a1", "a0"]);
    for list in ["geofences", "alerts", "trips"] {
        let problem = json_of(server.get(&format!("/api/v1/{list}?cursor=x"), &server.admin).await, 400).await;
        assert_eq!(problem["detail"], "cursor must be the next of a page before");
    }
}

#[tokio::test]
async fn a_page_of_long_geometries_ends_early_and_goes_on() {
    let server = TestServer::start().await;
    // Ten thousand corners with as many digits as any program writes: 0.9 MiB.
    let corner = |step: usize| {
        let angle = step as f64 / 9_999.0 * std::f64::consts::TAU;
        let digits = |degrees: f64| format!("{degrees:.40}").parse::<serde_json::Number>().unwrap();
        json!([digits(10.0 + angle.cos()), digits(angle.sin())])
    };
    let ring: Vec<Value> = (0..9_999).chain([0]).map(corner).collect();
    let text = format!(
        r#"{{"type":"Polygon","coordinates":[[{}]]}}"#,
        ring.iter()
            .map(|corner| format!("[{:.40},{:.40}]", corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap()))
            .collect::<Vec<_>>()
            .join(",")
    );
    assert!((800_000..1_048_576).contains(&text.len()), "{}", text.len());
    for number in 0..6 {
        let body = format!(r#"{{"name":"g{number}","geometry":{text}}}"#);
        let request =
            server.http.post(format!("{}/api/v1/geofences", server.url)).bearer_auth(&server.admin).body(body);
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
    let page = server.get("/api/v1/geofences", &server.admin).await.text().await.unwrap();
    assert!(page.contains(&text), "the geometry as it was given, to the last digit");
    let page: Value = serde_json::from_str(&page).unwrap();
    let count = page["items"].as_array().unwrap().len();
    assert!((1..6).contains(&count), "{count}");
    let rest = format!("/api/v1/geofences?cursor={}", page["next"].as_str().unwrap());
    let rest = server.get_json(&rest, &server.admin).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 6 - count);
    assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!(format!("g{count}")), &Value::Null));
}

#[tokio::test]
async fn an_alert_is_gone_after_its_time_and_its_subject_is_free_again() {
    let server = TestServer::start_with(&[("ALERT_EXPIRY_DURATION", "1s"), ("ALERT_CLEANUP_INTERVAL", "1s")]).await;
    let body = json!({"type": "maintenance", "title": "Oil", "message": "x", "subject": "oil:b1"});
    let first = json_of(server.post("/api/v1/alerts", &server.admin, body.clone()).await, 201).await;
    let second = loop {
        let answer = server.post("/api/v1/alerts", &server.admin, body.clone()).await;
        if answer.status() != 409 {
            break json_of(answer, 201).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(second["timestamp"].as_str().unwrap() >= first["expires_at"].as_str().unwrap());
    let path = format!("/api/v1/alerts/{}/read", first["id"].as_str().unwrap());
    assert_eq!(server.call(Method::POST, &path, &server.admin, None).await.status(), 404);
}

#[tokio::test]
async fn a_vehicle_says_when_it_is_to_be_serviced() {
    let server = TestServer::start().await;
    let body =
        json!({"id": "v1", "kind": "van", "label": "V", "service_due_km": 15000.5, "service_due_at": 1_736_937_045});
    let added = json_of(server.post("/api/v1/vehicles", &server.admin, body).await, 201).await;
    assert_eq!(
        (&added["service_due_km"], &added["service_due_at"]),
        (&json!(15000.5), &json!("2025-01-15T10:30:45.000Z"))
    );
    let patch = async |body: Value, status| {
        json_of(server.call(Method::PATCH, "/api/v1/vehicles/v1", &server.admin, Some(body)).await, status).await
    };
    for (field, value) in [("service_due_km", json!(-1)), ("service_due_at", json!("soon"))] {
        assert_eq!(patch(json!({ field: value }), 422).await["errors"][0]["field"], field);
    }
    let changed = patch(json!({"service_due_km": null}), 200).await;
    assert_eq!((&changed["service_due_km"], &changed["service_due_at"]), (&Value::Null, &added["service_due_at"]));
    assert_eq!(patch(json!({"service_due_at": null}), 200).await["service_due_at"], Value::Null);
}

#[tokio::test]
async fn a_post_sent_again_with_its_idempotency_key_does_its_work_once() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let send = async |path: &str, key: &str, body: &Value, status: u16| {
        let url = format!("{}/api/v1/{path}", server.url);
        let request = server.http.post(url).bearer_auth(&server.admin).header("Idempotency-Key", key).json(body);
        json_of(request.send().await.unwrap(), status).await
    };
    let circle = json!({"name": "g", "geometry": {"type": "Point", "coordinates": [0, 0]}, "radius_m": 100});
    let alert = json!({"type": "maintenance", "title": "t", "message": "m"});
    let mut ids = Vec::new();
    for (path, body) in [("geofences", &circle), ("alerts", &alert), ("trips", &json!({"vehicle_id": "b1"}))] {
        let first = send(path, path, body, 201).await;
        let events = server.events().await.len();
        assert_eq!(send(path, path, body, 201).await, first, "{path}");
        assert_eq!(server.events().await.len(), events, "{path}");
        ids.push(first["id"].clone());
    }
    let trip = format!("trips/{}/complete", ids[2].as_str().unwrap());
    let read = format!("alerts/{}/read", ids[1].as_str().unwrap());
    for (path, key) in [(&trip, "complete"), (&read, "read")] {
        let first = send(path, key, &Value::Null, 200).await;
        let events = server.events().await.len();
        assert_eq!(send(path, key, &Value::Null, 200).await, first, "{path}");
        assert_eq!(server.events().await.len(), events, "{path}");
    }
}
