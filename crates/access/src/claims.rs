//! The claims of a token: what it says about its caller, in JSON and checked.

use milepost_domain::{Role, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// The claims in the JSON of a token. Other issuers write ids as numbers or texts, and times with fractions.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_id: Option<Value>,
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

/// Writes claims for a token of this server.
pub(crate) fn claims_to_json(claims: &Claims, issued_at: Timestamp) -> Value {
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
        iat: Some((issued_at.unix_ms() / 1000) as f64),
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
    json
}

impl WireClaims {
    /// Checks the times and reads the texts of claims whose signature was verified.
    pub(crate) fn check(self, now: Timestamp) -> Result<Claims, TokenError> {
        let expires_at = instant(self.exp).ok_or(TokenError::Invalid)?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        if let Some(from) = self.nbf
            && instant(from).is_none_or(|from| from > now)
        {
            return Err(TokenError::Invalid);
        }
        let text = |value: Value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let tenant = self.tenant.or(self.company_id);
        let tenant = match tenant {
            Some(value) => {
                let name = text(value).ok_or(TokenError::Invalid)?;
                Some(TenantId::new(&name).map_err(|_| TokenError::Invalid)?)
            }
            None => None,
        };
        let role = self.role.as_deref().map(Role::parse).transpose().map_err(|_| TokenError::Invalid)?;
        let subject = self.sub.or(self.user_id).and_then(text).ok_or(TokenError::Invalid)?;
        // PostgreSQL refuses text with a NUL, and a line break could forge lines of a log.
        if subject.contains(char::is_control) {
            return Err(TokenError::Invalid);
        }
        Ok(Claims {
            subject,
            tenant,
            role,
            cadet_id: self.cadet_id,
            vehicle_ids: self.vehicle_ids,
            expires_at,
            is_refresh: self.token_type.as_deref() == Some("refresh"),
            is_account: self.account,
            password_fingerprint: self.pwf,
        })
    }
}

fn instant(unix_seconds: f64) -> Option<Timestamp> {
    if !(0.0..=LAST_UNIX_SECOND).contains(&unix_seconds) {
        return None;
    }
    Timestamp::from_unix_ms((unix_seconds * 1000.0) as i64)
}
