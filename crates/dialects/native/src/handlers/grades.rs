//! `/cadets/{id}/grades`.

use crate::convert_record::{grade_from_json, grade_to_json};
use crate::wire::record::{GradeJson, NewGradeJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{CadetId, Grade, GradeId};
use milepost_http::{
    Body, ForTenant, HttpContext, IfMatch, JsonAnswer, Page, PageQuery, Path, PathSegment as _, Problem, Query,
    RequestClaim, TenantQuery,
};
use milepost_service::records;
use std::sync::Arc;

/// Gives a merit or demerit. The cadet and its staff get it with the new totals.
#[utoipa::path(post, path = "/cadets/{id}/grades", tag = "cadets", params(("id" = i64, Path), TenantQuery),
    request_body = NewGradeJson,
    responses((status = 201, body = GradeJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn give_grade(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<CadetId>,
    Body(json): Body<NewGradeJson>,
) -> Result<JsonAnswer, Problem> {
    let grade = grade_from_json(&json)?;
    let render = |grade: &Grade| JsonAnswer::new(StatusCode::CREATED, &grade_to_json(grade));
    let grade =
        records::give_grade(&context.use_cases.records, &request, &tenant, id, &grade, &claim.once(render)).await?;
    Ok(render(&grade))
}

/// Lists a cadet's merits and demerits, newest first, without those taken back.
#[utoipa::path(get, path = "/cadets/{id}/grades", tag = "cadets", params(("id" = i64, Path), PageQuery, TenantQuery),
    responses((status = 200, body = Page<GradeJson>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_grades(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<CadetId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<GradeJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(GradeId::from_segment)?;
    let _permit = context.page_permit(&request.caller).await?;
    let grades = records::list_grades(&context.use_cases.records, &request, &tenant, id, before, limit).await?;
    let items = grades.iter().map(grade_to_json).collect();
    Ok(Json(Page::new(items, limit, |grade: &GradeJson| grade.id.to_string())))
}

/// Takes a merit or demerit back. The cadet and its staff get the new totals.
#[utoipa::path(delete, path = "/cadets/{id}/grades/{grade_id}", tag = "cadets",
    params(("id" = i64, Path), ("grade_id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn take_back_grade(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path((id, grade)): Path<(CadetId, GradeId)>,
) -> Result<StatusCode, Problem> {
    records::take_back_grade(&context.use_cases.records, &request, &tenant, id, &expected, grade).await?;
    Ok(StatusCode::NO_CONTENT)
}
