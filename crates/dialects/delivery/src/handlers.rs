//! The dialect's HTTP handlers: one use case a file.

pub(crate) mod count_deliveries;
pub(crate) mod find_delivery;
pub(crate) mod follow_delivery;
pub(crate) mod proofs;
pub(crate) mod start_delivery;
pub(crate) mod update_delivery;

use axum::http::{HeaderName, HeaderValue, header};

/// Keeps proxies and browsers from storing answers that change every few seconds.
pub(crate) const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
