//! Tokens of another issuer: RS256, ES256 and EdDSA by key file, and a key set.

use crate::support::TestServer;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

fn openssl(folder: &Path, args: &[&str]) {
    let output = Command::new("openssl").args(args).current_dir(folder).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A fresh key pair: the private one's PEM, and the public one's file.
fn key_pair(folder: &Path, algorithm: Algorithm) -> (Vec<u8>, PathBuf) {
    let make: &[&str] = match algorithm {
        Algorithm::RS256 => {
            &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "private.pem"]
        }
        Algorithm::ES256 => {
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "private.pem"]
        }
        _ => &["genpkey", "-algorithm", "ed25519", "-out", "private.pem"],
    };
    openssl(folder, make);
    openssl(folder, &["pkey", "-in", "private.pem", "-pubout", "-out", "public.pem"]);
    (std::fs::read(folder.join("private.pem")).unwrap(), folder.join("public.pem"))
}

fn signing_key(algorithm: Algorithm, pem: &[u8]) -> EncodingKey {
    match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(pem),
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
        _ => EncodingKey::from_ed_pem(pem),
    }
    .unwrap()
}

#[tokio::test]
async fn each_kind_of_public_key_opens_the_api_for_its_issuer_alone() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = key_pair(folder.path(), algorithm);
        let server = TestServer::start_with(&[("JWT_PUBLIC_KEY_FILE", public.to_str().unwrap())]).await;
        let claims = json!({"sub": "900", "role": "driver", "tenant": "acme", "exp": 4_102_444_800_i64});
        let token = encode(&Header::new(algorithm), &claims, &signing_key(algorithm, &private)).unwrap();
        let me = server.get_json("/auth/me", &token).await;
        assert_eq!((me["role"].as_str(), me["tenant"].as_str()), (Some("driver"), Some("acme")), "{algorithm:?}");

        // A stranger's key of the same kind opens nothing.
        let other = tempfile::tempdir().unwrap();
        let (stranger, _) = key_pair(other.path(), algorithm);
        let forged = encode(&Header::new(algorithm), &claims, &signing_key(algorithm, &stranger)).unwrap();
        assert_eq!(server.get("/auth/me", &forged).await.status(), 401, "{algorithm:?}");

        // The public key is public: as an HMAC secret it opens nothing.
        let confused = EncodingKey::from_secret(&std::fs::read(&public).unwrap());
        let confused = encode(&Header::new(Algorithm::HS256), &claims, &confused).unwrap();
        assert_eq!(server.get("/auth/me", &confused).await.status(), 401, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_key_set_is_searched_by_key_id() {
    use base64::Engine;
    let folder = tempfile::tempdir().unwrap();
    let (private, _) = key_pair(folder.path(), Algorithm::EdDSA);
    openssl(folder.path(), &["pkey", "-pubin", "-in", "public.pem", "-outform", "DER", "-out", "public.der"]);
    let der = std::fs::read(folder.path().join("public.der")).unwrap();
    // The last 32 bytes of the DER form are the key itself (RFC 8410).
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&der[der.len() - 32..]);
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig", "x": x}]});
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set.to_string()).unwrap();
    let server = TestServer::start_with(&[("JWKS_FILE", path.to_str().unwrap())]).await;
    let claims = json!({"user_id": 901, "role": "rider", "company_id": 12, "exp": 4_102_444_800_i64});
    let sign = |key_id: &str| {
        let header = Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &signing_key(Algorithm::EdDSA, &private)).unwrap()
    };
    assert_eq!(server.get_json("/auth/me", &sign("k1")).await["tenant"], "12");
    assert_eq!(server.get("/auth/me", &sign("k2")).await.status(), 401);
}
