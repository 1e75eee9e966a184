//! Tokens for tests, signed and checked as other programs do, without the library that the server uses.

use crate::support::SECRET;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Value, json};

/// A token of a user that is not stored, valid for ten minutes. Its claims alone decide its rights.
pub fn claims_token(subject: &str, role: &str, tenant: &str) -> String {
    token_for(subject, role, tenant, 600)
}

/// The same, valid for `seconds`.
pub fn token_for(subject: &str, role: &str, tenant: &str, seconds: i64) -> String {
    sign(&json!({"sub": subject, "role": role, "tenant": tenant, "exp": now_ms() / 1000 + seconds}))
}

/// The same with a `cadet_id`, if one is given.
pub fn cadet_token(subject: &str, role: &str, tenant: &str, cadet_id: impl Into<Option<i64>>) -> String {
    let mut claims = json!({"sub": subject, "role": role, "tenant": tenant, "exp": now_ms() / 1000 + 600});
    if let Some(cadet_id) = cadet_id.into() {
        claims["cadet_id"] = json!(cadet_id);
    }
    sign(&claims)
}

/// A token of an admin who is not stored, valid until 2100.
pub fn operator_token() -> String {
    sign(&json!({"sub": "ops", "role": "admin", "exp": 4_102_444_800_i64}))
}

/// Milliseconds since 1970 by the machine's clock.
pub fn now_ms() -> i64 {
    milepost_clock::Clock::system().now().unix_ms()
}

/// A token with these claims, signed with the server's own secret.
pub fn sign(claims: &Value) -> String {
    sign_with_secret(claims, SECRET.as_bytes())
}

/// The same with another secret.
pub fn sign_with_secret(claims: &Value, secret: &[u8]) -> String {
    hs256(&json!({"typ": "JWT", "alg": "HS256"}), claims, secret)
}

/// The same with the server's own secret and another header.
pub fn sign_with_header(header: &Value, claims: &Value) -> String {
    hs256(header, claims, SECRET.as_bytes())
}

fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = unsigned(header, claims);
    let signature = hmac::sign(&hmac::Key::new(HMAC_SHA256, secret), signed.as_bytes());
    joined(&signed, signature.as_ref())
}

/// A token signed with a private key (PKCS #8); the header's `alg` says how.
pub fn sign_with_key(header: &Value, claims: &Value, private_key: &[u8]) -> String {
    let (signed, random) = (unsigned(header, claims), SystemRandom::new());
    let signature = match header["alg"].as_str().unwrap() {
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(private_key).unwrap();
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
            signature
        }
        "ES256" => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_key, &random).unwrap();
            key.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
        }
        "EdDSA" => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(private_key).unwrap();
            key.sign(signed.as_bytes()).as_ref().to_vec()
        }
        other => panic!("{other} is not signed here"),
    };
    joined(&signed, &signature)
}

/// The claims of a token, checked against `public_point` of P-256.
pub fn claims_by_es256(token: &str, public_point: &[u8]) -> Value {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_point);
    key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).expect("a signature of this key");
    let claims = signed.split_once('.').unwrap().1;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn joined(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
