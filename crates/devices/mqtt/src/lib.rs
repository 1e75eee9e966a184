//! A client of an existing MQTT broker: takes what OwnTracks apps and other programs publish there, and acknowledges it after the
//! commit.
//!
//! ```text
//! broker ── a persistent session, shared subscriptions ── connection ── lanes ── service::devices::report
//!                                                             ▲           │
//!                                                             └─ PUBACK ◀─┘ after the commit
//! ```
//!
//! The messages of one topic go through one lane, so that they are stored in their order, and several at once. While the database is
//! away nothing is acknowledged: the broker keeps it. A message whose storing fails by a fault is tried some times, then kept in a
//! folder, so that it holds up no others.

#![forbid(unsafe_code)]

mod broker_url;
mod connection;
mod lane;
mod park;
mod stats;
mod topic;

pub use broker_url::BrokerUrl;
pub use connection::{MqttClient, MqttParts};
pub use stats::{Count, MqttStats};
pub use topic::is_topic_filter;
