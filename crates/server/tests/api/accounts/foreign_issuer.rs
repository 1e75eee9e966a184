//! Tokens of another issuer: RS256, ES256 and EdDSA by key file, and a key set.

use crate::support::TestServer;
use crate::support::signing::{sign_with_key, sign_with_secret};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

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

#[tokio::test]
async fn a_key_set_is_searched_by_key_id() {
    use base64::Engine;
    let folder = tempfile::tempdir().unwrap();
    let (private, _) = key_pair(folder.path(), "EdDSA");
    openssl(folder.path(), &["pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der"]);
    let der = std::fs::read(folder.path().join("public.der")).unwrap();
    // The last 32 bytes of the DER form are the key (RFC 8410).
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&der[der.len() - 32..]);
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig", "x": x}]});
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set.to_string()).unwrap();
    let server = TestServer::start_with(&[("JWKS_FILE", path.to_str().unwrap())]).await;
    let claims = json!({"user_id": 901, "role": "rider", "company_id": 12, "exp": 4_102_444_800_i64});
    let sign = |key_id: &str| sign_with_key(&json!({"typ": "JWT", "alg": "EdDSA", "kid": key_id}), &claims, &private);
    assert_eq!(server.get_json("/auth/me", &sign("k1")).await["tenant"], "12");
    assert_eq!(server.get("/auth/me", &sign("k2")).await.status(), 401);
}
