//! Polls transit feeds of others, GTFS-Realtime and SIRI Vehicle Monitoring, and stores where their vehicles are.
//!
//! ```text
//! feed ── HTTP, If-None-Match ── fetch ── read_body: gtfs_rt or siri ── poll ── service::feeds::record_feed
//! ```
//!
//! Of several nodes one polls a feed: the one that holds its lease.

#![forbid(unsafe_code)]

mod fetch;
mod gtfs_rt;
mod poll;
mod read_body;
mod siri;
mod source;
mod stats;

pub use poll::{FeedParts, FeedPolls};
pub use read_body::{BadBody, MAX_VEHICLES, read_body};
pub use source::FeedSource;
pub use stats::FeedStats;
