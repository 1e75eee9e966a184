//! Logins and credentials of dialects whose clients know neither our paths nor the name of our cookie.

use crate::caller::admit;
use crate::session_cookie::{cookie_value, named_session, removed_session};
use crate::{ClientAddress, HttpContext, Problem, query_value};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use milepost_access::{Attempt, Authentication, Credential, Forgetful, Opened, SHARE_PREFIX};
use milepost_domain::{Caller, Principal, Timestamp, UserId};
use milepost_service::Request;
use std::net::IpAddr;

/// How a caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownBy {
    /// A token in the header.
    Token,
    /// Name and password in the header.
    Password,
    /// The session cookie.
    Cookie,
}

/// A request's caller, and how it showed who it is.
pub struct Shown {
    /// The request.
    pub request: Request,
    /// By what.
    pub by: ShownBy,
}

/// What a right name and password led to.
pub enum LoggedIn {
    /// A session, by the secret of its cookie.
    Session(String),
    /// A code of the second factor is due, or was wrong.
    CodeDue,
}

/// A login as it was typed.
pub struct TypedLogin {
    /// The name, or `tenant/name`.
    pub username: String,
    /// The password.
    pub password: String,
    /// A code of the second factor.
    pub code: Option<String>,
}

/// The caller of a request: `Authorization: Bearer` or `Basic`, else the cookie of this name. A cookie that a page of another host
/// sends counts as none: every browser sends cookies unasked.
///
/// # Errors
/// 401 without a valid credential, 403 for a caller whose role needs a second factor, 429, 503 without the store.
pub async fn shown_caller(context: &HttpContext, parts: &Parts, cookie: &str) -> Result<Shown, Problem> {
    let address = ClientAddress::of(parts).0;
    let (caller, by) = match authorization(&parts.headers) {
        Some(("basic", credentials)) => {
            let typed = basic(credentials).ok_or(Problem::not_authenticated("malformed Basic credentials"))?;
            (
                context.access.caller_of_password(attempt(context, &parts.headers, typed, address)).await?,
                ShownBy::Password,
            )
        }
        Some(("bearer", token)) => {
            (admit(context, parts, Credential::Token(token)).await?.into_caller(), ShownBy::Token)
        }
        _ => (cookie_caller(context, parts, cookie).await?.into_caller(), ShownBy::Cookie),
    };
    Ok(Shown { request: Request { address, ..context.request(caller) }, by })
}

/// The caller that a cookie of this name stands for: a session's secret, or a token.
///
/// # Errors
/// As [`shown_caller`].
pub async fn cookie_caller(context: &HttpContext, parts: &Parts, cookie: &str) -> Result<Authentication, Problem> {
    let secret = cookie_value(&parts.headers, cookie).filter(|_| context.origins.allows_host(&parts.headers));
    let secret = secret.ok_or(Problem::not_authenticated("authentication credentials were not provided"))?;
    // Guests have a token and no session.
    let is_token = secret.contains('.') || secret.starts_with(SHARE_PREFIX);
    admit(context, parts, if is_token { Credential::Token(secret) } else { Credential::Session(secret) }).await
}

/// The caller of a socket: a cookie of this name, else `?token=`.
///
/// # Errors
/// As [`shown_caller`].
pub async fn socket_caller(context: &HttpContext, parts: &Parts, cookie: &str) -> Result<Authentication, Problem> {
    match query_value(parts, "token").filter(|token| !token.is_empty()) {
        Some(token) => admit(context, parts, Credential::Token(&token)).await,
        None => cookie_caller(context, parts, cookie).await,
    }
}

/// The caller of a token.
///
/// # Errors
/// As [`shown_caller`].
pub async fn token_caller(context: &HttpContext, parts: &Parts, token: &str) -> Result<Authentication, Problem> {
    admit(context, parts, Credential::Token(token)).await
}

/// Whether this text can be a token of ours at all.
pub fn looks_like_token(text: &str) -> bool {
    text.starts_with("mp_") || text.starts_with(SHARE_PREFIX) || text.split('.').count() == 3
}

/// Opens a session for a login.
///
/// # Errors
/// 401 for a wrong name or password, 429 after too many.
pub async fn log_in(
    context: &HttpContext,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    typed: TypedLogin,
) -> Result<LoggedIn, Problem> {
    let code = typed.code.clone();
    match context.access.open_session_with(attempt(context, headers, typed, address), code.as_deref()).await {
        Ok(Opened::Session(secret)) => Ok(LoggedIn::Session(secret)),
        Ok(Opened::Challenge { .. }) | Err(milepost_access::AccessError::SecondFactorDue(..)) => Ok(LoggedIn::CodeDue),
        Err(error) => Err(error.into()),
    }
}

/// Opens a session for who showed a token; for a guest, whom no session can be opened for, the token is its cookie's value.
///
/// # Errors
/// 401, 503 without the store.
pub async fn log_in_by_token(
    context: &HttpContext,
    authentication: &Authentication,
    token: &str,
    address: Option<IpAddr>,
) -> Result<String, Problem> {
    Ok(context.access.open_session_of(authentication, address).await?.unwrap_or_else(|| token.to_owned()))
}

/// Ends the session of the cookie of this name.
///
/// # Errors
/// 503 without the store.
pub async fn log_out(context: &HttpContext, headers: &HeaderMap, cookie: &str) -> Result<(), Problem> {
    match cookie_value(headers, cookie).filter(|_| context.origins.allows_host(headers)) {
        Some(secret) => Ok(context.access.close_session(secret).await?),
        None => Ok(()),
    }
}

/// A token for the programs of a user.
///
/// # Errors
/// 401 for who is not stored here.
pub async fn issue_user_token(
    context: &HttpContext,
    user: UserId,
    expires_at: Timestamp,
    address: Option<IpAddr>,
) -> Result<String, Problem> {
    Ok(context.access.issue_user_token(user, expires_at, address).await?)
}

/// Ends a token of a user.
///
/// # Errors
/// 503 without the store.
pub async fn end_user_token(context: &HttpContext, user: UserId, token: &str) -> Result<(), Problem> {
    Ok(context.access.end_user_token(user, token).await?)
}

/// Whether a caller came by a shared link.
pub const fn is_guest(caller: &Caller) -> bool {
    matches!(caller.principal, Principal::Guest { .. })
}

/// Mails a link to who forgot a password, by name or by address, within the limits of both. Nobody learns who has an account.
pub fn forget_password(
    context: &HttpContext,
    headers: &HeaderMap,
    address: Option<IpAddr>,
    typed: &str,
    email: Option<milepost_domain::EmailAddress>,
) {
    let forgetful = email.map_or_else(
        || Forgetful::Named {
            username: typed.to_owned(),
            tenant: None,
            host_tenant: context.tenant_hosts.tenant_of(headers).cloned(),
        },
        Forgetful::At,
    );
    milepost_service::sign_in::request_reset(&context.use_cases.sign_in, forgetful, address);
}

/// Sets a password by the token of a link.
///
/// # Errors
/// 410 for one that was used or has ended, 422 for a password that is not taken.
pub async fn set_new_password(
    context: &HttpContext,
    token: &str,
    password: String,
    address: Option<IpAddr>,
) -> Result<(), Problem> {
    Ok(context.access.reset_password(token, password, address).await?)
}

/// The `Set-Cookie` header that keeps a session under this name until the browser ends.
pub fn set_cookie(headers: &HeaderMap, cookie: &'static str, secret: &str) -> String {
    named_session(headers, cookie, secret)
}

/// The `Set-Cookie` header that removes it.
pub fn remove_cookie(headers: &HeaderMap, cookie: &'static str) -> String {
    removed_session(headers, cookie)
}

fn attempt(context: &HttpContext, headers: &HeaderMap, typed: TypedLogin, address: Option<IpAddr>) -> Attempt {
    Attempt {
        username: typed.username,
        password: typed.password,
        tenant: None,
        host_tenant: context.tenant_hosts.tenant_of(headers).cloned(),
        address,
    }
}

fn authorization(headers: &HeaderMap) -> Option<(&'static str, &str)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.trim().split_once(' ')?;
    let known = ["basic", "bearer"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((known, rest.trim()))
}

fn basic(credentials: &str) -> Option<TypedLogin> {
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(TypedLogin { username: typed_name(username), password: password.to_owned(), code: None })
}

/// A name as it was typed, without outer blanks. An e-mail address is written in lower case: as a name it is stored so.
pub fn typed_name(text: &str) -> String {
    let text = text.trim();
    if text.contains('@') { text.to_lowercase() } else { text.to_owned() }
}
