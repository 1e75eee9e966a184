//! `/health`, `/ready` and `/metrics` for load balancers and monitoring.

use crate::core_tasks::CoreTasks;
use crate::draining::Draining;
use crate::metrics::{Exposition, TextFormat};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use milepost_clock::Clock;
use milepost_http::Problem;
use milepost_service::UseCases;
use milepost_service::readiness::check_ready;
use milepost_store::Store;
use serde_json::json;
use std::sync::Arc;

/// The state that the status routes report.
pub(crate) struct Status {
    pub(crate) draining: Draining,
    pub(crate) tasks: CoreTasks,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) use_cases: Arc<UseCases>,
    pub(crate) metrics: Exposition,
}

pub(crate) fn status_routes(status: Status) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(status))
}

/// Answers while the process runs. `/ready` says whether it can serve.
pub(crate) async fn health() -> impl IntoResponse {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// Asks the database whether this server can serve. After a failed write it tries another write.
async fn ready(State(status): State<Arc<Status>>) -> Response {
    if status.draining.is_on() {
        return unavailable("the server is shutting down");
    }
    if let Some(name) = status.tasks.ended() {
        return unavailable(&format!("a part of the server has ended: {name}; restart it"));
    }
    match check_ready(&status.use_cases.readiness, status.clock.now()).await {
        Ok(()) => Json(json!({ "status": "ready", "database": status.store.backend() })).into_response(),
        Err(_) => match status.store.fault() {
            Some(fault) => unavailable(&format!("the database is unavailable: {fault}")),
            None => unavailable("the database is unavailable"),
        },
    }
}

fn unavailable(detail: &str) -> Response {
    Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail).into_response()
}

async fn metrics(State(status): State<Arc<Status>>, headers: HeaderMap) -> impl IntoResponse {
    let format = TextFormat::wanted(&headers);
    let text = status.metrics.render();
    ([(header::CONTENT_TYPE, format.media_type()), (header::VARY, "Accept")], format.of_open_metrics(text))
}
