//! The dialect's HTTP handlers: one for the socket, one for the stream.

pub(crate) mod follow_updates;
pub(crate) mod stream_events;
