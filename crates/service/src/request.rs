//! The context of the request that a use case serves.

use milepost_domain::{Caller, Timestamp};

/// Who asks, and when. An argument of each use case.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The caller, as its credential proved.
    pub caller: &'a Caller,
    /// The time of everything that the request changes.
    pub now: Timestamp,
}
