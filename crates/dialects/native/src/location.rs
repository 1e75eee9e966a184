//! Says where a new thing is: `Location` in the answer 201.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// A longer answer is that of no single thing, and gets no header.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The paths of collections: those to which things are added by POST, and where each can be read by its id.
pub(crate) fn collections(document: &Value) -> HashSet<String> {
    let Some(paths) = document["paths"].as_object() else { return HashSet::new() };
    let is_collection =
        |path: &str| !paths[path]["post"].is_null() && !paths[&format!("{path}/{{id}}")]["get"].is_null();
    paths.keys().filter(|path| paths.contains_key(&format!("{path}/{{id}}")) && is_collection(path)).cloned().collect()
}

/// Middleware. The id is read from the answer, so that a repeated answer of an Idempotency-Key has the header too.
pub(crate) async fn locate(State(collections): State<Arc<HashSet<String>>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    if request.method() != Method::POST || !collections.contains(&path) {
        return next.run(request).await;
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let response = next.run(request).await;
    if response.status() != StatusCode::CREATED {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The body is in memory already.
    let Ok(body) = to_bytes(body, MAX_ANSWER_BYTES).await else {
        return Response::from_parts(parts, Body::empty());
    };
    if let Some(id) = id_of(&body)
        && let Ok(location) = HeaderValue::try_from(format!("{path}/{}{query}", encode(&id)))
    {
        parts.headers.insert(header::LOCATION, location);
    }
    Response::from_parts(parts, Body::from(body))
}

fn id_of(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Added {
        id: Value,
    }
    match serde_json::from_slice::<Added>(body).ok()?.id {
        Value::String(id) => Some(id),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Writes an id as a segment of a path (RFC 3986).
fn encode(id: &str) -> String {
    let mut segment = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_any_script_is_one_segment() {
        assert_eq!(encode("bus:7@x"), "bus:7@x");
        assert_eq!(encode("MTA NYCT_2782"), "MTA%20NYCT_2782");
        assert_eq!(encode("ж"), "%D0%B6");
    }
}
