//! `/api/session`: logins by form, token or cookie, and the tokens that people make.

use crate::TraccarParts;
use crate::extract::{COOKIE, Form, Id, Params, Signed};
use crate::handlers::users::{guest_object, own_object};
use crate::refusal::Refusal;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use milepost_domain::Caller;
use milepost_http::ClientAddress;
use milepost_http::logins::{
    LoggedIn, ShownBy, TypedLogin, cookie_caller, end_user_token, is_guest, issue_user_token, log_in, log_in_by_token,
    log_out, looks_like_token, remove_cookie, set_cookie, token_caller, typed_name,
};

/// The lifetime of a token without an expiration, and the longest.
const TOKEN_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const MAX_TOKEN_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// The user of the cookie, or of `?token=`, which opens a session.
pub(crate) async fn show_session(
    State(parts): State<TraccarParts>,
    params: Params,
    head: Parts,
) -> Result<Response, Refusal> {
    let context = &parts.live.context;
    if let Some(token) = params.text("token") {
        if !looks_like_token(token) {
            return Err(Refusal::no_token());
        }
        let shown = token_caller(context, &head, token).await?;
        let caller = shown.caller().clone();
        let body = caller_object(&parts, &caller).await?;
        let secret = log_in_by_token(context, &shown, token, ClientAddress::of(&head).0).await?;
        return Ok(with_session(&head.headers, &secret, body));
    }
    match cookie_caller(context, &head, COOKIE).await {
        Ok(shown) => Ok(Json(caller_object(&parts, shown.caller()).await?).into_response()),
        Err(problem) if problem.status >= 500 => Err(problem.into()),
        Err(_) => Err(Refusal::no_session()),
    }
}

/// The user of a number, if it is the caller's own: nobody becomes another here.
pub(crate) async fn show_own_session(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Response, Refusal> {
    if signed.user().map(milepost_domain::UserId::get) != Some(id) {
        return Err(Refusal::forbidden("User access denied"));
    }
    Ok(Json(caller_object(&parts, signed.caller()).await?).into_response())
}

/// Logs in by a form.
pub(crate) async fn open_session(
    State(parts): State<TraccarParts>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let context = &parts.live.context;
    if !context.origins.allows_host(&headers) {
        return Err(Refusal::not_authenticated());
    }
    let password = form
        .get("password")
        .ok_or_else(|| Refusal::missing("Cannot invoke \"String.toCharArray()\" because \"<parameter1>\" is null"))?;
    let typed = TypedLogin {
        username: typed_name(form.get("email").unwrap_or_default()),
        password: password.to_owned(),
        code: form.get("code").filter(|code| !code.is_empty()).map(str::to_owned),
    };
    match log_in(context, &headers, address, typed).await? {
        LoggedIn::CodeDue => Err(Refusal::code_due()),
        LoggedIn::Session(secret) => {
            let caller = session_caller(&parts, &secret).await?;
            let body = caller_object(&parts, &caller).await?;
            Ok(with_session(&headers, &secret, body))
        }
    }
}

async fn session_caller(parts: &TraccarParts, secret: &str) -> Result<Caller, Refusal> {
    let mut head = axum::http::Request::new(()).into_parts().0;
    let cookie = format!("{COOKIE}={secret}").parse().map_err(|_| Refusal::not_authenticated())?;
    head.headers.insert(header::COOKIE, cookie);
    Ok(cookie_caller(&parts.live.context, &head, COOKIE).await?.into_caller())
}

/// Logs out.
pub(crate) async fn close_session(
    State(parts): State<TraccarParts>,
    headers: HeaderMap,
    _: Signed,
) -> Result<Response, Refusal> {
    log_out(&parts.live.context, &headers, COOKIE).await?;
    let removed = remove_cookie(&headers, COOKIE);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, removed)])).into_response())
}

/// Makes a token; the answer is the bare text. A token makes no tokens.
pub(crate) async fn make_token(
    State(parts): State<TraccarParts>,
    ClientAddress(address): ClientAddress,
    signed: Signed,
    form: Form,
) -> Result<Response, Refusal> {
    let user = signed.user().filter(|_| signed.by != ShownBy::Token);
    let user = user.ok_or_else(|| Refusal::forbidden("Operation restricted"))?;
    let now = signed.now();
    let expires_at = form.time("expiration")?.unwrap_or(now.plus_ms(TOKEN_MS)).min(now.plus_ms(MAX_TOKEN_MS));
    let token = issue_user_token(&parts.live.context, user, expires_at, address).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], token).into_response())
}

/// Ends a token of the caller.
pub(crate) async fn revoke_token(
    State(parts): State<TraccarParts>,
    signed: Signed,
    form: Form,
) -> Result<StatusCode, Refusal> {
    let token = form.get("token").filter(|token| looks_like_token(token)).ok_or_else(Refusal::no_token)?;
    let user = signed.user().ok_or_else(|| Refusal::forbidden("Operation restricted"))?;
    end_user_token(&parts.live.context, user, token).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn with_session(headers: &HeaderMap, secret: &str, body: crate::shape::Object) -> Response {
    (AppendHeaders([(header::SET_COOKIE, set_cookie(headers, COOKIE, secret))]), Json(body)).into_response()
}

/// The object of a caller: a stored user, or the guest of a shared link.
async fn caller_object(parts: &TraccarParts, caller: &Caller) -> Result<crate::shape::Object, Refusal> {
    if is_guest(caller) {
        return Ok(guest_object(caller));
    }
    let user = caller.user_id().ok_or_else(Refusal::not_authenticated)?;
    own_object(parts, caller, user).await
}
