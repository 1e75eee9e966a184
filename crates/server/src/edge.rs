//! What surrounds all routes: slashes, panics, foreign pages, unknown paths, and the measuring of every request.

use crate::assembly::Assembly;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use milepost_http::{Problem, TrustedProxies};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

/// Wraps the routes. One layer and not one for each concern: a request waits for the disk below it, and every layer is gone
/// through again when it wakes.
pub(crate) fn with_edge(routes: Router, assembly: Arc<Assembly>, proxies: TrustedProxies) -> Router {
    routes
        .fallback(|| async { Problem::not_found("page") })
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed") })
        .layer(from_fn_with_state(Arc::new(Edge { assembly, proxies }), surround))
}

struct Edge {
    assembly: Arc<Assembly>,
    /// Told to whoever asks for the client's address.
    proxies: TrustedProxies,
}

/// Measures a request, and answers what no route is asked for.
async fn surround(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let assembly = &edge.assembly;
    request.extensions_mut().insert(edge.proxies.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    // A draining server finishes what it began and takes nothing new, so that clients go to another node or come back.
    let is_status = matches!(request.uri().path(), "/health" | "/ready" | "/metrics");
    let response = if assembly.is_draining() && !is_status {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down").into_response()
    } else {
        let listed = listed_origin(assembly, request.headers());
        let is_preflight =
            method == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if is_preflight {
            StatusCode::NO_CONTENT.into_response()
        } else {
            // Nothing of the request is used after a panic.
            AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!("a handler panicked");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
            })
        };
        if let Some(origin) = listed {
            allow_origin(response.headers_mut(), origin, is_preflight);
        }
        response
    };
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let took = begun.elapsed();
    assembly.metrics.request_answered(&method, route, response.status().as_u16(), took);
    tracing::debug!(%method, route, status = response.status().as_u16(), took_us = took.as_micros() as u64, "answered");
    response
}

/// The origin that a page calls from, if the operator listed it.
fn listed_origin(assembly: &Assembly, headers: &HeaderMap) -> Option<HeaderValue> {
    assembly.live.context.origins.listed(headers).and_then(|origin| HeaderValue::from_str(origin).ok())
}

/// Cross-origin calls (CORS) of the origins that the operator listed; others get no such headers, and browsers refuse.
fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if is_preflight {
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        let allowed =
            HeaderValue::from_static("authorization, content-type, idempotency-key, last-event-id, x-device-key");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}
