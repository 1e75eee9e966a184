//! Events: numbered without gaps in each tenant, and read by viewers.

pub(crate) mod fleet;
pub(crate) mod numbered;
pub(crate) mod visible;

pub(crate) use numbered::{
    append_facts, count_events_ever, events_after, feed_name, newest_event_id, newest_event_ids, stored_events,
};
