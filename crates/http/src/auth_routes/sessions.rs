//! The caller's own sessions.

use crate::{HttpContext, Path, Problem, SignedIn, rfc3339};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_access::OpenSession;
use serde::Serialize;
use std::sync::Arc;

/// The sessions of a user. There are few enough for one answer.
#[derive(Serialize)]
pub(super) struct Sessions {
    items: Vec<SessionJson>,
}

#[derive(Serialize)]
struct SessionJson {
    id: String,
    created_at: String,
    last_seen_at: String,
    address: Option<String>,
    current: bool,
}

fn session_to_json(open: OpenSession) -> SessionJson {
    SessionJson {
        id: open.id,
        created_at: rfc3339(open.session.created_at),
        last_seen_at: rfc3339(open.session.last_seen_at),
        address: open.session.address.map(|address| address.to_string()),
        current: open.is_current,
    }
}

pub(super) async fn list_sessions(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<Json<Sessions>, Problem> {
    match context.access.list_sessions(&authentication).await? {
        Some(open) => Ok(Json(Sessions { items: open.into_iter().map(session_to_json).collect() })),
        None => Err(Problem::forbidden("only users that are stored here have sessions")),
    }
}

pub(super) async fn end_session(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if context.access.end_session(&authentication, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("session"))
    }
}
