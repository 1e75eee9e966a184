//! Follows the event log, and publishes each tenant's events in their order. Events come from this process and from
//! others on the same database: other nodes and the command line.

mod progress;
mod running_trips;

use crate::deliveries::{Deliveries, follow_delivery_event, follow_riders_duty};
use crate::devices::Commands;
use crate::listener::Listeners;
use crate::live::{Advance, LiveMap};
use crate::parcels::{Parcels, follow_crossing, follow_parcel};
use crate::roaming::RoamingNews;
use crate::wakers::NewEvents;
use crate::{Listener, PositionRecorded, ServiceError};
use futures_util::stream::{self, StreamExt as _};
use milepost_access::{Access, Holder};
use milepost_clock::Clock;
use milepost_domain::{Event, Fact, TenantId, Timestamp, TripId, UserId, VehicleId, lies_ahead};
use milepost_follow::TrackInbox;
use milepost_relay::{News, Relay};
use milepost_store::Store;
use progress::{Gap, Page, Progress, Turn};
pub(crate) use running_trips::tell_progress;
use running_trips::{PublishedTrips, changed_trips};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How often the newest event ids are polled, by one query for all tenants. A user that is locked out on another node
/// loses its connections here within a second.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// Events of one tenant that are read and published before other tenants have their turn.
const PAGE: u32 = 100;
/// Tenants that are read at the same time. The other readers of the database keep most of its connections.
const TENANTS_AT_ONCE: usize = 4;
/// Events before the first poll that are followed too if there were viewers before it.
const OVERLAP: i64 = 500;

/// The task that follows the log.
pub struct EventFeed {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) access: Arc<Access>,
    pub(crate) live: Arc<LiveMap>,
    pub(crate) listeners: Listeners,
    pub(crate) tracks: Arc<TrackInbox>,
    /// What should be read soon.
    pub(crate) new_events: Arc<NewEvents>,
    /// Tells the other nodes of new events.
    pub(crate) relay: Arc<dyn Relay>,
    pub(crate) started_at: Timestamp,
    /// The newest event of each tenant at the first poll, if events before it are followed too.
    pub(crate) overlap_end: OnceLock<HashMap<TenantId, i64>>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) parcels: Arc<Parcels>,
    pub(crate) roaming: Arc<RoamingNews>,
    pub(crate) commands: Arc<Commands>,
}

impl EventFeed {
    /// Follows the log until the future is dropped. Stored events are published only here. Positions, vehicles,
    /// deliveries and parcels of this node were published after their commit.
    pub async fn run(&self) {
        let (mut progress, mut published) = (Progress::default(), PublishedTrips::default());
        let mut next_poll = self.clock.instant();
        loop {
            let mut due = self.new_events.take();
            let running = std::mem::take(&mut due.running);
            progress.note(due);
            if self.clock.instant() >= next_poll {
                // Requests report an unavailable database. The next poll tries again.
                let _ = self.poll(&mut progress).await;
                next_poll = self.clock.instant() + POLL_EVERY;
            }
            self.follow_due(&mut progress, &mut published).await;
            published.publish(running, &self.listeners, self.clock.now());
            if let Some(polled_at) = progress.take_followed_poll() {
                self.access.changes_followed(polled_at);
            }
            if !progress.has_due() {
                let _ = self.clock.timeout_at(next_poll, self.new_events.woken()).await;
            }
        }
    }

    /// Finds the tenants with new events. Follows all tenants, not only those whose vehicles are in memory here: a viewer of one
    /// tenant's vehicles may be a user of another tenant, and a user added in any tenant may have the number that another
    /// issuer's token claims. While nothing happens, one number of the database says so.
    async fn poll(&self, progress: &mut Progress) -> Result<(), ServiceError> {
        let polled_at = self.clock.instant();
        let followed = progress.followed_events();
        if followed.is_some() && followed == Some(self.store.count_events_ever().await?) {
            progress.note_poll(polled_at, Vec::new());
            return Ok(());
        }
        let newest = self.store.newest_event_ids().await?;
        if followed.is_none() {
            progress.begin(self.first_seen(&newest));
            // Changes of what was read before are not followed.
            self.access.forget_identities();
        }
        progress.note_poll(polled_at, newest);
        Ok(())
    }

    /// Events before the first poll matter only if there were viewers already.
    fn first_seen(&self, newest: &[(TenantId, i64)]) -> HashMap<TenantId, i64> {
        let nobody_here = self.access.has_no_connections() && self.live.is_empty();
        let overlap = if nobody_here { 0 } else { OVERLAP };
        if overlap > 0 {
            let _ = self.overlap_end.set(newest.iter().cloned().collect());
        }
        newest.iter().map(|(tenant, newest)| (tenant.clone(), (newest - overlap).max(0))).collect()
    }

    /// Gives each tenant with new events one turn, side by side: a tenant with many events does not keep the others waiting.
    async fn follow_due(&self, progress: &mut Progress, published: &mut PublishedTrips) {
        let turns = stream::iter(progress.take_turns()).map(async |turn: Turn| {
            let page = self.follow_page(&turn).await;
            (turn, page)
        });
        let mut ended = pin!(turns.buffer_unordered(TENANTS_AT_ONCE));
        while let Some((turn, page)) = ended.next().await {
            // A failure of one tenant does not stop the others. The next poll tries it again.
            let Ok((page, changed)) = page else { continue };
            published.note(changed);
            if progress.note_page(turn, page) == Gap::Removed {
                // What was removed because of its age may have been a change of a user.
                self.access.forget_identities();
            }
        }
    }

    /// Publishes the tenant's next events. Answers the trips among them too.
    async fn follow_page(&self, turn: &Turn) -> Result<(Page, Vec<(TripId, i64)>), ServiceError> {
        let tenant = &turn.tenant;
        let events = self.store.events_after(tenant, turn.last, PAGE).await?;
        let Some(last) = events.last().map(|event| event.id) else {
            return Ok((Page { last: None, is_full: false }, Vec::new()));
        };
        if turn.is_own {
            self.relay.publish(tenant, News::Events(last));
        }
        for event in &events {
            self.follow_event(tenant, event).await?;
        }
        self.listeners.events_published(tenant, &events);
        Ok((Page { last: Some(last), is_full: events.len() >= PAGE as usize }, changed_trips(&events)))
    }

    async fn follow_event(&self, tenant: &TenantId, event: &Event) -> Result<(), ServiceError> {
        match &event.fact {
            Fact::UserChanged { user_id } | Fact::SessionEnded { user_id } => {
                Ok(self.access.revalidate_connections(Holder::User(*user_id)).await?)
            }
            Fact::DutyChanged { user_id, .. } => self.follow_duty(tenant, Some(*user_id)).await,
            Fact::OffDutyRuleChanged { .. } => self.follow_duty(tenant, None).await,
            Fact::DeviceChanged { device_id } | Fact::DeviceRemoved { device_id } => {
                Ok(self.access.revalidate_connections(Holder::Device(tenant, device_id)).await?)
            }
            Fact::AccessTokenChanged { access_token_id } => {
                Ok(self.access.revalidate_connections(Holder::AccessToken(tenant, *access_token_id)).await?)
            }
            Fact::ShareChanged { share_id } => {
                Ok(self.access.revalidate_connections(Holder::Share(tenant, *share_id)).await?)
            }
            Fact::VehicleAdded { vehicle_id } | Fact::VehicleChanged { vehicle_id } => {
                self.tracks.vehicle_changed(tenant, vehicle_id);
                self.follow_vehicle(tenant, vehicle_id).await
            }
            Fact::VehicleRemoved { vehicle_id } => self.follow_removal(tenant, vehicle_id).await,
            Fact::DeliveryAdvanced { tracking_id, .. } => {
                follow_delivery_event(&self.deliveries, tracking_id, self.clock.now()).await
            }
            // A new delivery has no subscribers, because its link is not known yet.
            Fact::DeliveryStarted { .. } => Ok(()),
            Fact::ParcelChanged { parcel_id, .. } => {
                follow_parcel(&self.parcels, tenant, *parcel_id, self.clock.now()).await
            }
            // A new parcel has no subscribers.
            Fact::ParcelAdded { .. } => Ok(()),
            // A crossing has no version: an old one would be new to whoever came since.
            Fact::ParcelZoneCrossed { .. } if self.is_of_before(tenant, event) => Ok(()),
            Fact::ParcelZoneCrossed { parcel_id, zone, entered, at } => {
                follow_crossing(&self.parcels, tenant, *parcel_id, *zone, *entered, at.unwrap_or(event.at));
                Ok(())
            }
            Fact::CommandChanged(_) => {
                self.commands.forget(tenant);
                Ok(())
            }
            // Published as events, by the caller.
            Fact::CatalogueChanged { .. }
            | Fact::CadetAdded { .. }
            | Fact::GradeUpdated(_)
            | Fact::AttendanceUpdated(_)
            | Fact::ScoresUpdated(_)
            | Fact::NoticeSent(_)
            | Fact::NoticeRead { .. }
            | Fact::ManualEvent(_)
            | Fact::TripChanged(_)
            | Fact::FenceCrossed(_)
            | Fact::DrivingNoted(_)
            | Fact::ServiceDue(_)
            | Fact::AlertRaised(_)
            | Fact::AlertRead { .. }
            | Fact::AlertDeleted { .. } => Ok(()),
            Fact::GeofenceChanged { .. } | Fact::RulesChanged { .. } => {
                self.tracks.rules_changed(tenant);
                if let Some(live) = self.live.loaded(tenant) {
                    live.rules_changed();
                }
                Ok(())
            }
            Fact::RoamingFenceChanged { .. } => {
                if let Some(live) = self.live.loaded(tenant) {
                    live.roaming_changed();
                }
                self.roaming.changed();
                Ok(())
            }
            // Stored by a newer version on the same database.
            Fact::Unknown { .. } => Ok(()),
        }
    }

    /// Whether an event is of the time before this process started. Another node's clock may be off, so that only those before
    /// the first poll are asked for their time.
    fn is_of_before(&self, tenant: &TenantId, event: &Event) -> bool {
        let end = self.overlap_end.get().and_then(|ends| ends.get(tenant));
        end.is_some_and(|end| event.id <= *end) && event.at < self.started_at
    }

    async fn follow_duty(&self, tenant: &TenantId, driver: Option<UserId>) -> Result<(), ServiceError> {
        self.live.duty_changed(&*self.store, tenant, driver).await?;
        match driver {
            Some(driver) => follow_riders_duty(&self.deliveries, tenant, driver, self.clock.now()).await,
            None => Ok(()),
        }
    }

    async fn follow_vehicle(&self, tenant: &TenantId, vehicle_id: &VehicleId) -> Result<(), ServiceError> {
        let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
        let Some(tracked) = self.store.get_vehicle(tenant, vehicle_id).await? else { return Ok(()) };
        let known = live.get(vehicle_id).map(|live| live.vehicle);
        if known.as_deref() != Some(&tracked.vehicle) {
            let (old_driver, new_driver) = (known.and_then(|known| known.driver_id), tracked.vehicle.driver_id);
            live.describe(tracked.no, tracked.vehicle, |live, before| {
                self.listeners.vehicle_changed(tenant, live, before)
            });
            self.access.end_drivers_connections(old_driver, new_driver);
        }
        // One that lies ahead would take the place of a present one.
        let now = self.clock.now();
        if let Some(last) = tracked.track.last.as_ref().filter(|last| !lies_ahead(last.at, now)) {
            live.advance(
                [Advance { no: tracked.no, position: last, received_at: Some(now) }],
                |recorded: &[PositionRecorded<'_>]| {
                    self.listeners.positions_recorded(tenant, recorded);
                },
            );
        }
        Ok(())
    }

    async fn follow_removal(&self, tenant: &TenantId, vehicle_id: &VehicleId) -> Result<(), ServiceError> {
        self.access.revalidate_connections(Holder::DevicesOf(tenant, vehicle_id)).await?;
        let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
        // The vehicle may have been added again since: then its addition, which follows, replaces the old one.
        if self.store.get_vehicle(tenant, vehicle_id).await?.is_none() {
            live.forget(vehicle_id, |removed| self.listeners.vehicle_removed(tenant, removed));
        }
        Ok(())
    }
}
