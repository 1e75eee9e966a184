//! The changes that dialects are notified of, to publish them to their subscribers.

use crate::{DeliveryView, LiveVehicle, MovedParcel, ParcelUpdate};
use milepost_domain::{
    Event, Latitude, Longitude, ParcelId, Position, TenantId, Timestamp, TrackingId, Trip, Vehicle, Zone,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A position that became its vehicle's newest.
#[derive(Debug, Clone, Copy)]
pub struct PositionRecorded<'a> {
    /// The vehicle's present description.
    pub vehicle: &'a Arc<Vehicle>,
    /// See [`LiveVehicle::number`].
    pub number: u32,
    /// The vehicle's position.
    pub position: &'a Position,
    /// Where it was told to be before.
    pub before: Option<(Latitude, Longitude)>,
}

/// A dialect that publishes changes. Its methods are called after the commit and under a lock, so that the order of
/// calls is the order of commits. They are on the path of every position and must not wait: they only enqueue messages
/// in the hub.
pub trait Listener: Send + Sync {
    /// Vehicles moved. The positions of one request come together, in the order of time, so that they can share writes.
    fn positions_recorded(&self, _: &TenantId, _: &[PositionRecorded<'_>]) {}
    /// A vehicle was added, or its description or status changed. The second one is as it was before, if it was known here.
    fn vehicle_changed(&self, _: &TenantId, _: &LiveVehicle, _: Option<&LiveVehicle>) {}
    /// A vehicle was removed.
    fn vehicle_removed(&self, _: &TenantId, _: &LiveVehicle) {}
    /// A delivery's status or location changed. Called in the order of its versions. A version may come twice.
    fn delivery_changed(&self, _: &DeliveryView) {}
    /// Whether this delivery has a subscriber on this node. Changes by other processes are read only then.
    fn follows_delivery(&self, _: &TrackingId) -> bool {
        false
    }
    /// The deliveries with subscribers on this node, with the version that was published last.
    fn followed_deliveries(&self) -> Vec<(TrackingId, i64)> {
        Vec::new()
    }
    /// A driver moved. There is one entry for each of its active parcels. Called under the driver's lock.
    fn driver_moved(&self, _: &[MovedParcel]) {}
    /// A parcel's driver came to one of its places (true) or left it, as another process noticed.
    fn zone_crossed(&self, _: &TenantId, _: ParcelId, _: Zone, _: bool, _: Timestamp) {}
    /// A parcel's status or driver changed. Called under the locks of the parcel and its drivers.
    fn parcel_changed(&self, _: &ParcelUpdate) {}
    /// Whether this parcel has a subscriber on this node. Changes by other processes are read only then.
    fn follows_parcel(&self, _: &TenantId, _: ParcelId) -> bool {
        false
    }
    /// The parcels with subscribers on this node.
    fn followed_parcels(&self) -> Vec<(TenantId, ParcelId)> {
        Vec::new()
    }
    /// Running trips of which only the amounts have grown, after the events that came before it. Nothing is stored of that but
    /// the trips, so that what is missed comes with the next one or the trip's end.
    fn trips_progressed(&self, _: &TenantId, _: &[Trip], _: Timestamp) {}
    /// Whether somebody on this node follows trips of this tenant. Those of other nodes are read only then.
    fn follows_trips(&self, _: &TenantId) -> bool {
        false
    }
    /// Events of a tenant, in the order of their ids, from all processes. Each comes once.
    /// [`milepost_domain::Fact::audience`] says who may see it.
    fn events_published(&self, _: &TenantId, _: &[Event]) {}
}

/// Called when messages to a tenant's subscribers were lost.
pub(crate) type OnLost = Arc<dyn Fn(&TenantId) + Send + Sync>;

/// All listeners as one.
#[derive(Clone)]
pub(crate) struct Listeners {
    all: Arc<[Arc<dyn Listener>]>,
    on_lost: OnLost,
}

impl Listeners {
    /// `on_lost` is called after a listener has panicked: it ends the tenant's subscribers, so that they resume.
    pub(crate) fn new(listeners: Vec<Arc<dyn Listener>>, on_lost: OnLost) -> Self {
        Self { all: listeners.into(), on_lost }
    }

    /// Calls every listener. One that panics is left out this time: the caller goes on, and so do the others.
    fn each(&self, tenant: &TenantId, call: impl Fn(&dyn Listener)) {
        for listener in self.all.iter() {
            // Listeners only enqueue messages. Nothing that they leave half done is used here.
            if catch_unwind(AssertUnwindSafe(|| call(&**listener))).is_err() {
                tracing::error!(%tenant, "a dialect panicked while it published: the tenant's subscribers are closed and resume");
                (self.on_lost)(tenant);
            }
        }
    }
}

impl Listener for Listeners {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        self.each(tenant, |listener| listener.positions_recorded(tenant, recorded));
    }

    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle, before: Option<&LiveVehicle>) {
        self.each(tenant, |listener| listener.vehicle_changed(tenant, vehicle, before));
    }

    fn vehicle_removed(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        self.each(tenant, |listener| listener.vehicle_removed(tenant, vehicle));
    }

    fn delivery_changed(&self, view: &DeliveryView) {
        self.each(&view.delivery.tenant, |listener| listener.delivery_changed(view));
    }

    fn follows_delivery(&self, id: &TrackingId) -> bool {
        self.all.iter().any(|listener| listener.follows_delivery(id))
    }

    fn followed_deliveries(&self) -> Vec<(TrackingId, i64)> {
        self.all.iter().flat_map(|listener| listener.followed_deliveries()).collect()
    }

    fn zone_crossed(&self, tenant: &TenantId, id: ParcelId, zone: Zone, entered: bool, at: Timestamp) {
        self.each(tenant, |listener| listener.zone_crossed(tenant, id, zone, entered, at));
    }

    fn followed_parcels(&self) -> Vec<(TenantId, ParcelId)> {
        self.all.iter().flat_map(|listener| listener.followed_parcels()).collect()
    }

    fn driver_moved(&self, moved: &[MovedParcel]) {
        let Some(first) = moved.first() else { return };
        self.each(&first.parcel.tenant, |listener| listener.driver_moved(moved));
    }

    fn parcel_changed(&self, update: &ParcelUpdate) {
        self.each(&update.current.parcel.tenant, |listener| listener.parcel_changed(update));
    }

    fn follows_parcel(&self, tenant: &TenantId, id: ParcelId) -> bool {
        self.all.iter().any(|listener| listener.follows_parcel(tenant, id))
    }

    fn trips_progressed(&self, tenant: &TenantId, trips: &[Trip], at: Timestamp) {
        self.each(tenant, |listener| listener.trips_progressed(tenant, trips, at));
    }

    fn follows_trips(&self, tenant: &TenantId) -> bool {
        self.all.iter().any(|listener| listener.follows_trips(tenant))
    }

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        self.each(tenant, |listener| listener.events_published(tenant, events));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{VehicleId, VehicleKind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Broken;

    impl Listener for Broken {
        fn vehicle_removed(&self, _: &TenantId, _: &LiveVehicle) {
            panic!("a listener's fault");
        }
    }

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Listener for Counting {
        fn vehicle_removed(&self, _: &TenantId, _: &LiveVehicle) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_listener_that_panics_keeps_nothing_from_the_others_and_its_subscribers_resume() {
        let (before, after) = (Arc::new(Counting::default()), Arc::new(Counting::default()));
        let all: Vec<Arc<dyn Listener>> = vec![before.clone(), Arc::new(Broken), after.clone()];
        let lost = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&lost);
        let on_lost: OnLost = Arc::new(move |tenant| {
            assert_eq!(*tenant, TenantId::default_tenant());
            count.fetch_add(1, Ordering::Relaxed);
        });
        let listeners = Listeners::new(all, on_lost);
        let vehicle = Vehicle::new(
            VehicleId::new("b").unwrap(),
            VehicleKind::new("bus").unwrap(),
            milepost_domain::Label::new("B").unwrap(),
        );
        let no = milepost_store::VehicleNo::new(1);
        let removed = LiveVehicle { no, vehicle: Arc::new(vehicle), last: None, number: 0 };
        for _ in 0..2 {
            listeners.vehicle_removed(&TenantId::default_tenant(), &removed);
        }
        assert_eq!((before.0.load(Ordering::Relaxed), after.0.load(Ordering::Relaxed)), (2, 2));
        assert_eq!(lost.load(Ordering::Relaxed), 2);
    }
}
