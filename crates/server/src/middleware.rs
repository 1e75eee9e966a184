//! The middleware around all routes: unknown paths, panics, cross-origin calls, draining, and the time of every request.

use crate::compression::{compress, takes_gzip};
use crate::draining::Draining;
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use milepost_http::{HttpContext, Problem, TrustedProxies};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

/// The headers of answers that have a meaning for clients.
const READABLE: &str = "content-disposition, etag, idempotency-replayed, link, location, retry-after, www-authenticate";

/// The state that the middleware needs.
pub(crate) struct Middleware {
    pub(crate) draining: Draining,
    pub(crate) context: Arc<HttpContext>,
    pub(crate) metrics: Arc<Metrics>,
    /// Put into each request's extensions, for the extractor of the client's address.
    pub(crate) proxies: TrustedProxies,
}

/// Wraps the routes in one layer instead of one for each concern: a request waits for the disk below it, and every
/// layer is polled again when it wakes.
pub(crate) fn with_middleware(routes: Router, middleware: Middleware) -> Router {
    routes
        .fallback(|| async { Problem::not_found("page") })
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed") })
        .layer(from_fn_with_state(Arc::new(middleware), surround))
}

/// Measures a request, and answers those that reach no route.
async fn surround(State(middleware): State<Arc<Middleware>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    request.extensions_mut().insert(middleware.proxies.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    // A draining server finishes running requests and refuses new ones, so that clients go to another node.
    let is_status = matches!(request.uri().path(), "/health" | "/ready" | "/metrics");
    let is_compressed = method == Method::GET && takes_gzip(request.headers());
    let listed = listed_origin(&middleware.context, request.headers());
    let is_preflight =
        method == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if middleware.draining.is_on() && !is_status {
        middleware.draining.refuse(method == Method::GET && is_stream(request.uri().path()))
    } else if is_preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        // No part of the request is used after a panic.
        AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
        })
    };
    if is_compressed {
        response = compress(response);
    }
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        keep_private(response.headers_mut());
    }
    if let Some(origin) = listed {
        allow_origin(response.headers_mut(), origin, is_preflight);
    }
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let took = begun.elapsed();
    middleware.metrics.request_answered(&method, route, response.status().as_u16(), took);
    tracing::debug!(%method, route, status = response.status().as_u16(), took_us = took.as_micros() as u64, "answered");
    response
}

/// Answers are for their caller alone, so that no cache may store one unless its route says how long it may be used. No browser
/// guesses another content type.
fn keep_private(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
}

/// Whether a path opens a stream of server-sent events.
fn is_stream(path: &str) -> bool {
    path.trim_end_matches('/') == "/api/events"
}

/// The origin of the calling page, if the operator listed it.
fn listed_origin(context: &HttpContext, headers: &HeaderMap) -> Option<HeaderValue> {
    context.origins.listed(headers).and_then(|origin| HeaderValue::from_str(origin).ok())
}

/// Allows cross-origin calls (CORS) of a listed origin. Others get no such headers, so that their browsers refuse the
/// answer.
fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    // Without it a page reads none but a few headers of every answer (Fetch, "CORS-safelisted response-header name").
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
    if is_preflight {
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        let allowed = HeaderValue::from_static(
            "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, x-device-key",
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}
