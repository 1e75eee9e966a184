//! Signs tokens (JWT) with the server's own secret, and verifies them with it or with other issuers' public keys.

use crate::claims::{Claims, SignedBy, TokenError, WireClaims, claims_to_json};
use crate::issuer_keys::{IssuerKeys, IssuerRules, Verifier};
use crate::token_signatures::sign_with_ring;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use milepost_clock::Clock;
use ring::hmac::{self, HMAC_SHA256};
use serde::de::DeserializeOwned;
use std::sync::{Arc, PoisonError, RwLock};

/// A shorter HS256 secret can be guessed offline. RFC 7518 section 3.2 requires as many bits as the hash has.
const MIN_SECRET_BYTES: usize = 32;
/// A longer token is refused without reading it; no issuer needs one.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The keys that sign and verify tokens.
pub struct TokenKeys {
    signer: EncodingKey,
    sealer: hmac::Key,
    own: Verifier,
    issuers: RwLock<Arc<IssuerKeys>>,
    rules: IssuerRules,
    clock: Clock,
}

impl TokenKeys {
    /// Signs and verifies with HS256 and `secret`; trusts no other issuer.
    ///
    /// # Errors
    /// When the secret is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(secret: &[u8], clock: Clock) -> Result<Self, String> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(format!("JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes, it has {}", secret.len()));
        }
        sign_with_ring();
        let own = Verifier { algorithm: Algorithm::HS256, key_id: None, key: DecodingKey::from_secret(secret) };
        let rules = IssuerRules::default();
        let sealer = hmac::Key::new(HMAC_SHA256, secret);
        Ok(Self { signer: EncodingKey::from_secret(secret), sealer, own, issuers: RwLock::default(), rules, clock })
    }

    /// Also trusts other issuers, whose tokens must follow `rules`.
    #[must_use]
    pub fn with_issuers(self, keys: IssuerKeys, rules: IssuerRules) -> Self {
        Self { issuers: RwLock::new(Arc::new(keys)), rules, ..self }
    }

    /// Trusts these issuers from now on, and those before no longer.
    pub fn replace_issuers(&self, keys: IssuerKeys) {
        *self.issuers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Signs `claims` with the server's own secret.
    ///
    /// # Panics
    /// Never: HS256 with a secret in memory cannot fail.
    pub fn sign(&self, claims: &Claims) -> String {
        let json = claims_to_json(claims, self.clock.now());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &json, &self.signer).expect("HS256 signs anything")
    }

    /// A key for one purpose, which tells nothing of the secret.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.sealer, sealed_bytes("key", purpose).as_bytes());
        tag.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// A signature of a text for one purpose. What is signed begins with a NUL, which no token has: neither passes for the other.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.sealer, sealed_bytes(purpose, text).as_bytes()))
    }

    /// Whether a text was sealed for this purpose.
    pub(crate) fn is_sealed(&self, purpose: &str, text: &str, seal: &str) -> bool {
        let seal = URL_SAFE_NO_PAD.decode(seal).unwrap_or_default();
        hmac::verify(&self.sealer, sealed_bytes(purpose, text).as_bytes(), &seal).is_ok()
    }

    /// Returns the claims of a token that a trusted issuer signed and that has not expired.
    ///
    /// # Errors
    /// [`TokenError`] says whether the signature, a claim or the time is wrong.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        // RFC 7515 section 4.1.11: a token with an extension that the reader does not know is refused. No extension is known here.
        if header.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        if let Some(claims) = decode(token, &header, &self.own) {
            return claims.check(SignedBy::OwnSecret, self.clock.now());
        }
        let issuers = Arc::clone(&self.issuers.read().unwrap_or_else(PoisonError::into_inner));
        let claims = issuers.verifiers.iter().find_map(|verifier| decode(token, &header, verifier));
        let claims = claims.filter(|claims| self.rules.allow(claims)).ok_or(TokenError::Invalid)?;
        claims.check(SignedBy::OtherIssuer, self.clock.now())
    }
}

fn sealed_bytes(purpose: &str, text: &str) -> String {
    format!("\0{purpose}\0{text}")
}

/// Checks only the signature. The times are checked against the server's clock.
fn decode(token: &str, header: &Header, verifier: &Verifier) -> Option<WireClaims> {
    if verifier.fits(header) { decode_verified(token, header, verifier) } else { None }
}

/// The claims of a token that the key has signed, whatever its times and its issuer are.
pub(crate) fn decode_verified<T: DeserializeOwned>(token: &str, header: &Header, verifier: &Verifier) -> Option<T> {
    if !verifier.fits(header) {
        return None;
    }
    let mut validation = Validation::new(verifier.algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<T>(token, &verifier.key, &validation).ok().map(|data| data.claims)
}
