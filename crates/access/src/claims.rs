//! The claims of a token: what it says about its caller, in JSON and checked.

use crate::sessions::{read_session_id, session_id};
use milepost_domain::{Role, TenantId, Timestamp};
use milepost_store::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// `iat`: when it was issued, if that is known. A token is signed with the present time.
    pub issued_at: Option<Timestamp>,
    /// `token_type` is `refresh`: only exchanged for a new access token.
    pub is_refresh: bool,
    /// `account`: the token was issued at a login and ends with its user. Other tokens need no stored user.
    pub is_account: bool,
    /// `pwf`: the fingerprint of the user at the login that issued the token. It changes with the password and with a lock-out.
    pub password_fingerprint: Option<String>,
    /// `sid`: the session of the login that issued the token. Older versions named none.
    pub session: Option<Digest>,
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

/// Who signed a token: this decides which of its claims count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// The server's own secret, which a program of the operator may share.
    OwnSecret,
    /// The private key of another issuer. Its `account` and `pwf` mean something else.
    OtherIssuer,
}

/// How far an issuer's clock may be off, milliseconds. RFC 7519 sections 4.1.4 and 4.1.5 allow "a few minutes".
const LEEWAY_MS: i64 = 60_000;

/// The claims in the JSON of a token. Other issuers write ids as numbers or texts, times with fractions, and `null` for what they
/// do not know. A claim that a token does not need has any type here, so that an odd one is passed over.
#[derive(Deserialize)]
pub(crate) struct WireClaims {
    sub: Option<Value>,
    user_id: Option<Value>,
    tenant: Option<Value>,
    company_id: Option<Value>,
    role: Option<Value>,
    cadet_id: Option<Value>,
    vehicle_ids: Option<Value>,
    exp: f64,
    nbf: Option<Value>,
    iat: Option<Value>,
    token_type: Option<Value>,
    account: Option<Value>,
    pwf: Option<Value>,
    sid: Option<Value>,
    pub(crate) iss: Option<Value>,
    pub(crate) aud: Option<Value>,
}

/// Writes claims for a token of this server. Times are whole numbers, as other libraries write them.
pub(crate) fn claims_to_json(claims: &Claims, issued_at: Timestamp) -> Value {
    let mut json = json!({
        "sub": claims.subject,
        "exp": claims.expires_at.unix_ms() / 1000,
        "iat": issued_at.unix_ms() / 1000,
        "token_type": if claims.is_refresh { "refresh" } else { "access" },
    });
    if let Some(tenant) = &claims.tenant {
        json["tenant"] = tenant.as_str().into();
    }
    if let Some(role) = claims.role {
        json["role"] = role.as_str().into();
    }
    if let Some(cadet_id) = claims.cadet_id {
        json["cadet_id"] = cadet_id.into();
    }
    if !claims.vehicle_ids.is_empty() {
        json["vehicle_ids"] = claims.vehicle_ids.clone().into();
    }
    if claims.is_account {
        json["account"] = true.into();
    }
    if let Some(fingerprint) = &claims.password_fingerprint {
        json["pwf"] = fingerprint.as_str().into();
    }
    if let Some(session) = &claims.session {
        json["sid"] = session_id(session).into();
    }
    json
}

impl WireClaims {
    /// Checks the times and reads the texts of claims whose signature was verified.
    ///
    /// A tenant or role that can't be read refuses the token: without it the caller would be somebody else.
    pub(crate) fn check(self, signed_by: SignedBy, now: Timestamp) -> Result<Claims, TokenError> {
        let is_own = signed_by == SignedBy::OwnSecret;
        // A token of this server ends on time, and with it its sockets.
        let leeway_s = if is_own { 0.0 } else { LEEWAY_MS as f64 / 1000.0 };
        let expires_at = instant(self.exp + leeway_s).ok_or(TokenError::Invalid)?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let latest_ms = now.unix_ms().saturating_add(LEEWAY_MS) as f64;
        for begins in [&self.nbf, &self.iat].into_iter().flatten().filter_map(number) {
            if begins * 1000.0 > latest_ms {
                return Err(TokenError::Invalid);
            }
        }
        let tenant = match present(self.tenant).or_else(|| present(self.company_id)) {
            Some(value) => {
                let name = text(&value).ok_or(TokenError::Invalid)?;
                Some(TenantId::new(&name).map_err(|_| TokenError::Invalid)?)
            }
            None => None,
        };
        let role = match present(self.role) {
            Some(value) => Some(value.as_str().and_then(|name| Role::parse(name).ok()).ok_or(TokenError::Invalid)?),
            None => None,
        };
        let subject = present(self.sub).or_else(|| present(self.user_id));
        let subject = subject.as_ref().and_then(text).ok_or(TokenError::Invalid)?;
        // PostgreSQL refuses text with a NUL, and a line break could forge lines of a log.
        if subject.contains(char::is_control) {
            return Err(TokenError::Invalid);
        }
        let password_fingerprint = self.pwf.as_ref().and_then(Value::as_str).filter(|_| is_own).map(str::to_owned);
        // Another program that signs with the same secret may have an `account` of its own: only both claims together are ours.
        let is_account = self.account == Some(Value::Bool(true)) && password_fingerprint.is_some();
        let session = match present(self.sid).filter(|_| is_account) {
            // Without its session the token would outlive it.
            Some(sid) => Some(sid.as_str().and_then(read_session_id).ok_or(TokenError::Invalid)?),
            None => None,
        };
        Ok(Claims {
            subject,
            tenant,
            role,
            cadet_id: self.cadet_id.as_ref().and_then(whole_number),
            vehicle_ids: match self.vehicle_ids {
                Some(Value::Array(ids)) => ids.iter().filter_map(text).collect(),
                _ => Vec::new(),
            },
            expires_at,
            issued_at: self.iat.as_ref().and_then(number).and_then(instant),
            is_refresh: self.token_type.as_ref().and_then(Value::as_str) == Some("refresh"),
            is_account,
            password_fingerprint,
            session,
        })
    }
}

/// `null` is absent.
fn present(claim: Option<Value>) -> Option<Value> {
    claim.filter(|value| !value.is_null())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A whole number, also as `7.0` or `"7"`.
fn whole_number(value: &Value) -> Option<i64> {
    /// Above this, `f64` does not hold every whole number.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let exact = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    exact.or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= LARGEST).map(|n| n as i64))
}

fn instant(unix_seconds: f64) -> Option<Timestamp> {
    if !(0.0..=LAST_UNIX_SECOND).contains(&unix_seconds) {
        return None;
    }
    Timestamp::from_unix_ms((unix_seconds * 1000.0) as i64)
}
