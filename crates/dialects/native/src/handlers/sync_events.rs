//! `/sync-events`.

use crate::convert_notice::{sync_event_from_json, sync_event_to_json};
use crate::wire::notice::{NewSyncEventJson, SyncEventJson};
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::Event;
use milepost_http::{
    Authenticated, Body, HttpContext, JsonAnswer, Problem, Query, RequestClaim, TenantQuery, tenant_of,
};
use milepost_service::records;
use std::sync::Arc;

/// Publishes a manual event to a cadet and staff, or to staff alone. It changes no record.
#[utoipa::path(post, path = "/sync-events", tag = "cadets", params(TenantQuery), request_body = NewSyncEventJson,
    responses((status = 201, body = SyncEventJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn publish_sync_event(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewSyncEventJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let render = |event: &Event| JsonAnswer::new(StatusCode::CREATED, &sync_event_to_json(event));
    let event = records::publish_sync_event(
        &context.use_cases.records,
        &request,
        sync_event_from_json(json, tenant)?,
        &claim.once(render),
    )
    .await?;
    Ok(render(&event))
}
