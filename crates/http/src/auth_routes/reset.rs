//! Setting a password with a link, for people who forgot theirs or were invited.

use crate::{Body, ClientAddress, HttpContext, Problem};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use milepost_access::Forgetful;
use milepost_domain::EmailAddress;
use milepost_service::sign_in;
use serde::Deserialize;
use std::sync::Arc;

/// Who forgot a password.
#[derive(Deserialize)]
pub(super) struct ResetJson {
    username: Option<String>,
    tenant: Option<String>,
    email: Option<String>,
}

/// A link's secret and the new password.
#[derive(Deserialize)]
pub(super) struct ConfirmJson {
    token: String,
    password: String,
}

/// Answers before anything is looked up, so that nobody learns from the answer or its time who has an account.
pub(super) async fn request_reset(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Body(json): Body<ResetJson>,
) -> Result<StatusCode, Problem> {
    let forgetful = match (json.username, json.email) {
        (Some(username), None) => Forgetful::Named {
            username,
            tenant: json.tenant,
            host_tenant: context.tenant_hosts.tenant_of(&headers).cloned(),
        },
        // An address that can't be one is nobody's.
        (None, Some(email)) => match EmailAddress::new(&email) {
            Ok(email) => Forgetful::At(email),
            Err(_) => return Ok(StatusCode::ACCEPTED),
        },
        _ => return Err(Problem::invalid("username", "is required, or email instead")),
    };
    sign_in::request_reset(&context.use_cases.sign_in, forgetful, address);
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn confirm_reset(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    Body(json): Body<ConfirmJson>,
) -> Result<StatusCode, Problem> {
    context.access.reset_password(&json.token, json.password, address).await?;
    Ok(StatusCode::NO_CONTENT)
}
