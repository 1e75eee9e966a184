//! Identifies this server to push services: VAPID, RFC 8292. A browser subscribes for the server's public key, and its push
//! service accepts calls with that key only.

use crate::aes128gcm::new_secret_key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milepost_domain::Timestamp;
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use reqwest::Url;
use serde_json::json;

/// The life of a signature. Push services accept at most 24 h, and their clocks may differ from this one.
const GOOD_FOR_S: i64 = 12 * 3_600;

/// The key that signs calls, and the contact for push services.
pub struct Vapid {
    key: SigningKey,
    public_key: String,
    subject: Option<String>,
}

impl Vapid {
    /// Of a private key as every tool for Web Push writes it: 32 bytes in base64url. `subject` is `mailto:…` or `https://…`,
    /// see [`crate::check_push_subject`].
    ///
    /// # Errors
    /// A description of a valid key.
    pub fn new(private_key: &str, subject: Option<String>) -> Result<Self, &'static str> {
        const TAKES: &str =
            "must be a private key of P-256: 32 bytes in base64url, such as npx web-push generate-vapid-keys makes";
        let bytes = URL_SAFE_NO_PAD.decode(private_key.trim_end_matches('=')).map_err(|_| TAKES)?;
        let key = SecretKey::from_slice(&bytes).ok().filter(|_| bytes.len() == 32).ok_or(TAKES)?;
        let public_key = URL_SAFE_NO_PAD.encode(key.public_key().to_sec1_point(false).as_bytes());
        Ok(Self { key: SigningKey::from(&key), public_key, subject })
    }

    /// The `applicationServerKey` with which a page subscribes: 65 bytes in base64url.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The value of the header `Authorization` of a call to this endpoint.
    pub(crate) fn authorization(&self, endpoint: &Url, now: Timestamp) -> String {
        let mut claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": now.unix_ms().div_euclid(1_000) + GOOD_FOR_S,
        });
        if let Some(subject) = &self.subject {
            claims["sub"] = json!(subject);
        }
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), self.public_key)
    }
}

/// Never shows the private key.
impl std::fmt::Debug for Vapid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vapid").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// A new private key, as [`Vapid::new`] takes it.
pub fn new_vapid_key() -> String {
    URL_SAFE_NO_PAD.encode(new_secret_key().to_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use serde_json::Value;

    #[test]
    fn a_push_service_can_check_who_calls() {
        let vapid = Vapid::new(&new_vapid_key(), Some("mailto:ops@example.org".to_owned())).unwrap();
        let endpoint = Url::parse("https://push.example:8443/p/JzLQ3raZJfFBR0aqvOMsLrt54w4").unwrap();
        let now = Timestamp::from_unix_ms(1_795_132_800_999).unwrap();
        let header = vapid.authorization(&endpoint, now);
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public_key());

        let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let expected = json!({
            "aud": "https://push.example:8443", "exp": 1_795_132_800 + 43_200, "sub": "mailto:ops@example.org",
        });
        assert_eq!(claims, expected);
    }

    /// RFC 8291's sample pair.
    #[test]
    fn the_public_key_follows_from_the_private_one() {
        let vapid = Vapid::new("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", None).unwrap();
        let public = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
        assert_eq!(vapid.public_key(), public);
        assert!(!format!("{vapid:?}").contains("yfWPiYE"));
    }

    #[test]
    fn an_invalid_private_key_is_refused() {
        let (zero, large) = (URL_SAFE_NO_PAD.encode([0; 32]), URL_SAFE_NO_PAD.encode([255; 32]));
        for wrong in ["", "key", &zero, &large, &URL_SAFE_NO_PAD.encode([7; 24]), &URL_SAFE_NO_PAD.encode([7; 33])] {
            assert!(Vapid::new(wrong, None).is_err(), "{wrong}");
        }
        assert_ne!(new_vapid_key(), new_vapid_key());
    }
}
