//! News that wait until they are sent. What waits for one tenant travels in one message.

use crate::news::{DriverMove, News, Place};
use milepost_domain::{TenantId, TrackingId};
use std::collections::HashMap;

/// Memory for news that wait, bytes. A relay that is slower than the news loses the rest, and the receivers read the database.
const WAITING_BYTES: usize = 8 * 1024 * 1024;
/// One part in so many of the memory is for one tenant.
const TENANT_SHARE: usize = 4;

/// The news of one tenant that travel in one message.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Batch {
    /// 0 is none.
    pub(crate) newest_event: i64,
    pub(crate) places: Vec<Place>,
    pub(crate) drivers: Vec<DriverMove>,
    pub(crate) deliveries: Vec<TrackingId>,
    pub(crate) trips: Vec<i64>,
}

#[derive(Default)]
struct Waiting {
    batch: Batch,
    bytes: usize,
    /// Something found no room.
    has_lost: bool,
}

/// News of all tenants.
#[derive(Default)]
pub(crate) struct Outgoing {
    tenants: HashMap<TenantId, Waiting>,
    bytes: usize,
    /// The number of each tenant's last message.
    sequences: HashMap<TenantId, u64>,
}

impl Outgoing {
    /// Adds news. Returns false if there is no room for them.
    pub(crate) fn add(&mut self, tenant: &TenantId, news: News) -> bool {
        let weight = news.weight();
        if !self.tenants.contains_key(tenant) {
            self.tenants.insert(tenant.clone(), Waiting::default());
        }
        let waiting = self.tenants.get_mut(tenant).expect("it was inserted");
        if self.bytes + weight > WAITING_BYTES || waiting.bytes + weight > WAITING_BYTES / TENANT_SHARE {
            waiting.has_lost = true;
            return false;
        }
        self.bytes += weight;
        waiting.bytes += weight;
        let batch = &mut waiting.batch;
        match news {
            News::Places(mut places) => batch.places.append(&mut places),
            News::Events(newest) => batch.newest_event = batch.newest_event.max(newest),
            News::DriverMoved(moved) => batch.drivers.push(*moved),
            News::DeliveryChanged(id) if batch.deliveries.contains(&id) => {}
            News::DeliveryChanged(id) => batch.deliveries.push(id),
            News::TripsProgressed(mut vehicles) => batch.trips.append(&mut vehicles),
        }
        true
    }

    /// Takes all that waits, each with the number of its message. A number is left out where news were lost, so that the
    /// receivers see a gap.
    pub(crate) fn take(&mut self) -> Vec<(TenantId, u64, Batch)> {
        self.bytes = 0;
        let mut taken = Vec::with_capacity(self.tenants.len());
        for (tenant, waiting) in self.tenants.drain() {
            let sequence = self.sequences.entry(tenant.clone()).or_default();
            *sequence += 1 + u64::from(waiting.has_lost);
            taken.push((tenant, *sequence, waiting.batch));
        }
        taken
    }

    /// Drops all that waits, because the relay is lost. The receivers will see a gap.
    pub(crate) fn discard(&mut self) -> usize {
        self.take().len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Latitude, Longitude, Position, Timestamp, VehicleId};

    fn places(count: usize) -> News {
        let at = Timestamp::from_unix_ms(0).unwrap();
        let (latitude, longitude) = (Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap());
        let position = Position::new(VehicleId::new("bus").unwrap(), at, latitude, longitude);
        News::Places(vec![Place { vehicle_no: 1, position, received_at: None }; count])
    }

    #[test]
    fn news_of_one_tenant_travel_together_and_are_numbered() {
        let (mut outgoing, home) = (Outgoing::default(), TenantId::default_tenant());
        for news in [places(2), News::Events(4), places(1), News::Events(3)] {
            assert!(outgoing.add(&home, news));
        }
        let taken = outgoing.take();
        let (_, sequence, batch) = &taken[0];
        assert_eq!((taken.len(), *sequence, batch.places.len(), batch.newest_event), (1, 1, 3, 4));
        assert!(outgoing.take().is_empty());
        outgoing.add(&home, News::Events(5));
        assert_eq!(outgoing.take()[0].1, 2);
    }

    #[test]
    fn what_finds_no_room_leaves_a_gap_and_harms_no_other_tenant() {
        let (mut outgoing, home, other) =
            (Outgoing::default(), TenantId::default_tenant(), TenantId::new("b").unwrap());
        let many = WAITING_BYTES / TENANT_SHARE / size_of::<Place>();
        assert!(outgoing.add(&home, places(many)));
        assert!(!outgoing.add(&home, places(1)));
        assert!(outgoing.add(&other, places(1)));
        let mut taken = outgoing.take();
        taken.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            taken.iter().map(|(_, sequence, _)| *sequence).collect::<Vec<_>>(),
            [1, 2],
            "tenant b, then default"
        );
    }

    #[test]
    fn what_was_discarded_leaves_a_gap() {
        let (mut outgoing, home) = (Outgoing::default(), TenantId::default_tenant());
        outgoing.add(&home, News::Events(1));
        assert_eq!(outgoing.discard(), 1);
        outgoing.add(&home, News::Events(2));
        assert_eq!(outgoing.take()[0].1, 2);
    }
}
