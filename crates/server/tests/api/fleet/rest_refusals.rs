//! The fleet over REST: who may do what, by role and tenant. An invalid field is refused by name and changes nothing.

use crate::support::signing::claims_token;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

/// The things that the calls are about, all of the default tenant: vehicle v1, driven by user 7, and others.
struct Fleet {
    geofence: i64,
    trip: String,
    alert: String,
    own_alert: String,
}

async fn fleet(server: &TestServer) -> Fleet {
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "driver_id": 7})).await;
    let add =
        async |path: &str, body: Value| json_of(server.post(path, &server.admin, body).await, 201).await["id"].clone();
    let circle = json!({"name": "g", "geometry": {"type": "Point", "coordinates": [0, 0]}, "radius_m": 100});
    let alert = json!({"type": "maintenance", "title": "t", "message": "m"});
    let own = json!({"type": "maintenance", "title": "t", "message": "m", "user_id": 7});
    let text = |id: Value| id.as_str().unwrap().to_owned();
    Fleet {
        geofence: add("/api/v1/geofences", circle).await.as_i64().unwrap(),
        trip: text(add("/api/v1/trips", json!({"vehicle_id": "v1"})).await),
        alert: text(add("/api/v1/alerts", alert).await),
        own_alert: text(add("/api/v1/alerts", own).await),
    }
}

/// Who may make a call.
#[derive(Clone, Copy, PartialEq, Debug)]
enum For {
    /// Superadmin, admin, manager.
    Managers,
    /// Managers, and the driver of the vehicle.
    ManagersAndItsDriver,
    /// Managers, and everyone who may see the vehicle.
    WhoSeesIt,
    /// Only user 7.
    User7,
}

/// Calls about one thing: method, path, body, who may make it, and the status of a permitted call.
fn calls(fleet: &Fleet) -> Vec<(Method, String, Option<Value>, For, u16)> {
    let geofence = format!("/api/v1/geofences/{}", fleet.geofence);
    let of_trip = |rest: &str| format!("/api/v1/trips/{}{rest}", fleet.trip);
    let of_alert = |id: &str, rest: &str| format!("/api/v1/alerts/{id}{rest}");
    vec![
        (Method::GET, geofence.clone(), None, For::Managers, 200),
        (Method::PATCH, geofence, Some(json!({"dwell_s": 60})), For::Managers, 200),
        (Method::GET, of_trip(""), None, For::WhoSeesIt, 200),
        (Method::GET, of_trip("/path"), None, For::WhoSeesIt, 200),
        (Method::GET, of_trip("?format=gpx"), None, For::WhoSeesIt, 200),
        // The trip runs already, so that a permitted caller gets 409.
        (Method::POST, "/api/v1/trips".to_owned(), Some(json!({"vehicle_id": "v1"})), For::ManagersAndItsDriver, 409),
        (Method::POST, of_alert(&fleet.alert, "/read"), None, For::Managers, 200),
        (Method::POST, of_alert(&fleet.own_alert, "/read"), None, For::User7, 200),
    ]
}

#[tokio::test]
async fn permissions_for_the_fleet_are_those_of_the_contract() {
    let server = TestServer::start().await;
    let fleet = fleet(&server).await;
    let in_default = |subject: &str, role: &str| claims_token(subject, role, "default");
    let everybody: Vec<(String, String)> = ["superadmin", "admin", "manager", "parent", "driver", "client", "rider"]
        .into_iter()
        .chain(["merchant", "training_staff", "cadet"])
        .map(|role| (in_default("9", role), role.to_owned()))
        .chain([(in_default("7", "driver"), "driver 7".to_owned()), (in_default("7", "client"), "client 7".to_owned())])
        .collect();
    for (token, name) in &everybody {
        let manages = ["superadmin", "admin", "manager"].contains(&name.as_str());
        for (method, path, body, whom, good) in calls(&fleet) {
            let status = server.call(method.clone(), &path, token, body).await.status().as_u16();
            let is_trip = path.contains("/trips");
            let is_alert = path.contains("/alerts/");
            let may = match whom {
                For::Managers => manages,
                For::ManagersAndItsDriver | For::WhoSeesIt => manages || name == "driver 7",
                For::User7 => name.ends_with('7'),
            };
            // A thing that a caller may not see is answered 404; a call for managers alone is answered 403.
            let refused = if is_trip || is_alert { 404 } else { 403 };
            assert_eq!(status, if may { good } else { refused }, "{name} {method} {path}");
        }
        let status = async |path: &str| server.get(path, token).await.status().as_u16();
        let sees_vehicles = manages || ["parent", "driver", "rider", "driver 7"].contains(&name.as_str());
        assert_eq!(status("/api/v1/trips").await, if sees_vehicles { 200 } else { 403 }, "{name} lists trips");
        assert_eq!(status("/api/v1/alerts").await, 200, "{name} lists alerts");
        for path in ["/api/v1/geofences", "/api/v1/fleet/rules", "/api/v1/dashboard"] {
            assert_eq!(status(path).await, if manages { 200 } else { 403 }, "{name} {path}");
        }
        let patched = server.call(Method::PATCH, "/api/v1/fleet/rules", token, Some(json!({}))).await.status();
        assert_eq!(patched, if manages { 200 } else { 403 }, "{name} changes rules");
        let alert = json!({"type": "maintenance", "title": "t", "message": "m"});
        let raised = server.post("/api/v1/alerts", token, alert).await.status();
        assert_eq!(raised, if manages { 201 } else { 403 }, "{name} raises an alert");
    }
}

#[tokio::test]
async fn nothing_of_another_tenant_is_found_seen_or_changed() {
    let server = TestServer::start().await;
    let fleet = fleet(&server).await;
    let events = server.events().await.len();
    let mut strangers = calls(&fleet);
    strangers.push((Method::DELETE, format!("/api/v1/geofences/{}", fleet.geofence), None, For::Managers, 204));
    for id in [&fleet.alert, &fleet.own_alert] {
        strangers.push((Method::DELETE, format!("/api/v1/alerts/{id}"), None, For::Managers, 204));
    }
    for what in ["complete", "cancel"] {
        strangers.push((Method::POST, format!("/api/v1/trips/{}/{what}", fleet.trip), None, For::Managers, 200));
    }
    for (subject, role) in [("9", "admin"), ("7", "driver"), ("9", "superadmin")] {
        let token = claims_token(subject, role, "acme");
        for (method, path, body, ..) in &strangers {
            let expected = if role == "driver" && path.contains("/geofences") { 403 } else { 404 };
            let status = server.call(method.clone(), path, &token, body.clone()).await.status().as_u16();
            assert_eq!(status, expected, "{role} of acme {method} {path}");
        }
        for list in ["geofences", "trips", "alerts"] {
            if (role, list) != ("driver", "geofences") {
                assert_eq!(server.get_json(&format!("/api/v1/{list}"), &token).await["items"], json!([]));
            }
        }
        for list in ["geofences", "trips", "alerts", "dashboard", "fleet/rules"] {
            let expected = if role == "superadmin" { 200 } else { 403 };
            let status = server.get(&format!("/api/v1/{list}?tenant=default"), &token).await.status();
            assert_eq!(status, expected, "{role} of acme asks for {list} of default");
        }
    }
    assert_eq!(server.events().await.len(), events);
    // A superadmin who names the tenant still does not see what is addressed to one of its users.
    let root = claims_token("7", "superadmin", "acme");
    let named = async |method: Method, path: String| server.call(method, &path, &root, None).await.status().as_u16();
    assert_eq!(named(Method::GET, format!("/api/v1/geofences/{}?tenant=default", fleet.geofence)).await, 200);
    assert_eq!(named(Method::POST, format!("/api/v1/alerts/{}/read?tenant=default", fleet.alert)).await, 200);
    assert_eq!(named(Method::POST, format!("/api/v1/alerts/{}/read?tenant=default", fleet.own_alert)).await, 404);
    assert_eq!(named(Method::POST, format!("/api/v1/trips/{}/complete?tenant=default", fleet.trip)).await, 200);
}

#[tokio::test]
async fn only_users_that_an_alert_is_for_may_delete_it() {
    let server = TestServer::start().await;
    let fleet = fleet(&server).await;
    let path = format!("/api/v1/alerts/{}", fleet.own_alert);
    let remove = async |token: &str| server.call(Method::DELETE, &path, token, None).await.status().as_u16();
    assert_eq!(remove(&claims_token("9", "admin", "default")).await, 404);
    assert_eq!(remove(&claims_token("8", "driver", "default")).await, 404);
    assert_eq!(remove(&claims_token("7", "driver", "default")).await, 204);
    // A device, and a user without a number, can't get a notice.
    let key = server.add_device("k1", "v1").await;
    let request = server.http.get(format!("{}/api/v1/alerts", server.url)).header("X-Device-Key", &key);
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(server.get("/api/v1/alerts", &claims_token("ana", "driver", "default")).await.status(), 403);
    assert_eq!(server.get("/api/v1/alerts", &claims_token("ana", "manager", "default")).await.status(), 200);
    assert_eq!(server.get("/api/v1/alerts", "").await.status(), 401);
}

#[tokio::test]
async fn a_driver_starts_trips_of_its_own_vehicle_for_itself_alone() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "driver_id": 7})).await;
    server.add_bus("b2").await;
    let start = async |token: &str, body: Value| server.post("/api/v1/trips", token, body).await.status().as_u16();
    let driver = claims_token("7", "driver", "default");
    assert_eq!(start(&driver, json!({"vehicle_id": "v1", "driver_id": 8})).await, 403);
    assert_eq!(start(&driver, json!({"vehicle_id": "b2"})).await, 404);
    assert_eq!(start(&server.admin, json!({"vehicle_id": "nobody"})).await, 404);
    assert_eq!(start(&server.admin, json!({"vehicle_id": "v1", "driver_id": 0})).await, 422);
    assert_eq!(start(&server.admin, json!({})).await, 422);
    assert_eq!(start(&driver, json!({"vehicle_id": "v1", "driver_id": 7})).await, 201);
}

#[tokio::test]
async fn an_invalid_field_is_refused_by_name_and_changes_nothing() {
    let server = TestServer::start().await;
    let fleet = fleet(&server).await;
    let events = server.events().await.len();
    let check = async |method: Method, path: &str, body: Value, field: &str| {
        let path = format!("/api/v1{}", path.replace("{g}", &fleet.geofence.to_string()));
        let problem = json_of(server.call(method, &path, &server.admin, Some(body.clone())).await, 422).await;
        let shown: String = body.to_string().chars().take(120).collect();
        assert_eq!(problem["errors"][0]["field"], field, "{path} {shown} {problem}");
    };
    let polygon = |ring: Value| json!({"type": "Polygon", "coordinates": [ring]});
    for (field, value, refused) in [
        ("name", json!(""), "name"),
        ("name", json!(7), "name"),
        ("geometry", Value::Null, "geometry"),
        ("geometry", json!("POLYGON((0 0, 1 1))"), "geometry"),
        ("geometry", json!({"type": "Feature", "geometry": {}}), "geometry"),
        ("geometry", json!({"type": "Point", "coordinates": [181, 0]}), "geometry.coordinates"),
        ("geometry", polygon(json!([[0, 0], [1, 0], [1, 91], [0, 0]])), "geometry.coordinates[0][2]"),
        ("geometry", json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "radius_m"),
        ("radius_m", Value::Null, "radius_m"),
        ("radius_m", json!(0), "radius_m"),
        ("radius_m", json!("100"), "radius_m"),
        ("width_m", json!(10), "width_m"),
        ("on", json!(["enter", "dwell"]), "on[1]"),
        ("on", json!("enter"), "on"),
        ("dwell_s", json!(0), "dwell_s"),
        ("dwell_s", json!(1.5), "dwell_s"),
        ("speed_limit_kmh", json!(-1), "speed_limit_kmh"),
        ("vehicle_ids", json!([]), "vehicle_ids"),
        ("vehicle_ids", json!(["a", "a/b"]), "vehicle_ids[1]"),
        ("vehicle_ids", json!((0..1001).map(|n| format!("v{n}")).collect::<Vec<_>>()), "vehicle_ids"),
        ("schedule", json!({"from": "07:00", "to": "08:00"}), "schedule.days"),
        ("schedule", json!({"days": [], "from": "07:00", "to": "08:00"}), "schedule.days"),
        ("schedule", json!({"days": ["mon"], "from": "7am", "to": "08:00"}), "schedule.from"),
        ("schedule", json!({"days": ["mon"], "from": "07:00", "to": "24:00"}), "schedule.to"),
        (
            "schedule",
            json!({"days": ["mon"], "from": "07:00", "to": "08:00", "timezone": "Asia/Nowhere"}),
            "schedule.timezone",
        ),
        ("tenant", json!("../x"), "tenant"),
    ] {
        let mut body = json!({"name": "g", "geometry": {"type": "Point", "coordinates": [0, 0]}, "radius_m": 100});
        body[field] = value.clone();
        check(Method::POST, "/geofences", body, refused).await;
        // The tenant can't be changed. A line with a radius gets an error about its width instead.
        if field != "tenant" && (field, refused) != ("geometry", "radius_m") {
            check(Method::PATCH, "/geofences/{g}", json!({ field: value }), refused).await;
        }
    }
    let bow = polygon(json!([[0, 0], [2, 2], [2, 0], [0, 1], [0, 0]]));
    check(Method::POST, "/geofences", json!({"name": "g", "geometry": bow}), "geometry").await;
    check(Method::POST, "/geofences", json!({"name": "g"}), "geometry").await;
    check(Method::PATCH, "/geofences/{g}", json!({"name": null}), "name").await;

    for (field, value) in [
        ("type", json!("alarm")),
        ("severity", json!("urgent")),
        ("user_id", json!(0)),
        ("vehicle_id", json!("nobody")),
        ("title", json!("")),
        ("message", json!("")),
        ("message", Value::Null),
        ("data", json!([])),
        ("data", json!({"text": "x".repeat(16_384)})),
        ("subject", json!("")),
        ("timestamp", json!("soon")),
        ("timestamp", json!("2099-01-01T00:00:00Z")),
        ("expires_at", json!("2025-01-01T00:00:00Z")),
        ("expires_at", json!({})),
    ] {
        let mut body = json!({"type": "maintenance", "title": "t", "message": "m"});
        body[field] = value;
        check(Method::POST, "/alerts", body, field).await;
    }

    for (field, value) in [
        ("speed_limit", json!(50)),
        ("speed_limit_kmh", json!("50")),
        ("speed_limit_kmh", json!(0)),
        ("noise_m", json!(1e300)),
        ("stop_after_s", json!(1.5)),
        ("stop_after_s", json!(-1)),
        ("stop_after_s", json!(10)),
    ] {
        check(Method::PATCH, "/fleet/rules", json!({ field: value }), field).await;
    }
    for (query, field) in [
        ("status=running", "status"),
        ("driver_id=0", "driver_id"),
        ("driver_id=x", "driver_id"),
        ("vehicle_id=a/b", "vehicle_id"),
        ("from=soon", "from"),
        ("to=-1", "to"),
        ("limit=0", "limit"),
    ] {
        let problem = json_of(server.get(&format!("/api/v1/trips?{query}"), &server.admin).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    assert_eq!(server.get("/api/v1/alerts?unread=maybe", &server.admin).await.status(), 422);
    assert_eq!(server.events().await.len(), events);
}

#[tokio::test]
async fn hostile_geometries_are_refused_and_the_server_goes_on() {
    let server = TestServer::start().await;
    let send = async |geometry: String| {
        let body = format!(r#"{{"name":"g","radius_m":100,"geometry":{geometry}}}"#);
        let request =
            server.http.post(format!("{}/api/v1/geofences", server.url)).bearer_auth(&server.admin).body(body);
        request.send().await.unwrap().status().as_u16()
    };
    let lists = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for levels in [3, 100, 120] {
        assert_eq!(send(format!(r#"{{"type":"Point","coordinates":{}}}"#, lists(levels))).await, 422, "{levels}");
    }
    assert!([400, 422].contains(&send(format!(r#"{{"type":"Point","coordinates":{}}}"#, lists(100_000))).await));
    for unreadable in ["", "{", "[0,", r#"{"type":"Point","coordinates":[0,1e999]}"#, "NaN"] {
        assert!([400, 422].contains(&send(unreadable.to_owned()).await), "{unreadable}");
    }
    let many = format!(r#"{{"type":"LineString","coordinates":[{}[1,1]]}}"#, "[0,0],".repeat(100_000));
    assert_eq!(send(many).await, 422);
    assert_eq!(send(format!(r#"{{"type":"Point","coordinates":[0,0],"x":"{}"}}"#, "x".repeat(1_100_000))).await, 422);
    assert_eq!(send(format!("\"{}\"", "x".repeat(2_000_000))).await, 413);
    assert_eq!(send(r#"{"type":"Point","coordinates":[0,0]}"#.to_owned()).await, 201);
    for id in ["0", "-1", "x", "1.5", "99999999999999999999", "999999", "%00", "1%2F..%2F1"] {
        for path in ["geofences", "trips", "alerts"] {
            let path = format!("/api/v1/{path}/{id}");
            let method = if path.contains("alerts") { Method::DELETE } else { Method::GET };
            assert_eq!(server.call(method, &path, &server.admin, None).await.status(), 404, "{path}");
        }
    }
    assert_eq!(server.get("/api/v1/alerts/x", &server.admin).await.status(), 405);
}

#[tokio::test]
async fn concurrent_changes_leave_thresholds_consistent() {
    let server = TestServer::start().await;
    let names =
        ["noise_m", "depart_m", "step_m", "moving_kmh", "speed_limit_kmh", "theft_l", "refuel_l", "fuel_noise_l"];
    let changes = names.map(async |name| {
        let path = "/api/v1/fleet/rules";
        loop {
            let answer = server.call(Method::PATCH, path, &server.admin, Some(json!({ name: 77 }))).await;
            if answer.status() != 409 {
                return json_of(answer, 200).await;
            }
        }
    });
    futures_util::future::join_all(changes).await;
    let rules = server.get_json("/api/v1/fleet/rules", &server.admin).await;
    let own: std::collections::BTreeSet<&str> = rules["own"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(own, names.into_iter().collect());
    assert_eq!(rules["version"], 8);
}

#[tokio::test]
async fn who_may_not_read_the_thresholds_still_learns_when_a_vehicle_counts_as_silent() {
    let server = TestServer::start().await;
    let driver = claims_token("7", "driver", "default");
    let threshold = async |token: &str| server.get_json("/auth/me", token).await["offline_after_s"].clone();
    assert_eq!(threshold(&driver).await, 600);
    let rules = json!({"offline_after_s": 1_200});
    json_of(server.call(Method::PATCH, "/api/v1/fleet/rules", &server.admin, Some(rules)).await, 200).await;
    assert_eq!(threshold(&driver).await, 1_200);
    assert_eq!(threshold(&claims_token("8", "driver", "another")).await, 600, "of its own tenant");
}
