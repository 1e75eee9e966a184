//! The state of every handler.

use crate::OriginPolicy;
use milepost_service::Service;
use std::sync::Arc;

/// Shared by all requests.
pub struct HttpContext {
    /// The use cases.
    pub service: Arc<Service>,
    /// The pages that may call with a cookie or open a socket.
    pub origins: OriginPolicy,
}
