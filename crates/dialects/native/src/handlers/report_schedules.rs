//! `/report-schedules`: reports that are made again after each day, week or month, and mailed.

use crate::convert_report_schedule::{schedule_change_from_json, schedule_from_json, schedule_to_json};
use crate::wire::report_schedule::{ChangeReportScheduleJson, NewReportScheduleJson, ReportScheduleJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{ReportSchedule, ReportScheduleId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, JsonAnswer, Page, PageQuery, Path, Problem, Query,
    RequestClaim, Tagged, TenantQuery,
};
use milepost_service::reports;
use std::sync::Arc;

/// Makes a report schedule: a report is made after each day, week or month, and mailed to its receivers with its file.
///
/// Users make their own, of what they may see. A report is made with the permissions that its owner has then; an owner who may not log in or
/// see it any more gets none. Where the server sends no mail, the answer is 409.
#[utoipa::path(post, path = "/report-schedules", tag = "fleet", request_body = NewReportScheduleJson,
    responses((status = 201, body = ReportScheduleJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_report_schedule(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewReportScheduleJson>,
) -> Result<JsonAnswer, Problem> {
    let new = schedule_from_json(&json)?;
    let render = |schedule: &ReportSchedule| {
        JsonAnswer::new(StatusCode::CREATED, &schedule_to_json(schedule)).tagged(schedule.version)
    };
    let use_cases = &context.use_cases;
    let schedule = reports::add_report_schedule(&use_cases.reports, &request, new, &claim.once(render)).await?;
    Ok(render(&schedule))
}

/// Lists report schedules in the order of their numbers: all of the tenant for its admins, and one's own for others.
#[utoipa::path(get, path = "/report-schedules", tag = "fleet", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<ReportScheduleJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_report_schedules(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ReportScheduleJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().map_err(drop).and_then(|id| ReportScheduleId::new(id).map_err(drop)))?;
    let _permit = context.page_permit(&request.caller).await?;
    let use_cases = &context.use_cases;
    let listed = reports::list_report_schedules(&use_cases.reports, &request, &tenant, after, limit).await?;
    let items = listed.iter().map(schedule_to_json).collect();
    Ok(Json(Page::new(items, limit, |schedule: &ReportScheduleJson| schedule.id.to_string())))
}

/// Shows a report schedule.
#[utoipa::path(get, path = "/report-schedules/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = ReportScheduleJson), (status = 404, body = Problem)))]
pub(crate) async fn get_report_schedule(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<ReportScheduleId>,
) -> Result<Tagged<ReportScheduleJson>, Problem> {
    let schedule = reports::get_report_schedule(&context.use_cases.reports, &request, &tenant, id).await?;
    Ok(Tagged::new(schedule.version, schedule_to_json(&schedule)))
}

/// Changes a report schedule. A change of its time counts from now on: nothing that was missed is made up for.
#[utoipa::path(patch, path = "/report-schedules/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeReportScheduleJson,
    responses((status = 200, body = ReportScheduleJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_report_schedule(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<ReportScheduleId>,
    Body(json): Body<ChangeReportScheduleJson>,
) -> Result<Tagged<ReportScheduleJson>, Problem> {
    let change = schedule_change_from_json(&json)?;
    let use_cases = &context.use_cases;
    let schedule =
        reports::change_report_schedule(&use_cases.reports, &request, &tenant, id, &expected, &change).await?;
    Ok(Tagged::new(schedule.version, schedule_to_json(&schedule)))
}

/// Removes a report schedule. A report that it has begun is made, and mailed to nobody.
#[utoipa::path(delete, path = "/report-schedules/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_report_schedule(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<ReportScheduleId>,
) -> Result<StatusCode, Problem> {
    reports::remove_report_schedule(&context.use_cases.reports, &request, &tenant, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
