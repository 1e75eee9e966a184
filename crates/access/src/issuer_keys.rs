//! The public keys of other issuers, and what their tokens must say.

use crate::claims::WireClaims;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::Value;

/// One key that verifies tokens.
pub(crate) struct Verifier {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    pub(crate) key: DecodingKey,
}

impl Verifier {
    /// Whether a token with this header may be signed with this key. The key's own algorithm decides, not the header's. Otherwise an
    /// RSA public key could serve as an HMAC secret.
    pub(crate) fn fits(&self, header: &Header) -> bool {
        let same_id = header.kid.is_none() || self.key_id.is_none() || self.key_id == header.kid;
        self.algorithm == header.alg && same_id
    }
}

/// The public keys of the issuers that are trusted. None by default.
#[derive(Default)]
pub struct IssuerKeys {
    pub(crate) verifiers: Vec<Verifier>,
}

impl IssuerKeys {
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
}

/// What the tokens of other issuers must claim. An issuer also signs tokens that are meant for other applications.
#[derive(Debug, Clone, Default)]
pub struct IssuerRules {
    /// `iss` must be this, letter by letter.
    pub issuer: Option<String>,
    /// `aud` must be this, or a list that holds it (RFC 7519 section 4.1.3).
    pub audience: Option<String>,
}

impl IssuerRules {
    pub(crate) fn allow(&self, claims: &WireClaims) -> bool {
        let is = |value: &Value, wanted: &str| value.as_str() == Some(wanted);
        let issuer = self.issuer.as_deref().is_none_or(|wanted| claims.iss.as_ref().is_some_and(|iss| is(iss, wanted)));
        let audience = self.audience.as_deref().is_none_or(|wanted| match &claims.aud {
            Some(Value::Array(all)) => all.iter().any(|one| is(one, wanted)),
            Some(one) => is(one, wanted),
            None => false,
        });
        issuer && audience
    }
}
