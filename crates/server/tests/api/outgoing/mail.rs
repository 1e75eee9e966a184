//! Mails go through a real mail server: links, alerts, refusals, and their order.

use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

on_both!(
    a_forgotten_password_is_mailed_in_the_readers_language_and_zone,
    an_alert_is_mailed_until_its_reader_ends_it_by_one_click,
    alerts_are_gathered_for_who_wants_them_so,
    a_mail_that_is_put_off_is_tried_again_and_later_ones_wait_for_it,
    an_address_that_is_refused_twice_gets_nothing_until_it_is_set_again,
    an_owner_confirms_a_refused_address_and_another_one,
);

/// Debian's `python3-aiosmtpd`.
pub struct MailServer {
    process: Child,
    folder: tempfile::TempDir,
    pub port: u16,
}

impl MailServer {
    /// `None` without the package, where the tests may be left out.
    pub fn start() -> Option<Self> {
        Self::start_with(tempfile::tempdir().unwrap(), &[])
    }

    fn start_with(folder: tempfile::TempDir, more: &[&std::path::Path]) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/outgoing/smtp_server.py");
        let mut process = Command::new("/usr/bin/python3")
            .args([script, folder.path().to_str().unwrap()])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(port) = line.trim().parse() else {
            let _ = process.wait();
            assert!(std::env::var("CI").as_deref() != Ok("true"), "python3-aiosmtpd is not installed");
            eprintln!("left out: mails, python3-aiosmtpd is not installed");
            return None;
        };
        Some(Self { process, folder, port })
    }

    /// Answers the next messages with these lines; an empty one takes the mail.
    pub fn will_answer_data(&self, answers: &[&str]) {
        std::fs::write(self.folder.path().join("data_answers"), answers.join("\n")).unwrap();
    }

    /// Answers the next receivers with these lines; an empty one takes the mail.
    pub fn will_answer(&self, answers: &[&str]) {
        std::fs::write(self.folder.path().join("answers"), answers.join("\n")).unwrap();
    }

    pub fn taken(&self, number: usize) -> Option<Value> {
        let text = std::fs::read_to_string(self.folder.path().join(format!("mail-{number}.json"))).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// The mail with this number, from 1. The server's clock goes on while it is waited for, because tries are paced by it.
    pub async fn mail(&self, server: &TestServer, number: usize) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(mail) = self.taken(number) {
                return mail;
            }
            assert!(Instant::now() < deadline, "mail {number} did not come");
            server.clock.turn(Duration::from_secs(5));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub async fn start(database: Database, mails: &MailServer) -> TestServer {
    let url = format!("smtp://127.0.0.1:{}", mails.port);
    let settings = [
        ("SMTP_URL", url.as_str()),
        ("MAIL_FROM", "Milepost <track@example.org>"),
        ("PUBLIC_URL", "https://track.example.org"),
    ];
    database.start_with(&settings).await
}

async fn raise(server: &TestServer, title: &str) {
    let alert = json!({"type": "system_error", "title": title, "message": "on <the> bridge & on"});
    json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
}

async fn user(server: &TestServer, id: i64) -> Value {
    server.get_json(&format!("/api/v1/users/{id}"), &server.admin).await
}

async fn a_forgotten_password_is_mailed_in_the_readers_language_and_zone(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let ann = json!({
        "username": "ann", "role": "driver", "email": "ann@example.net", "language": "id", "timezone": "Asia/Kolkata",
    });
    let (id, _) = server.add_user(ann).await;
    assert_eq!(server.post("/auth/reset", "", json!({"username": "default/ann"})).await.status(), 202);
    let mail = mails.mail(&server, 1).await;
    assert_eq!((&mail["from"], &mail["to"]), (&json!("track@example.org"), &json!(["ann@example.net"])));
    assert_eq!(mail["headers"]["Subject"], "Atur kata sandi baru");
    assert_eq!(mail["headers"]["From"], "Milepost <track@example.org>");
    assert_eq!(mail["headers"]["Auto-Submitted"], "auto-generated");
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    assert!(text.contains("Asia/Kolkata, UTC+05:30") && text.contains("default/ann"), "{text}");
    let token = text.split("https://track.example.org/reset?token=").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(mail["parts"]["text/html"].as_str().unwrap().contains(token));
    let source = mail["source"].as_str().unwrap();
    assert!(!source.contains("<img") && source.matches("http").count() <= 2, "nothing is loaded: {source}");
    let outgoing = server.get("/api/v1/outgoing", &server.admin).await.text().await.unwrap();
    assert!(outgoing.contains("\"mail\"") && !outgoing.contains(token), "{outgoing}");
    let body = json!({"token": token, "password": "plum tree 99"});
    assert_eq!(server.post("/auth/reset/confirm", "", body).await.status(), 204);

    // By the address, and for an invitation whose own link the admin got.
    assert_eq!(server.post("/auth/reset", "", json!({"email": "ANN@example.net"})).await.status(), 202);
    assert_eq!(mails.mail(&server, 2).await["headers"]["Subject"], "Atur kata sandi baru");
    json_of(server.post(&format!("/api/v1/users/{id}/invitation"), &server.admin, json!({})).await, 201).await;
    assert_eq!(mails.mail(&server, 3).await["headers"]["Subject"], "Akun Anda sudah siap");
}

async fn an_alert_is_mailed_until_its_reader_ends_it_by_one_click(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    server.add_user(json!({"username": "bob", "role": "driver", "email": "bob@example.net"})).await;
    server
        .add_user(json!({"username": "eve", "role": "manager", "email": "eve@example.net", "alert_mail": "off"}))
        .await;
    raise(&server, "Engine\u{2003}off").await;
    let mail = mails.mail(&server, 1).await;
    assert_eq!(mail["to"], json!(["ann@example.net"]));
    assert!(mail["parts"]["text/html"].as_str().unwrap().contains("on &lt;the&gt; bridge &amp; on"));
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("(UTC)"));
    assert_eq!(mail["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    let link = mail["headers"]["List-Unsubscribe"].as_str().unwrap();
    let path = link.trim_matches(['<', '>']).strip_prefix("https://track.example.org").unwrap().to_owned();
    let click = async |path: &str| {
        let request = server.http.post(format!("{}{path}", server.url)).body("List-Unsubscribe=One-Click");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(server.get(&path, "").await.status(), 200, "it only asks");
    assert_eq!(click(&format!("{path}x")).await, 404);
    let others = path.replacen("token=", "token=1", 1);
    assert_eq!(click(&others).await, 404);
    assert_eq!((click(&path).await, click(&path).await), (200, 200));
    raise(&server, "Engine on").await;
    // A link still comes.
    assert_eq!(server.post("/auth/reset", "", json!({"username": "ann"})).await.status(), 202);
    assert_eq!(mails.mail(&server, 2).await["headers"]["Subject"], "Set a new password");
}

async fn alerts_are_gathered_for_who_wants_them_so(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let mut bob = 0;
    for (name, how, zone) in [("ann", "quarter_hour", "Asia/Kolkata"), ("bob", "daily", "America/St_Johns")] {
        let user = json!({
            "username": name, "role": "manager", "email": format!("{name}@example.net"), "alert_mail": how, "timezone": zone,
        });
        (bob, _) = server.add_user(user).await;
    }
    for title in ["one", "two"] {
        raise(&server, title).await;
    }
    // A mail that is no alert does not wait for them.
    assert_eq!(server.post("/auth/reset", "", json!({"username": "ann"})).await.status(), 202);
    assert_eq!(mails.mail(&server, 1).await["headers"]["Subject"], "Set a new password");
    server.clock.turn(Duration::from_secs(15 * 60));
    let mail = mails.mail(&server, 2).await;
    assert_eq!((&mail["to"], &mail["headers"]["Subject"]), (&json!(["ann@example.net"]), &json!("2 alerts")));
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    assert!(text.find("one").unwrap() < text.find("two").unwrap() && text.contains("Asia/Kolkata"), "{text}");
    assert_eq!(mail["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    server.clock.turn(Duration::from_secs(24 * 60 * 60));
    let mail = mails.mail(&server, 3).await;
    assert_eq!((&mail["to"], &mail["headers"]["Subject"]), (&json!(["bob@example.net"]), &json!("2 alerts")));
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("America/St_Johns"));

    // Who ends them gets none of those that wait, and a mail tells of fifty.
    for number in 0..51 {
        raise(&server, &format!("number {number}.")).await;
    }
    let (path, off) = (format!("/api/v1/users/{bob}"), Some(json!({"alert_mail": "off"})));
    assert_eq!(server.call(Method::PATCH, &path, &server.admin, off).await.status(), 200);
    server.clock.turn(Duration::from_secs(24 * 60 * 60));
    let mail = mails.mail(&server, 4).await;
    assert_eq!((&mail["to"], &mail["headers"]["Subject"]), (&json!(["ann@example.net"]), &json!("51 alerts")));
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    assert!(text.contains("number 49.") && !text.contains("number 50.") && text.contains("And 1 more."), "{text}");
    let last = "of who ended them";
    assert_eq!(server.post("/auth/reset", "", json!({"username": "bob"})).await.status(), 202, "{last}");
    assert_eq!(mails.mail(&server, 5).await["headers"]["Subject"], "Set a new password", "{last}");
}

async fn a_mail_that_is_put_off_is_tried_again_and_later_ones_wait_for_it(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    mails.will_answer(&["451 try again later", "450 not yet"]);
    for title in ["one", "two", "three"] {
        raise(&server, title).await;
    }
    for (number, title) in [(1, "one"), (2, "two"), (3, "three")] {
        assert_eq!(mails.mail(&server, number).await["headers"]["Subject"], title);
    }
    server.clock.turn(Duration::from_secs(300));
    raise(&server, "four").await;
    assert_eq!(mails.mail(&server, 4).await["headers"]["Subject"], "four", "each came once");
}

async fn an_address_that_is_refused_twice_gets_nothing_until_it_is_set_again(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.net"})).await;
    mails.will_answer(&["550 no such user", "550 no such user", "550 a third try"]);
    raise(&server, "one").await;
    raise(&server, "two").await;
    let deadline = Instant::now() + PATIENCE;
    while user(&server, id).await["email_refused_at"].is_null() {
        assert!(Instant::now() < deadline, "the address still counts");
        server.clock.turn(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    raise(&server, "three").await;
    let calls = server.get_json("/api/v1/outgoing", &server.admin).await;
    let states: Vec<_> =
        calls["items"].as_array().unwrap().iter().map(|call| (&call["status"], &call["attempts"])).collect();
    assert_eq!(states, [(&json!("dead"), &json!(0)), (&json!("dead"), &json!(2))]);
    mails.will_answer(&[]);
    let path = format!("/api/v1/users/{id}");
    let again = server.call(Method::PATCH, &path, &server.admin, Some(json!({"email": "ann@example.net"}))).await;
    assert_eq!(json_of(again, 200).await["email_refused_at"], Value::Null);
    raise(&server, "four").await;
    assert_eq!(mails.mail(&server, 1).await["headers"]["Subject"], "four");
}

/// A server in a process of its own, whose system trusts the mail server's certificate.
struct OwnProcess {
    process: Child,
    url: String,
    token: String,
}

impl OwnProcess {
    fn start(folder: &std::path::Path, certificate: &std::path::Path, smtp: &str) -> Self {
        let settings = [("MILEPOST_LISTEN", "127.0.0.1:0"), ("MILEPOST_DATA", folder.to_str().unwrap())];
        let milepost = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
            command.envs(settings).env("SSL_CERT_FILE", certificate);
            command
        };
        let mut process = milepost()
            .arg("serve")
            .envs([("SMTP_URL", smtp), ("MAIL_FROM", "track@example.org"), ("PUBLIC_URL", "https://track.example.org")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("listening on")).unwrap();
        let url = line.rsplit(' ').next().unwrap().to_owned();
        let token = milepost().args(["token", "--sub", "ops", "--role", "admin"]).output().unwrap().stdout;
        Self { process, url, token: String::from_utf8(token).unwrap().trim().to_owned() }
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_mail_goes_encrypted_and_after_a_login_to_a_server_that_wants_both() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let pem = |kind: &str, der: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
    };
    std::fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
    std::fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
    let Some(mails) = MailServer::start_with(tempfile::tempdir().unwrap(), &[&certificate, &key]) else { return };
    let http = crate::support::http_client();
    for (number, login, is_taken) in [(1, "milepost:wrong", false), (2, "milepost:p%40ss%20word", true)] {
        let smtp = format!("smtp://{login}@localhost:{}?starttls=required", mails.port);
        let server = OwnProcess::start(&folder.path().join(number.to_string()), &certificate, &smtp);
        let user = json!({"username": "ann", "role": "driver", "email": "ann@example.net"});
        let added = http.post(format!("{}/api/v1/users", server.url)).bearer_auth(&server.token).json(&user);
        assert_eq!(added.send().await.unwrap().status(), 201);
        let reset = http.post(format!("{}/auth/reset", server.url)).json(&json!({"username": "ann"}));
        assert_eq!(reset.send().await.unwrap().status(), 202);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let outgoing = http.get(format!("{}/api/v1/outgoing", server.url)).bearer_auth(&server.token);
            let outgoing: Value = outgoing.send().await.unwrap().json().await.unwrap();
            let call = &outgoing["items"][0];
            if is_taken && mails.taken(1).is_some() || !is_taken && call["last_error"].is_string() {
                break;
            }
            assert!(Instant::now() < deadline, "{outgoing}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(mails.taken(1).is_some(), is_taken, "{login}");
    }
    assert_eq!(mails.taken(1).unwrap()["to"], json!(["ann@example.net"]));
}

fn token_of(mail: &Value) -> String {
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    let link = text.split("https://track.example.org/confirm-email?token=").nth(1).unwrap();
    link.split_whitespace().next().unwrap().to_owned()
}

async fn an_owner_confirms_a_refused_address_and_another_one(database: Database) {
    let Some(mails) = MailServer::start() else { return };
    let server = start(database, &mails).await;
    let ann = json!({"username": "ann", "role": "manager", "email": "ann@example.net"});
    let (id, _) = server.add_user(ann).await;
    mails.will_answer(&["550 no such user", "550 no such user"]);
    raise(&server, "first").await;
    let deadline = Instant::now() + PATIENCE;
    while user(&server, id).await["email_refused_at"].is_null() {
        assert!(Instant::now() < deadline, "the address was not refused");
        server.clock.turn(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let token = server.log_in("ann", "open sesame").await;
    let own = server.get_json("/auth/email", &token).await;
    assert!(own["email"] == "ann@example.net" && own["refused_at"].is_string(), "{own}");
    let ask = async |body: Value| server.post("/auth/email", &token, body).await.status().as_u16();
    let confirm =
        async |token: &str| server.post("/auth/email/confirm", "", json!({"token": token})).await.status().as_u16();
    // The same address: its owner mended the mailbox.
    assert_eq!(ask(json!({})).await, 202);
    let mail = mails.mail(&server, 1).await;
    assert_eq!(
        (&mail["to"], &mail["headers"]["Subject"]),
        (&json!(["ann@example.net"]), &json!("Confirm your address"))
    );
    let link = token_of(&mail);
    let body = json!({"token": link, "password": "plum tree 99"});
    assert_eq!(server.post("/auth/reset/confirm", "", body).await.status(), 410, "it sets no password");
    let page = server.get(&format!("/confirm-email?token={link}"), "").await;
    assert_eq!(page.status(), 200);
    assert!(!user(&server, id).await["email_refused_at"].is_null(), "looking at the link confirms nothing");
    let page = server.post(&format!("/confirm-email?token={link}"), "", json!({})).await;
    assert_eq!(page.status(), 200);
    assert!(user(&server, id).await["email_refused_at"].is_null());
    assert_eq!(confirm(&link).await, 410, "a link is good once");
    raise(&server, "second").await;
    assert_eq!(mails.mail(&server, 2).await["headers"]["Subject"], "second");

    // Another address takes a fresh login or the password, and the link goes there.
    server.clock.turn(Duration::from_secs(6 * 60));
    let token = server.log_in("ann", "open sesame").await;
    let ask = async |body: Value| server.post("/auth/email", &token, body).await.status().as_u16();
    server.clock.turn(Duration::from_secs(6 * 60));
    assert_eq!(ask(json!({"email": "ann@example.org"})).await, 403);
    assert_eq!(ask(json!({"email": "ann@example.org", "password": "wrong"})).await, 403);
    assert_eq!(ask(json!({"email": "no address", "password": "open sesame"})).await, 422);
    assert_eq!(ask(json!({"email": "ann@example.org", "password": "open sesame"})).await, 202);
    let mail = mails.mail(&server, 3).await;
    assert_eq!(mail["to"], json!(["ann@example.org"]));
    assert_eq!(user(&server, id).await["email"], "ann@example.net", "it is not its own yet");
    let link = token_of(&mail);
    assert_eq!(confirm(&link).await, 204);
    assert_eq!(user(&server, id).await["email"], "ann@example.org");
    // An hour later a link is good no more, and one that can't be delivered changes nothing.
    assert_eq!(ask(json!({"email": "ann@example.com", "password": "open sesame"})).await, 202);
    let link = token_of(&mails.mail(&server, 4).await);
    server.clock.turn(Duration::from_secs(61 * 60));
    assert_eq!(confirm(&link).await, 410);
    let audit = server.get_json("/api/v1/audit?action=user.confirm_email", &server.admin).await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
}
