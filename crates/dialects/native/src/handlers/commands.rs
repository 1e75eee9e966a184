//! `/devices/{id}/commands`.

use crate::convert::Refusals;
use crate::wire::command::{CommandJson, NewCommandJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{CommandId, CommandKind, CommandText, DeviceCommand, DeviceId, Invalid, IssuedCommand};
use milepost_http::{
    Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim, TenantQuery,
};
use milepost_service::{ServiceError, devices};
use std::sync::Arc;

/// Sends a command to a tracker.
///
/// It is written to the connection that the tracker holds open. If there is none, it waits, and is written once when the tracker connects
/// or reports next. A command of an open connection's protocol that does not have it is refused.
#[utoipa::path(post, path = "/devices/{id}/commands", tag = "devices", params(("id" = String, Path), TenantQuery),
    request_body = NewCommandJson,
    responses((status = 201, body = CommandJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn issue_command(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<DeviceId>,
    Body(json): Body<NewCommandJson>,
) -> Result<JsonAnswer, Problem> {
    let command = command_from_json(&json)?;
    let service = &context.use_cases.devices;
    let device = devices::get_device(service, &request, &tenant, &id).await?;
    let render = |issued: &IssuedCommand| JsonAnswer::new(StatusCode::CREATED, &command_to_json(issued));
    let of = (&device.vehicle_id, Some(&device.id));
    let issued = devices::issue_command(service, &request, &tenant, of, command, &claim.once(render)).await?;
    let refused =
        || ServiceError::from(Invalid::new("kind", "the device's protocol has no such command, or none so long"));
    Ok(render(&issued.ok_or_else(refused)?))
}

/// Lists the commands of a device, the newest first.
#[utoipa::path(get, path = "/devices/{id}/commands", tag = "devices", params(("id" = String, Path), PageQuery, TenantQuery),
    responses((status = 200, body = Page<CommandJson>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_commands(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<DeviceId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CommandJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(|text| text.parse().ok().and_then(|number| CommandId::new(number).ok()).ok_or(()))?;
    let _permit = context.page_permit(&request.caller).await?;
    let found = devices::list_commands(&context.use_cases.devices, &request, &tenant, &id, before, limit).await?;
    let items = found.iter().map(command_to_json).collect();
    Ok(Json(Page::new(items, limit, |command: &CommandJson| command.id.to_string())))
}

fn command_from_json(json: &NewCommandJson) -> Result<DeviceCommand, Problem> {
    let mut refusals = Refusals::default();
    let kind = refusals.take("kind", CommandKind::parse(&json.kind));
    let text = json.text.as_deref().and_then(|text| refusals.take("text", CommandText::new(text)));
    let Some(kind) = kind else { return Err(refusals.problem()) };
    refusals.none()?;
    if (kind == CommandKind::Custom) != text.is_some() {
        return Err(ServiceError::from(Invalid::new("text", "belongs to custom, and to no other kind")).into());
    }
    Ok(DeviceCommand { kind, text })
}

fn command_to_json(issued: &IssuedCommand) -> CommandJson {
    CommandJson {
        id: issued.id.get(),
        vehicle_id: issued.vehicle_id.to_string(),
        device_id: issued.device_id.as_ref().map(ToString::to_string),
        kind: issued.command.kind.as_str().to_owned(),
        text: issued.command.text.as_ref().map(|text| text.as_str().to_owned()),
        state: issued.state().as_str().to_owned(),
        was_queued: issued.was_queued,
        asked_at: issued.asked_at.to_string(),
        sent_at: issued.sent_at.map(|at| at.to_string()),
        answered_at: issued.answered_at.map(|at| at.to_string()),
        answer: issued.answer.as_ref().map(|answer| answer.as_str().to_owned()),
    }
}
