//! A second factor is due where a user has one, and can be demanded by role.

use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, http_client, json_of};
use reqwest::{Method, Response};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    a_login_needs_a_code_which_is_good_once,
    a_recovery_code_is_good_once,
    too_many_wrong_codes_are_refused_on_all_nodes,
    a_challenge_belongs_to_one_person_and_ends,
    an_admin_demands_a_second_factor_by_role_and_resets_one,
    a_second_factor_is_removed_after_a_fresh_login_only,
    what_happens_to_second_factors_is_in_the_audit,
);

/// The code of an authenticator app, as other programs compute it.
fn code(secret: &str, unix_ms: i64) -> String {
    let letters = secret.bytes().map(|letter| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|l| *l == letter));
    let bits: Vec<usize> = letters.flat_map(|n| (0..5).rev().map(move |at| n.unwrap() >> at & 1)).collect();
    let bytes: Vec<u8> =
        bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect();
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &(unix_ms / 30_000).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// A user with an authenticator app.
struct Holder {
    id: i64,
    name: &'static str,
    secret: String,
    recovery_codes: Vec<String>,
    token: String,
}

impl Holder {
    async fn add(server: &TestServer, name: &'static str, role: &str) -> Self {
        let (id, token) = server.add_user(json!({"username": name, "role": role})).await;
        let mut holder = Self { id, name, secret: String::new(), recovery_codes: Vec::new(), token };
        holder.set_up(server).await;
        holder
    }

    async fn set_up(&mut self, server: &TestServer) {
        let setup = json_of(server.call(Method::POST, "/auth/totp", &self.token, None).await, 200).await;
        self.secret = setup["secret"].as_str().unwrap().to_owned();
        let url = setup["otpauth_url"].as_str().unwrap();
        assert!(url.starts_with("otpauth://totp/Milepost:") && url.contains(&self.secret), "{url}");
        let wrong = server.post("/auth/totp/confirm", &self.token, json!({"code": "000000"})).await;
        assert_eq!(wrong.status(), 422);
        let code = self.code(server);
        let confirmed = server.post("/auth/totp/confirm", &self.token, json!({"code": code})).await;
        let codes = json_of(confirmed, 200).await["recovery_codes"].clone();
        self.recovery_codes = serde_json::from_value(codes).unwrap();
        assert_eq!(self.recovery_codes.len(), 10);
        // The next step's code is new.
        server.clock.turn(Duration::from_secs(30));
    }

    fn code(&self, server: &TestServer) -> String {
        code(&self.secret, server.clock.clock().now().unix_ms())
    }

    async fn challenge(&self, server: &TestServer) -> String {
        let login = json!({"username": self.name, "password": "open sesame"});
        let answer = server.post("/auth/login", "", login).await;
        assert!(!answer.headers().contains_key("set-cookie"));
        let due = json_of(answer, 202).await;
        assert_eq!(due["second_factor"], json!(["totp"]));
        due["challenge"].as_str().unwrap().to_owned()
    }

    async fn token_with(&self, server: &TestServer, totp: &str) -> Response {
        let login = json!({"username": self.name, "password": "open sesame", "totp": totp});
        server.post("/api/token", "", login).await
    }
}

async fn answer(server: &TestServer, challenge: &str, code: &str) -> Response {
    server.post("/auth/login/totp", "", json!({"challenge": challenge, "code": code})).await
}

async fn a_login_needs_a_code_which_is_good_once(database: Database) {
    let server = database.start().await;
    let ann = Holder::add(&server, "ann", "manager").await;
    let challenge = ann.challenge(&server).await;
    assert_eq!(server.get("/auth/me", &challenge).await.status(), 401, "a challenge is no credential");
    let refused = answer(&server, &challenge, "000000").await;
    assert_eq!(json_of(refused, 401).await["second_factor"], json!(["totp"]));
    let code = ann.code(&server);
    let opened = answer(&server, &challenge, &code).await;
    assert_eq!(opened.status(), 204);
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me = http_client().get(format!("{}/auth/me", server.url)).header("Cookie", cookie).send().await.unwrap();
    assert_eq!(json_of(me, 200).await["username"], "ann");
    server.clock.turn(Duration::from_secs(1));
    assert_eq!(answer(&server, &ann.challenge(&server).await, &code).await.status(), 401, "used before");
    assert_eq!(ann.token_with(&server, &code).await.status(), 401);

    server.clock.turn(Duration::from_secs(30));
    let login = json!({"username": "ann", "password": "open sesame"});
    let without = json_of(server.post("/api/token", "", login).await, 401).await;
    assert_eq!(without["second_factor"], json!(["totp"]));
    let code = ann.code(&server);
    let (one, other) = tokio::join!(ann.token_with(&server, &code), ann.token_with(&server, &code));
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "a code works once");
    let wrong = json!({"username": "ann", "password": "wrong", "totp": ann.code(&server)});
    let wrong = json_of(server.post("/api/token", "", wrong).await, 401).await;
    assert!(wrong.get("second_factor").is_none(), "nobody learns who has a second factor without the password");
    assert_eq!(server.call(Method::POST, "/auth/totp", &ann.token, None).await.status(), 409, "there is one");
}

async fn a_recovery_code_is_good_once(database: Database) {
    let server = database.start().await;
    let ann = Holder::add(&server, "ann", "manager").await;
    let typed = ann.recovery_codes[0].to_uppercase().replace('-', " ");
    assert_eq!(ann.token_with(&server, &typed).await.status(), 200);
    assert_eq!(ann.token_with(&server, &typed).await.status(), 401);
    assert_eq!(answer(&server, &ann.challenge(&server).await, &ann.recovery_codes[1]).await.status(), 204);
}

async fn too_many_wrong_codes_are_refused_on_all_nodes(database: Database) {
    let server = database.start().await;
    let other = if database == Database::Postgres { Some(server.start_beside(&[]).await) } else { None };
    let ann = Holder::add(&server, "ann", "manager").await;
    let mut statuses = Vec::new();
    for number in 0..6 {
        let node = other.as_ref().filter(|_| number % 2 == 1).unwrap_or(&server);
        statuses.push(ann.token_with(node, "000000").await.status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let refused = ann.token_with(&server, &ann.code(&server)).await;
    assert_eq!(refused.status(), 429, "the right one too");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    server.clock.turn(Duration::from_secs(wait));
    assert_eq!(ann.token_with(&server, &ann.code(&server)).await.status(), 200);
}

async fn a_challenge_belongs_to_one_person_and_ends(database: Database) {
    let server = database.start().await;
    let (ann, bob) = (Holder::add(&server, "ann", "manager").await, Holder::add(&server, "bob", "manager").await);
    let challenge = ann.challenge(&server).await;
    assert_eq!(answer(&server, &challenge, &bob.code(&server)).await.status(), 401, "another's code");
    assert_eq!(answer(&server, "mpc_x", &ann.code(&server)).await.status(), 401);
    server.clock.turn(Duration::from_secs(301));
    assert_eq!(answer(&server, &challenge, &ann.code(&server)).await.status(), 401, "it took too long");
    let challenge = ann.challenge(&server).await;
    let path = format!("/api/v1/users/{}", ann.id);
    let changed = server.call(Method::PATCH, &path, &server.admin, Some(json!({"password": "open sesame"}))).await;
    assert_eq!(changed.status(), 200);
    assert_eq!(answer(&server, &challenge, &ann.code(&server)).await.status(), 401, "the password is new");
    let challenge = ann.challenge(&server).await;
    assert_eq!(answer(&server, &challenge, &ann.code(&server)).await.status(), 204);
    server.clock.turn(Duration::from_secs(30));
    assert_eq!(answer(&server, &challenge, &ann.code(&server)).await.status(), 401, "it opens one session");
}

async fn an_admin_demands_a_second_factor_by_role_and_resets_one(database: Database) {
    let server = database.start().await;
    let mut ann =
        Holder { id: 0, name: "ann", secret: String::new(), recovery_codes: Vec::new(), token: String::new() };
    (ann.id, ann.token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let admin = token_for("boss", "admin", "default", 60);
    let demand = async |roles: Value, token: &str| {
        let body = Some(json!({ "roles": roles }));
        server.call(Method::PUT, "/api/v1/second-factor", token, body).await.status().as_u16()
    };
    assert_eq!(demand(json!(["manager"]), &ann.token).await, 403);
    assert_eq!(demand(json!(["superadmin"]), &admin).await, 403);
    assert_eq!(demand(json!(["captain"]), &admin).await, 422);
    assert_eq!(demand(json!(["manager", "driver", "manager"]), &admin).await, 200);
    let shown = server.get_json("/api/v1/second-factor", &admin).await;
    assert_eq!(shown, json!({"roles": ["manager", "driver"]}));

    // She gets in, and can do nothing but set one up.
    let refused = json_of(server.get("/api/v1/vehicles", &ann.token).await, 403).await;
    assert_eq!(refused["second_factor"], json!(["totp"]));
    assert_eq!(
        server
            .try_watch("/ws/bus-tracking/", &[("Authorization", &format!("Bearer {}", ann.token))])
            .await
            .err()
            .map(|status| status.as_u16()),
        Some(403)
    );
    assert_eq!(server.get("/auth/me", &ann.token).await.status(), 200);
    let by_operator = token_for(&ann.id.to_string(), "manager", "default", 60);
    assert_eq!(server.get("/api/v1/vehicles", &by_operator).await.status(), 200, "no login was made");
    ann.set_up(&server).await;
    assert_eq!(server.get("/api/v1/vehicles", &ann.token).await.status(), 200);
    let removed = server.call(Method::DELETE, "/auth/totp", &ann.token, None).await;
    assert_eq!(removed.status(), 409, "her role needs it");

    let path = format!("/api/v1/users/{}/totp", ann.id);
    let foreign = token_for("x", "admin", "acme", 60);
    assert_eq!(server.call(Method::DELETE, &path, &foreign, None).await.status(), 404);
    assert_eq!(server.call(Method::DELETE, &path, &ann.token, None).await.status(), 403);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 204);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 404);
    assert_eq!(server.get("/api/v1/vehicles", &ann.token).await.status(), 403, "she has to set up another");
    assert_eq!(demand(json!([]), &admin).await, 200);
    assert_eq!(server.get("/api/v1/vehicles", &ann.token).await.status(), 200);
}

async fn a_second_factor_is_removed_after_a_fresh_login_only(database: Database) {
    let server = database.start().await;
    let ann = Holder::add(&server, "ann", "manager").await;
    let remove =
        async |body: Option<Value>| server.call(Method::DELETE, "/auth/totp", &ann.token, body).await.status().as_u16();
    server.clock.turn(Duration::from_secs(301));
    assert_eq!(remove(None).await, 403);
    assert_eq!(remove(Some(json!({"password": "wrong"}))).await, 403);
    assert_eq!(remove(Some(json!({"password": "open sesame"}))).await, 204);
    assert_eq!(remove(Some(json!({"password": "open sesame"}))).await, 404);
    server.log_in("ann", "open sesame").await;
}

async fn what_happens_to_second_factors_is_in_the_audit(database: Database) {
    let server = database.start().await;
    let (boss, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let ann = Holder::add(&server, "ann", "manager").await;
    assert_eq!(ann.token_with(&server, "000000").await.status(), 401);
    assert_eq!(answer(&server, &ann.challenge(&server).await, "000000").await.status(), 401);
    server.clock.turn(Duration::from_secs(301));
    let wrong = Some(json!({"password": "wrong"}));
    assert_eq!(server.call(Method::DELETE, "/auth/totp", &ann.token, wrong).await.status(), 403);
    let body = Some(json!({"roles": ["manager"]}));
    assert_eq!(server.call(Method::PUT, "/api/v1/second-factor", &admin, body).await.status(), 200);
    let path = format!("/api/v1/users/{}/totp", ann.id);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 204);
    let noted = async |filter: &str, rows: usize| {
        let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
        loop {
            let found = server.get_json(&format!("/api/v1/audit?{filter}"), &admin).await["items"].clone();
            // A failed login is noted beside its answer.
            if found.as_array().unwrap().len() == rows {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "{filter}: {found}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let subject = format!("user:{}", ann.id);
    let made = noted("action=second_factor.create", 1).await;
    assert_eq!((&made[0]["actor"], &made[0]["subject"]), (&json!(ann.id), &json!(subject)));
    let removed = noted("action=second_factor.delete", 1).await;
    assert_eq!((&removed[0]["actor"], &removed[0]["subject"]), (&json!(boss), &json!(subject)));
    let required = noted("action=second_factor.require", 1).await;
    assert_eq!(
        (&required[0]["before"], &required[0]["after"]),
        (&json!({"roles": []}), &json!({"roles": ["manager"]}))
    );
    let failed = noted(&format!("action=login.failed&subject={subject}"), 3).await;
    let mut wrong: Vec<_> = failed.as_array().unwrap().iter().map(|row| row["after"]["wrong"].to_string()).collect();
    wrong.sort_unstable();
    assert_eq!(wrong, ["\"password\"", "\"totp\"", "\"totp\""]);
}
