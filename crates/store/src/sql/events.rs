//! Events: written with a gapless number in each tenant, and read by who may see them.

pub(crate) mod fleet;
pub(crate) mod numbered;
pub(crate) mod visible;

pub(crate) use numbered::{append_facts, events_after, newest_event_id, newest_event_ids};
