//! Who gets in, what tenants see of each other, and what a role may.

use super::support::{PASSWORD, Traccar, escaped};
use crate::support::TestServer;
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::{Value, json};

async fn texts(traccar: &Traccar, method: Method, path: &str, cookie: &str, body: Option<Value>) -> (u16, String) {
    let answer = traccar.call(method, path, cookie, body).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn tenants_never_see_each_other() {
    let traccar = Traccar::start().await;
    let server = &traccar.server;
    let admin = server.admin.clone();
    assert_eq!(server.post("/api/v1/tenants", &admin, json!({ "id": "acme", "name": "Acme" })).await.status(), 201);
    let eve = json!({ "username": "eve@acme.example", "password": PASSWORD, "role": "admin", "tenant": "acme" });
    assert_eq!(server.post("/api/v1/users", &admin, eve).await.status(), 201);
    let eve = traccar.log_in("eve@acme.example").await;
    let truck = traccar.device("truck-1").await;
    let fence = json!({ "name": "Depot", "area": "CIRCLE (30.267 -97.743, 250)" });
    let fence = traccar.json(Method::POST, "/api/geofences", Some(fence)).await["id"].clone();
    let group = traccar.json(Method::POST, "/api/groups", Some(json!({ "name": "North" }))).await["id"].clone();
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    for list in ["devices", "devices?all=true", "geofences", "groups", "positions", "notifications", "drivers"] {
        assert_eq!(
            texts(&traccar, Method::GET, &format!("/api/{list}"), &eve, None).await,
            (200, "[]".to_owned()),
            "{list}"
        );
    }
    let users: Value = traccar.get("/api/users", &eve).await.json().await.unwrap();
    assert_eq!(users.as_array().unwrap().len(), 1);
    for path in
        [format!("devices/{truck}"), format!("geofences/{fence}"), format!("groups/{group}"), format!("users/{uma}")]
    {
        assert_eq!(texts(&traccar, Method::GET, &format!("/api/{path}"), &eve, None).await.0, 404, "{path}");
        assert_eq!(texts(&traccar, Method::DELETE, &format!("/api/{path}"), &eve, None).await.0, 204, "{path}");
        let body = json!({ "id": 1, "name": "x", "uniqueId": "truck-1", "email": "x@example.org", "area": "CIRCLE (1 1, 99)" });
        let body = match path.split('/').next().unwrap() {
            "devices" => json!({ "name": body["name"], "uniqueId": "truck-1" }),
            "geofences" => json!({ "name": body["name"], "area": body["area"] }),
            "groups" => json!({ "name": body["name"] }),
            _ => json!({ "name": body["name"], "email": body["email"] }),
        };
        assert_eq!(texts(&traccar, Method::PUT, &format!("/api/{path}"), &eve, Some(body)).await.0, 404, "{path}");
    }
    for link in [json!({ "userId": uma, "deviceId": truck }), json!({ "deviceId": truck, "geofenceId": fence })] {
        assert_eq!(texts(&traccar, Method::POST, "/api/permissions", &eve, Some(link)).await.0, 400);
    }
    assert_eq!(traccar.json(Method::GET, &format!("/api/devices/{truck}"), None).await["name"], "truck-1");
    assert_eq!(traccar.json(Method::GET, &format!("/api/geofences/{fence}"), None).await["name"], "Depot");
    // Its own first device has the number of the other tenant's first.
    let own = json!({ "name": "Own", "uniqueId": "eve-1" });
    let own: Value = traccar.call(Method::POST, "/api/devices", &eve, Some(own)).await.json().await.unwrap();
    assert_eq!((&own["id"], &own["name"]), (&json!(truck), &json!("Own")));
}

#[tokio::test]
async fn a_cookie_counts_on_pages_of_the_same_host_alone() {
    let traccar = Traccar::start().await;
    let ask = async |origin: &str| {
        let request = traccar.server.http.get(format!("{}/api/devices", traccar.url));
        request.header(COOKIE, &traccar.ada).header(ORIGIN, origin).send().await.unwrap().status().as_u16()
    };
    let port_of_other = "http://127.0.0.1:3000";
    assert_eq!((ask(&traccar.url).await, ask(port_of_other).await), (200, 200));
    assert_eq!((ask("https://evil.example").await, ask("null").await), (401, 401));
    let body = format!("email={}&password={}", escaped("ada@example.org"), escaped(PASSWORD));
    let login = traccar.server.http.post(format!("{}/api/session", traccar.url)).header(ORIGIN, "https://evil.example");
    let login = login.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
    assert_eq!(login.status(), 401);
}

#[tokio::test]
async fn wrong_passwords_are_limited_as_at_every_login() {
    let traccar = Traccar::start().await;
    let try_in = async || {
        traccar.form("/api/session", "", &[("email", "ada@example.org"), ("password", "wrong")]).await.status().as_u16()
    };
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(try_in().await);
        if answers.last() == Some(&429) {
            break;
        }
    }
    assert_eq!((answers[0], *answers.last().unwrap()), (401, 429), "{answers:?}");
}

#[tokio::test]
async fn a_plain_user_changes_nothing_of_the_fleet_and_no_rights_of_its_own() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    let link = json!({ "userId": uma, "deviceId": truck });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let cookie = traccar.log_in("uma@example.org").await;
    let denied = "java.lang.SecurityException: Write access denied";
    for (method, path, body) in [
        (Method::POST, "/api/devices".to_owned(), json!({ "name": "n", "uniqueId": "n" })),
        (Method::PUT, format!("/api/devices/{truck}"), json!({ "name": "n", "uniqueId": "truck-1" })),
        (Method::DELETE, format!("/api/devices/{truck}"), Value::Null),
        (Method::POST, "/api/geofences".to_owned(), json!({ "name": "n", "area": "CIRCLE (1 1, 99)" })),
        (Method::POST, "/api/groups".to_owned(), json!({ "name": "n" })),
        (Method::POST, "/api/commands/send".to_owned(), json!({ "deviceId": truck, "type": "custom" })),
    ] {
        let body = (!body.is_null()).then_some(body);
        let (status, text) = texts(&traccar, method, &path, &cookie, body).await;
        assert_eq!((status, text.as_str()), (400, denied), "{path}");
    }
    let me: Value = traccar.get("/api/session", &cookie).await.json().await.unwrap();
    for (name, value) in [("administrator", json!(true)), ("deviceLimit", json!(-1)), ("email", json!("a@example.org"))]
    {
        let mut changed = me.clone();
        changed[name] = value;
        let (status, text) = texts(&traccar, Method::PUT, &format!("/api/users/{uma}"), &cookie, Some(changed)).await;
        assert_eq!(
            (status, text.as_str()),
            (400, "java.lang.SecurityException: Administrator access required"),
            "{name}"
        );
    }
    let mut changed = me;
    changed["attributes"] = json!({ "positionItems": "speed" });
    let own = traccar.call(Method::PUT, &format!("/api/users/{uma}"), &cookie, Some(changed)).await;
    assert_eq!(
        (own.status().as_u16(), own.json::<Value>().await.unwrap()["attributes"]["positionItems"].clone()),
        (200, json!("speed"))
    );
}

#[tokio::test]
async fn a_group_gives_its_devices_now_and_later() {
    let traccar = Traccar::start().await;
    let group = traccar.json(Method::POST, "/api/groups", Some(json!({ "name": "North" }))).await["id"].clone();
    let device = json!({ "name": "a", "uniqueId": "a", "groupId": group });
    traccar.json(Method::POST, "/api/devices", Some(device)).await;
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    let link = json!({ "userId": uma, "groupId": group });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link.clone())).await.status(), 204);
    let later = json!({ "name": "b", "uniqueId": "b", "groupId": group });
    traccar.json(Method::POST, "/api/devices", Some(later)).await;
    traccar.device("c").await;
    let cookie = traccar.log_in("uma@example.org").await;
    let names = async |cookie: &str| {
        let list: Value = traccar.get("/api/devices", cookie).await.json().await.unwrap();
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&cookie).await, ["a", "b"]);
    assert_eq!(traccar.call(Method::DELETE, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    assert_eq!(names(&cookie).await, [""; 0]);
}

#[tokio::test]
async fn what_is_done_here_is_seen_by_our_own_api_and_the_other_way_round() {
    let traccar = Traccar::start().await;
    let server: &TestServer = &traccar.server;
    let device = json!({ "name": "Truck 1", "uniqueId": "356307042441013", "category": "truck", "attributes": { "speedLimit": 50.0 } });
    let truck = traccar.json(Method::POST, "/api/devices", Some(device)).await["id"].as_i64().unwrap();
    let vehicle = server.get_json("/api/v1/vehicles/356307042441013", &server.admin).await;
    assert_eq!(
        (&vehicle["label"], &vehicle["kind"], &vehicle["speed_limit_kmh"]),
        (&json!("Truck 1"), &json!("truck"), &json!(92.6))
    );
    let fence = json!({ "name": "Depot", "area": "CIRCLE (30.267 -97.743, 250)", "attributes": { "color": "#f00" } });
    let fence = traccar.json(Method::POST, "/api/geofences", Some(fence)).await["id"].clone();
    let native = server.get_json(&format!("/api/v1/geofences/{fence}"), &server.admin).await;
    assert_eq!((&native["radius_m"], &native["vehicle_ids"]), (&json!(250.0), &json!([])));
    let link = json!({ "deviceId": truck, "geofenceId": fence });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let native = server.get_json(&format!("/api/v1/geofences/{fence}"), &server.admin).await;
    assert_eq!(native["vehicle_ids"], json!(["356307042441013"]));
    server.add_bus("bus-7").await;
    server.report("bus-7", 30.267, -97.743, "2026-01-15T10:30:45Z").await;
    let list = traccar.json(Method::GET, "/api/devices?keyword=bus", None).await;
    assert_eq!(
        (&list[0]["uniqueId"], &list[0]["category"], &list[0]["status"]),
        (&json!("bus-7"), &json!("bus"), &json!("unknown"))
    );
    let area =
        json!({ "name": "Yard", "geometry": { "type": "Point", "coordinates": [-97.743, 30.267] }, "radius_m": 300 });
    let added = server.post("/api/v1/geofences", &server.admin, area).await;
    assert_eq!(added.status(), 201);
    let begun = std::time::Instant::now();
    let listed = loop {
        let listed = traccar.json(Method::GET, "/api/geofences?keyword=yard", None).await;
        if listed != json!([]) {
            break listed;
        }
        assert!(begun.elapsed() < crate::support::PATIENCE, "the geofence is listed");
    };
    assert_eq!(listed[0]["area"], "CIRCLE (30.267 -97.743, 300)");
    let position = traccar.json(Method::GET, &format!("/api/positions?deviceId={}", list[0]["id"]), None).await;
    assert_eq!(position[0]["geofenceIds"], json!([listed[0]["id"]]));
    assert_eq!(position[0]["fixTime"], "2026-01-15T10:30:45.000+00:00");
}

#[tokio::test]
async fn a_guest_of_a_shared_link_gets_in_at_no_other_api() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    traccar.report("id=truck-1&lat=52.5&lon=13.4").await;
    let link = traccar.form("/api/share/device", &traccar.ada, &[("deviceId", &truck.to_string())]).await;
    assert_eq!(link.status(), 200);
    let token = link.text().await.unwrap();
    assert_eq!(traccar.get(&format!("/api/session?token={token}"), "").await.status(), 200);
    let cookie = format!("JSESSIONID={token}");
    let shown: Value = traccar.get("/api/devices", &cookie).await.json().await.unwrap();
    assert_eq!(shown[0]["uniqueId"], "truck-1");
    for path in ["vehicles", "vehicles/truck-1", "vehicles/truck-1/positions", "trips", "alerts"] {
        let answer = traccar.server.get(&format!("/api/v1/{path}"), &token).await;
        assert_eq!(answer.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_shared_link_is_listed_and_recalled_and_its_sockets_end() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    traccar.report("id=truck-1&lat=52.5&lon=13.4").await;
    let link = traccar.form("/api/share/device", &traccar.ada, &[("deviceId", &truck.to_string())]).await;
    let token = link.text().await.unwrap();
    let cookie = format!("JSESSIONID={token}");
    let mut guest = traccar.server.try_watch("/api/socket", &[("Cookie", &cookie)]).await.unwrap();
    assert_eq!(guest.next().await["positions"][0]["deviceId"], truck);

    let listed = traccar.server.get_json("/api/v1/shares", &traccar.server.admin).await;
    assert_eq!(listed["items"][0]["name"], "ada@example.org:truck-1");
    let path = format!("/api/v1/shares/{}", listed["items"][0]["id"]);
    assert_eq!(traccar.server.call(Method::DELETE, &path, &traccar.server.admin, None).await.status(), 204);
    assert_eq!(guest.close_code().await, 1008);
    assert_eq!(traccar.get("/api/devices", &cookie).await.status(), 401);
    // Who may not manage the fleet shares none of it.
    let (user, uma) = traccar.plain_user("uma@example.org").await;
    let given = json!({ "userId": user, "deviceId": truck });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(given)).await.status(), 204);
    let refused = traccar.form("/api/share/device", &uma, &[("deviceId", &truck.to_string())]).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_program_that_sends_its_password_each_time_is_let_in_until_it_changes() {
    let traccar = Traccar::start().await;
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    let ask = async |password: &str| {
        let request = traccar.server.http.get(format!("{}/api/devices", traccar.url));
        request.basic_auth("uma@example.org", Some(password)).send().await.unwrap().status().as_u16()
    };
    assert_eq!((ask(PASSWORD).await, ask(PASSWORD).await, ask("wrong password").await), (200, 200, 401));
    let changed = json!({ "password": "another horse 8" });
    let path = format!("/api/v1/users/{uma}");
    assert_eq!(traccar.server.call(Method::PATCH, &path, &traccar.server.admin, Some(changed)).await.status(), 200);
    assert_eq!((ask(PASSWORD).await, ask("another horse 8").await, ask("another horse 8").await), (401, 200, 200));
    assert_eq!(traccar.server.call(Method::DELETE, &path, &traccar.server.admin, None).await.status(), 204);
    assert_eq!(ask("another horse 8").await, 401);
}
