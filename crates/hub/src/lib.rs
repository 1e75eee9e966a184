//! Fans one published message out to every subscriber of its channel, without knowing what it says or where it goes.
//!
//! A dialect renders a [`Message`] once; the hub finds its subscribers, has it encoded once per [`Form`] and offers
//! the shared bytes to each subscriber's [`Outlet`]. Nothing here knows JSON, SQL or sockets.

mod audience;
mod batch;
mod channel;
mod fanout;
mod hub;
mod interest;
mod key;
mod message;
mod outlet;
mod pending;
mod presence;
mod roster;
mod stats;
mod subscription;

pub use audience::Audience;
pub use batch::{Batch, Chunk};
pub use channel::Channel;
pub use hub::{ChannelId, Hub, HubLimits};
pub use interest::Interest;
pub use key::{Key, KeyMap};
pub use message::{Encoder, Form, Message};
pub use outlet::Outlet;
pub use stats::HubStats;
pub use subscription::Subscription;
