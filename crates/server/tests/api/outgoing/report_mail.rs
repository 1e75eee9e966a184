//! A report is mailed with its file to who asked for it.

use crate::accounts::people::ended;
use crate::outgoing::mail::{MailServer, start};
use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both!(
    a_report_is_mailed_with_its_file_in_its_readers_language_and_zone,
    who_has_no_address_or_may_not_see_a_report_gets_no_mail,
    a_mail_server_that_refuses_a_file_gets_the_link,
    a_report_that_its_reader_may_see_no_more_is_not_handed_over,
);

/// The bytes of an attachment.
pub fn attached(mail: &Value, name: &str) -> Vec<u8> {
    let content = mail["files"][name]["content"].as_str().unwrap_or_else(|| panic!("no {name} in {mail}"));
    STANDARD.decode(content).unwrap()
}

/// The name of a mail's only attachment.
pub fn file_name(mail: &Value) -> String {
    let names: Vec<&String> = mail["files"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 1, "{mail}");
    names[0].clone()
}

fn body() -> Value {
    json!({"kind": "trips", "from": "2026-11-01", "to": "2026-11-30", "timezone": "Asia/Jakarta", "format": "csv"})
}

async fn ask(server: &TestServer, token: &str, body: Value) -> String {
    let added = json_of(server.post("/api/v1/reports", token, body).await, 202).await;
    added["job"].as_str().unwrap().to_owned()
}

async fn a_report_is_mailed_with_its_file_in_its_readers_language_and_zone(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    server.add_bus("bus").await;
    let ann = json!({
        "username": "ann", "role": "manager", "email": "ann@example.net", "language": "id", "timezone": "Asia/Kolkata",
        "alert_mail": "off",
    });
    let (id, token) = server.add_user(ann).await;
    let mut wanted = body();
    wanted["mail"] = json!(true);
    let job = ask(&server, &token, wanted).await;
    let mail = mails.mail(&server, 1).await;
    assert_eq!((&mail["from"], &mail["to"]), (&json!("track@example.org"), &json!(["ann@example.net"])));
    assert_eq!(mail["headers"]["Subject"], "Perjalanan: 1 November 2026 – 30 November 2026 (Asia/Jakarta)");
    let name = file_name(&mail);
    assert_eq!((name.as_str(), &mail["files"][&name]["type"]), ("trips-2026-11-01-2026-11-30.csv", &json!("text/csv")));
    let result = server.get(&format!("/api/v1/jobs/{job}/result"), &token).await.bytes().await.unwrap();
    assert_eq!(attached(&mail, &name), result, "byte for byte");
    for kind in ["text/plain", "text/html"] {
        let text = mail["parts"][kind].as_str().unwrap();
        assert!(text.contains("Laporan «Perjalanan»") && text.contains("Asia/Kolkata, UTC+05:30"), "{text}");
        assert!(
            text.contains(&name) && text.contains(&format!("https://track.example.org/reports?job={job}")),
            "{text}"
        );
    }
    assert_eq!(mail["headers"]["List-Unsubscribe"], Value::Null, "nobody else sends it");
    assert_eq!(server.get_json(&format!("/api/v1/jobs/{job}"), &token).await["file_name"], name);

    // Once more, by hand: the same key is the same mail.
    let again = async || {
        let request = server.http.post(format!("{}/api/v1/jobs/{job}/mail", server.url)).bearer_auth(&token);
        json_of(request.header("Idempotency-Key", "once").send().await.unwrap(), 202).await
    };
    assert_eq!((again().await, again().await), (json!({"job": job}), json!({"job": job})));
    let second = mails.mail(&server, 2).await;
    assert_eq!(attached(&second, &name), result);
    assert_ne!(second["headers"]["Message-ID"], mail["headers"]["Message-ID"]);
    server.clock.turn(Duration::from_secs(300));
    assert_eq!(server.post("/auth/reset", "", json!({"username": "ann"})).await.status(), 202);
    assert_eq!(mails.mail(&server, 3).await["headers"]["Subject"], "Atur kata sandi baru", "there was no third");
    let audit = server.get_json("/api/v1/audit?action=report.mail", &server.admin).await;
    let rows = audit["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{audit}");
    for row in rows {
        assert_eq!((&row["actor"], &row["after"]), (&json!(id), &json!({"job": job, "user_ids": [id]})), "{audit}");
    }
    let outgoing = server.get("/api/v1/outgoing", &server.admin).await.text().await.unwrap();
    assert!(!outgoing.contains("Asia/Jakarta") && !outgoing.contains(&job), "what waits is shown without its text");
}

async fn who_has_no_address_or_may_not_see_a_report_gets_no_mail(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let (_, ann) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    let (_, bob) = server.add_user(json!({"username": "bob", "role": "manager"})).await;
    let (_, pat) = server.add_user(json!({"username": "pat", "role": "parent", "email": "pat@example.net"})).await;
    let program = json!({"name": "nightly", "scopes": ["read", "manage"]});
    let program = json_of(server.post("/api/v1/access-tokens", &server.admin, program).await, 201).await;
    let program = program["token"].as_str().unwrap().to_owned();
    let mut wanted = body();
    wanted["mail"] = json!(true);
    for (token, status) in [(&bob, 409), (&program, 403), (&server.admin, 409)] {
        assert_eq!(server.post("/api/v1/reports", token, wanted.clone()).await.status(), status);
    }
    let job = ask(&server, &ann, body()).await;
    ended(&server, &ann, &job).await;
    let path = format!("/api/v1/jobs/{job}/mail");
    for (token, status) in [(&bob, 409), (&program, 403), (&pat, 404), (&ann, 202)] {
        assert_eq!(server.post(&path, token, json!({})).await.status(), status);
    }
    assert_eq!(server.post("/api/v1/jobs/job_nothing/mail", &ann, json!({})).await.status(), 404);
    mails.mail(&server, 1).await;

    let deaf = database.start().await;
    let (_, ann) = deaf.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    let refused = json_of(deaf.post("/api/v1/reports", &ann, wanted).await, 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("SMTP_URL"), "{refused}");
}

async fn a_mail_server_that_refuses_a_file_gets_the_link(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let (id, ann) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    mails.will_answer_data(&["552 message is too large"]);
    let mut wanted = body();
    wanted["mail"] = json!(true);
    let job = ask(&server, &ann, wanted).await;
    let mail = mails.mail(&server, 1).await;
    assert_eq!(mail["files"], json!({}), "{mail}");
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    assert!(text.contains("is not attached: trips-2026-11-01-2026-11-30.csv (1 KB)"), "{text}");
    assert!(text.contains(&format!("https://track.example.org/reports?job={job}")), "{text}");
    let user = server.get_json(&format!("/api/v1/users/{id}"), &server.admin).await;
    assert_eq!(user["email_refused_at"], Value::Null, "the address is good");
}

async fn a_report_that_its_reader_may_see_no_more_is_not_handed_over(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let (id, ann) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    mails.will_answer(&["451 not now"; 20]);
    let mut wanted = body();
    wanted["mail"] = json!(true);
    ask(&server, &ann, wanted).await;
    let call = async |is_so: &dyn Fn(&Value) -> bool| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let calls = server.get_json("/api/v1/outgoing", &server.admin).await;
            if is_so(&calls["items"][0]) {
                return calls["items"][0].clone();
            }
            assert!(Instant::now() < deadline, "{calls}");
            server.clock.turn(Duration::from_millis(200));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    call(&|call| call["attempts"].as_i64().is_some_and(|attempts| attempts > 0)).await;
    let path = format!("/api/v1/users/{id}");
    let changed = server.call(Method::PATCH, &path, &server.admin, Some(json!({"role": "parent"}))).await;
    assert_eq!(changed.status(), 200);
    let dead = call(&|call| call["status"] == "dead").await;
    assert!(dead["last_error"].as_str().unwrap().contains("may not see the report"), "{dead}");
    assert!(mails.taken(1).is_none());
}
