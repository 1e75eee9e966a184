//! `/cadets/{id}/attendance`.

use crate::convert_record::{attendance_from_json, attendance_to_json};
use crate::wire::record::{AttendanceJson, SetAttendanceJson};
use axum::Json;
use axum::extract::State;
use milepost_domain::{CadetId, TrainingDayId};
use milepost_http::{
    Body, ForTenant, HttpContext, IfMatch, Page, PageQuery, Path, PathSegment as _, Problem, Query, TenantQuery,
};
use milepost_service::records;
use std::sync::Arc;

/// Lists a cadet's attendance, the highest training day first.
#[utoipa::path(get, path = "/cadets/{id}/attendance", tag = "cadets", params(("id" = i64, Path), PageQuery, TenantQuery),
    responses((status = 200, body = Page<AttendanceJson>), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn list_attendance(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<CadetId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AttendanceJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(TrainingDayId::from_segment)?;
    let _permit = context.page_permit(&request.caller).await?;
    let days = records::list_attendance(&context.use_cases.records, &request, &tenant, id, before, limit).await?;
    let items = days.iter().map(|(day, attendance)| attendance_to_json(*day, attendance)).collect();
    Ok(Json(Page::new(items, limit, |day: &AttendanceJson| day.training_day_id.to_string())))
}

/// Enters a cadet's attendance of a training day, or replaces it. A change is published to the cadet and its staff.
///
/// `attendance_present` counts only `present`.
#[utoipa::path(put, path = "/cadets/{id}/attendance/{training_day_id}", tag = "cadets",
    params(("id" = i64, Path), ("training_day_id" = i64, Path), TenantQuery), request_body = SetAttendanceJson,
    responses((status = 200, body = AttendanceJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn record_attendance(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path((id, day)): Path<(CadetId, TrainingDayId)>,
    Body(json): Body<SetAttendanceJson>,
) -> Result<Json<AttendanceJson>, Problem> {
    let attendance = attendance_from_json(&json)?;
    records::record_attendance(&context.use_cases.records, &request, &tenant, id, &expected, day, &attendance).await?;
    Ok(Json(attendance_to_json(day, &attendance)))
}
