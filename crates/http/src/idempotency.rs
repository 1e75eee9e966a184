//! `Idempotency-Key` on any POST: the same key and request get the same answer, and its work is done once.

use crate::json::read_body;
use crate::{HttpContext, Problem, TokenInQuery, authenticate_parts};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Caller, Principal};
use milepost_service::{Idempotency, IdempotencyKey};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A longer key is refused.
const MAX_KEY_BYTES: usize = 255;
/// A body that is hashed and sent on may be as large as the largest that any POST takes.
const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// Answers above are not kept: they belong to no POST of ours.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What to keep in place of an answer that shows a secret once: the handler puts it into the response's extensions.
#[derive(Clone)]
pub struct KeptAs(pub Vec<u8>);

/// Middleware around the routes whose POSTs take the header.
pub async fn replay_idempotent(State(context): State<Arc<HttpContext>>, request: Request, next: Next) -> Response {
    match replay(&context, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn replay(context: &HttpContext, request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = header_value(request.headers())? else { return Ok(next.run(request).await) };
    let (parts, body) = request.into_parts();
    let caller = authenticate_parts(context, &parts, TokenInQuery::Ignored).await?;
    let body = read_body(Request::new(body), MAX_REQUEST_BYTES).await?;

    let mut hash = Sha256::new();
    hash.update(parts.uri.path().as_bytes());
    hash.update([0]);
    hash.update(parts.uri.query().unwrap_or_default().as_bytes());
    hash.update([0]);
    hash.update(&body);
    let key = IdempotencyKey { tenant: caller.tenant.clone(), caller: name_of(&caller), key };

    match context.service.begin_idempotent(&key, &hash.finalize().into()).await? {
        Idempotency::New => {}
        Idempotency::InProgress => {
            let detail = "a request with this Idempotency-Key is being worked on, try again soon";
            return Err(Problem::new(StatusCode::CONFLICT, detail).retry_after(1));
        }
        Idempotency::Mismatch => {
            return Err(Problem::invalid("Idempotency-Key", "was used before with another request"));
        }
        Idempotency::Done { status, body } => return Ok(kept_answer(status, body)),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    keep(context, &key, response).await
}

fn header_value(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= MAX_KEY_BYTES => Ok(Some(key.to_owned())),
        _ => Err(Problem::malformed("Idempotency-Key must be 1 to 255 visible ASCII characters")),
    }
}

fn name_of(caller: &Caller) -> String {
    match &caller.principal {
        Principal::User { subject, .. } => format!("user:{subject}"),
        Principal::Device { id, .. } => format!("device:{id}"),
    }
}

/// Keeps a final answer. A refusal for lack of time or of the database is not final: the key is free again.
async fn keep(context: &HttpContext, key: &IdempotencyKey, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        context.service.abandon_idempotent(key).await?;
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let kept_as = parts.extensions.remove::<KeptAs>();
    let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be kept"))?;
    context.service.finish_idempotent(key, status.as_u16(), kept_as.as_ref().map_or(&body[..], |kept| &kept.0)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn kept_answer(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}
