//! Encrypts what is pushed, so that only the browser can read it: RFC 8291, in the coding `aes128gcm` of RFC 8188.

use milepost_domain::PushKeys;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey, ecdh::diffie_hellman};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};

/// The record size in the head. There is one record, and it is shorter.
const RECORD_BYTES: u32 = 4_096;
/// The largest body that every push service accepts.
const MAX_BODY_BYTES: usize = 4_096;
/// Salt, record size, length of the key, key.
const HEAD_BYTES: usize = 16 + 4 + 1 + 65;
/// The end of the last record, and AES-GCM's tag.
const TAIL_BYTES: usize = 1 + 16;
/// The longest text that can be pushed.
pub(crate) const MAX_TEXT_BYTES: usize = MAX_BODY_BYTES - HEAD_BYTES - TAIL_BYTES;

/// Encrypts the body of a request with a new key pair and salt.
pub(crate) fn encrypt(text: &[u8], keys: &PushKeys) -> Result<Vec<u8>, &'static str> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| "the operating system gives no random bytes")?;
    seal(text, keys, &new_secret_key(), salt)
}

/// Whether the browser's key is a point of the curve.
pub(crate) fn is_on_curve(keys: &PushKeys) -> bool {
    PublicKey::from_sec1_bytes(&keys.p256dh).is_ok()
}

/// A secret key of P-256.
pub(crate) fn new_secret_key() -> SecretKey {
    loop {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        // One number in four thousand million is too large for a key.
        if let Ok(key) = SecretKey::from_slice(&bytes) {
            return key;
        }
    }
}

fn seal(text: &[u8], keys: &PushKeys, sender: &SecretKey, salt: [u8; 16]) -> Result<Vec<u8>, &'static str> {
    if text.len() > MAX_TEXT_BYTES {
        return Err("the text is too long for a push service");
    }
    let browser = PublicKey::from_sec1_bytes(&keys.p256dh).map_err(|_| "the browser's key is no point of P-256")?;
    let sender_point = sender.public_key().to_sec1_point(false);
    let shared = diffie_hellman(sender.to_nonzero_scalar(), browser.as_affine());

    let secret = hmac_sha256(&keys.auth, &[shared.raw_secret_bytes()]);
    let input = hmac_sha256(&secret, &[b"WebPush: info\0", &keys.p256dh, sender_point.as_bytes(), &[1]]);
    let secret = hmac_sha256(&salt, &[&input]);
    let key = hmac_sha256(&secret, &[b"Content-Encoding: aes128gcm\0", &[1]]);
    let nonce = hmac_sha256(&secret, &[b"Content-Encoding: nonce\0", &[1]]);

    let mut record = Vec::with_capacity(text.len() + TAIL_BYTES);
    record.extend_from_slice(text);
    record.push(2); // the last record
    let key = UnboundKey::new(&AES_128_GCM, &key[..16]).expect("16 bytes are a key of AES-128");
    let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).expect("12 bytes are a nonce of AES-GCM");
    LessSafeKey::new(key)
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .map_err(|_| "the text can't be encrypted")?;

    let mut body = Vec::with_capacity(HEAD_BYTES + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(65);
    body.extend_from_slice(sender_point.as_bytes());
    body.extend_from_slice(&record);
    Ok(body)
}

/// HMAC-SHA256: both halves of HKDF, whose every output here is one block or less.
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn published_keys() -> PushKeys {
        let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        PushKeys::new(&bytes(p256dh), &bytes("BTBZMqHH6r4Tts7J_aSIgg")).unwrap()
    }

    /// RFC 8291, appendix A.
    #[test]
    fn the_published_example_is_encrypted_as_published() {
        let sender = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let text = b"When I grow up, I want to be a watermelon";
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(seal(text, &published_keys(), &sender, salt).unwrap()), expected);
    }

    #[test]
    fn the_longest_text_fills_a_request_and_a_longer_one_is_refused() {
        let body = encrypt(&[b'x'; MAX_TEXT_BYTES], &published_keys()).unwrap();
        assert_eq!(body.len(), MAX_BODY_BYTES);
        assert!(encrypt(&[b'x'; MAX_TEXT_BYTES + 1], &published_keys()).is_err());
        assert_ne!(encrypt(b"x", &published_keys()).unwrap(), encrypt(b"x", &published_keys()).unwrap());
    }

    #[test]
    fn a_key_that_is_not_on_the_curve_is_refused() {
        let mut keys = published_keys();
        assert!(is_on_curve(&keys));
        keys.p256dh[64] ^= 1;
        assert!(!is_on_curve(&keys) && encrypt(b"x", &keys).is_err());
    }
}
