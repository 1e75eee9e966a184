//! `GET /api/v1/asyncapi.json`: shows the document that describes the protocol, with the schemas of all messages.

use axum::http::header;
use axum::response::IntoResponse;

const DOCUMENT: &str = include_str!("../asyncapi.json");

/// Shows the document.
pub(crate) async fn show_asyncapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
