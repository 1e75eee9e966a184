//! `/outgoing`: calls to the order and notification services, and to webhooks.

use crate::convert_outgoing::call_to_json;
use crate::wire::outgoing::{OutgoingCallJson, TargetQuery};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::Target;
use milepost_http::{
    ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim, TenantQuery,
};
use milepost_service::{CallId, StoredCall, outgoing};
use std::sync::Arc;

/// Lists outgoing calls, newest first.
#[utoipa::path(get, path = "/outgoing", tag = "webhooks", params(PageQuery, TargetQuery, TenantQuery),
    responses((status = 200, body = Page<OutgoingCallJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_outgoing_calls(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
    Query(target): Query<TargetQuery>,
) -> Result<Json<Page<OutgoingCallJson>>, Problem> {
    let limit = page.limit()?;
    let target = match target.target.as_deref() {
        None => None,
        Some("orders") => Some(Target::Orders),
        Some("notifications") => Some(Target::Notifications),
        Some(_) => return Err(Problem::invalid("target", "must be orders or notifications")),
    };
    let before = page.after(|text| text.parse().map(CallId))?;
    let _permit = context.page_permit(&request.caller).await?;
    let calls =
        outgoing::list_calls(&context.use_cases.outgoing_calls, &request, &tenant, target, before, limit).await?;
    let items = calls.iter().map(call_to_json).collect();
    Ok(Json(Page::new(items, limit, |call: &OutgoingCallJson| call.id.to_string())))
}

/// Makes a dead call due again.
#[utoipa::path(post, path = "/outgoing/{id}/retry", tag = "webhooks", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = OutgoingCallJson), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn retry_outgoing_call(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<CallId>,
) -> Result<JsonAnswer, Problem> {
    let render = |call: &StoredCall| JsonAnswer::new(StatusCode::OK, &call_to_json(call));
    let call =
        outgoing::retry_call(&context.use_cases.outgoing_calls, &request, &tenant, None, id, &claim.once(render))
            .await?;
    Ok(render(&call))
}
