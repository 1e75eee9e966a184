//! Login over HTTP: tokens for programs, a session cookie for browsers, and what belongs to both.

mod email;
pub(crate) mod oidc;
mod passkeys;
mod reset;
mod sessions;
mod totp;

use crate::session_cookie::{remove_session, session_secret, set_session};
use crate::{Authenticated, Body, ClientAddress, HttpContext, Problem, SecondFactor, SignedIn};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use milepost_access::{Attempt, Opened};
use milepost_domain::{Language, Principal, Role, UserId};
use milepost_service::fleet::offline_after_s;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;

/// Username and password.
#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    /// The name, or `tenant/name`.
    username: String,
    password: String,
    /// The user's tenant. Without one, here or in `username`, the tenant of the host counts, or the only one that has the name.
    tenant: Option<String>,
    /// A code of the user's authenticator app, or a recovery code.
    totp: Option<String>,
}

impl TokenRequest {
    fn attempt(self, context: &HttpContext, headers: &HeaderMap, address: Option<IpAddr>) -> Attempt {
        let Self { username, password, tenant, totp: _ } = self;
        Attempt { username, password, tenant, host_tenant: context.tenant_hosts.tenant_of(headers).cloned(), address }
    }
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
pub struct TokenRefresh {
    refresh: String,
}

#[derive(Serialize)]
struct Pair {
    access: String,
    refresh: String,
}

#[derive(Serialize)]
struct Access {
    access: String,
}

/// What a right password led to where a second factor is due.
#[derive(Serialize)]
struct Due {
    second_factor: SecondFactor,
    challenge: String,
}

#[derive(Serialize)]
struct Me {
    id: Option<i64>,
    username: Option<String>,
    role: Option<&'static str>,
    tenant: String,
    cadet_id: Option<i64>,
    vehicle_ids: Vec<String>,
    /// The language and the time zone in which it is written to.
    language: Option<&'static str>,
    timezone: Option<String>,
    /// The tenant's threshold: a vehicle that was not heard for so many seconds is offline.
    offline_after_s: u32,
}

/// Routes for `/api/token` and `/auth`.
pub fn auth_routes(context: Arc<HttpContext>) -> Router {
    Router::new()
        .route("/api/token", post(issue_tokens))
        .route("/api/token/refresh", post(refresh_token))
        .route("/auth/login", post(open_session))
        .route("/auth/login/totp", post(totp::answer_challenge))
        .route("/auth/totp", post(totp::begin_totp).delete(totp::remove_totp))
        .route("/auth/totp/confirm", post(totp::confirm_totp))
        .merge(passkeys::routes())
        .route("/auth/logout", post(close_session))
        .route("/auth/logout/everywhere", post(end_logins))
        .route("/auth/me", get(show_caller))
        .merge(oidc::routes())
        .route("/auth/sessions", get(sessions::list_sessions))
        .route("/auth/sessions/{id}", delete(sessions::end_session))
        .route("/auth/email", get(email::get_email).post(email::request_confirmation))
        .route("/auth/email/confirm", post(email::confirm_email))
        .route("/auth/reset", post(reset::request_reset))
        .route("/auth/reset/confirm", post(reset::confirm_reset))
        .with_state(context)
}

async fn issue_tokens(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Body(request): Body<TokenRequest>,
) -> Result<impl IntoResponse, Problem> {
    let mut request = request;
    let code = request.totp.take();
    let pair = context.access.issue_tokens(request.attempt(&context, &headers, address), code.as_deref()).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Pair { access: pair.access, refresh: pair.refresh })))
}

async fn refresh_token(
    State(context): State<Arc<HttpContext>>,
    Body(request): Body<TokenRefresh>,
) -> Result<impl IntoResponse, Problem> {
    let access = context.access.refresh_token(&request.refresh).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Access { access })))
}

async fn open_session(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Body(request): Body<TokenRequest>,
) -> Result<Response, Problem> {
    if !context.origins.allows(&headers) {
        return Err(Problem::forbidden("this origin may not log in here, see ALLOWED_ORIGINS"));
    }
    Ok(match context.access.open_session(request.attempt(&context, &headers, address)).await? {
        Opened::Session(secret) => {
            let cookie = set_session(&headers, &secret);
            (StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])).into_response()
        }
        Opened::Challenge { challenge, factors } => {
            let due = Due { second_factor: SecondFactor(factors), challenge };
            (StatusCode::ACCEPTED, Json(due)).into_response()
        }
    })
}

async fn close_session(
    State(context): State<Arc<HttpContext>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    if !context.origins.allows(&headers) {
        return Err(Problem::forbidden("this origin may not log out here, see ALLOWED_ORIGINS"));
    }
    if let Some(secret) = session_secret(&headers) {
        context.access.close_session(secret).await?;
    }
    let cookie = remove_session(&headers);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

/// Ends all logins of the caller: sessions, access and refresh tokens, and what was opened with them.
async fn end_logins(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
) -> Result<StatusCode, Problem> {
    let ended = match request.caller.user_id() {
        Some(user) => context.access.end_logins(user).await?,
        None => false,
    };
    if ended {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::forbidden("only users that are stored here have logins"))
    }
}

async fn show_caller(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<Json<Me>, Problem> {
    let caller = authentication.into_caller();
    let user = context.access.user_of(&caller).await?;
    let offline_after_s = offline_after_s(&context.use_cases.fleet, &context.request(caller.clone())).await?;
    let (id, tenant) = (caller.user_id().map(UserId::get), caller.tenant.to_string());
    let (role, cadet_id, vehicles) = match caller.principal {
        Principal::User { role, cadet_id, vehicle_ids, .. } => (Some(role), cadet_id, vehicle_ids),
        Principal::Program { vehicle_ids, .. } => (None, None, vehicle_ids.unwrap_or_default()),
        Principal::Device { vehicle_id, .. } => (None, None, vec![vehicle_id]),
        Principal::Guest { vehicle_ids, .. } => (None, None, vehicle_ids),
    };
    Ok(Json(Me {
        id,
        username: user.as_ref().map(|user| user.username.to_string()),
        role: role.map(Role::as_str),
        tenant,
        cadet_id,
        vehicle_ids: vehicles.iter().map(ToString::to_string).collect(),
        language: user.as_ref().and_then(|user| user.contact.language).map(Language::as_str),
        timezone: user.and_then(|user| user.contact.timezone).map(|zone| zone.as_str().to_owned()),
        offline_after_s,
    }))
}
