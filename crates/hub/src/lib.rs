//! Fans one published message out to every subscriber of its channel, without knowing what it says or where it goes.
//!
//! A dialect renders a [`Message`] once. The hub finds its subscribers, has it encoded once per [`Form`], and offers the
//! shared bytes to each subscriber's [`Sink`]. Nothing here knows JSON, SQL or sockets.

mod area;
mod batch;
mod channel;
mod channel_id;
mod hub;
mod interest;
mod key;
mod limits;
mod message;
mod recipients;
mod registry;
mod shared;
mod sink;
mod stats;
mod viewers;

pub use area::{Area, Move, Spot, Watched};
pub use batch::{Batch, Chunk};
pub use channel::{Channel, Subscription};
pub use channel_id::ChannelId;
pub use hub::Hub;
pub use interest::Interest;
pub use key::{Key, KeyMap};
pub use limits::HubLimits;
pub use message::{Encoder, Form, Message};
pub use recipients::Recipients;
pub use sink::Sink;
pub use stats::HubStats;
