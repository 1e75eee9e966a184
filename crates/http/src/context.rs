//! The state that all handlers share.

use crate::{OriginPolicy, TenantHosts};
use milepost_access::Access;
use milepost_clock::Clock;
use milepost_domain::Caller;
use milepost_service::{Request, UseCases};
use std::sync::Arc;

/// Shared by all requests.
pub struct HttpContext {
    /// Access control.
    pub access: Arc<Access>,
    /// What the use cases need.
    pub use_cases: Arc<UseCases>,
    /// The present time and timers.
    pub clock: Clock,
    /// The pages that may call with a cookie or open a socket.
    pub origins: OriginPolicy,
    /// The tenants of host names, for logins.
    pub tenant_hosts: TenantHosts,
}

impl HttpContext {
    /// A request that this caller makes now. Handlers get theirs from [`crate::Authenticated`]; a socket makes one for
    /// each message.
    pub fn request(&self, caller: Caller) -> Request {
        Request { caller, now: self.clock.now() }
    }
}
