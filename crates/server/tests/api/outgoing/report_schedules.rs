//! Report schedules: each period's report is made once, with its owner's permissions of then, and mailed to who may see it.

use crate::outgoing::mail::{MailServer, start};
use crate::outgoing::report_mail::{attached, file_name};
use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both!(
    a_schedule_mails_each_period_once_and_after_a_long_stop_the_last_one,
    a_report_is_made_with_what_its_owner_may_see_then,
    a_reader_ends_its_mails_by_one_click,
    schedules_are_their_owners_and_have_versions_and_bounds,
    what_can_not_be_scheduled_is_refused_by_its_field,
);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn daily() -> Value {
    json!({
        "name": "Every day", "kind": "mileage", "period": "day", "time": "06:30", "timezone": "Asia/Kolkata", "format": "json",
    })
}

async fn add(server: &TestServer, token: &str, body: Value) -> Value {
    json_of(server.post("/api/v1/report-schedules", token, body).await, 201).await
}

async fn shown(server: &TestServer, id: &Value) -> Value {
    server.get_json(&format!("/api/v1/report-schedules/{id}"), &server.admin).await
}

/// Turns the clock to the next time of a schedule.
async fn turn_to_due(server: &TestServer, id: &Value) {
    let next_at = shown(server, id).await["next_at"].as_str().unwrap().to_owned();
    let next_ms = milepost_http::parse_timestamp(&json!(next_at)).unwrap().unix_ms();
    let left_ms = next_ms - server.clock.clock().now().unix_ms();
    server.clock.turn(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0) + 1));
}

/// Waits until a schedule was due, and says what came of it.
async fn outcome(server: &TestServer, id: &Value, last_at: &Value) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let schedule = shown(server, id).await;
        if schedule["last_at"] != *last_at {
            return schedule;
        }
        assert!(Instant::now() < deadline, "{schedule}");
        server.clock.turn(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

fn report_in(mail: &Value) -> Value {
    serde_json::from_slice(&attached(mail, &file_name(mail))).unwrap()
}

fn ms_of(report: &Value, bound: &str) -> i64 {
    milepost_http::parse_timestamp(&report[bound]).unwrap().unix_ms()
}

async fn a_schedule_mails_each_period_once_and_after_a_long_stop_the_last_one(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    server.add_bus("bus").await;
    let ann = json!({"username": "ann", "role": "manager", "email": "ann@example.net", "language": "id"});
    let (ann, token) = server.add_user(ann).await;
    let eve = json!({"username": "eve", "role": "admin", "email": "eve@example.net", "timezone": "America/St_Johns"});
    let (eve, _) = server.add_user(eve).await;
    let mut body = daily();
    body["receiver_ids"] = json!([eve, ann]);
    let schedule = add(&server, &token, body).await;
    let id = schedule["id"].clone();
    assert_eq!((&schedule["owner_id"], &schedule["last_at"]), (&json!(ann), &Value::Null));
    assert_eq!(schedule["receivers"], json!([{"user_id": ann, "ended_at": null}, {"user_id": eve, "ended_at": null}]));

    turn_to_due(&server, &id).await;
    let pair = [mails.mail(&server, 1).await, mails.mail(&server, 2).await];
    let of = |to: &str| pair.iter().find(|mail| mail["to"] == json!([to])).unwrap();
    let (to_ann, to_eve) = (of("ann@example.net"), of("eve@example.net"));
    let subject = to_eve["headers"]["Subject"].as_str().unwrap();
    assert!(subject.starts_with("Every day: ") && subject.ends_with("(Asia/Kolkata)"), "{subject}");
    assert!(to_ann["parts"]["text/plain"].as_str().unwrap().contains("Laporan «Jarak tempuh»"));
    assert!(to_eve["parts"]["text/plain"].as_str().unwrap().contains("America/St_Johns"));
    assert_eq!(to_eve["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    let first = report_in(to_ann);
    assert_eq!(first, report_in(to_eve));
    assert_eq!((&first["kind"], &first["timezone"]), (&json!("mileage"), &json!("Asia/Kolkata")));
    assert_eq!(ms_of(&first, "to") - ms_of(&first, "from"), 86_400_000);
    let after = outcome(&server, &id, &Value::Null).await;
    assert_eq!(after["last_outcome"], "begun");
    let job = after["last_job"].as_str().unwrap();
    assert_eq!(server.get_json(&format!("/api/v1/jobs/{job}"), &server.admin).await["kind"], "report.scheduled");
    let audit = server.get_json("/api/v1/audit?action=report.make", &server.admin).await;
    assert_eq!(audit["items"][0]["subject"], json!(format!("report_schedule:{id}")), "{audit}");
    let audit = server.get_json("/api/v1/audit?action=report.mail", &server.admin).await;
    assert_eq!(audit["items"][0]["after"]["user_ids"], json!([ann, eve]), "{audit}");

    // Ten days later there is one report, of the last day.
    server.clock.turn(DAY * 10);
    let third = mails.mail(&server, 3).await;
    mails.mail(&server, 4).await;
    let second = report_in(&third);
    assert_eq!(ms_of(&second, "from") - ms_of(&first, "from"), 10 * 86_400_000, "{second}");
    // Whoever asks for something else gets it next: there was no fifth.
    server.clock.turn(Duration::from_secs(60 * 60));
    assert_eq!(server.post("/auth/reset", "", json!({"username": "eve"})).await.status(), 202);
    assert_eq!(mails.mail(&server, 5).await["headers"]["Subject"], "Set a new password");

    // After a restart it goes on where it was.
    let server = server
        .restart(&[
            ("SMTP_URL", format!("smtp://127.0.0.1:{}", mails.port).as_str()),
            ("MAIL_FROM", "track@example.org"),
            ("PUBLIC_URL", "https://track.example.org"),
        ])
        .await;
    turn_to_due(&server, &id).await;
    let next = report_in(&mails.mail(&server, 6).await);
    assert!(ms_of(&next, "from") > ms_of(&second, "from"));
}

async fn a_report_is_made_with_what_its_owner_may_see_then(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    for bus in ["bus-1", "bus-2"] {
        server.add_bus(bus).await;
    }
    let pat = json!({
        "username": "pat", "role": "parent", "email": "pat@example.net", "vehicle_ids": ["bus-1", "bus-2"],
    });
    let (pat, token) = server.add_user(pat).await;
    let mut body = daily();
    body["group_by"] = json!("vehicle");
    let all = add(&server, &token, body.clone()).await["id"].clone();
    body["vehicle_ids"] = json!(["bus-2"]);
    let one = add(&server, &token, body).await["id"].clone();
    turn_to_due(&server, &all).await;
    let vehicles = |mail: &Value| -> Vec<Value> {
        let report = report_in(mail);
        let columns = report["columns"].as_array().unwrap();
        let place = columns.iter().position(|column| column["key"] == "vehicle_id").unwrap();
        report["rows"].as_array().unwrap().iter().map(|row| row[place].clone()).collect()
    };
    let mut lists = [vehicles(&mails.mail(&server, 1).await), vehicles(&mails.mail(&server, 2).await)];
    lists.sort_by_key(Vec::len);
    assert_eq!(lists, [vec![json!("bus-2")], vec![json!("bus-1"), json!("bus-2")]]);

    let change = async |path: &str, body: Value| {
        assert_eq!(server.call(Method::PATCH, path, &server.admin, Some(body)).await.status(), 200);
    };
    let user = format!("/api/v1/users/{pat}");
    // Both are due at once.
    let both_due = async || {
        let before = (shown(&server, &all).await, shown(&server, &one).await);
        turn_to_due(&server, &all).await;
        let after =
            (outcome(&server, &all, &before.0["last_at"]).await, outcome(&server, &one, &before.1["last_at"]).await);
        [after.0["last_outcome"].clone(), after.1["last_outcome"].clone()]
    };
    change(&user, json!({"vehicle_ids": ["bus-1"]})).await;
    assert_eq!(both_due().await, ["begun", "not_allowed"]);
    assert_eq!(vehicles(&mails.mail(&server, 3).await), ["bus-1"]);

    // Who is locked out gets nothing, and nothing is made; nor is it made up for afterwards.
    change(&user, json!({"active": false})).await;
    assert_eq!(both_due().await, ["not_allowed", "not_allowed"]);
    change(&user, json!({"active": true, "vehicle_ids": ["bus-1", "bus-2"]})).await;

    // A vehicle that is made anew under its old id is another one.
    let removed = server.call(Method::DELETE, "/api/v1/vehicles/bus-2", &server.admin, None).await;
    assert_eq!(removed.status(), 204);
    server.add_bus("bus-2").await;
    assert_eq!(shown(&server, &one).await["vehicle_ids"], json!([]));
    // The removal took the vehicle off the person's list, too.
    assert_eq!(both_due().await, ["begun", "no_vehicles"]);
    assert_eq!(vehicles(&mails.mail(&server, 4).await), ["bus-1"]);
    // The schedule goes with its owner.
    assert_eq!(server.call(Method::DELETE, &user, &server.admin, None).await.status(), 204);
    assert_eq!(server.get_json("/api/v1/report-schedules", &server.admin).await["items"], json!([]));
}

async fn a_reader_ends_its_mails_by_one_click(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    let (bob, _) = server.add_user(json!({"username": "bob", "role": "manager", "email": "bob@example.net"})).await;
    let mut body = daily();
    body["receiver_ids"] = json!([bob]);
    let id = add(&server, &token, body).await["id"].clone();
    turn_to_due(&server, &id).await;
    let mail = mails.mail(&server, 1).await;
    assert_eq!(mail["to"], json!(["bob@example.net"]));
    let link = mail["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    let path = link.strip_prefix("https://track.example.org").unwrap().to_owned();
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains(&link));
    let click = async |path: &str| {
        let request = server.http.post(format!("{}{path}", server.url)).body("List-Unsubscribe=One-Click");
        request.send().await.unwrap().status().as_u16()
    };
    let asked = server.get(&path, "").await.text().await.unwrap();
    assert!(asked.contains("Get this report no more?"), "it only asks: {asked}");
    let others = path.replacen("token=", "token=1", 1);
    for wrong in [format!("{path}x"), others, path.replacen('.', ".1", 1)] {
        assert_eq!(click(&wrong).await, 404, "{wrong}");
    }
    assert_eq!((click(&path).await, click(&path).await), (200, 200));
    let ended = shown(&server, &id).await;
    assert_eq!(ended["receivers"][0]["user_id"], bob);
    assert!(ended["receivers"][0]["ended_at"].is_string(), "{ended}");
    turn_to_due(&server, &id).await;
    assert_eq!(outcome(&server, &id, &ended["last_at"]).await["last_outcome"], "no_receivers");

    // The owner's list leaves it as it is, until it was taken off.
    let change = async |ids: Value| {
        let path = format!("/api/v1/report-schedules/{id}");
        let token = server.log_in("ann", "open sesame").await;
        json_of(server.call(Method::PATCH, &path, &token, Some(json!({"receiver_ids": ids}))).await, 200).await
    };
    let both = change(json!([ann, bob])).await;
    assert!(both["receivers"][1]["ended_at"].is_string() && both["receivers"][0]["ended_at"].is_null(), "{both}");
    change(json!([ann])).await;
    assert!(change(json!([ann, bob])).await["receivers"][1]["ended_at"].is_null());
}

async fn schedules_are_their_owners_and_have_versions_and_bounds(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let user = |name: &str, role: &str| json!({"username": name, "role": role, "email": format!("{name}@example.net")});
    let (ann, token) = server.add_user(user("ann", "manager")).await;
    let (_, bob) = server.add_user(user("bob", "manager")).await;
    let (_, admin) = server.add_user(user("eve", "admin")).await;
    let key = async || {
        let request = server.http.post(format!("{}/api/v1/report-schedules", server.url)).bearer_auth(&token);
        request.header("Idempotency-Key", "once").json(&daily()).send().await.unwrap()
    };
    let made = key().await;
    assert_eq!((made.status().as_u16(), made.headers()["etag"].to_str().unwrap()), (201, "\"1\""));
    assert!(made.headers()["location"].to_str().unwrap().ends_with("/api/v1/report-schedules/1"));
    let made: Value = made.json().await.unwrap();
    assert_eq!(json_of(key().await, 201).await, made, "asked again it is the same");
    let path = format!("/api/v1/report-schedules/{}", made["id"]);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let body = (method == Method::PATCH).then(|| json!({"name": "x"}));
        assert_eq!(server.call(method, &path, &bob, body).await.status(), 404, "another's is not there");
    }
    let count =
        async |token: &str| server.get_json("/api/v1/report-schedules", token).await["items"].as_array().unwrap().len();
    assert_eq!((count(&token).await, count(&bob).await, count(&admin).await), (1, 0, 1));

    let patch = async |token: &str, tag: &str, body: Value| {
        let request = server.http.patch(format!("{}{path}", server.url)).bearer_auth(token).json(&body);
        request.header("If-Match", tag).send().await.unwrap()
    };
    let changed = json_of(patch(&token, "\"1\"", json!({"time": "07:15", "group_by": "day"})).await, 200).await;
    assert_eq!((&changed["time"], &changed["group_by"]), (&json!("07:15:00"), &json!("day")));
    assert_ne!(changed["next_at"], made["next_at"]);
    assert_eq!(patch(&token, "\"1\"", json!({"name": "x"})).await.status(), 412);
    let paused = json_of(patch(&admin, "\"2\"", json!({"active": false})).await, 200).await;
    assert_eq!(
        (&paused["next_at"], &paused["owner_id"]),
        (&Value::Null, &json!(ann)),
        "an admin changes it for its owner"
    );
    server.clock.turn(DAY * 3);
    let resumed = server.call(Method::PATCH, &path, &server.admin, Some(json!({"active": true}))).await;
    let resumed = json_of(resumed, 200).await;
    let now = server.clock.clock().now().to_string();
    assert!(resumed["next_at"].as_str().unwrap() > now.as_str(), "nothing is made up for: {resumed}");

    let token = server.log_in("ann", "open sesame").await;
    for _ in 1..20 {
        add(&server, &token, daily()).await;
    }
    assert_eq!(server.post("/api/v1/report-schedules", &token, daily()).await.status(), 409);
    let delete = server.http.delete(format!("{}{path}", server.url)).bearer_auth(&token).header("If-Match", "\"1\"");
    assert_eq!(delete.send().await.unwrap().status(), 412);
    assert_eq!(server.call(Method::DELETE, &path, &token, None).await.status(), 204);
    assert_eq!(server.get(&path, &token).await.status(), 404);
    let audit = server.get_json("/api/v1/audit?subject=report_schedule:1", &server.admin).await;
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    let update = "report_schedule.update";
    assert_eq!(actions, ["report_schedule.delete", update, update, update, "report_schedule.create"]);
}

async fn what_can_not_be_scheduled_is_refused_by_its_field(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    server.add_bus("bus").await;
    let (_, token) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    let (mute, _) = server.add_user(json!({"username": "mute", "role": "manager"})).await;
    let (pat, parent) = server
        .add_user(json!({"username": "pat", "role": "parent", "email": "p@example.net", "vehicle_ids": ["bus"]}))
        .await;
    let (_, client) = server.add_user(json!({"username": "cli", "role": "client", "email": "c@example.net"})).await;
    for (field, value) in [
        ("name", json!("")),
        ("kind", json!("gossip")),
        ("group_by", json!("colour")),
        ("group_by", json!("none")),
        ("period", json!("year")),
        ("time", json!("25:00")),
        ("time", json!("06:30:15")),
        ("timezone", json!("Mars/Olympus")),
        ("language", json!("xx")),
        ("format", json!("pdf")),
        ("vehicle_ids", json!([])),
        ("receiver_ids", json!([])),
        ("receiver_ids", json!([mute])),
        ("receiver_ids", json!([pat])),
        ("receiver_ids", json!([4_000_000])),
        ("receiver_ids", json!((1..=21).collect::<Vec<_>>())),
    ] {
        let mut wrong = daily();
        wrong[field] = value.clone();
        let problem = json_of(server.post("/api/v1/report-schedules", &token, wrong).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{value}: {problem}");
    }
    let with = |field: &str, value: Value| {
        let mut body = daily();
        body[field] = value;
        body
    };
    for (token, body, status) in [
        (&token, with("vehicle_ids", json!(["nobody"])), 404),
        (&parent, with("kind", json!("fuel")), 403),
        (&parent, with("vehicle_ids", json!(["bus-9"])), 404),
        (&client, daily(), 403),
        // It gets the mails itself, and has no address.
        (&server.admin, daily(), 422),
        (&parent, daily(), 201),
    ] {
        assert_eq!(server.post("/api/v1/report-schedules", token, body.clone()).await.status(), status, "{body}");
    }
    let deaf = database.start().await;
    let (_, token) = deaf.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    let refused = json_of(deaf.post("/api/v1/report-schedules", &token, daily()).await, 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("SMTP_URL"), "{refused}");
}
