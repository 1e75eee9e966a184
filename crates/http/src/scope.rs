//! Which scope an access token needs for a request.

use axum::extract::OriginalUri;
use axum::http::Method;
use axum::http::request::Parts;
use milepost_domain::Scope;

/// The paths below which a POST reports something.
const REPORTS: [&str; 4] = ["/api/v1/positions", "/api/v1/kiosks/", "/api/v1/deliveries/", "/tracking/update/"];

/// Reading, which following by a socket is too, needs `read`; reporting `ingest`; everything else `manage`.
pub(crate) fn scope_of(parts: &Parts) -> Scope {
    // A nested router sees the path without its own part.
    let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0).path();
    if parts.method.is_safe() {
        Scope::Read
    } else if parts.method == Method::POST
        && (REPORTS.iter().any(|report| path.starts_with(report)) || path.trim_end_matches('/').ends_with("/proof"))
    {
        Scope::Ingest
    } else {
        Scope::Manage
    }
}
