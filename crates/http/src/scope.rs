//! Which scope an access token needs for a request.

use axum::http::Method;
use milepost_domain::Scope;

/// The paths below which a POST reports something.
const REPORTS: [&str; 3] = ["/api/v1/positions", "/api/v1/kiosks/", "/tracking/update/"];

/// Reading, which following by a socket is too, needs `read`; reporting `ingest`; everything else `manage`.
pub(crate) fn scope_of(method: &Method, path: &str) -> Scope {
    if method.is_safe() {
        Scope::Read
    } else if *method == Method::POST && REPORTS.iter().any(|report| path.starts_with(report)) {
        Scope::Ingest
    } else {
        Scope::Manage
    }
}
