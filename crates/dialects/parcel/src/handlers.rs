//! The dialect's HTTP handler.

pub(crate) mod watch_parcel;
