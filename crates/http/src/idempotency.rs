//! `Idempotency-Key` on any POST: a repeated request gets the first one's answer, and its work is done once.
//!
//! Work and answer are stored in one transaction. A handler takes the request's claim ([`RequestClaim`]), says how it
//! will answer, and passes both to its use case as a [`Once`]; the store saves the answer with the work. A process that
//! dies leaves both or neither, so that a key without an answer means that nothing was done. This middleware saves only
//! refusals, and the answers to work that is idempotent by itself (positions).

use crate::etag::set_etag;
use crate::json::read_body;
use crate::{HttpContext, Problem, TokenInQuery, authenticate_parts};
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Caller, Principal};
use milepost_service::idempotency::{self, IdempotencyKeys};
use milepost_service::{Claim, Idempotency, IdempotencyKey, KeptAnswer, LARGE_BODY_BYTES, Once, ServiceError};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::sync::Arc;

/// A longer key is refused.
const MAX_KEY_BYTES: usize = 255;
/// The largest body that is hashed. No POST accepts a larger one.
const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// A larger answer of a request that may be carried out again is not kept: the request is carried out again. Only the list
/// of refused positions is that long.
const MAX_KEPT_BYTES: usize = 16 * 1024;
/// The largest answer that is looked at. No POST has a larger one.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// When to try again after the answers that are kept took too much, in seconds: after the next removal of old ones.
const RETRY_FULL_S: u64 = 600;

/// The idempotency claim of a request, for the use case that does the work.
pub struct RequestClaim(Option<Claim>);

impl RequestClaim {
    /// Stores the answer that `render` makes from the outcome of the work. Without an Idempotency-Key nothing is
    /// stored.
    pub fn once<'a, T>(self, render: impl Fn(&T) -> JsonAnswer + Send + Sync + 'a) -> Once<'a, T> {
        match self.0 {
            Some(claim) => Once::new(claim, move |outcome| render(outcome).0),
            None => Once::unclaimed(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestClaim {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.remove()))
    }
}

/// The answer to a POST, which repeated requests get too.
pub struct JsonAnswer(KeptAnswer);

impl JsonAnswer {
    /// A value as JSON with this status.
    ///
    /// # Panics
    /// If the value can't be serialised, such as a map whose keys are not text.
    pub fn new(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("what the dialects answer with always serialises");
        Self(KeptAnswer { status: status.as_u16(), body, version: None })
    }

    /// Adds the `ETag` of the version that the body shows.
    #[must_use]
    pub fn tagged(self, version: i64) -> Self {
        Self(KeptAnswer { version: Some(version), ..self.0 })
    }
}

impl IntoResponse for JsonAnswer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::OK);
        let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
        let mut response = (status, self.0.body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(version) = self.0.version {
            set_etag(response.headers_mut(), version);
        }
        response
    }
}

/// Middleware for the routes whose POSTs accept the header.
pub async fn replay_idempotent(State(context): State<Arc<HttpContext>>, request: Request, next: Next) -> Response {
    replay(context, request, next).await.unwrap_or_else(Problem::into_response)
}

async fn replay(context: Arc<HttpContext>, request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(key) = header_value(request.headers())? else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let caller = authenticate_parts(&context, &parts, TokenInQuery::Ignored).await?.into_caller();
    // A repeated request is compared by what it says: compressed anew it may have other bytes.
    let mut encoded = Request::new(body);
    if let Some(encoding) = parts.headers.remove(header::CONTENT_ENCODING) {
        encoded.headers_mut().insert(header::CONTENT_ENCODING, encoding);
    }
    let body = read_body(encoded, MAX_REQUEST_BYTES).await?;

    let hash = if body.len() <= LARGE_BODY_BYTES {
        hash_of(&parts.uri, &body)
    } else {
        let (uri, body) = (parts.uri.clone(), body.clone());
        let bodies = &context.use_cases.large_bodies;
        bodies.compute(&caller.tenant, &caller, move || hash_of(&uri, &body)).await?
    };
    let key = IdempotencyKey { tenant: caller.tenant.clone(), caller: name_of(&caller), key };
    let request = Request::from_parts(parts, Body::from(body));
    // Runs in its own task, so that the claim gets its answer even if the client disconnects.
    let mut request = request;
    let run = move |claim: Claim| {
        request.extensions_mut().insert(claim);
        next.run(request)
    };
    ended(tokio::spawn(async move { carry_out(&context, key, hash, run).await }).await)
}

/// Does the work of a POST whose body was read in another way: once for its Idempotency-Key, if it has one. `said` is the sum of what
/// the body says. The work goes on if the client disconnects.
///
/// # Errors
/// 400, 409, 422 and 429 for the key, and failures of the store.
pub async fn once_for_key<R: Future<Output = Response> + Send + 'static>(
    context: Arc<HttpContext>,
    head: &Parts,
    caller: &Caller,
    said: &[u8; 32],
    work: impl FnOnce(RequestClaim) -> R + Send + 'static,
) -> Result<Response, Problem> {
    let Some(key) = header_value(&head.headers)? else {
        return ended(tokio::spawn(async move { Ok::<_, Problem>(work(RequestClaim(None)).await) }).await);
    };
    let key = IdempotencyKey { tenant: caller.tenant.clone(), caller: name_of(caller), key };
    let hash = hash_of(&head.uri, said);
    let run = move |claim: Claim| work(RequestClaim(Some(claim)));
    ended(tokio::spawn(async move { carry_out(&context, key, hash, run).await }).await)
}

fn ended(carried_out: Result<Result<Response, Problem>, tokio::task::JoinError>) -> Result<Response, Problem> {
    carried_out.unwrap_or_else(|error| {
        tracing::error!(%error, "the task of a request with an Idempotency-Key failed");
        Err(ServiceError::Internal.into())
    })
}

async fn carry_out<R: Future<Output = Response>>(
    context: &HttpContext,
    key: IdempotencyKey,
    hash: [u8; 32],
    run: impl FnOnce(Claim) -> R,
) -> Result<Response, Problem> {
    let keys = &context.use_cases.idempotency_keys;
    let claim = match idempotency::begin_idempotent(keys, &key, &hash, context.clock.now()).await? {
        Idempotency::New(claim) => claim,
        Idempotency::InProgress => {
            let detail = "a request with this Idempotency-Key is being worked on, try again soon";
            return Err(Problem::new(StatusCode::CONFLICT, detail).retry_after(1));
        }
        Idempotency::Mismatch => {
            return Err(Problem::invalid("Idempotency-Key", "was used before with another request"));
        }
        Idempotency::Full => {
            let detail = "more answers to requests with an Idempotency-Key are kept for you, or your tenant, than may be: \
                          try again later, or without the header";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S));
        }
        Idempotency::Done(answer) => {
            let mut response = JsonAnswer(answer).into_response();
            response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            return Ok(response);
        }
    };
    let response = run(claim.clone()).await;
    if claim.is_kept() { Ok(response) } else { keep(keys, &claim, response).await }
}

/// What a request with a key says.
fn hash_of(uri: &Uri, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(uri.path().as_bytes());
    hash.update([0]);
    hash.update(uri.query().unwrap_or_default().as_bytes());
    hash.update([0]);
    hash.update(body);
    hash.finalize().into()
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
        Principal::Program { id, .. } => format!("program:{id}"),
        Principal::Guest { share, .. } => format!("share:{share}"),
    }
}

/// Stores a final answer. A timeout or a missing database is not final, and a long answer is not kept: the key becomes free
/// again.
async fn keep(keys: &IdempotencyKeys, claim: &Claim, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        idempotency::abandon_idempotent(keys, claim).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be kept"))?;
    if body.len() > MAX_KEPT_BYTES {
        idempotency::abandon_idempotent(keys, claim).await?;
    } else {
        let answer = KeptAnswer { status: status.as_u16(), body: body.to_vec(), version: None };
        idempotency::finish_idempotent(keys, claim, &answer).await?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}
