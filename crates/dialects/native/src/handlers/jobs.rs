//! `/jobs`: work that takes longer than a request.

use crate::wire::job::{AddedJobJson, JobJson};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Job, JobId};
use milepost_http::{Authenticated, HttpContext, JsonAnswer, Path, Problem, RequestClaim};
use milepost_service::{jobs, reports};
use std::sync::Arc;

/// Shows how far a job is. It is kept for a day after its end.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobJson), (status = 404, body = Problem)))]
pub(crate) async fn get_job(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<JobId>,
) -> Result<Json<JobJson>, Problem> {
    let job = jobs::get_job(&context.use_cases.jobs, &request, &id).await?;
    Ok(Json(job_to_json(&job)))
}

/// The file that a job made.
#[utoipa::path(get, path = "/jobs/{id}/result", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, content(
        (Vec<u8> = "application/zip"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (serde_json::Value = "application/json"),
    )), (status = 404, body = Problem)))]
pub(crate) async fn read_job_result(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<JobId>,
) -> Result<Response, Problem> {
    let (file, content) = jobs::open_result(&context.use_cases.jobs, &request, &id).await?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}

/// Mails the file of a report that is made to the caller, who may see it. The answer is 409 for one that is not made yet, where the server sends
/// no mail, and for a caller without a confirmed address.
#[utoipa::path(post, path = "/jobs/{id}/mail", tag = "jobs", params(("id" = String, Path)),
    responses((status = 202, body = AddedJobJson), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn mail_report(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Path(id): Path<JobId>,
) -> Result<JsonAnswer, Problem> {
    let render = |job: &JobId| JsonAnswer::new(StatusCode::ACCEPTED, &AddedJobJson { job: job.to_string() });
    let use_cases = &context.use_cases;
    let job = reports::mail_report(&use_cases.reports, &use_cases.jobs, &request, &id, &claim.once(render)).await?;
    Ok(render(&job))
}

fn job_to_json(job: &Job) -> JobJson {
    JobJson {
        id: job.id.to_string(),
        kind: job.kind.clone(),
        status: job.status.as_str(),
        progress: i64::from(job.progress),
        result_url: job.file.as_ref().map(|_| format!("/api/v1/jobs/{}/result", job.id)),
        file_name: job.file.as_ref().map(|file| file.name.clone()),
        error: job.error.clone(),
    }
}
