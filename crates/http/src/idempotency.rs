//! `Idempotency-Key` on any POST: the same key and request get the same answer, and its work is done once.
//!
//! Work and answer are one transaction: a handler says by [`answer_once`] or [`keep_answer`] how it will answer, and
//! the store keeps that where it does the work. A process that dies leaves both or neither, and a key without an answer
//! means that nothing was done. What is kept here, after the handler, are refusals, and answers about work that is
//! idempotent by itself (positions).

use crate::json::read_body;
use crate::{HttpContext, Problem, TokenInQuery, authenticate_parts};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Caller, Principal};
use milepost_service::{Claim, Idempotency, IdempotencyKey, KeptAnswer, ServiceError, answering};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A longer key is refused.
const MAX_KEY_BYTES: usize = 255;
/// A body that is hashed and sent on may be as large as the largest that any POST takes.
const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// Answers above are not kept: they belong to no POST of ours.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// A value as JSON with this status.
///
/// # Panics
/// If its type does not always serialise, as one with a map of keys that are no text.
pub fn json_answer(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    let body = serde_json::to_vec(body).expect("what the dialects answer with always serialises");
    KeptAnswer { status: status.as_u16(), body }
}

/// Does a POST's work and answers with what `render` makes of its outcome; if the request came with an Idempotency-Key,
/// the transaction that does the work keeps that answer.
///
/// # Errors
/// The work's.
pub async fn answer_once<T: 'static>(
    render: impl Fn(&T) -> KeptAnswer + Clone + Send + Sync + 'static,
    work: impl Future<Output = Result<T, ServiceError>>,
) -> Result<Response, Problem> {
    let outcome = keep_answer(render.clone(), work).await?;
    Ok(json_response(render(&outcome)))
}

/// The same for an answer that differs from the kept one, as it shows a secret once: the outcome, of which the caller
/// makes it.
///
/// # Errors
/// The work's.
pub async fn keep_answer<T: 'static>(
    render: impl Fn(&T) -> KeptAnswer + Send + Sync + 'static,
    work: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, Problem> {
    Ok(answering(render, work).await?)
}

/// Middleware around the routes whose POSTs take the header.
pub async fn replay_idempotent(State(context): State<Arc<HttpContext>>, request: Request, next: Next) -> Response {
    replay(context, request, next).await.unwrap_or_else(Problem::into_response)
}

async fn replay(context: Arc<HttpContext>, request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = header_value(request.headers())? else { return Ok(next.run(request).await) };
    let (parts, body) = request.into_parts();
    let caller = authenticate_parts(&context, &parts, TokenInQuery::Ignored).await?.into_caller();
    let body = read_body(Request::new(body), MAX_REQUEST_BYTES).await?;

    let mut hash = Sha256::new();
    hash.update(parts.uri.path().as_bytes());
    hash.update([0]);
    hash.update(parts.uri.query().unwrap_or_default().as_bytes());
    hash.update([0]);
    hash.update(&body);
    let key = IdempotencyKey { tenant: caller.tenant.clone(), caller: name_of(&caller), key };
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own: a client that goes away in the middle leaves no claim behind that nobody answers.
    let carried_out =
        tokio::spawn(async move { carry_out(&context, key, hash.finalize().into(), request, next).await });
    carried_out.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request with an Idempotency-Key did not end");
        Err(ServiceError::Internal.into())
    })
}

async fn carry_out(
    context: &HttpContext,
    key: IdempotencyKey,
    hash: [u8; 32],
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let claim = match context.service.begin_idempotent(&key, &hash).await? {
        Idempotency::New(claim) => claim,
        Idempotency::InProgress => {
            let detail = "a request with this Idempotency-Key is being worked on, try again soon";
            return Err(Problem::new(StatusCode::CONFLICT, detail).retry_after(1));
        }
        Idempotency::Mismatch => {
            return Err(Problem::invalid("Idempotency-Key", "was used before with another request"));
        }
        Idempotency::Done(answer) => {
            let mut response = json_response(answer);
            response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            return Ok(response);
        }
    };
    let (response, is_kept) = claim.carry_out(next.run(request)).await;
    if is_kept { Ok(response) } else { keep(context, &claim, response).await }
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
async fn keep(context: &HttpContext, claim: &Claim, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        context.service.abandon_idempotent(claim).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be kept"))?;
    let answer = KeptAnswer { status: status.as_u16(), body: body.to_vec() };
    context.service.finish_idempotent(claim, &answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn json_response(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, answer.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
