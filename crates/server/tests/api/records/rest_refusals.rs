//! Records over REST: who may do what, by role and tenant. An invalid field is refused by name and changes nothing.

use crate::support::signing::{cadet_token, claims_token};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

/// Every call about one cadet or its tenant: method, path, body, whether it writes, and the status of a permitted call.
fn calls(cadet: i64) -> Vec<(Method, String, Option<Value>, bool, u16)> {
    let grade = json!({"type": "merit", "points": 1, "reason": "x"});
    let of = |rest: &str| format!("/api/v1/cadets/{cadet}{rest}");
    vec![
        (Method::GET, of(""), None, false, 200),
        (Method::GET, of("/grades"), None, false, 200),
        (Method::GET, of("/attendance"), None, false, 200),
        (Method::POST, of("/grades"), Some(grade), true, 201),
        (Method::DELETE, of("/grades/{grade}"), None, true, 204),
        (Method::PUT, of("/attendance/1"), Some(json!({"status": "present"})), true, 200),
        (Method::PATCH, of("/scores"), Some(json!({"final_score": 1})), true, 200),
    ]
}

/// Calls that name no cadet in their path.
fn calls_of_tenant() -> Vec<(&'static str, Value)> {
    vec![
        ("/api/v1/cadets", json!({"name": "New"})),
        ("/api/v1/notifications", json!({"user_ids": [7], "message": "x"})),
        ("/api/v1/messages", json!({"user_ids": [7], "text": "x"})),
        ("/api/v1/sync-events", json!({"event_type": "x", "payload": {}})),
    ]
}

#[tokio::test]
async fn permissions_for_records_are_those_of_the_contract() {
    let server = TestServer::start().await;
    // Numbers that the other tenant's cadets don't get.
    for _ in 0..9 {
        server.add_cadet("Other").await;
    }
    let (ana, ben) = (server.add_cadet("Ana").await, server.add_cadet("Ben").await);
    // A `cadet_id` in the token gives rights only to a user with the cadet's role.
    let of_role = |role: &'static str, what: &'static str| (cadet_token("9", role, "default", ana), role, what);
    let everybody: Vec<(String, &str, &str)> = ["superadmin", "admin", "training_staff"]
        .map(|role| of_role(role, "staff"))
        .into_iter()
        .chain(["manager", "parent", "driver", "client", "rider", "merchant"].map(|role| of_role(role, "nobody")))
        .chain([
            (cadet_token("9", "cadet", "default", ana), "cadet Ana", "own"),
            (cadet_token("9", "cadet", "default", ben), "cadet Ben", "nobody"),
            (claims_token("9", "cadet", "default"), "cadet without a number", "nobody"),
            (claims_token("9", "admin", "acme"), "admin of another tenant", "stranger"),
            (cadet_token("9", "cadet", "acme", ana), "cadet of another tenant", "stranger"),
            (claims_token("9", "superadmin", "acme"), "superadmin of another tenant", "staff"),
            (String::new(), "nobody at all", "unknown"),
        ])
        .collect();
    for (token, name, what) in &everybody {
        for (method, path, body, writes, good) in calls(ana) {
            let events = server.events().await.len();
            let mut trace = 0;
            let path = if path.contains("{grade}") {
                let grade = server.grade(ana, "merit", 1).await;
                trace = 1;
                path.replace("{grade}", &grade.to_string())
            } else {
                path
            };
            let named = if *name == "superadmin of another tenant" { "?tenant=default" } else { "" };
            let status = server.call(method.clone(), &format!("{path}{named}"), token, body).await.status().as_u16();
            let expected = match *what {
                "staff" => good,
                "own" if !writes => good,
                "own" | "nobody" => 403,
                "stranger" => 404,
                _ => 401,
            };
            assert_eq!(status, expected, "{name} {method} {path}");
            if expected >= 400 {
                assert_eq!(server.events().await.len(), events + trace, "{name} {method} {path} left a trace");
            }
        }
        for (path, body) in calls_of_tenant() {
            let status = server.post(path, token, body).await.status().as_u16();
            let expected = match (*what, *name) {
                ("staff", _) | (_, "admin of another tenant") => 201,
                ("unknown", _) => 401,
                _ => 403,
            };
            assert_eq!(status, expected, "{name} POST {path}");
        }
        let listed = server.get("/api/v1/cadets", token).await;
        match *what {
            "staff" | "own" | "stranger" => {
                let listed = json_of(listed, 200).await;
                let ids: Vec<_> =
                    listed["items"].as_array().unwrap().iter().map(|c| c["id"].as_i64().unwrap()).collect();
                match (*what, *name) {
                    ("own", _) => assert_eq!(ids, [ana]),
                    ("staff", "superadmin of another tenant") | ("stranger", _) => {
                        assert!(!ids.contains(&ana), "{name}")
                    }
                    _ => assert!(ids.contains(&ana) && ids.contains(&ben), "{name}"),
                }
            }
            "unknown" => assert_eq!(listed.status(), 401),
            _ if name.starts_with("cadet") => assert_eq!(listed.status(), 200, "{name}"),
            _ => assert_eq!(listed.status(), 403, "{name}"),
        }
    }
}

#[tokio::test]
async fn a_device_may_not_use_records() {
    let server = TestServer::start().await;
    let ana = server.add_cadet("Ana").await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let send = async |method: Method, path: &str, body: Option<Value>| {
        let request = server.http.request(method, format!("{}{path}", server.url)).header("X-Device-Key", &key);
        request.json(&body.unwrap_or(Value::Null)).send().await.unwrap().status()
    };
    for (method, path, body, ..) in calls(ana) {
        assert_eq!(send(method.clone(), &path.replace("{grade}", "1"), body).await, 403, "{method} {path}");
    }
    for (path, body) in calls_of_tenant() {
        assert_eq!(send(Method::POST, path, Some(body)).await, 403, "{path}");
    }
}

#[tokio::test]
async fn an_invalid_field_is_refused_by_name_and_changes_nothing() {
    let server = TestServer::start().await;
    let ana = server.add_cadet("Ana").await;
    let elsewhere = json!({"name": "Eve", "tenant": "acme"});
    json_of(server.post("/api/v1/cadets", &server.admin, elsewhere.clone()).await, 201).await;
    // The second of its tenant: the superadmin's has one.
    let eve = json_of(server.post("/api/v1/cadets", &server.admin, elsewhere).await, 201).await["id"].clone();
    let events = server.events().await.len();
    let check = async |method: Method, path: &str, body: Value, field: &str| {
        let path = format!("/api/v1{}", path.replace("{ana}", &ana.to_string()));
        let problem = json_of(server.call(method, &path, &server.admin, Some(body.clone())).await, 422).await;
        let shown: String = body.to_string().chars().take(80).collect();
        assert_eq!(problem["errors"][0]["field"], field, "{path} {shown} {problem}");
    };

    for (field, value) in [
        ("name", json!("")),
        ("name", json!("   ")),
        ("name", json!("x".repeat(201))),
        ("name", json!("a\u{0}b")),
        ("name", json!("a\nb")),
        ("name", json!(7)),
        ("name", Value::Null),
        ("student_id", json!("")),
        ("student_id", json!("x".repeat(65))),
        ("student_id", json!(7)),
        ("tenant", json!("../x")),
    ] {
        let mut body = json!({"name": "Ana", "student_id": "1"});
        body[field] = value;
        check(Method::POST, "/cadets", body, field).await;
    }
    check(Method::POST, "/cadets", json!({}), "name").await;

    for (field, value) in [
        ("type", json!("praise")),
        ("type", json!("Merit")),
        ("points", json!(0)),
        ("points", json!(-5)),
        ("points", json!(1001)),
        ("points", json!(1.5)),
        ("points", json!("5")),
        ("points", json!(1e99)),
        ("reason", json!("")),
        ("reason", json!("x".repeat(501))),
        ("reason", Value::Null),
    ] {
        let mut body = json!({"type": "merit", "points": 5, "reason": "x"});
        body[field] = value;
        check(Method::POST, "/cadets/{ana}/grades", body, field).await;
    }

    for (field, value) in [
        ("status", json!("here")),
        ("status", Value::Null),
        ("time_in", json!("8am")),
        ("time_in", json!("24:00")),
        ("time_in", json!("08:00:60")),
        ("time_in", json!(800)),
        ("time_out", json!("")),
        ("time_out", json!("-1:00")),
    ] {
        let mut body = json!({"status": "present"});
        body[field] = value;
        check(Method::PUT, "/cadets/{ana}/attendance/1", body, field).await;
    }
    for day in ["0", "-1", "x", "1.5", "99999999999999999999"] {
        let path = format!("/cadets/{{ana}}/attendance/{day}");
        check(Method::PUT, &path, json!({"status": "present"}), "training_day_id").await;
    }

    for field in ["prelim_score", "midterm_score", "final_score"] {
        for value in [json!(-0.01), json!(100.01), json!("90"), json!(true), json!([]), json!(1e300)] {
            check(Method::PATCH, "/cadets/{ana}/scores", json!({ field: value }), field).await;
        }
    }

    let long: Vec<i64> = (1..=1001).collect();
    for (value, field) in [
        (json!([]), "user_ids"),
        (json!(long), "user_ids"),
        (json!([7, 0]), "user_ids[1]"),
        (json!([7, -7]), "user_ids[1]"),
        (json!(["7"]), "user_ids[0]"),
        (json!(7), "user_ids"),
        (Value::Null, "user_ids"),
    ] {
        let body = json!({"user_ids": value, "message": "x"});
        check(Method::POST, "/notifications", body.clone(), field).await;
        check(Method::POST, "/messages", body, field).await;
    }
    for (field, value) in [
        ("message", json!("")),
        ("message", json!(" \n")),
        ("message", json!("x".repeat(2001))),
        ("message", json!("a\u{1b}[31m")),
        ("message", json!({})),
        ("type", json!("")),
        ("type", json!("x".repeat(65))),
    ] {
        let mut body = json!({"user_ids": [7], "message": "x"});
        body[field] = value;
        check(Method::POST, "/notifications", body, field).await;
    }
    check(Method::POST, "/messages", json!({"user_ids": [7]}), "body").await;
    check(Method::POST, "/messages", json!({"user_ids": [7], "id": 1, "is_read": true}), "body").await;
    check(Method::POST, "/messages", json!({"user_ids": [7], "text": "x".repeat(16_384)}), "body").await;
    check(Method::POST, "/messages", json!({"message": "x"}), "user_ids").await;

    for (field, value) in [
        ("event_type", json!("")),
        ("event_type", json!("two words")),
        ("event_type", json!("x".repeat(65))),
        ("event_type", json!("notification")),
        ("event_type", json!("replay_complete")),
        ("cadet_id", json!(0)),
        ("cadet_id", json!(999_999)),
        ("cadet_id", eve),
        ("cadet_id", json!("1")),
        ("payload", json!([])),
        ("payload", json!("x")),
        ("payload", Value::Null),
        ("payload", json!({"text": "x".repeat(16_384)})),
    ] {
        let mut body = json!({"event_type": "x", "payload": {}});
        body[field] = value;
        check(Method::POST, "/sync-events", body, field).await;
    }
    check(Method::POST, "/sync-events", json!({"event_type": "x"}), "payload").await;
    assert_eq!(server.events().await.len(), events);
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_the_server_goes_on() {
    let server = TestServer::start().await;
    let ana = server.add_cadet("Ana").await;
    let events = server.events().await.len();
    let nested = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let lists = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let send = async |method: Method, path: &str, body: String| {
        let request = server.http.request(method, format!("{}/api/v1{path}", server.url)).bearer_auth(&server.admin);
        request.body(body).send().await.unwrap().status().as_u16()
    };
    let scores = format!("/cadets/{ana}/scores");
    for body in
        [r#"{"final_score":NaN}"#, r#"{"final_score":1e400}"#, r#"{"final_score":Infinity}"#, "{", "", "\u{feff}{}"]
    {
        assert_eq!(send(Method::PATCH, &scores, body.to_owned()).await, 400, "{body}");
    }
    for levels in [32, 33, 120, 200, 10_000] {
        let expected = if levels <= 32 { 201 } else { 422 };
        for object in [nested(levels), format!(r#"{{"a":{}}}"#, lists(levels - 1))] {
            let message = format!(r#"{{"user_ids":[7],{}"#, &object[1..]);
            assert_eq!(send(Method::POST, "/messages", message).await, expected, "message of {levels} levels");
            let event = format!(r#"{{"event_type":"x","payload":{object}}}"#);
            assert_eq!(send(Method::POST, "/sync-events", event).await, expected, "event of {levels} levels");
        }
    }
    let large = format!(r#"{{"user_ids":[7],"text":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(send(Method::POST, "/messages", large).await, 413);
    let twice = r#"{"user_ids":[7],"user_ids":[8],"message":"x"}"#.to_owned();
    assert_eq!(send(Method::POST, "/notifications", twice.clone()).await, 422);
    assert_eq!(send(Method::POST, "/messages", twice).await, 422);
    // The deepest accepted objects are read back, as events and in a list.
    assert_eq!(server.events().await.len(), events + 4);
    let listed = server.get_json("/api/v1/messages", &claims_token("7", "cadet", "default")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    for id in ["0", "-1", "x", "1.5", "99999999999999999999", "999999", "%00", "1%2F..%2F1"] {
        assert_eq!(server.get(&format!("/api/v1/cadets/{id}"), &server.admin).await.status(), 404, "{id}");
        assert_eq!(server.get(&format!("/api/v1/cadets/{id}/grades"), &server.admin).await.status(), 404, "{id}");
        let grade = format!("/api/v1/cadets/{ana}/grades/{id}");
        assert_eq!(server.call(Method::DELETE, &grade, &server.admin, None).await.status(), 404, "{id}");
    }
    let other = server.add_cadet("Ben").await;
    let grade = server.grade(other, "merit", 1).await;
    let path = format!("/api/v1/cadets/{ana}/grades/{grade}");
    assert_eq!(server.call(Method::DELETE, &path, &server.admin, None).await.status(), 404, "another cadet's grade");
    assert_eq!(server.call(Method::DELETE, &format!("/api/v1/cadets/{ana}"), &server.admin, None).await.status(), 405);
    assert_eq!(server.get("/api/v1/sync-events", &server.admin).await.status(), 405);
}
