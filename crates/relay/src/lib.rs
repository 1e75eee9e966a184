//! Carries news between the nodes of one installation: which events are new, and the newest values of what is no event.
//!
//! The database is the only truth. What is sent here was committed before, nothing waits for its arrival, and it may be lost: the
//! receiver sees a gap and reads what it missed from the database.

#![forbid(unsafe_code)]

mod handover;
mod in_process;
mod incoming;
mod news;
mod outgoing;
mod redis;
mod relay;
mod stats;
mod wire;

pub use crate::redis::{RedisRelay, RedisUrl, RelayParts, UrlError};
pub use handover::{FoldPosition, FoldStep};
pub use in_process::{InProcessBus, InProcessRelay};
pub use news::{Counted, CountedText, DriverMove, News, NodeNews, Place};
pub use relay::{Missed, Receiver, Relay, RelayState};
pub use stats::RelayStats;
