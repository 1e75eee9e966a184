//! Looks in the database for what other nodes published and this one may have missed.
//!
//! A look reads the time of every vehicle of the followed tenants, and the rows of those that are newer than in memory. Its cost
//! grows with the followed vehicles, not with their positions.

use super::Nodes;
use crate::Listener;
use crate::deliveries::follow_delivery_event;
use crate::live::Advance;
use crate::parcels::follow_driver;
use crate::{PositionRecorded, ServiceError};
use milepost_domain::{TenantId, VehicleId, lies_ahead};
use milepost_relay::RelayState;
use milepost_store::VehicleNo;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// How often everything is looked at while the relay works: what was lost last has no successor that would show the gap.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often without a relay, or while a node's relay is lost.
const LOOK_OFTEN: Duration = Duration::from_secs(1);
/// Rows in one read of the store.
const PAGE: usize = 500;

impl Nodes {
    /// Carries out what the relay brought, and looks at the database, until the future is dropped.
    pub async fn keep_looking(&self) {
        let mut next_look = self.clock.instant() + LOOK_OFTEN;
        loop {
            let waiting = self.inbox.take();
            let now = self.clock.now();
            for id in &waiting.deliveries {
                if follow_delivery_event(&self.deliveries, id, now).await.is_err() {
                    self.inbox.missed_everything();
                }
            }
            for (tenant, vehicles) in &waiting.trips {
                // The next progress or the end of a trip makes up for what can't be read now.
                let _ = self.look_at_trips(tenant, &vehicles.iter().copied().collect::<Vec<_>>()).await;
            }
            for (tenant, moved) in &waiting.drivers {
                if follow_driver(&self.parcels, tenant, &moved.parcels, &moved.fix, now).await.is_err() {
                    self.inbox.missed_of(tenant);
                }
            }
            let is_due = self.clock.instant() >= next_look;
            if is_due {
                self.end_unused();
            }
            let all = (is_due || waiting.missed_everything) && !self.is_alone();
            let looked = if all { self.look_at_everything().await } else { self.look_at(&waiting.missed).await };
            if is_due || all {
                next_look = self.clock.instant() + self.look_pause();
            }
            if looked.is_err() {
                // `/ready` reports the database. Not at once again.
                self.inbox.missed_everything();
                self.clock.sleep(LOOK_OFTEN).await;
            }
            let _ = self.clock.timeout_at(next_look, self.inbox.filled()).await;
        }
    }

    fn look_pause(&self) -> Duration {
        let is_unlinked = |node: &milepost_store::LivingNode| node.relay_up != Some(true);
        let some_are_unlinked = self.lock_living().iter().any(is_unlinked);
        if some_are_unlinked || self.relay.state() != RelayState::Connected { LOOK_OFTEN } else { LOOK_EVERY }
    }

    async fn look_at_everything(&self) -> Result<(), ServiceError> {
        let mut outcome = Ok(());
        let watched: HashSet<TenantId> = self.watched().into_iter().collect();
        self.lock_moved().retain(|tenant, _| watched.contains(tenant));
        for tenant in watched {
            outcome = self.look_at_places(&tenant).await.and(outcome);
        }
        outcome.and(self.look_at_deliveries().await).and(self.look_at_drivers().await)
    }

    async fn look_at<'a>(&self, tenants: impl IntoIterator<Item = &'a TenantId>) -> Result<(), ServiceError> {
        let mut outcome = Ok(());
        let mut is_any = false;
        for tenant in tenants {
            is_any = true;
            outcome = self.look_at_places(tenant).await.and(outcome);
        }
        if is_any { outcome.and(self.look_at_deliveries().await).and(self.look_at_drivers().await) } else { outcome }
    }

    /// Publishes the places that are newer than those in memory.
    pub(super) async fn look_at_places(&self, tenant: &TenantId) -> Result<(), ServiceError> {
        let live = self.live.tenant(&*self.store, tenant).await?;
        let newest = self.store.newest_times(tenant).await?;
        let now = self.clock.now();
        let stale: Vec<VehicleId> = newest
            .into_iter()
            .filter(|newest| newest.at.is_some_and(|at| live.is_older(&newest.vehicle, newest.no, at, now)))
            .map(|newest| newest.vehicle)
            .collect();
        let mut moved: Vec<VehicleNo> = Vec::new();
        for ids in stale.chunks(PAGE) {
            let rows = self.store.load_vehicles(tenant, ids).await?;
            let places = rows.iter().filter_map(|row| Some((row.no, row.track.last.as_ref()?)));
            // One that lies ahead would take the place of a present one.
            let places = places.filter(|(_, last)| !lies_ahead(last.at, now));
            let advances = places.map(|(no, position)| Advance { no, position, received_at: Some(now) });
            live.advance(advances, |recorded: &[PositionRecorded<'_>]| {
                self.listeners.positions_recorded(tenant, recorded);
            });
            moved.extend(rows.iter().map(|row| row.no));
        }
        if self.listeners.follows_trips(tenant) {
            // Their node may have folded what they drove before only now.
            let before = self.lock_moved().insert(tenant.clone(), moved.clone()).unwrap_or_default();
            moved.extend(before);
            self.look_at_trips(tenant, &moved).await?;
        } else {
            self.lock_moved().remove(tenant);
        }
        Ok(())
    }

    /// Publishes the trips under way of vehicles that others fold.
    async fn look_at_trips(&self, tenant: &TenantId, vehicles: &[VehicleNo]) -> Result<(), ServiceError> {
        for vehicles in vehicles.chunks(PAGE) {
            self.inbox.progressed(tenant, self.store.trips_under_way(tenant, vehicles).await?);
        }
        Ok(())
    }

    async fn look_at_deliveries(&self) -> Result<(), ServiceError> {
        let followed: HashMap<_, _> = self.listeners.followed_deliveries().into_iter().collect();
        let ids: Vec<_> = followed.keys().cloned().collect();
        for ids in ids.chunks(PAGE) {
            for (id, version) in self.store.delivery_versions(ids).await? {
                if followed.get(&id).is_some_and(|known| *known < version) {
                    follow_delivery_event(&self.deliveries, &id, self.clock.now()).await?;
                }
            }
        }
        Ok(())
    }

    async fn look_at_drivers(&self) -> Result<(), ServiceError> {
        let mut followed = HashMap::<_, Vec<_>>::new();
        for (tenant, parcel) in self.listeners.followed_parcels() {
            followed.entry(tenant).or_default().push(parcel);
        }
        for (tenant, parcels) in followed {
            for parcels in parcels.chunks(PAGE) {
                for (parcel, fix) in self.store.drivers_of_parcels(&tenant, parcels).await? {
                    follow_driver(&self.parcels, &tenant, &[parcel], &fix, self.clock.now()).await?;
                }
            }
        }
        Ok(())
    }
}
