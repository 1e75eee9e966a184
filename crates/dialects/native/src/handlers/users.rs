//! `/users`.

use crate::convert::{access_token_to_json, user_to_json, vehicle_ids_from_json, zone_from_json};
use crate::wire::account::{ChangeUserJson, InvitationJson, NewUserJson, UserJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{AlertMail, Contact, EmailAddress, Language, Role, User, UserId, Username};
use milepost_http::{
    Authenticated, Body, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem, Query,
    RequestClaim, Tagged, TenantQuery, rfc3339, tenant_of,
};
use milepost_service::users::{self, NewUser, UserChange};
use milepost_service::{NewPasswordLink, sign_in};
use std::sync::Arc;

/// Adds a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUserJson,
    responses((status = 201, body = UserJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewUserJson>,
) -> Result<JsonAnswer, Problem> {
    let new = NewUser {
        username: Username::new(&json.username)?,
        password: json.password,
        role: Role::parse(&json.role)?,
        tenant: tenant_of(&request.caller, json.tenant.as_deref())?,
        approved: json.approved.unwrap_or(true),
        active: json.active.unwrap_or(true),
        cadet_id: json.cadet_id,
        vehicle_ids: vehicle_ids_from_json(&json.vehicle_ids.unwrap_or_default())?,
        contact: Contact {
            email: json.email.as_deref().map(EmailAddress::new).transpose()?,
            language: json.language.as_deref().map(Language::parse).transpose()?,
            timezone: json.timezone.as_deref().map(zone_from_json).transpose()?,
            alert_mail: json.alert_mail.as_deref().map(AlertMail::parse).transpose()?.unwrap_or_default(),
            refused_at: None,
        },
    };
    let render = |user: &User| JsonAnswer::new(StatusCode::CREATED, &user_to_json(user)).tagged(user.version);
    let user = users::add_user(&context.use_cases.users, &request, new, &claim.once(render)).await?;
    Ok(render(&user))
}

/// Lists users in the order of their numbers. A superadmin sees those of all tenants unless it names one.
#[utoipa::path(get, path = "/users", tag = "users", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<UserJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_users(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<TenantQuery>,
) -> Result<Json<Page<UserJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().map_err(drop).and_then(|number| UserId::new(number).map_err(drop)))?;
    let tenant = query.tenant.as_deref().map(|named| tenant_of(&request.caller, Some(named))).transpose()?;
    let _permit = context.page_permit(&request.caller).await?;
    let users = users::list_users(&context.use_cases.users, &request, tenant.as_ref(), after, limit).await?;
    let items = users.iter().map(user_to_json).collect();
    Ok(Json(Page::new(items, limit, |user: &UserJson| user.id.to_string())))
}

/// Shows a user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = i64, Path)),
    responses((status = 200, body = UserJson), (status = 404, body = Problem)))]
pub(crate) async fn get_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    known: IfNoneMatch,
    Path(id): Path<UserId>,
) -> Result<Tagged<UserJson>, Problem> {
    let user = users::get_user(&context.use_cases.users, &request, id).await?;
    Ok(Tagged::new(user.version, user_to_json(&user)).unless(&known))
}

/// Changes a user. The connections of a locked-out user close within a second. The answer that deactivates one lists the access tokens
/// that it made.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = i64, Path)), request_body = ChangeUserJson,
    responses((status = 200, body = UserJson), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    IfMatch(expected): IfMatch,
    Path(id): Path<UserId>,
    Body(json): Body<ChangeUserJson>,
) -> Result<Tagged<UserJson>, Problem> {
    let change = UserChange {
        username: json.username.as_deref().map(Username::new).transpose()?,
        password: json.password,
        role: json.role.as_deref().map(Role::parse).transpose()?,
        approved: json.approved,
        active: json.active,
        cadet_id: json.cadet_id,
        vehicle_ids: json.vehicle_ids.as_deref().map(vehicle_ids_from_json).transpose()?,
        email: json.email.map(|email| email.as_deref().map(EmailAddress::new).transpose()).transpose()?,
        language: json.language.map(|language| language.as_deref().map(Language::parse).transpose()).transpose()?,
        timezone: json.timezone.map(|zone| zone.as_deref().map(zone_from_json).transpose()).transpose()?,
        alert_mail: json.alert_mail.as_deref().map(AlertMail::parse).transpose()?,
    };
    let users = &context.use_cases.users;
    let user = users::change_user(users, &request, id, &expected, change).await?;
    let mut shown = user_to_json(&user);
    if json.active == Some(false) {
        let tokens = users::tokens_made_by(users, &user).await?;
        shown.access_tokens = Some(tokens.iter().map(access_token_to_json).collect());
    }
    Ok(Tagged::new(user.version, shown))
}

/// Removes a user with its sessions and connections.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    IfMatch(expected): IfMatch,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    users::remove_user(&context.use_cases.users, &request, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a link with which a user sets its password. It is good once, for an hour, and only this answer shows it.
#[utoipa::path(post, path = "/users/{id}/invitation", tag = "users", params(("id" = i64, Path)),
    responses((status = 201, body = InvitationJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn invite_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let new = NewPasswordLink::new(id, request.now);
    let expires_at = || rfc3339(new.link.expires_at);
    let shown_again =
        |(): &()| JsonAnswer::new(StatusCode::CREATED, &InvitationJson { url: None, expires_at: expires_at() });
    users::invite_user(&context.use_cases.users, &request, id, &new, &claim.once(shown_again)).await?;
    sign_in::mail_invitation(&context.use_cases.sign_in, id, request.now).await?;
    let url = Some(context.password_link(&new.secret));
    Ok((StatusCode::CREATED, Json(InvitationJson { url, expires_at: expires_at() })).into_response())
}

/// Removes the second factor of a user who can't use it any more.
#[utoipa::path(delete, path = "/users/{id}/totp", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn reset_second_factor(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    users::reset_second_factor(&context.use_cases.users, &request, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the passkeys of a user who has lost them.
#[utoipa::path(delete, path = "/users/{id}/passkeys", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn reset_passkeys(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    users::reset_passkeys(&context.use_cases.users, &request, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
