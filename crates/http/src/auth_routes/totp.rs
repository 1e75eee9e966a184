//! The second factor: of the caller, and of a login that waits for it.

use crate::session_cookie::set_session;
use crate::{Body, ClientAddress, HttpContext, OptionalBody, Problem, SignedIn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
pub(super) struct Setup {
    secret: String,
    otpauth_url: String,
}

#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
}

#[derive(Serialize)]
pub(super) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Removal {
    password: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    challenge: String,
    code: String,
}

pub(super) async fn begin_totp(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<impl IntoResponse, Problem> {
    let setup = context.access.begin_totp(&authentication).await?;
    Ok(Json(Setup { secret: setup.secret, otpauth_url: setup.otpauth_url }))
}

pub(super) async fn confirm_totp(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    Body(json): Body<Code>,
) -> Result<impl IntoResponse, Problem> {
    let recovery_codes = context.access.confirm_totp(&authentication, &json.code, address).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

pub(super) async fn remove_totp(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    OptionalBody(json): OptionalBody<Removal>,
) -> Result<StatusCode, Problem> {
    if context.access.remove_own_totp(&authentication, json.password, address).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("second factor"))
    }
}

pub(super) async fn answer_challenge(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Body(json): Body<Answer>,
) -> Result<impl IntoResponse, Problem> {
    if !context.origins.allows(&headers) {
        return Err(Problem::forbidden("this origin may not log in here, see ALLOWED_ORIGINS"));
    }
    let secret = context.access.answer_challenge(&json.challenge, &json.code, address).await?;
    let cookie = set_session(&headers, &secret);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}
