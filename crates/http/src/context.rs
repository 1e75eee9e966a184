//! The state that all handlers share.

use crate::{OriginPolicy, Problem, TenantHosts};
use milepost_access::Access;
use milepost_clock::Clock;
use milepost_domain::Caller;
use milepost_oidc::Provider;
use milepost_service::{ReadPermit, Request, UseCases};
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
    /// The beginning of links to this server's pages, without a slash at its end; empty if it is not known: `PUBLIC_URL`.
    pub public_url: String,
    /// The identity provider at which people may log in.
    pub provider: Option<Arc<Provider>>,
}

impl HttpContext {
    /// The link with which a user sets its password. Its host is never the request's, which whoever asks may choose.
    pub fn password_link(&self, secret: &str) -> String {
        format!("{}/reset?token={secret}", self.public_url)
    }

    /// A request that this caller makes now. Handlers get theirs from [`crate::Authenticated`]; a socket makes one for
    /// each message.
    pub fn request(&self, caller: Caller) -> Request {
        Request { caller, now: self.clock.now(), address: None }
    }

    /// Waits until the caller may read a page of a list: one caller's many pages leave connections to the database for others. Hold
    /// it while the store is read.
    ///
    /// # Errors
    /// 503 after ten seconds.
    pub async fn page_permit(&self, caller: &Caller) -> Result<ReadPermit, Problem> {
        Ok(self.use_cases.pages.permit_in_time(&caller.tenant, caller).await?)
    }
}
