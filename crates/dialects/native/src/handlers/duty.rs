//! `/duty`, and the times off duty of a driver.

use crate::wire::duty::{ChangeDutyJson, DutyJson, OffDutyJson};
use axum::Json;
use axum::extract::State;
use milepost_domain::{OffDuty, OffDutyRule, UserId};
use milepost_http::{
    Authenticated, Body, HttpContext, Page, PageQuery, Path, Problem, Query, parse_timestamp, rfc3339,
};
use milepost_service::duty::{self, DutyView};
use std::sync::Arc;

/// Shows whether the caller, a driver or rider, is on duty.
#[utoipa::path(get, path = "/duty", tag = "users",
    responses((status = 200, body = DutyJson), (status = 403, body = Problem)))]
pub(crate) async fn get_duty(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
) -> Result<Json<DutyJson>, Problem> {
    Ok(Json(duty_to_json(&duty::get_duty(&context.use_cases.duty, &request).await?)))
}

/// The caller goes off duty, or comes back. Of off-duty time nothing is kept.
#[utoipa::path(put, path = "/duty", tag = "users", request_body = ChangeDutyJson,
    responses((status = 200, body = DutyJson), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn change_duty(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Body(json): Body<ChangeDutyJson>,
) -> Result<Json<DutyJson>, Problem> {
    Ok(Json(duty_to_json(&duty::change_duty(&context.use_cases.duty, &request, json.off_duty).await?)))
}

/// Lists the times off duty of a driver, the newest first.
#[utoipa::path(get, path = "/users/{id}/off-duty", tag = "users", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = Page<OffDutyJson>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_off_duty(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<OffDutyJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(|text| parse_timestamp(&text.into()).map_err(drop))?;
    let _permit = context.page_permit(&request.caller).await?;
    let times = duty::list_off_duty(&context.use_cases.duty, &request, id, before, limit).await?;
    let items = times.iter().map(off_duty_to_json).collect();
    Ok(Json(Page::new(items, limit, |time: &OffDutyJson| time.from.clone())))
}

fn duty_to_json(view: &DutyView) -> DutyJson {
    DutyJson {
        off_duty: view.off_duty_since.is_some(),
        since: view.off_duty_since.map(rfc3339),
        leaves_out: left_out(view.rule),
    }
}

fn off_duty_to_json(time: &OffDuty) -> OffDutyJson {
    let rule = if time.with_vehicle { OffDutyRule::Vehicles } else { OffDutyRule::Phones };
    OffDutyJson { from: rfc3339(time.from), to: time.to.map(rfc3339), leaves_out: left_out(rule) }
}

const fn left_out(rule: OffDutyRule) -> &'static str {
    match rule {
        OffDutyRule::Kept => "nothing",
        OffDutyRule::Phones => "phones",
        OffDutyRule::Vehicles => "vehicles",
    }
}
