//! `/push`: the caller's browsers, which get its notices and alerts while no page is open.

use crate::wire::push::{NewPushSubscriptionJson, PushKeyJson, PushSubscriptionJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{PushId, PushSubscription};
use milepost_http::{Authenticated, Body, HttpContext, JsonAnswer, Page, Path, Problem, RequestClaim, rfc3339};
use milepost_service::push::{self, PushRequest};
use std::sync::Arc;

fn subscription_to_json(subscription: &PushSubscription) -> PushSubscriptionJson {
    PushSubscriptionJson {
        id: subscription.id.get(),
        endpoint: subscription.endpoint.clone(),
        created_at: rfc3339(subscription.created_at),
    }
}

/// Shows the key that pages subscribe with.
#[utoipa::path(get, path = "/push/key", tag = "push",
    responses((status = 200, body = PushKeyJson), (status = 403, body = Problem)))]
pub(crate) async fn get_push_key(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
) -> Result<Json<PushKeyJson>, Problem> {
    Ok(Json(PushKeyJson { public_key: push::push_key(&context.use_cases.push, &request)?.to_owned() }))
}

/// Adds a browser of the caller, or refreshes a known one (200). The eleventh replaces the one that was refreshed longest ago.
#[utoipa::path(post, path = "/push/subscriptions", tag = "push", request_body = NewPushSubscriptionJson,
    responses((status = 201, body = PushSubscriptionJson), (status = 200, body = PushSubscriptionJson),
        (status = 422, body = Problem)))]
pub(crate) async fn add_push_subscription(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewPushSubscriptionJson>,
) -> Result<JsonAnswer, Problem> {
    let browser = PushRequest { endpoint: json.endpoint, p256dh: json.keys.p256dh, auth: json.keys.auth };
    let render = |(added, is_new): &(PushSubscription, bool)| {
        JsonAnswer::new(if *is_new { StatusCode::CREATED } else { StatusCode::OK }, &subscription_to_json(added))
    };
    let added = push::add_push_subscription(&context.use_cases.push, &request, browser, &claim.once(render)).await?;
    Ok(render(&added))
}

/// Lists the caller's browsers, all on one page.
#[utoipa::path(get, path = "/push/subscriptions", tag = "push",
    responses((status = 200, body = Page<PushSubscriptionJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_push_subscriptions(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
) -> Result<Json<Page<PushSubscriptionJson>>, Problem> {
    let subscriptions = push::list_push_subscriptions(&context.use_cases.push, &request).await?;
    let items = subscriptions.iter().map(subscription_to_json).collect();
    Ok(Json(Page { items, next: None }))
}

/// Removes a browser of the caller, with its pending pushes.
#[utoipa::path(delete, path = "/push/subscriptions/{id}", tag = "push", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_push_subscription(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<PushId>,
) -> Result<StatusCode, Problem> {
    push::remove_push_subscription(&context.use_cases.push, &request, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
