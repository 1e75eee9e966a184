//! Confirming an e-mail address with a link that goes to it.

use crate::{Body, ClientAddress, HttpContext, Problem, SignedIn, rfc3339};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::EmailAddress;
use milepost_service::sign_in;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The caller's address.
#[derive(Serialize)]
pub(super) struct EmailJson {
    email: Option<String>,
    /// Since when its mail server refuses it: RFC 3339; null if it is good.
    refused_at: Option<String>,
}

/// An address to be confirmed.
#[derive(Deserialize)]
pub(super) struct RequestJson {
    /// The present one if absent.
    email: Option<String>,
    /// For another one, unless the login is fresh.
    password: Option<String>,
}

/// A link's secret.
#[derive(Deserialize)]
pub(super) struct ConfirmJson {
    token: String,
}

pub(super) async fn get_email(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<Json<EmailJson>, Problem> {
    let contact = sign_in::get_contact(&context.use_cases.sign_in, &authentication).await?;
    let email = contact.email.as_ref().map(|email| email.as_str().to_owned());
    Ok(Json(EmailJson { email, refused_at: contact.refused_at.map(rfc3339) }))
}

pub(super) async fn request_confirmation(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    Body(json): Body<RequestJson>,
) -> Result<StatusCode, Problem> {
    let email = json.email.as_deref().map(EmailAddress::new).transpose();
    let email = email.map_err(|invalid| Problem::invalid("email", invalid.message))?;
    let asked = (address, context.clock.now());
    let sign_in = &context.use_cases.sign_in;
    sign_in::request_confirmation(sign_in, &authentication, email, json.password, asked).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn confirm_email(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    Body(json): Body<ConfirmJson>,
) -> Result<StatusCode, Problem> {
    context.access.confirm_email(&json.token, address).await?;
    Ok(StatusCode::NO_CONTENT)
}
