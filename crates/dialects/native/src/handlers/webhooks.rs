//! `/webhooks` and their deliveries.

use crate::convert_outgoing::{call_to_json, webhook_to_json};
use crate::wire::outgoing::{NewWebhookJson, OutgoingCallJson, WebhookJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Target, Webhook, WebhookId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim,
    TenantQuery, tenant_of,
};
use milepost_service::webhooks::{self, WebhookRequest, shown_secret};
use milepost_service::{CallNo, StoredCall, outgoing};
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
    let shown_again = |webhook: &Webhook| JsonAnswer::new(StatusCode::CREATED, &webhook_to_json(webhook));
    let webhook =
        webhooks::add_webhook(&context.use_cases.webhooks, &request, &tenant, new, &claim.once(shown_again)).await?;
    let shown_once = WebhookJson { secret: Some(shown_secret(&webhook.secret)), ..webhook_to_json(&webhook) };
    Ok((StatusCode::CREATED, Json(shown_once)).into_response())
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
    let webhooks = webhooks::list_webhooks(&context.use_cases.webhooks, &request, &tenant, after, limit).await?;
    let items = webhooks.iter().map(webhook_to_json).collect();
    Ok(Json(Page::new(items, limit, |webhook: &WebhookJson| webhook.id.to_string())))
}

/// Shows a webhook, without its secret.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = WebhookJson), (status = 404, body = Problem)))]
pub(crate) async fn get_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookJson>, Problem> {
    let webhook = webhooks::get_webhook(&context.use_cases.webhooks, &request, &tenant, id).await?;
    Ok(Json(webhook_to_json(&webhook)))
}

/// Removes a webhook with its deliveries, sent or not.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_webhook(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Problem> {
    webhooks::remove_webhook(&context.use_cases.webhooks, &request, &tenant, id).await?;
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
    let before = page.after(|text| text.parse().map(CallNo))?;
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
    Path((id, delivery_id)): Path<(WebhookId, CallNo)>,
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
