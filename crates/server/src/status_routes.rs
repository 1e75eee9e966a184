//! `/health`, `/ready` and `/metrics` for load balancers and monitoring.

use crate::core_tasks::CoreTasks;
use crate::draining::Draining;
use crate::metrics::{Exposition, TextFormat};
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use milepost_clock::Clock;
use milepost_http::{Problem, query_value};
use milepost_relay::RelayState;
use milepost_service::UseCases;
use milepost_service::readiness::check_ready;
use milepost_store::Store;
use serde::Serialize;
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
async fn ready(State(status): State<Arc<Status>>, head: Parts) -> Response {
    let nodes = &status.use_cases.nodes;
    let relay = nodes.relay_state();
    let mut uses = Uses {
        database: status.store.backend(),
        relay: match relay {
            RelayState::InProcess => "in-process",
            RelayState::Connected => "redis",
            RelayState::Lost => "unavailable",
        },
        nodes: nodes.living().len(),
    };
    if status.draining.is_announced() {
        return unavailable("the server is shutting down".to_owned(), &uses);
    }
    if let Some(name) = status.tasks.ended() {
        return unavailable(format!("a part of the server has ended: {name}; restart it"), &uses);
    }
    if check_ready(&status.use_cases.readiness, status.clock.now()).await.is_err() {
        uses.database = "unavailable";
        let fault = status.store.fault().map(|fault| format!(": {fault}")).unwrap_or_default();
        return unavailable(format!("the database is unavailable{fault}"), &uses);
    }
    // A load balancer asks for `?relay=optional`: this node serves its clients well enough, and all nodes lose Redis at once.
    if relay == RelayState::Lost && query_value(&head, "relay").as_deref() != Some("optional") {
        let detail = "Redis can't be reached: what other nodes publish arrives here up to two seconds late";
        return unavailable(detail.to_owned(), &uses);
    }
    let without_relay = relay == RelayState::InProcess && uses.nodes > 1;
    let hint = without_relay
        .then_some("set REDIS_URL on every node: without it, positions of other nodes arrive up to two seconds late");
    Json(Ready { status: "ready", hint, uses }).into_response()
}

/// What the server needs to serve.
#[derive(Serialize)]
struct Uses {
    /// The kind of database, or `unavailable`.
    database: &'static str,
    /// `redis`, `in-process` without one, or `unavailable`.
    relay: &'static str,
    /// Nodes that serve this database, as far as they are known.
    nodes: usize,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    #[serde(flatten)]
    uses: Uses,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

#[derive(Serialize)]
struct NotReady<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    #[serde(flatten)]
    uses: &'a Uses,
}

fn unavailable(detail: String, uses: &Uses) -> Response {
    let problem = Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail);
    let body = serde_json::to_string(&NotReady { problem: &problem, uses }).unwrap_or_default();
    problem.into_response().map(|_| Body::from(body))
}

async fn metrics(State(status): State<Arc<Status>>, headers: HeaderMap) -> impl IntoResponse {
    let format = TextFormat::wanted(&headers);
    let text = status.metrics.render();
    ([(header::CONTENT_TYPE, format.media_type()), (header::VARY, "Accept")], format.of_open_metrics(text))
}
