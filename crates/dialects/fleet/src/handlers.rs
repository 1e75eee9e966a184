//! The dialect's one door.

pub(crate) mod watch_fleet;
