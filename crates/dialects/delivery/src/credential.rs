//! Who opens a socket: a public link needs no credential, but one that is shown must be good.

use axum::http::header;
use axum::http::request::Parts;
use milepost_access::{AccessError, Authentication, Credential};
use milepost_domain::{Caller, TenantId};
use milepost_http::{HttpContext, Problem, TokenInQuery, authenticate_parts};

/// What the handshake proved.
pub(crate) enum Opener {
    /// Nothing was shown: whoever has the link.
    Anybody,
    /// A good credential.
    Known(Authentication),
    /// A bad or expired one.
    Refused,
}

/// Looks at the credential in the contract's order. A session cookie that has ended, or that a foreign page brings
/// along, counts for nothing: browsers send it unasked, and the link is public.
///
/// # Errors
/// 503 when the store can't be asked.
pub(crate) async fn identify(context: &HttpContext, head: &Parts, token: Option<&str>) -> Result<Opener, Problem> {
    let is_explicit = head.headers.contains_key(header::AUTHORIZATION) || head.headers.contains_key("x-device-key");
    match authenticate_parts(context, head, TokenInQuery::Ignored).await {
        Ok(proven) => return Ok(Opener::Known(proven)),
        Err(problem) if problem.status >= 500 => return Err(problem),
        Err(_) if is_explicit => return Ok(Opener::Refused),
        Err(_) => {}
    }
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(Opener::Anybody) };
    match context.access.authenticate(Credential::Token(token)).await {
        Ok(proven) => Ok(Opener::Known(proven)),
        Err(AccessError::NotAuthenticated(_)) => Ok(Opener::Refused),
        Err(other) => Err(other.into()),
    }
}

/// May `caller` know who brings a delivery of `tenant`?
pub(crate) fn sees_rider(caller: &Caller, tenant: &TenantId) -> bool {
    caller.tenant == *tenant || caller.is_superadmin()
}
