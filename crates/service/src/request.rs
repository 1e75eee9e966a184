//! The request that a use case serves.

use milepost_domain::{Caller, Timestamp};

/// Who asks, and when. An argument of each use case.
#[derive(Debug, Clone)]
pub struct Request {
    /// The authenticated caller.
    pub caller: Caller,
    /// The time of everything that the request changes.
    pub now: Timestamp,
}
