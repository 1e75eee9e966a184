//! Follows the event log: tells on what was committed, by this process or by others on the same database (other nodes, the
//! command line), each tenant's events in their order.

use crate::{CloseReason, PositionRecorded, Service, ServiceError};
use milepost_domain::{Fact, TenantId, UserId, VehicleId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often the tenants' newest event ids are looked at, by one query for all of them: a user locked out elsewhere is
/// out within a second here.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Events read and told on at once.
const PAGE: u32 = 100;
/// Events looked at again when somebody was here before the first look.
const OVERLAP: i64 = 500;

/// The last event dealt with of each tenant; `None` before the first look.
type Seen = Option<HashMap<TenantId, i64>>;

impl Service {
    /// Looks for new events until the task is dropped. Records are told from here alone; of other things this node's own
    /// changes are met again, and there is nothing to do.
    pub async fn follow_events(&self) {
        let mut seen = None;
        loop {
            // A database that is away is told by whoever needs it; here the next look will do.
            let _ = self.look_for_events(&mut seen).await;
            let _ = tokio::time::timeout(LOOK_EVERY, self.new_events.notified()).await;
        }
    }

    /// To be called after every commit that stored records: they are told at once, and not at the next look.
    pub(crate) fn wake_events(&self) {
        self.new_events.notify_one();
    }

    /// Wakes the feed of events, for a task that does not know the service.
    pub fn event_waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let new_events = Arc::clone(&self.new_events);
        Arc::new(move || new_events.notify_one())
    }

    /// All tenants, and not just those whose vehicles are known here: whoever watches another tenant's vehicles is
    /// locked out in its own, and a number that a foreign token claims may be taken in any.
    async fn look_for_events(&self, seen: &mut Seen) -> Result<(), ServiceError> {
        let newest = self.store.newest_event_ids().await?;
        let seen = seen.get_or_insert_with(|| self.first_seen(&newest));
        for (tenant, newest) in newest {
            // A tenant that was not there at the first look is followed from its beginning.
            let last = seen.get(&tenant).copied().unwrap_or(0);
            if last < newest {
                // One tenant's trouble must not hide the others' changes; it is looked at again the next time.
                let _ = self.follow_tenant(tenant, last, newest, seen).await;
            }
        }
        Ok(())
    }

    /// What happened before the first look is of no interest, unless somebody was here already.
    fn first_seen(&self, newest: &[(TenantId, i64)]) -> HashMap<TenantId, i64> {
        let nobody_here = self.connections.is_empty() && self.live.is_empty();
        let overlap = if nobody_here { 0 } else { OVERLAP };
        newest.iter().map(|(tenant, newest)| (tenant.clone(), (newest - overlap).max(0))).collect()
    }

    async fn follow_tenant(
        &self,
        tenant: TenantId,
        mut last: i64,
        newest: i64,
        seen: &mut HashMap<TenantId, i64>,
    ) -> Result<(), ServiceError> {
        while last < newest {
            let events = self.store.events_after(&tenant, last, PAGE).await?;
            // Older ones may have been removed by age.
            let Some(end) = events.last().map(|event| event.id) else { break };
            for event in &events {
                self.follow_fact(&tenant, &event.fact).await?;
            }
            self.publish_events(&tenant, &events);
            last = end;
            seen.insert(tenant.clone(), last);
        }
        seen.insert(tenant, last.max(newest));
        Ok(())
    }

    async fn follow_fact(&self, tenant: &TenantId, fact: &Fact) -> Result<(), ServiceError> {
        match fact {
            Fact::UserChanged { user_id } | Fact::SessionEnded { user_id } => {
                self.identities.forget();
                self.recheck(self.connections.of_user(*user_id)).await
            }
            Fact::DeviceRemoved { device_id } => {
                self.identities.forget();
                self.recheck(self.connections.of_device(tenant, device_id)).await
            }
            Fact::VehicleAdded { vehicle_id } | Fact::VehicleChanged { vehicle_id } => {
                self.tracks.vehicle_changed(tenant, vehicle_id);
                self.follow_vehicle(tenant, vehicle_id).await
            }
            Fact::VehicleRemoved { vehicle_id } => {
                self.identities.forget();
                self.recheck(self.connections.of_vehicles_devices(tenant, vehicle_id)).await?;
                let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
                // It may have been added again since.
                if self.store.get_vehicle(tenant, vehicle_id).await?.is_none() && live.get(vehicle_id).is_some() {
                    live.forget(vehicle_id);
                    self.publish_removal(tenant, vehicle_id);
                }
                Ok(())
            }
            Fact::DeliveryAdvanced { tracking_id, .. } => self.follow_delivery_event(tracking_id).await,
            // Nobody can follow a delivery before its starter has told its link.
            Fact::DeliveryStarted { .. } => Ok(()),
            Fact::ParcelChanged { parcel_id, status, driver_id } => {
                self.follow_parcel(*parcel_id, *status, *driver_id).await
            }
            // Nobody follows a parcel that is just being entered; zones are told with the location that crossed them.
            Fact::ParcelAdded { .. } | Fact::ParcelZoneCrossed { .. } => Ok(()),
            // Records are told as events, in their order.
            Fact::CadetAdded { .. }
            | Fact::GradeUpdated(_)
            | Fact::AttendanceUpdated(_)
            | Fact::ScoresUpdated(_)
            | Fact::NoticeSent(_)
            | Fact::NoticeRead { .. }
            | Fact::ManualEvent(_) => Ok(()),
            // What happened in a fleet is told as events too.
            Fact::TripChanged(_)
            | Fact::FenceCrossed(_)
            | Fact::DrivingNoted(_)
            | Fact::ServiceDue(_)
            | Fact::AlertRaised(_)
            | Fact::AlertRead { .. }
            | Fact::AlertDeleted { .. } => Ok(()),
            Fact::GeofenceChanged { .. } | Fact::RulesChanged { .. } => {
                self.tracks.rules_changed(tenant);
                Ok(())
            }
            // Told by a newer program on the same database.
            Fact::Unknown { .. } => Ok(()),
        }
    }

    async fn follow_vehicle(&self, tenant: &TenantId, vehicle_id: &VehicleId) -> Result<(), ServiceError> {
        let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
        let Some(tracked) = self.store.get_vehicle(tenant, vehicle_id).await? else { return Ok(()) };
        let known = live.get(vehicle_id).map(|live| live.vehicle);
        if known.as_deref() != Some(&tracked.vehicle) {
            let (old_driver, new_driver) = (known.and_then(|known| known.driver_id), tracked.vehicle.driver_id);
            live.describe(tracked.vehicle, |live| self.publish_vehicle(tenant, live));
            self.driver_changed(old_driver, new_driver);
        }
        if let Some(last) = tracked.track.last {
            live.advance(&[last], |recorded: &[PositionRecorded<'_>]| self.publish_positions(tenant, recorded));
        }
        Ok(())
    }

    /// What a driver may see is another vehicle now: it comes back and gets it.
    pub(crate) fn driver_changed(&self, old: Option<UserId>, new: Option<UserId>) {
        if old != new {
            for driver in [old, new].into_iter().flatten() {
                self.connections.end(self.connections.of_user(driver), CloseReason::RightsChanged);
            }
        }
    }
}
