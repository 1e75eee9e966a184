//! `/users/{id}/export` and `/users/{id}/erasure`: a person's data.

use crate::wire::job::{AddedJobJson, ErasureJson, SetErasureJson};
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{JobId, Timestamp, UserId};
use milepost_http::{
    Authenticated, HttpContext, JsonAnswer, OptionalBody, Path, Problem, RequestClaim, WithCredential, rfc3339,
};
use milepost_service::people;
use std::sync::Arc;

/// Begins to gather all that is known of a user: JSON, and tracks as GPX, in a ZIP file.
#[utoipa::path(post, path = "/users/{id}/export", tag = "users", params(("id" = i64, Path)),
    responses((status = 202, body = AddedJobJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn export_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Path(id): Path<UserId>,
) -> Result<JsonAnswer, Problem> {
    let render = |job: &JobId| JsonAnswer::new(StatusCode::ACCEPTED, &AddedJobJson { job: job.to_string() });
    let use_cases = &context.use_cases;
    let job = people::export_user(&use_cases.users, &use_cases.jobs, &request, id, &claim.once(render)).await?;
    Ok(render(&job))
}

/// Erases a user, after a time in which that can be taken back. Needs a login of the last five minutes, or the caller's password.
#[utoipa::path(post, path = "/users/{id}/erasure", tag = "users", params(("id" = i64, Path)),
    request_body = Option<SetErasureJson>,
    responses((status = 202, body = ErasureJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn erase_user(
    State(context): State<Arc<HttpContext>>,
    WithCredential(request, authentication): WithCredential,
    claim: RequestClaim,
    Path(id): Path<UserId>,
    OptionalBody(json): OptionalBody<SetErasureJson>,
) -> Result<JsonAnswer, Problem> {
    let render = |due_at: &Timestamp| JsonAnswer::new(StatusCode::ACCEPTED, &ErasureJson { due_at: rfc3339(*due_at) });
    let use_cases = &context.use_cases;
    let due_at = people::erase_user(
        &use_cases.people,
        &use_cases.users,
        &use_cases.jobs,
        &request,
        &authentication,
        json.password,
        id,
        &claim.once(render),
    )
    .await?;
    Ok(render(&due_at))
}

/// Takes the erasure of a user back.
#[utoipa::path(delete, path = "/users/{id}/erasure", tag = "users", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn keep_user(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    people::keep_user(&context.use_cases.people, &context.use_cases.users, &request, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
