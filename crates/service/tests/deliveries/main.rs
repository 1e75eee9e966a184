//! Deliveries as time passes, with a clock that tests set.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

mod estimates;
mod node;
mod sessions;
