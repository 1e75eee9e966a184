//! The state that all handlers share.

use crate::OriginPolicy;
use milepost_access::Access;
use milepost_domain::Caller;
use milepost_service::{Request, Service};
use std::sync::Arc;

/// Shared by all requests.
pub struct HttpContext {
    /// Access control.
    pub access: Arc<Access>,
    /// The use cases.
    pub service: Arc<Service>,
    /// The pages that may call with a cookie or open a socket.
    pub origins: OriginPolicy,
}

impl HttpContext {
    /// The context of a request that arrives now, for a use case.
    pub fn request<'a>(&self, caller: &'a Caller) -> Request<'a> {
        Request { caller, now: self.service.now() }
    }
}
