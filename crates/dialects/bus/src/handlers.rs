//! The dialect's HTTP handlers: one use case a file.

pub(crate) mod record_location;
pub(crate) mod watch_buses;
