//! A client of an existing MQTT broker: takes what OwnTracks apps and other programs publish there, and acknowledges it after the
//! commit.
//!
//! ```text
//! broker ── a persistent session, shared subscriptions ── connection ── lanes ── service::devices::report
//!                                                             ▲           │
//!                                                             └─ PUBACK ◀─┘ after the commit
//! ```
//!
//! The messages of one topic go through one lane, so that they are stored in their order, and several at once. A message that can't
//! be stored is tried again and not acknowledged: the broker keeps it.

#![forbid(unsafe_code)]

mod broker_url;
mod connection;
mod lane;
mod topic;

pub use broker_url::BrokerUrl;
pub use connection::{MqttClient, MqttParts};
pub use topic::is_topic_filter;
