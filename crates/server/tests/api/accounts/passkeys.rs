//! Passkeys beside passwords, with an authenticator of this file: what it signs is computed without the server's code.

use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

on_both!(
    a_passkey_is_a_second_factor_beside_the_password,
    answers_that_are_not_of_this_login_are_refused,
    keys_that_were_not_made_for_this_user_are_refused,
    a_passkey_stands_for_a_fresh_login,
    a_role_can_demand_one_and_an_admin_resets_it,
);

const ORIGIN: &str = "https://track.example.org";
const PASSWORD: &str = "open sesame";
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// What an authenticator and a browser do.
struct Authenticator {
    key: Key,
    id: Vec<u8>,
    counter: u32,
    origin: &'static str,
    party: &'static str,
    flags: u8,
    /// What the browser says beside the usual.
    more: Value,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59, length[0], length[1]], bytes].concat()
}

impl Authenticator {
    fn new(id: &[u8]) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self {
            key: Key::Es256(key),
            id: id.to_vec(),
            counter: 0,
            origin: ORIGIN,
            party: "track.example.org",
            flags: PRESENT | VERIFIED,
            more: json!({"crossOrigin": false}),
        }
    }

    fn with_ed25519(id: &[u8]) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { key: Key::EdDsa(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()), ..Self::new(id) }
    }

    fn cose_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21][..], &cbor_bytes(x), &[0x22], &cbor_bytes(y)].concat()
            }
            Key::EdDsa(key) => {
                [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..], &cbor_bytes(key.public_key().as_ref())].concat()
            }
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let mut data = json!({"type": kind, "challenge": options["challenge"], "origin": self.origin});
        data.as_object_mut().unwrap().extend(self.more.as_object().unwrap().clone());
        data.to_string().into_bytes()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let hash = Sha256::digest(self.party.as_bytes());
        [&hash[..], &[flags], &self.counter.to_be_bytes(), rest].concat()
    }

    /// `navigator.credentials.create`.
    fn create(&self, options: &Value) -> Value {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let rest = [&[7; 16], &length[..], &self.id, &self.cose_key()].concat();
        let data = self.data(self.flags | HAS_KEY, &rest);
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &cbor_bytes(&data),
        ]
        .concat();
        json!({"id": encode(&self.id), "type": "public-key", "response": {
            "clientDataJSON": encode(self.client_data("webauthn.create", options)), "attestationObject": encode(object),
            "transports": ["internal"],
        }})
    }

    /// `navigator.credentials.get`.
    fn get(&self, options: &Value) -> Value {
        let (client_data, data) = (self.client_data("webauthn.get", options), self.data(self.flags, &[]));
        let signed = [&data[..], &Sha256::digest(&client_data)[..]].concat();
        let signature = match &self.key {
            Key::Es256(key) => key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec(),
            Key::EdDsa(key) => key.sign(&signed).as_ref().to_vec(),
        };
        json!({"id": encode(&self.id), "type": "public-key", "response": {
            "clientDataJSON": encode(client_data), "authenticatorData": encode(data), "signature": encode(signature),
        }})
    }
}

async fn start(database: Database) -> TestServer {
    database.start_with(&[("PUBLIC_URL", ORIGIN)]).await
}

async fn begin(server: &TestServer, token: &str) -> Value {
    json_of(server.post("/auth/passkeys/begin", token, json!({"password": PASSWORD})).await, 200).await
}

async fn send_new(server: &TestServer, token: &str, begun: &Value, credential: Value) -> Response {
    let body = json!({"challenge": begun["challenge"], "name": "Phone", "credential": credential});
    server.post("/auth/passkeys", token, body).await
}

async fn add(server: &TestServer, token: &str, authenticator: &Authenticator) -> Value {
    let begun = begin(server, token).await;
    json_of(send_new(server, token, &begun, authenticator.create(&begun["options"])).await, 201).await
}

async fn log_in(server: &TestServer, name: &str) -> Value {
    json_of(server.post("/auth/login", "", json!({"username": name, "password": PASSWORD})).await, 202).await
}

/// A login that waits, with what the authenticator is asked.
async fn question(server: &TestServer, name: &str) -> Value {
    let due = log_in(server, name).await;
    let body = json!({"challenge": due["challenge"]});
    json_of(server.post("/auth/login/passkey/begin", "", body).await, 200).await
}

async fn answer(server: &TestServer, question: &Value, credential: Value) -> Response {
    let body = json!({"challenge": question["challenge"], "credential": credential});
    server.post("/auth/login/passkey", "", body).await
}

async fn a_passkey_is_a_second_factor_beside_the_password(database: Database) {
    let server = start(database).await;
    let (id, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let mut phone = Authenticator::new(b"phone of ann");
    let begun = begin(&server, &token).await;
    let options = &begun["options"];
    assert_eq!((&options["rp"]["id"], &options["attestation"]), (&json!("track.example.org"), &json!("none")));
    assert!(!options["user"]["id"].as_str().unwrap().contains("ann"), "the authenticator learns no name as an id");
    let added = json_of(send_new(&server, &token, &begun, phone.create(options)).await, 201).await;
    let codes = added["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);

    let due = log_in(&server, "ann").await;
    assert_eq!(due["second_factor"], json!(["passkey"]));
    phone.counter = 5;
    let asked = question(&server, "ann").await;
    assert_eq!(asked["options"]["allowCredentials"], json!([{"type": "public-key", "id": encode(&phone.id)}]));
    let opened = answer(&server, &asked, phone.get(&asked["options"])).await;
    assert_eq!(opened.status(), 204);
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me = server.http.get(format!("{}/auth/me", server.url)).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(json_of(me, 200).await["id"], id);

    // Programs of the user have a recovery code, once, and nothing else.
    let login = |code: Value| json!({"username": "ann", "password": PASSWORD, "totp": code});
    let refused = json_of(server.post("/api/token", "", login(Value::Null)).await, 401).await;
    assert_eq!(refused["second_factor"], json!(["passkey"]));
    assert_eq!(server.post("/api/token", "", login(json!("123456"))).await.status(), 401);
    assert_eq!(server.post("/api/token", "", login(codes[0].clone())).await.status(), 200);
    assert_eq!(server.post("/api/token", "", login(codes[0].clone())).await.status(), 401);
    let due = log_in(&server, "ann").await;
    let body = json!({"challenge": due["challenge"], "code": codes[1]});
    assert_eq!(server.post("/auth/login/totp", "", body).await.status(), 204);

    // A second one brings no new codes, and with an app beside it either does.
    let key = Authenticator::with_ed25519(b"key of ann");
    assert_eq!(add(&server, &token, &key).await.get("recovery_codes"), None);
    let asked = question(&server, "ann").await;
    assert_eq!(answer(&server, &asked, key.get(&asked["options"])).await.status(), 204);
    let listed = server.get_json("/auth/passkeys", &token).await;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["unavailable"]), (2, &Value::Null));
    assert!(listed["items"][0]["last_used_at"].is_string() && listed["items"][0]["name"] == "Phone", "{listed}");
    let removed = format!("/auth/passkeys/{}", added["id"]);
    let password = Some(json!({"password": PASSWORD}));
    assert_eq!(server.call(Method::DELETE, &removed, &token, password.clone()).await.status(), 204);
    assert_eq!(server.call(Method::DELETE, &removed, &token, password).await.status(), 404);
    let asked = question(&server, "ann").await;
    assert_eq!(answer(&server, &asked, phone.get(&asked["options"])).await.status(), 401);
}

async fn answers_that_are_not_of_this_login_are_refused(database: Database) {
    let server = start(database).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (_, of_bob) = server.add_user(json!({"username": "bob", "role": "manager"})).await;
    let mut phone = Authenticator { counter: 10, ..Authenticator::new(b"phone of ann") };
    let theirs = Authenticator::new(b"phone of bob");
    add(&server, &token, &phone).await;
    add(&server, &of_bob, &theirs).await;
    phone.counter = 11;
    let asked = question(&server, "ann").await;
    let right = phone.get(&asked["options"]);
    assert_eq!(answer(&server, &asked, right.clone()).await.status(), 204);
    assert_eq!(answer(&server, &asked, right.clone()).await.status(), 401, "the same again");

    // A challenge of one kind is good for no other.
    let begun = begin(&server, &token).await;
    assert_eq!(answer(&server, &begun, phone.get(&begun["options"])).await.status(), 401);
    type Change<'a> = (&'a str, Box<dyn Fn(&mut Authenticator)>);
    let changes: [Change<'_>; 8] = [
        ("another origin", Box::new(|phone| phone.origin = "https://evil.example")),
        ("the origin with a port", Box::new(|phone| phone.origin = "https://track.example.org:8443")),
        ("http", Box::new(|phone| phone.origin = "http://track.example.org")),
        ("another site's passkey", Box::new(|phone| phone.party = "evil.example")),
        ("within a frame", Box::new(|phone| phone.more = json!({"crossOrigin": true}))),
        ("another question", Box::new(|phone| phone.more = json!({"type": "webauthn.create"}))),
        ("nobody there", Box::new(|phone| phone.flags = VERIFIED)),
        ("another challenge", Box::new(|phone| phone.more = json!({"challenge": encode("mpc_x")}))),
    ];
    phone.counter = 12;
    for (what, change) in changes {
        let asked = question(&server, "ann").await;
        let (origin, party, flags, more) = (phone.origin, phone.party, phone.flags, phone.more.clone());
        change(&mut phone);
        let wrong = phone.get(&asked["options"]);
        (phone.origin, phone.party, phone.flags, phone.more) = (origin, party, flags, more);
        assert_eq!(answer(&server, &asked, wrong).await.status(), 401, "{what}");
        let late = phone.get(&asked["options"]);
        assert_eq!(answer(&server, &asked, late).await.status(), 401, "{what}: a wrong answer ends the login");
        // Three wrong ones are an attack on the password too.
        server.clock.turn(Duration::from_secs(600));
    }
    let refuse = async |what: &str, credential: &dyn Fn(&Value) -> Value| {
        let asked = question(&server, "ann").await;
        assert_eq!(answer(&server, &asked, credential(&asked["options"])).await.status(), 401, "{what}");
        server.clock.turn(Duration::from_secs(600));
    };
    refuse("another's passkey", &|options| theirs.get(options)).await;
    refuse("another's key under this name", &|options| {
        let mut credential = theirs.get(options);
        credential["id"] = json!(encode(b"phone of ann"));
        credential
    })
    .await;
    refuse("an answer of before", &|_| right.clone()).await;
    refuse("a changed signature", &|options| {
        let mut credential = phone.get(options);
        credential["response"]["signature"] = json!(encode([0_u8; 70]));
        credential
    })
    .await;
    for counter in [11, 3, 0] {
        let copy = Authenticator { counter, ..phone };
        let asked = question(&server, "ann").await;
        assert_eq!(answer(&server, &asked, copy.get(&asked["options"])).await.status(), 401, "{counter}: a copy");
        phone = copy;
        server.clock.turn(Duration::from_secs(600));
    }
    // A challenge ends after five minutes.
    phone.counter = 20;
    let asked = question(&server, "ann").await;
    server.clock.turn(Duration::from_secs(301));
    assert_eq!(answer(&server, &asked, phone.get(&asked["options"])).await.status(), 401);
    let asked = question(&server, "ann").await;
    assert_eq!(
        answer(&server, &asked, phone.get(&asked["options"])).await.status(),
        204,
        "the right one is good still"
    );
    let broken = json!({"id": "!", "response": {"clientDataJSON": "", "authenticatorData": "", "signature": ""}});
    assert_eq!(answer(&server, &asked, broken).await.status(), 422);
    let path = format!("/api/v1/audit?action=login.failed&subject=user:{ann}");
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    loop {
        let failed = server.get_json(&path, &server.admin).await["items"].clone();
        let failed = failed.as_array().unwrap();
        if failed.iter().filter(|row| row["after"]["wrong"] == "passkey").count() == 15 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{failed:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn keys_that_were_not_made_for_this_user_are_refused(database: Database) {
    let server = start(database).await;
    let (_, ann) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (_, bob) = server.add_user(json!({"username": "bob", "role": "manager"})).await;
    let phone = Authenticator::new(b"phone of ann");
    let begun = begin(&server, &ann).await;
    let made = phone.create(&begun["options"]);
    assert_eq!(send_new(&server, &bob, &begun, made.clone()).await.status(), 409, "another's challenge");
    assert_eq!(send_new(&server, &ann, &begun, made).await.status(), 409, "it has ended with that");
    for (what, wrong) in [
        ("origin", Authenticator { origin: "https://evil.example", ..Authenticator::new(b"x") }),
        ("site", Authenticator { party: "evil.example", ..Authenticator::new(b"x") }),
        ("nobody", Authenticator { flags: 0, ..Authenticator::new(b"x") }),
        ("no name", Authenticator::new(b"")),
        ("long name", Authenticator::new(&[1; 1024])),
        ("challenge", Authenticator { more: json!({"challenge": "x"}), ..Authenticator::new(b"x") }),
        ("question", Authenticator { more: json!({"type": "webauthn.get"}), ..Authenticator::new(b"x") }),
    ] {
        let begun = begin(&server, &ann).await;
        assert_eq!(send_new(&server, &ann, &begun, wrong.create(&begun["options"])).await.status(), 422, "{what}");
    }
    let object =
        URL_SAFE_NO_PAD.decode(phone.create(&begun["options"])["response"]["attestationObject"].as_str().unwrap());
    let object = object.unwrap();
    for length in [0, 1, 20, object.len() / 2, object.len() - 1] {
        let begun = begin(&server, &ann).await;
        let mut cut = phone.create(&begun["options"]);
        cut["response"]["attestationObject"] = json!(encode(&object[..length]));
        assert_eq!(send_new(&server, &ann, &begun, cut).await.status(), 422, "{length} bytes");
    }
    add(&server, &ann, &phone).await;
    let begun = begin(&server, &bob).await;
    let taken = send_new(&server, &bob, &begun, phone.create(&begun["options"])).await;
    assert_eq!(taken.status(), 409, "it is ann's");
    assert_eq!(server.get_json("/auth/passkeys", &bob).await["items"], json!([]));
    // Who has one shows to be still there before adding another.
    server.clock.turn(Duration::from_secs(301));
    assert_eq!(server.post("/auth/passkeys/begin", &ann, json!({})).await.status(), 403);
    assert_eq!(server.post("/auth/passkeys/begin", &ann, json!({"password": "x"})).await.status(), 403);
    begin(&server, &ann).await;
}

async fn a_passkey_stands_for_a_fresh_login(database: Database) {
    let server = start(database).await;
    let (_, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (_, of_bob) = server.add_user(json!({"username": "bob", "role": "manager"})).await;
    assert_eq!(server.post("/auth/step-up/begin", &token, json!({})).await.status(), 409, "there is none");
    let mut phone = Authenticator::new(b"phone of ann");
    add(&server, &token, &phone).await;
    server.clock.turn(Duration::from_secs(301));
    let is_fresh = async || {
        let answer = server.post("/auth/passkeys/begin", &token, json!({})).await;
        answer.status() == 200
    };
    let ask = async |token: &str| json_of(server.post("/auth/step-up/begin", token, json!({})).await, 200).await;
    let show = async |token: &str, asked: &Value, credential: Value| {
        let body = json!({"challenge": asked["challenge"], "credential": credential});
        server.post("/auth/step-up", token, body).await.status().as_u16()
    };
    assert!(!is_fresh().await);
    let asked = ask(&token).await;
    assert_eq!(asked["options"]["userVerification"], "required");
    phone.flags = PRESENT;
    assert_eq!(show(&token, &asked, phone.get(&asked["options"])).await, 403, "anybody may have touched it");
    phone.flags = PRESENT | VERIFIED;
    let asked = ask(&token).await;
    assert_eq!(show(&of_bob, &asked, phone.get(&asked["options"])).await, 403, "another's");
    let asked = question(&server, "ann").await;
    assert_eq!(show(&token, &asked, phone.get(&asked["options"])).await, 403, "a login's");
    assert!(!is_fresh().await);
    let asked = ask(&token).await;
    assert_eq!(show(&token, &asked, phone.get(&asked["options"])).await, 204);
    assert_eq!(show(&token, &asked, phone.get(&asked["options"])).await, 403, "the same again");
    assert!(is_fresh().await);
    server.clock.turn(Duration::from_secs(301));
    assert!(!is_fresh().await);
}

async fn a_role_can_demand_one_and_an_admin_resets_it(database: Database) {
    let server = start(database).await;
    let (boss, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let roles = Some(json!({"roles": ["manager"]}));
    assert_eq!(server.call(Method::PUT, "/api/v1/second-factor", &admin, roles).await.status(), 200);
    let refused = json_of(server.get("/api/v1/vehicles", &token).await, 403).await;
    assert_eq!(refused["second_factor"], json!(["totp", "passkey"]));
    let phone = Authenticator::new(b"phone of ann");
    let added = add(&server, &token, &phone).await;
    assert_eq!(server.get("/api/v1/vehicles", &token).await.status(), 200);
    let path = format!("/auth/passkeys/{}", added["id"]);
    let password = Some(json!({"password": PASSWORD}));
    assert_eq!(server.call(Method::DELETE, &path, &token, password).await.status(), 409, "it is the last one");

    let path = format!("/api/v1/users/{ann}/passkeys");
    assert_eq!(server.call(Method::DELETE, &path, &token, None).await.status(), 403);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 204);
    assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 404);
    assert_eq!(server.get("/api/v1/vehicles", &token).await.status(), 403);
    let login = json!({"username": "ann", "password": PASSWORD});
    assert_eq!(server.post("/auth/login", "", login).await.status(), 204, "nothing is asked for any more");
    let filter = format!("/api/v1/audit?subject=user:{ann}&action=");
    let made = server.get_json(&format!("{filter}second_factor.create"), &admin).await["items"].clone();
    assert_eq!((&made[0]["actor"], &made[0]["after"]), (&json!(ann), &json!({"kind": "passkey"})));
    let reset = server.get_json(&format!("{filter}second_factor.delete"), &admin).await["items"].clone();
    assert_eq!((&reset[0]["actor"], &reset[0]["after"]), (&json!(boss), &json!({"kind": "passkey"})));
}

#[tokio::test]
async fn passkeys_need_a_name() {
    for (url, reason) in [("https://192.0.2.7:8443", "need a name"), ("http://track.example.org", "need https")] {
        let server = TestServer::start_with(&[("PUBLIC_URL", url)]).await;
        let (_, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
        let listed = server.get_json("/auth/passkeys", &token).await;
        assert!(listed["unavailable"].as_str().unwrap().contains(reason), "{listed}");
        let refused = json_of(server.post("/auth/passkeys/begin", &token, json!({})).await, 409).await;
        assert!(refused["detail"].as_str().unwrap().contains(reason), "{refused}");
    }
}
