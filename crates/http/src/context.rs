//! The state that all handlers share.

use crate::OriginPolicy;
use milepost_access::Access;
use milepost_service::Service;
use std::sync::Arc;

/// Shared by all requests.
pub struct HttpContext {
    /// Access control.
    pub access: Arc<Access>,
    /// The use cases.
    pub service: Arc<Service>,
    /// Which pages may call with a cookie or open a socket.
    pub origins: OriginPolicy,
}
