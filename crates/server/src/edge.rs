//! What surrounds all routes: slashes, panics, foreign pages, unknown paths, and the measuring of every request.

use crate::assembly::Assembly;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use milepost_http::Problem;
use std::sync::Arc;
use std::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

/// Wraps the routes.
pub(crate) fn with_edge(routes: Router, assembly: Arc<Assembly>) -> Router {
    routes
        .fallback(|| async { Problem::not_found("page") })
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed") })
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
        }))
        .layer(from_fn_with_state(Arc::clone(&assembly), answer_listed_origins))
        .layer(from_fn_with_state(Arc::clone(&assembly), refuse_while_draining))
        .layer(from_fn_with_state(assembly, measure_request))
}

async fn measure_request(State(assembly): State<Arc<Assembly>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let route = route.as_deref().unwrap_or("unknown");
    let took = begun.elapsed();
    assembly.metrics.request_answered(&method, route, response.status().as_u16(), took);
    tracing::debug!(%method, route, status = response.status().as_u16(), took_us = took.as_micros() as u64, "answered");
    response
}

/// A draining server finishes what it began and takes nothing new, so that clients go to another node or come back.
async fn refuse_while_draining(State(assembly): State<Arc<Assembly>>, request: Request, next: Next) -> Response {
    let is_status = matches!(request.uri().path(), "/health" | "/ready" | "/metrics");
    if assembly.is_draining() && !is_status {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down").into_response();
    }
    next.run(request).await
}

/// Cross-origin calls (CORS) of the origins that the operator listed; others get no such headers, and browsers refuse.
async fn answer_listed_origins(State(assembly): State<Arc<Assembly>>, request: Request, next: Next) -> Response {
    let origins = &assembly.context.origins;
    let listed = origins.listed(request.headers()).and_then(|origin| HeaderValue::from_str(origin).ok());
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    if let Some(origin) = listed {
        let headers = response.headers_mut();
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
    response
}
