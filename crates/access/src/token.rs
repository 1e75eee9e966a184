//! Signs tokens (JWT) with the server's own secret, and verifies them with it or with other issuers' public keys.

use crate::claims::{Claims, TokenError, WireClaims, claims_to_json};
use crate::token_signatures::sign_with_ring;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use milepost_clock::Clock;

/// A shorter HS256 secret can be guessed offline. RFC 7518 section 3.2 requires as many bits as the hash has.
const MIN_SECRET_BYTES: usize = 32;
/// A longer token is refused without reading it; no issuer needs one.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

struct Verifier {
    algorithm: Algorithm,
    key_id: Option<String>,
    key: DecodingKey,
}

/// The keys that sign and verify tokens.
pub struct TokenKeys {
    signer: EncodingKey,
    verifiers: Vec<Verifier>,
    clock: Clock,
}

impl TokenKeys {
    /// Signs and verifies with HS256 and `secret`.
    ///
    /// # Errors
    /// When the secret is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(secret: &[u8], clock: Clock) -> Result<Self, String> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(format!("JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes, it has {}", secret.len()));
        }
        sign_with_ring();
        let own = Verifier { algorithm: Algorithm::HS256, key_id: None, key: DecodingKey::from_secret(secret) };
        Ok(Self { signer: EncodingKey::from_secret(secret), verifiers: vec![own], clock })
    }

    /// Also trusts the issuer with this public key in PEM format (RSA, P-256 or Ed25519).
    ///
    /// # Errors
    /// When the text is not such a key.
    pub fn trust_public_key(&mut self, pem: &[u8]) -> Result<(), String> {
        let (algorithm, key) = DecodingKey::from_rsa_pem(pem)
            .map(|key| (Algorithm::RS256, key))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
            .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key)))
            .map_err(|_| "must be a PEM public key: RSA, EC P-256 or Ed25519".to_owned())?;
        self.verifiers.push(Verifier { algorithm, key_id: None, key });
        Ok(())
    }

    /// Also trusts the issuer with this JSON Web Key Set. Symmetric keys in it are refused, because a set is public.
    ///
    /// # Errors
    /// When the text is not a key set or has no usable key.
    pub fn trust_key_set(&mut self, json: &[u8]) -> Result<(), String> {
        let set: JwkSet =
            serde_json::from_slice(json).map_err(|error| format!("is not a JSON Web Key Set: {error}"))?;
        let before = self.verifiers.len();
        for jwk in &set.keys {
            use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve};
            let algorithm = match &jwk.algorithm {
                AlgorithmParameters::RSA(_) => Algorithm::RS256,
                AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
                AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
                _ => continue,
            };
            if let Ok(key) = DecodingKey::from_jwk(jwk) {
                self.verifiers.push(Verifier { algorithm, key_id: jwk.common.key_id.clone(), key });
            }
        }
        if self.verifiers.len() == before {
            return Err("holds no RSA, P-256 or Ed25519 key".to_owned());
        }
        Ok(())
    }

    /// Signs `claims` with the server's own secret.
    ///
    /// # Panics
    /// Never: HS256 with a secret in memory cannot fail.
    pub fn sign(&self, claims: &Claims) -> String {
        let json = claims_to_json(claims, self.clock.now());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &json, &self.signer).expect("HS256 signs anything")
    }

    /// Returns the claims of a token that a trusted issuer signed and that has not expired.
    ///
    /// # Errors
    /// [`TokenError`] says whether the signature or the time is wrong.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let wire = self
            .verifiers
            .iter()
            // The key's own algorithm decides, not the header's. Otherwise an RSA public key could serve as an HMAC
            // secret.
            .filter(|verifier| verifier.algorithm == header.alg)
            .filter(|verifier| header.kid.is_none() || verifier.key_id.is_none() || verifier.key_id == header.kid)
            .find_map(|verifier| decode(token, verifier))
            .ok_or(TokenError::Invalid)?;
        wire.check(self.clock.now())
    }
}

/// Checks only the signature. The times are checked against the server's clock.
fn decode(token: &str, verifier: &Verifier) -> Option<WireClaims> {
    let mut validation = Validation::new(verifier.algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<WireClaims>(token, &verifier.key, &validation).ok().map(|data| data.claims)
}
