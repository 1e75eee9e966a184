//! A browser that subscribed to pushes, and the checks of a push service, as RFC 8291 and RFC 8292 define them.

use crate::support::signing::{claims_by_es256, now_ms};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milepost_test_support::Received;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use serde_json::{Value, json};

/// The claims of a call's token, checked against `public_key` and the push service's `origin`.
pub fn vapid_claims(call: &Received, public_key: &str, origin: &str) -> Value {
    let (token, key) = call.header("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, public_key);
    let point = URL_SAFE_NO_PAD.decode(key).unwrap();
    let claims = claims_by_es256(token, &point);
    assert_eq!(claims["aud"], origin);
    assert!(claims["exp"].as_i64().unwrap() > now_ms() / 1000);
    claims
}

/// The keys of a browser's subscription.
pub struct Browser {
    key: SecretKey,
    auth: [u8; 16],
}

impl Browser {
    pub fn new(number: u8) -> Self {
        Self { key: SecretKey::from_slice(&[number; 32]).unwrap(), auth: [number; 16] }
    }

    /// The result of `JSON.stringify(subscription)`.
    pub fn subscription(&self, endpoint: &str) -> Value {
        let point = self.key.public_key().to_sec1_point(false);
        let keys = json!({
            "p256dh": URL_SAFE_NO_PAD.encode(point.as_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth),
        });
        json!({"endpoint": endpoint, "expirationTime": null, "keys": keys})
    }

    /// Decrypts a push, if it was encrypted for this browser.
    pub fn read(&self, body: &[u8]) -> Option<Value> {
        assert!(body.len() <= 4_096);
        let (salt, rest) = body.split_at(16);
        assert_eq!(rest[..5], [0, 0, 16, 0, 65], "one record of at most 4096 bytes, and a key of 65");
        let (sender, record) = rest[5..].split_at(65);
        let sender_key = PublicKey::from_sec1_bytes(sender).unwrap();
        let shared = p256::ecdh::diffie_hellman(self.key.to_nonzero_scalar(), sender_key.as_affine());
        let own = self.key.public_key().to_sec1_point(false);
        let input = expand(&self.auth, shared.raw_secret_bytes(), &[b"WebPush: info\0", own.as_bytes(), sender], 32);
        let key = expand(salt, &input, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = expand(salt, &input, &[b"Content-Encoding: nonce\0"], 12);

        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let mut record = record.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut record).ok()?;
        let (end, text) = text.split_last().unwrap();
        assert_eq!(*end, 2, "the last record");
        Some(serde_json::from_slice(text).unwrap())
    }
}

struct ByteCount(usize);

impl KeyType for ByteCount {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(salt: &[u8], input: &[u8], info: &[&[u8]], bytes: usize) -> Vec<u8> {
    let mut output = vec![0; bytes];
    let secret = Salt::new(HKDF_SHA256, salt).extract(input);
    secret.expand(info, ByteCount(bytes)).unwrap().fill(&mut output).unwrap();
    output
}
