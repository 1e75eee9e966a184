//! Signs tokens (JWT) with the server's own secret, and verifies them with it or with other issuers' public keys.

use crate::token_signatures::sign_with_ring;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use milepost_clock::Clock;
use milepost_domain::{Role, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// A shorter HS256 secret can be guessed offline. RFC 7518 section 3.2 requires as many bits as the hash has.
const MIN_SECRET_BYTES: usize = 32;
/// A longer token is refused without reading it; no issuer needs one.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The end of the year 9999. JSON numbers beyond 2^53 lose digits, and a later date is an attack or a mistake.
const LAST_UNIX_SECOND: f64 = 253_402_300_799.0;

/// The claims of a verified token.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// `sub` or `user_id` as text.
    pub subject: String,
    /// `tenant` or `company_id`.
    pub tenant: Option<TenantId>,
    /// `role`: what the caller is to its tenant.
    pub role: Option<Role>,
    /// `cadet_id`: the cadet whose records the caller may read.
    pub cadet_id: Option<i64>,
    /// `vehicle_ids`: the vehicles that a parent with a token of another issuer may see.
    pub vehicle_ids: Vec<String>,
    /// `exp`: the end of the token's validity.
    pub expires_at: Timestamp,
    /// `token_type` is `refresh`: only exchanged for a new access token.
    pub is_refresh: bool,
    /// `account`: the token was issued at a login and ends with its user. Other tokens need no stored user.
    pub is_account: bool,
    /// `pwf`: the fingerprint of the password at the login that issued the token.
    pub password_fingerprint: Option<String>,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, or not signed by a trusted issuer.
    #[error("invalid token")]
    Invalid,
    /// `exp` is in the past.
    #[error("token expired")]
    Expired,
}

#[derive(Serialize, Deserialize)]
struct WireClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_id: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cadet_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vehicle_ids: Vec<String>,
    exp: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    account: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pwf: Option<String>,
}

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
        let wire = WireClaims {
            sub: Some(claims.subject.clone().into()),
            user_id: None,
            tenant: claims.tenant.as_ref().map(|tenant| tenant.as_str().into()),
            company_id: None,
            role: claims.role.map(|role| role.as_str().to_owned()),
            cadet_id: claims.cadet_id,
            vehicle_ids: claims.vehicle_ids.clone(),
            exp: (claims.expires_at.unix_ms() / 1000) as f64,
            nbf: None,
            iat: Some((self.clock.now().unix_ms() / 1000) as f64),
            token_type: Some(if claims.is_refresh { "refresh" } else { "access" }.to_owned()),
            account: claims.is_account,
            pwf: claims.password_fingerprint.clone(),
        };
        let mut json = serde_json::to_value(&wire).expect("plain fields serialise");
        // Written as whole numbers, as other libraries do.
        for name in ["exp", "iat"] {
            if let Some(seconds) = json[name].as_f64() {
                json[name] = (seconds as i64).into();
            }
        }
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &json, &self.signer).expect("HS256 signs anything")
    }

    /// Returns the claims of a token that a trusted issuer signed and that has not expired.
    ///
    /// # Errors
    /// [`TokenError`] says which of the two is wrong.
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
        self.checked(wire)
    }

    fn checked(&self, wire: WireClaims) -> Result<Claims, TokenError> {
        let now = self.clock.now();
        let expires_at = instant(wire.exp).ok_or(TokenError::Invalid)?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        if let Some(from) = wire.nbf
            && instant(from).is_none_or(|from| from > now)
        {
            return Err(TokenError::Invalid);
        }
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) if !text.is_empty() => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let tenant = wire.tenant.or(wire.company_id);
        let tenant = match tenant {
            Some(value) => {
                let name = text(value).ok_or(TokenError::Invalid)?;
                Some(TenantId::new(&name).map_err(|_| TokenError::Invalid)?)
            }
            None => None,
        };
        let role = wire.role.as_deref().map(Role::parse).transpose().map_err(|_| TokenError::Invalid)?;
        let subject = wire.sub.or(wire.user_id).and_then(text).ok_or(TokenError::Invalid)?;
        // PostgreSQL refuses text with a NUL, and a line break could forge lines of a log.
        if subject.contains(char::is_control) {
            return Err(TokenError::Invalid);
        }
        Ok(Claims {
            subject,
            tenant,
            role,
            cadet_id: wire.cadet_id,
            vehicle_ids: wire.vehicle_ids,
            expires_at,
            is_refresh: wire.token_type.as_deref() == Some("refresh"),
            is_account: wire.account,
            password_fingerprint: wire.pwf,
        })
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

fn instant(unix_seconds: f64) -> Option<Timestamp> {
    if !(0.0..=LAST_UNIX_SECOND).contains(&unix_seconds) {
        return None;
    }
    Timestamp::from_unix_ms((unix_seconds * 1000.0) as i64)
}
