//! What all connections of this node share, and the listener with them.

use crate::beat::{Beats, TenantBeat};
use crate::deliveries::FollowedDeliveries;
use crate::parcels::ParcelFollowers;
use milepost_clock::Clock;
use milepost_domain::TenantId;
use milepost_hub::Hub;
use milepost_live::Live;
use milepost_service::ServiceError;
use milepost_service::records::feed_name;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Made once for the [`crate::StreamListener`] and [`crate::StreamParts`].
pub struct StreamState {
    pub(crate) hub: Hub,
    /// This node and this start.
    pub(crate) epoch: String,
    pub(crate) beats: Arc<Beats>,
    pub(crate) deliveries: Arc<FollowedDeliveries>,
    pub(crate) parcels: Arc<ParcelFollowers>,
    /// The name of the event log. Read when the first client comes.
    feed: OnceCell<Arc<str>>,
}

impl StreamState {
    /// Publishes messages into `hub`.
    pub fn new(hub: Hub, clock: Clock) -> Arc<Self> {
        let beats = Beats::new(hub.clone(), clock);
        Arc::new(Self {
            hub,
            epoch: format!("{:012x}", fastrand::u64(..) >> 16),
            beats,
            deliveries: Arc::default(),
            parcels: Arc::default(),
            feed: OnceCell::new(),
        })
    }

    /// The name of the event log.
    pub(crate) async fn feed(&self, live: &Live) -> Result<Arc<str>, ServiceError> {
        let read = || async { Ok(Arc::from(feed_name(&live.use_cases().records).await?)) };
        self.feed.get_or_try_init(read).await.cloned()
    }

    /// The same, if there was ever a client.
    pub(crate) fn known_feed(&self) -> Option<&Arc<str>> {
        self.feed.get()
    }

    /// Sends marks to the tenant's clients until the returned value is dropped.
    pub(crate) fn beat(&self, tenant: &TenantId, feed: &Arc<str>) -> Arc<TenantBeat> {
        self.beats.watch(tenant, feed)
    }
}

/// The name by which a client resumes after an event.
pub(crate) fn cursor(feed: &str, event_id: i64) -> String {
    format!("{feed}.{event_id}")
}

/// The event that a cursor names. One of another log is none of this: its number is beyond all.
pub(crate) fn event_of_cursor(feed: &str, cursor: &str) -> i64 {
    let number = cursor.rsplit_once('.').filter(|(log, _)| *log == feed).and_then(|(_, id)| id.parse().ok());
    number.filter(|id| *id >= 0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_log_or_of_nobody_is_beyond_all_events() {
        assert_eq!(event_of_cursor("f1", &cursor("f1", 7)), 7);
        for foreign in ["f2.7", "f1", "7", "", "f1.", "f1.-3", "f1.x", ".7", "f1.99999999999999999999"] {
            assert_eq!(event_of_cursor("f1", foreign), i64::MAX, "{foreign}");
        }
    }
}
