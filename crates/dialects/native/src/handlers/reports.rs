//! `/reports`: what a fleet did in a time, made as a job.

use crate::convert::vehicle_ids_from_json;
use crate::wire::job::AddedJobJson;
use crate::wire::report::NewReportJson;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{JobId, Language, ReportFormat, ReportGroup, ReportKind};
use milepost_http::{Authenticated, Body, HttpContext, JsonAnswer, Problem, RequestClaim, tenant_of};
use milepost_service::reports::{self, NewReport};
use std::sync::Arc;

/// Begins to make a report of the trips, stops, mileage, utilisation, fuel, geofence visits or speeding of a time.
///
/// It is computed of what was found in the tracks when they came in. Trips, stops, visits and speeding belong to the day on which they
/// began; mileage and utilisation are sums over quarters of an hour, but for drivers, whose trips count. What is not known is blank.
///
/// Parents make reports of their vehicles' trips, stops, mileage and utilisation. Drivers and riders make those of the trips that they drove:
/// `trips`, and `mileage` and `utilisation` by driver.
///
/// With `mail` the file is mailed to the caller, too. The answer is 409 where the server sends no mail, or the caller has no confirmed address.
#[utoipa::path(post, path = "/reports", tag = "fleet", request_body = NewReportJson,
    responses((status = 202, body = AddedJobJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn make_report(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewReportJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    if json.vehicle_ids.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::invalid("vehicle_ids", "must have an entry, or be left out for all vehicles"));
    }
    let new = NewReport {
        kind: ReportKind::parse(&json.kind)?,
        from: json.from,
        to: json.to,
        group: json.group_by.as_deref().map(ReportGroup::parse).transpose()?,
        vehicles: json.vehicle_ids.as_deref().map(vehicle_ids_from_json).transpose()?,
        timezone: json.timezone,
        language: json.language.as_deref().map(Language::parse).transpose()?,
        format: json.format.as_deref().map_or(Ok(ReportFormat::Json), ReportFormat::parse)?,
        mail: json.mail.unwrap_or(false),
    };
    let render = |job: &JobId| JsonAnswer::new(StatusCode::ACCEPTED, &AddedJobJson { job: job.to_string() });
    let use_cases = &context.use_cases;
    let job =
        reports::make_report(&use_cases.reports, &use_cases.jobs, &request, &tenant, &new, &claim.once(render)).await?;
    Ok(render(&job))
}
