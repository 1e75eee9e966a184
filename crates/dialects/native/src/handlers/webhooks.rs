//! `/webhooks` and their deliveries.

use crate::convert_outgoing::{call_to_json, webhook_to_json};
use crate::wire::outgoing::{ChangeWebhookJson, NewWebhookJson, OutgoingCallJson, RotateSecretJson, WebhookJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Target, Timestamp, Webhook, WebhookId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, JsonAnswer, MAX_BODY_BYTES, Page, PageQuery, Path, Problem,
    Query, RawBody, RequestClaim, Tagged, TenantQuery, parse_object, tenant_of,
};
use milepost_service::webhooks::{self, WebhookRequest, shown_secret};
use milepost_service::{CallId, StoredCall, WebhookChange, outgoing};
use std::sync::Arc;

/// Adds a webhook. Only this answer shows its secret.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = NewWebhookJson,
    responses((status = 201, body = WebhookJson), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_webhook(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewWebhookJson>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let new = WebhookRequest { url: json.url, kinds: json.events.unwrap_or_default(), secret: json.secret };
    let shown_again = |webhook: &Webhook| {
        JsonAnswer::new(StatusCode::CREATED, &webhook_to_json(webhook, request.now)).tagged(webhook.version)
    };
    let webhook =
        webhooks::add_webhook(&context.use_cases.webhooks, &request, &tenant, new, &claim.once(shown_again)).await?;
    let shown_once = Tagged::new(webhook.version, with_secret(&webhook, request.now));
    Ok((StatusCode::CREATED, shown_once).into_response())
}

fn with_secret(webhook: &Webhook, now: Timestamp) -> WebhookJson {
    WebhookJson { secret: Some(shown_secret(&webhook.secret)), ..webhook_to_json(webhook, now) }
}

/// Lists webhooks in the order of their numbers.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<WebhookJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_webhooks(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<WebhookJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().map(WebhookId))?;
    let _permit = context.page_permit(&request.caller).await?;
    let webhooks = webhooks::list_webhooks(&context.use_cases.webhooks, &request, &tenant, after, limit).await?;
    let items = webhooks.iter().map(|webhook| webhook_to_json(webhook, request.now)).collect();
    Ok(Json(Page::new(items, limit, |webhook: &WebhookJson| webhook.id.to_string())))
}

/// Shows a webhook, without its secret.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = WebhookJson), (status = 404, body = Problem)))]
pub(crate) async fn get_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<WebhookId>,
) -> Result<Tagged<WebhookJson>, Problem> {
    let webhook = webhooks::get_webhook(&context.use_cases.webhooks, &request, &tenant, id).await?;
    Ok(Tagged::new(webhook.version, webhook_to_json(&webhook, request.now)))
}

/// Changes a webhook.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeWebhookJson,
    responses((status = 200, body = WebhookJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<WebhookId>,
    Body(json): Body<ChangeWebhookJson>,
) -> Result<Tagged<WebhookJson>, Problem> {
    let change = WebhookChange { url: json.url, kinds: json.events, active: json.active };
    let webhook =
        webhooks::change_webhook(&context.use_cases.webhooks, &request, &tenant, id, &expected, change).await?;
    Ok(Tagged::new(webhook.version, webhook_to_json(&webhook, request.now)))
}

/// Replaces a webhook's secret. Only this answer shows the new one. For a while calls are signed with the old one too.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks",
    params(("id" = i64, Path), TenantQuery), request_body = Option<RotateSecretJson>,
    responses((status = 200, body = WebhookJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn rotate_webhook_secret(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<WebhookId>,
    RawBody(body): RawBody<MAX_BODY_BYTES>,
) -> Result<Tagged<WebhookJson>, Problem> {
    let json = if body.trim_ascii().is_empty() { RotateSecretJson::default() } else { parse_object(&body)? };
    let shown_again = |webhook: &Webhook| {
        JsonAnswer::new(StatusCode::OK, &webhook_to_json(webhook, request.now)).tagged(webhook.version)
    };
    let once = claim.once(shown_again);
    let webhooks = &context.use_cases.webhooks;
    let webhook = webhooks::rotate_webhook_secret(webhooks, &request, &tenant, id, json.overlap, &once).await?;
    Ok(Tagged::new(webhook.version, with_secret(&webhook, request.now)))
}

/// Sends a test call to a webhook, with the type `webhook.test`. It is signed and retried like all other calls.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 202, body = OutgoingCallJson), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn test_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<WebhookId>,
) -> Result<JsonAnswer, Problem> {
    let render = |call: &StoredCall| JsonAnswer::new(StatusCode::ACCEPTED, &call_to_json(call));
    let call = webhooks::test_webhook(&context.use_cases.webhooks, &request, &tenant, id, &claim.once(render)).await?;
    Ok(render(&call))
}

/// Removes a webhook with its deliveries, sent or not.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Problem> {
    webhooks::remove_webhook(&context.use_cases.webhooks, &request, &tenant, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists a webhook's deliveries, newest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = i64, Path), PageQuery, TenantQuery),
    responses((status = 200, body = Page<OutgoingCallJson>), (status = 404, body = Problem)))]
pub(crate) async fn list_webhook_deliveries(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<WebhookId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<OutgoingCallJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(|text| text.parse().map(CallId))?;
    let _permit = context.page_permit(&request.caller).await?;
    let calls = webhooks::list_webhook_calls(&context.use_cases.webhooks, &request, &tenant, id, before, limit).await?;
    let items = calls.iter().map(call_to_json).collect();
    Ok(Json(Page::new(items, limit, |call: &OutgoingCallJson| call.id.to_string())))
}

/// Makes a dead delivery due again.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/retry", tag = "webhooks",
    params(("id" = i64, Path), ("delivery_id" = i64, Path), TenantQuery),
    responses((status = 200, body = OutgoingCallJson), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn retry_webhook_delivery(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path((id, delivery_id)): Path<(WebhookId, CallId)>,
) -> Result<JsonAnswer, Problem> {
    let target = Some(Target::Webhook(id));
    let render = |call: &StoredCall| JsonAnswer::new(StatusCode::OK, &call_to_json(call));
    let call = outgoing::retry_call(
        &context.use_cases.outgoing_calls,
        &request,
        &tenant,
        target,
        delivery_id,
        &claim.once(render),
    )
    .await?;
    Ok(render(&call))
}
