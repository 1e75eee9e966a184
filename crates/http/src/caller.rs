//! Authenticates requests: finds the credential in the documented order, and its caller.

use crate::scope::scope_of;
use crate::session_cookie::session_secret;
use crate::{ClientAddress, ConnectionCaller, HttpContext, Problem, query_value};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use milepost_access::{Authentication, Credential};
use milepost_service::Request;
use std::sync::Arc;

/// An HTTP request's caller, and the time at which it was authenticated. Without a valid credential the request is
/// answered 401.
pub struct Authenticated(pub Request);

impl<S> FromRequestParts<S> for Authenticated
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Arc::<HttpContext>::from_ref(state);
        let authentication = authenticate_parts(&context, parts, TokenInQuery::Ignored).await?;
        let request = context.request(authentication.into_caller());
        Ok(Self(Request { address: ClientAddress::of(parts).0, ..request }))
    }
}

/// An authenticated request with its credential, for what asks for a fresh proof of who it is.
pub struct WithCredential(pub Request, pub Authentication);

impl<S> FromRequestParts<S> for WithCredential
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Arc::<HttpContext>::from_ref(state);
        let authentication = authenticate_parts(&context, parts, TokenInQuery::Ignored).await?;
        let request = context.request(authentication.caller().clone());
        Ok(Self(Request { address: ClientAddress::of(parts).0, ..request }, authentication))
    }
}

/// A request's caller with its credential, for what is about the login itself. It may lack a second factor.
pub struct SignedIn(pub Authentication);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Arc::<HttpContext>::from_ref(state);
        find_authentication(&context, parts, TokenInQuery::Ignored, Guests::Refused).await.map(Self)
    }
}

/// Whether the dialect accepts `?token=`. Only sockets and streams that document it do: URLs end up in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenInQuery {
    /// Accepted, after all other credentials.
    Taken,
    /// Not accepted.
    Ignored,
}

/// Authenticates a request from its headers and URL.
///
/// # Errors
/// 401 without a valid credential, 403 for a cookie sent by a foreign page or for a caller whose role needs a second factor, 503
/// without the store.
pub async fn authenticate_parts(
    context: &HttpContext,
    parts: &Parts,
    token_in_query: TokenInQuery,
) -> Result<Authentication, Problem> {
    refuse_without_factor(context, find_authentication(context, parts, token_in_query, Guests::Refused).await?)
}

/// The same for what guests may follow too, by the token of a share.
///
/// # Errors
/// As [`authenticate_parts`].
pub async fn authenticate_parts_of_guest(context: &HttpContext, parts: &Parts) -> Result<Authentication, Problem> {
    refuse_without_factor(context, find_authentication(context, parts, TokenInQuery::Ignored, Guests::Taken).await?)
}

/// Authenticates a credential that a dialect found in its own place. The token of a share is one: the dialect knows what a guest may
/// not see.
pub(crate) async fn admit(
    context: &HttpContext,
    parts: &Parts,
    credential: Credential<'_>,
) -> Result<Authentication, Problem> {
    refuse_without_factor(context, authenticate_credential(context, parts, credential, Guests::Taken).await?)
}

fn refuse_without_factor(context: &HttpContext, authentication: Authentication) -> Result<Authentication, Problem> {
    if authentication.lacks_factor() {
        let detail = "your role needs a second factor: set one up first, with POST /auth/totp or a passkey";
        return Err(Problem::forbidden(detail).of_second_factor(context.access.possible_factors()));
    }
    Ok(authentication)
}

/// Whether the token of a share is a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guests {
    Taken,
    Refused,
}

async fn find_authentication(
    context: &HttpContext,
    parts: &Parts,
    token_in_query: TokenInQuery,
    guests: Guests,
) -> Result<Authentication, Problem> {
    let from_query = match token_in_query {
        TokenInQuery::Taken => query_value(parts, "token"),
        TokenInQuery::Ignored => None,
    };
    let credential = find_credential(&parts.headers, from_query.as_deref())?;
    if matches!(credential, Credential::Session(_)) && !context.origins.allows(&parts.headers) {
        return Err(Problem::forbidden("this origin may not use the session cookie, see ALLOWED_ORIGINS"));
    }
    authenticate_credential(context, parts, credential, guests).await
}

async fn authenticate_credential(
    context: &HttpContext,
    parts: &Parts,
    credential: Credential<'_>,
    guests: Guests,
) -> Result<Authentication, Problem> {
    let is_token = matches!(credential, Credential::Token(_));
    let authenticated = match guests {
        Guests::Refused => context.access.authenticate_for(credential, scope_of(parts)).await,
        Guests::Taken => context.access.authenticate_guest_or(credential, scope_of(parts)).await,
    };
    let authentication = authenticated.map_err(|error| {
        let problem = Problem::from(error);
        if is_token { problem.of_token() } else { problem }
    })?;
    if let Some(connection) = parts.extensions.get::<ConnectionCaller>() {
        connection.note(authentication.caller());
    }
    Ok(authentication)
}

fn find_credential<'a>(headers: &'a HeaderMap, token: Option<&'a str>) -> Result<Credential<'a>, Problem> {
    for value in headers.get_all(header::AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default().trim();
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        match (scheme.to_ascii_lowercase().as_str(), rest.trim()) {
            ("bearer" | "device", "") => {
                return Err(Problem::not_authenticated("Authorization must be «Bearer <token>» or «Device <key>»"));
            }
            ("bearer", token) => return Ok(Credential::Token(token)),
            ("device", key) => return Ok(Credential::DeviceKey(key)),
            // Meant for somebody else: a proxy in front that asks for `Basic` or `Negotiate` passes the header on.
            _ => {}
        }
    }
    if let Some(key) = headers.get("x-device-key").and_then(|value| value.to_str().ok()) {
        return Ok(Credential::DeviceKey(key.trim()));
    }
    if let Some(session) = session_secret(headers) {
        return Ok(Credential::Session(session));
    }
    match token {
        Some(token) if !token.is_empty() => Ok(Credential::Token(token)),
        _ => Err(Problem::not_authenticated("authentication credentials were not provided")),
    }
}
