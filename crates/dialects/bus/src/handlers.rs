//! The dialect's two doors.

pub(crate) mod record_location;
pub(crate) mod watch_buses;
