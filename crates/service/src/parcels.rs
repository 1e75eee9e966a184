//! Parcels. Dispatchers add and assign them, drivers bring them and send locations, and clients follow them.

mod add_parcel;
mod change_parcel;
mod driver_track;
mod follow_driver;
mod follow_parcel;
mod last_published;
mod locks;
mod published_moves;
mod read_parcel_path;
mod read_parcels;
mod record_driver_location;

pub use add_parcel::add_parcel;
pub use change_parcel::{ParcelChange, change_parcel};
pub(crate) use follow_driver::{follow_crossing, follow_driver};
pub(crate) use follow_parcel::follow_parcel;
pub use milepost_store::NewParcel;
pub use read_parcel_path::{ParcelPath, read_parcel_path};
pub use read_parcels::{ParcelListing, ParcelPage, get_parcel, list_parcels, watch_parcel};
pub use record_driver_location::{DriverReport, ReportOutcome, record_driver_location};

use crate::ServiceError;
use crate::listener::Listeners;
use crate::live::LiveMap;
use crate::wakers::Wakers;
use last_published::LastPublished;
use locks::Locks;
use milepost_domain::{
    DriverFix, Parcel, ParcelId, ParcelStatus, Place, TenantId, Timestamp, UserId, Zone, ZoneRadius,
};
use milepost_geo::Point;
use milepost_relay::Relay;
use milepost_store::{DriverAsked, DriverFixWrite, Gatherer, Store};
use milepost_track::{ETA_FRESH_FOR, straight_line_eta_s};
use published_moves::PublishedMoves;
use std::sync::Arc;
use tokio::sync::RwLockWriteGuard;

/// What the use cases of parcels need.
pub struct Parcels {
    store: Arc<dyn Store>,
    live: Arc<LiveMap>,
    listeners: Listeners,
    relay: Arc<dyn Relay>,
    wakers: Wakers,
    zone: ZoneRadius,
    locks: Locks,
    /// Asks for the states of many drivers together.
    drivers: Gatherer<DriverAsked>,
    /// Stores the fixes of many drivers together.
    fixes: Gatherer<DriverFixWrite>,
    last_published: LastPublished,
    published_moves: PublishedMoves,
}

impl Parcels {
    pub(crate) fn new(
        (store, live): (Arc<dyn Store>, Arc<LiveMap>),
        listeners: Listeners,
        relay: Arc<dyn Relay>,
        wakers: Wakers,
        zone: ZoneRadius,
    ) -> Self {
        let (last_published, published_moves) = (LastPublished::default(), PublishedMoves::default());
        let (drivers, fixes) = (Gatherer::start(Arc::clone(&store)), Gatherer::start(Arc::clone(&store)));
        let locks = Locks::default();
        Self { store, live, listeners, relay, wakers, zone, locks, drivers, fixes, last_published, published_moves }
    }

    /// A parcel as it is stored, and the locks under which nothing of it is published: neither a change nor a location of its driver.
    /// `driver` is the one that it had when it was read last.
    async fn lock_parcel(
        &self,
        tenant: &TenantId,
        id: ParcelId,
        mut driver: Option<UserId>,
    ) -> Result<Option<(Vec<RwLockWriteGuard<'_, ()>>, Parcel)>, ServiceError> {
        loop {
            let locks = self.locks.write(driver, Some((tenant, id))).await;
            let Some(parcel) = self.store.get_parcel(tenant, id).await? else { return Ok(None) };
            if parcel.driver_id.is_none() || parcel.driver_id == driver {
                return Ok(Some((locks, parcel)));
            }
            driver = parcel.driver_id;
        }
    }

    /// Whether a driver's location of a time is of off-duty time, and is not kept.
    async fn leaves_out(&self, tenant: &TenantId, driver: UserId, at: Timestamp) -> Result<bool, ServiceError> {
        Ok(self.live.off_duty(&*self.store, tenant).await?.at(driver, at).is_some())
    }

    /// A driver's last location, unless it is off duty: then it is stale, and nobody's business.
    async fn shown_fix(&self, tenant: &TenantId, driver: UserId) -> Result<Option<DriverFix>, ServiceError> {
        if self.live.off_duty(&*self.store, tenant).await?.since(driver).is_some() {
            return Ok(None);
        }
        Ok(self.store.last_driver_fix(tenant, driver).await?)
    }

    /// Whether a task that serves many drivers together has ended, which none does by itself.
    pub fn has_ended(&self) -> bool {
        self.drivers.has_ended() || self.fixes.has_ended()
    }
}

/// The location of a parcel's driver, with the estimated time of arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverProgress {
    /// The driver's last location.
    pub fix: DriverFix,
    /// Seconds to the parcel's next place, along the straight line. `None` when the fix is older than 90 s.
    pub eta_s: Option<u32>,
}

/// A parcel with all that a new subscriber gets.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowedParcel {
    /// The parcel.
    pub parcel: Parcel,
    /// Its driver's progress, if the parcel is active and the driver has sent a location.
    pub progress: Option<DriverProgress>,
}

/// A parcel whose driver moved.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedParcel {
    /// The parcel after the move.
    pub parcel: Parcel,
    /// Its driver's progress.
    pub progress: DriverProgress,
    /// The zones that the driver entered (true) or left (false), in order.
    pub crossed: Vec<(Zone, bool)>,
}

/// A change of a parcel's status or driver.
#[derive(Debug, Clone, PartialEq)]
pub struct ParcelUpdate {
    /// The parcel after the change, with the progress of its driver if it has a new one.
    pub current: FollowedParcel,
    /// The parcel has another status.
    pub status_changed: bool,
    /// The parcel has another driver, or no driver any more.
    pub driver_changed: bool,
}

fn progress_of(parcel: &Parcel, fix: DriverFix, now: Timestamp) -> DriverProgress {
    let fresh_for_ms = i64::try_from(ETA_FRESH_FOR.as_millis()).unwrap_or(i64::MAX);
    let next = if is_picked_up(parcel.status) { &parcel.destination } else { &parcel.pickup };
    let eta_s = (now.ms_since(fix.at) <= fresh_for_ms).then(|| straight_line_eta_s(point_of_fix(&fix), point_of(next)));
    DriverProgress { fix, eta_s }
}

const fn is_picked_up(status: ParcelStatus) -> bool {
    !matches!(status, ParcelStatus::Pending | ParcelStatus::Assigned)
}

const fn point_of(place: &Place) -> Point {
    Point::new(place.latitude, place.longitude)
}

const fn point_of_fix(fix: &DriverFix) -> Point {
    Point::new(fix.latitude, fix.longitude)
}
