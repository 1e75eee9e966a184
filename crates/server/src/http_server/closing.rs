//! Marks answers that end their connection.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Announces that the connection ends with this answer, because a part of the request was not read or the answer lasts
/// as long as the connection.
pub(super) fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
