//! Tokens of another issuer: RS256, ES256 and EdDSA by key file, and a key set.

use crate::support::signing::{now_ms, sign, sign_with_header, sign_with_key, sign_with_secret};
use crate::support::{PATIENCE, TestServer, json_of};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

fn openssl(folder: &Path, args: &[&str]) {
    let output = Command::new("openssl").args(args).current_dir(folder).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A fresh key pair: the private one as PKCS #8, and the public one's PEM file.
fn key_pair(folder: &Path, algorithm: &str) -> (Vec<u8>, PathBuf) {
    let make: &[&str] = match algorithm {
        "RS256" => &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "private.pem"],
        "ES256" => &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "private.pem"],
        _ => &["genpkey", "-algorithm", "ed25519", "-out", "private.pem"],
    };
    openssl(folder, make);
    openssl(folder, &["pkey", "-in", "private.pem", "-pubout", "-out", "public.pem"]);
    openssl(folder, &["pkcs8", "-topk8", "-nocrypt", "-in", "private.pem", "-outform", "DER", "-out", "private.der"]);
    (std::fs::read(folder.join("private.der")).unwrap(), folder.join("public.pem"))
}

#[tokio::test]
async fn each_kind_of_public_key_opens_the_api_for_its_issuer_alone() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = key_pair(folder.path(), algorithm);
        let server = TestServer::start_with(&[("JWT_PUBLIC_KEY_FILE", public.to_str().unwrap())]).await;
        let claims = json!({"sub": "900", "role": "driver", "tenant": "acme", "exp": 4_102_444_800_i64});
        let header = json!({"typ": "JWT", "alg": algorithm});
        let token = sign_with_key(&header, &claims, &private);
        let me = server.get_json("/auth/me", &token).await;
        assert_eq!((me["role"].as_str(), me["tenant"].as_str()), (Some("driver"), Some("acme")), "{algorithm:?}");

        // A token signed with an unknown key of the same kind is refused.
        let other = tempfile::tempdir().unwrap();
        let (stranger, _) = key_pair(other.path(), algorithm);
        let forged = sign_with_key(&header, &claims, &stranger);
        assert_eq!(server.get("/auth/me", &forged).await.status(), 401, "{algorithm:?}");

        // A public key is no secret: a token that uses it as an HMAC secret is refused.
        let confused = sign_with_secret(&claims, &std::fs::read(&public).unwrap());
        assert_eq!(server.get("/auth/me", &confused).await.status(), 401, "{algorithm:?}");
    }
}

/// A key set with one new Ed25519 key, whose id is `key_id`, and the private key.
fn key_set(folder: &Path, key_id: &str) -> (Vec<u8>, serde_json::Value) {
    use base64::Engine;
    let (private, _) = key_pair(folder, "EdDSA");
    openssl(folder, &["pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der"]);
    let der = std::fs::read(folder.join("public.der")).unwrap();
    // The last 32 bytes of the DER form are the key itself (RFC 8410).
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&der[der.len() - 32..]);
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": key_id, "alg": "EdDSA", "use": "sig", "x": x}]});
    (private, set)
}

fn unix_s() -> i64 {
    now_ms() / 1000
}

#[tokio::test]
async fn a_key_set_is_searched_by_key_id_and_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (private, set) = key_set(folder.path(), "k1");
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set.to_string()).unwrap();
    let server = TestServer::start_with(&[("JWKS_FILE", path.to_str().unwrap())]).await;
    let claims = json!({"user_id": 901, "role": "rider", "company_id": 12, "exp": 4_102_444_800_i64});
    let sign = |key_id: &str, private: &[u8]| {
        sign_with_key(&json!({"typ": "JWT", "alg": "EdDSA", "kid": key_id}), &claims, private)
    };
    assert_eq!(server.get_json("/auth/me", &sign("k1", &private)).await["tenant"], "12");
    assert_eq!(server.get("/auth/me", &sign("k2", &private)).await.status(), 401);

    // A file that is no key set changes nothing; the next one replaces the keys.
    std::fs::write(&path, "{").unwrap();
    server.clock.turn(Duration::from_secs(6));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.get("/auth/me", &sign("k1", &private)).await.status(), 200);
    let (next, set) = key_set(folder.path(), "k2");
    std::fs::write(&path, set.to_string()).unwrap();
    let begun = Instant::now();
    while server.get("/auth/me", &sign("k2", &next)).await.status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the new key is read");
        server.clock.turn(Duration::from_secs(6));
    }
    assert_eq!(server.get("/auth/me", &sign("k1", &private)).await.status(), 401, "the old key is trusted no longer");
}

#[tokio::test]
async fn tokens_for_other_applications_are_refused_where_issuer_and_audience_are_set() {
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = key_pair(folder.path(), "EdDSA");
    let settings = [
        ("JWT_PUBLIC_KEY_FILE", public.to_str().unwrap()),
        ("JWT_ISSUER", "https://id.example.org"),
        ("JWT_AUDIENCE", "milepost"),
    ];
    let server = TestServer::start_with(&settings).await;
    let token = |iss: serde_json::Value, aud: serde_json::Value| {
        let claims = json!({"sub": "x", "role": "driver", "exp": 4_102_444_800_i64, "iss": iss, "aud": aud});
        sign_with_key(&json!({"alg": "EdDSA"}), &claims, &private)
    };
    let issuer = || json!("https://id.example.org");
    for (iss, aud, status) in [
        (issuer(), json!("milepost"), 200),
        (issuer(), json!(["account", "milepost"]), 200),
        (issuer(), json!("account"), 401),
        (issuer(), json!([]), 401),
        (issuer(), json!(null), 401),
        (json!("https://id.example.org/"), json!("milepost"), 401),
        (json!(null), json!("milepost"), 401),
    ] {
        let shown = format!("{iss} {aud}");
        assert_eq!(server.get("/auth/me", &token(iss, aud)).await.status(), status, "{shown}");
    }
    let own = sign(&json!({"sub": "x", "role": "driver", "exp": 4_102_444_800_i64}));
    assert_eq!(server.get("/auth/me", &own).await.status(), 200, "the server's own tokens need neither");
}

#[tokio::test]
async fn claims_that_are_not_needed_refuse_no_token() {
    let server = TestServer::start().await;
    let with = |extra: serde_json::Value| {
        let mut claims = json!({"sub": "x", "role": "driver", "tenant": "acme", "exp": unix_s() + 99});
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        sign(&claims)
    };
    for extra in [
        json!({"vehicle_ids": null, "cadet_id": null, "nbf": null, "company_id": null, "user_id": null}),
        json!({"vehicle_ids": [1, "b"]}),
        json!({"vehicle_ids": "b1"}),
        json!({"cadet_id": 7.0}),
        json!({"cadet_id": "seven"}),
        json!({"account": "acme"}),
        json!({"account": true}),
        json!({"account": true, "pwf": 7}),
        json!({"token_type": 1}),
        json!({"nbf": "soon", "iat": [1]}),
        json!({"nbf": unix_s() + 50, "iat": unix_s() + 50}),
    ] {
        assert_eq!(server.get("/auth/me", &with(extra.clone())).await.status(), 200, "{extra}");
    }
    for extra in [
        json!({"nbf": unix_s() + 90}),
        json!({"iat": unix_s() + 90}),
        json!({"iat": (unix_s() + 90).to_string()}),
        json!({"exp": unix_s() - 1}),
        json!({"tenant": true}),
        json!({"role": ["driver"]}),
        json!({"role": "king"}),
    ] {
        assert_eq!(server.get("/auth/me", &with(extra.clone())).await.status(), 401, "{extra}");
    }
    let cadet =
        |id: serde_json::Value| sign(&json!({"sub": "c", "role": "cadet", "cadet_id": id, "exp": unix_s() + 99}));
    let made = server.post("/api/v1/cadets", &server.admin, json!({"name": "Ana"})).await;
    let id = json_of(made, 201).await["id"].as_i64().unwrap();
    for form in [json!(id), json!(id as f64), json!(id.to_string())] {
        let path = format!("/api/v1/cadets/{id}");
        assert_eq!(server.get(&path, &cadet(form.clone())).await.status(), 200, "{form}");
    }
}

#[tokio::test]
async fn an_extension_that_must_be_understood_refuses_the_token() {
    let server = TestServer::start().await;
    let claims = json!({"sub": "x", "role": "driver", "exp": unix_s() + 99});
    let token = |header: &serde_json::Value| sign_with_header(header, &claims);
    assert_eq!(server.get("/auth/me", &token(&json!({"alg": "HS256"}))).await.status(), 200);
    let critical = json!({"alg": "HS256", "crit": ["b64"], "b64": false});
    assert_eq!(server.get("/auth/me", &token(&critical)).await.status(), 401);
}
