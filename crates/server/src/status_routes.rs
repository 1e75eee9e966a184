//! `/health`, `/ready`, `/metrics`: for load balancers and monitoring.

use crate::assembly::Assembly;
use crate::metrics::TextFormat;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use milepost_http::Problem;
use serde_json::json;
use std::sync::Arc;

pub(crate) fn status_routes(assembly: Arc<Assembly>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(assembly)
}

/// The process runs: whether it can serve is `/ready`'s matter.
pub(crate) async fn health() -> impl IntoResponse {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// Can it serve? It asks the database each time, and once a write has failed it tries one.
async fn ready(State(assembly): State<Arc<Assembly>>) -> Response {
    if assembly.is_draining() {
        return unavailable("the server is shutting down");
    }
    match assembly.service.check_ready().await {
        Ok(()) => Json(json!({ "status": "ready", "database": assembly.service.store().backend() })).into_response(),
        Err(_) => unavailable("the database is unavailable"),
    }
}

fn unavailable(detail: &str) -> Response {
    Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail).into_response()
}

async fn metrics(State(assembly): State<Arc<Assembly>>, headers: HeaderMap) -> impl IntoResponse {
    let format = TextFormat::wanted(&headers);
    let (tracks, outgoing) = (assembly.tracks.stats(), assembly.outbox.figures());
    let text = assembly.metrics.render(&assembly.service, &assembly.hub, &assembly.transport, &tracks, &outgoing);
    ([(header::CONTENT_TYPE, format.media_type()), (header::VARY, "Accept")], format.of_open_metrics(text))
}
