//! Authenticates requests: finds the credential, in the contract's order, and the caller.

use crate::auth_routes::SESSION_COOKIE;
use crate::{HttpContext, Problem, TrustedProxies};
use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use milepost_access::{Authentication, Credential};
use milepost_domain::Caller;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The caller of an HTTP request; a request without a good credential is answered 401.
pub struct Authenticated(pub Caller);

impl<S> FromRequestParts<S> for Authenticated
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Arc::<HttpContext>::from_ref(state);
        let authentication = authenticate_parts(&context, parts, TokenInQuery::Ignored).await?;
        Ok(Self(authentication.into_caller()))
    }
}

/// Does the dialect take `?token=`? Only sockets and streams that document it do, because URLs end up in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenInQuery {
    /// It does, after all other credentials.
    Taken,
    /// It does not.
    Ignored,
}

/// Authenticates a request by its head.
///
/// # Errors
/// 401 without a good credential, 403 for a cookie brought by a foreign page, 503 without the store.
pub async fn authenticate_parts(
    context: &HttpContext,
    parts: &Parts,
    token_in_query: TokenInQuery,
) -> Result<Authentication, Problem> {
    let from_query = match token_in_query {
        TokenInQuery::Taken => query_value(parts, "token"),
        TokenInQuery::Ignored => None,
    };
    let credential = find_credential(&parts.headers, from_query.as_deref())?;
    if matches!(credential, Credential::Session(_)) && !context.origins.allows(&parts.headers) {
        return Err(Problem::forbidden("this origin may not use the session cookie, see ALLOWED_ORIGINS"));
    }
    Ok(context.access.authenticate(credential).await?)
}

fn find_credential<'a>(headers: &'a HeaderMap, token: Option<&'a str>) -> Result<Credential<'a>, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default().trim();
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        return match (scheme.to_ascii_lowercase().as_str(), rest.trim()) {
            ("bearer", token) if !token.is_empty() => Ok(Credential::Token(token)),
            ("device", key) if !key.is_empty() => Ok(Credential::DeviceKey(key)),
            _ => Err(Problem::not_authenticated("Authorization must be «Bearer <token>» or «Device <key>»")),
        };
    }
    if let Some(key) = headers.get("x-device-key").and_then(|value| value.to_str().ok()) {
        return Ok(Credential::DeviceKey(key.trim()));
    }
    if let Some(session) = session_cookie(headers) {
        return Ok(Credential::Session(session));
    }
    match token {
        Some(token) if !token.is_empty() => Ok(Credential::Token(token)),
        _ => Err(Problem::not_authenticated("authentication credentials were not provided")),
    }
}

/// The session's secret, if the browser sent one.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)
}

fn query_value(parts: &Parts, name: &str) -> Option<String> {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok()?;
    query.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The address that a request came from, for limits: that at the other end of the connection or, when this is a proxy
/// of the [`TrustedProxies`] that the server put into the request's extensions, the one that the proxy names.
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return Ok(Self(None)) };
        let peer = peer.0.ip().to_canonical();
        let proxies = parts.extensions.get::<TrustedProxies>();
        Ok(Self(Some(proxies.map_or(peer, |proxies| proxies.client_address(peer, &parts.headers)))))
    }
}
