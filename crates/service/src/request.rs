//! The request that a use case serves.

use milepost_domain::{Author, Caller, Principal, Timestamp};
use std::net::IpAddr;

/// Who asks, when, and from where. An argument of each use case.
#[derive(Debug, Clone)]
pub struct Request {
    /// The authenticated caller.
    pub caller: Caller,
    /// The time of everything that the request changes.
    pub now: Timestamp,
    /// The client's address, if it is known.
    pub address: Option<IpAddr>,
}

impl Request {
    /// Who makes the changes of this request.
    pub const fn author(&self) -> Author {
        let access_token = match &self.caller.principal {
            Principal::Program { id, .. } => Some(*id),
            Principal::User { .. } | Principal::Device { .. } | Principal::Guest { .. } => None,
        };
        Author { at: self.now, user: self.caller.user_id(), access_token, address: self.address }
    }
}
