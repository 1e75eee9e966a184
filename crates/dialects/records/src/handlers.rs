//! The dialect's two doors.

pub(crate) mod follow_updates;
pub(crate) mod stream_events;
