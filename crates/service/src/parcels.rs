//! Parcels: entered and assigned by dispatchers, brought by drivers that send their location, followed by clients.

mod add_parcel;
mod change_parcel;
mod follow_parcel;
mod last_published;
mod read_parcel_path;
mod read_parcels;
mod record_driver_location;

pub use add_parcel::add_parcel;
pub use change_parcel::{ParcelChange, change_parcel};
pub(crate) use follow_parcel::follow_parcel;
pub use milepost_store::NewParcel;
pub use read_parcel_path::{ParcelPath, read_parcel_path};
pub use read_parcels::{ParcelListing, ParcelPage, followed_parcel, get_parcel, list_parcels};
pub use record_driver_location::{DriverReport, ReportOutcome, record_driver_location};

use crate::keyed_locks::KeyedLocks;
use crate::listener::Listeners;
use crate::wakers::Wakers;
use last_published::LastPublished;
use milepost_domain::{DriverFix, Parcel, ParcelId, ParcelStatus, Place, Timestamp, UserId, Zone, ZoneRadius};
use milepost_geo::Point;
use milepost_store::Store;
use milepost_track::{ETA_FRESH_FOR, straight_line_eta_s};
use std::sync::Arc;

/// What the use cases of parcels need.
pub struct Parcels {
    store: Arc<dyn Store>,
    listeners: Listeners,
    wakers: Wakers,
    zone: ZoneRadius,
    /// Held from the reading of a row until its change is published.
    locks: KeyedLocks,
    last_published: LastPublished,
}

/// What is locked.
#[derive(Debug, Clone, Copy, Hash)]
enum Key {
    Driver(UserId),
    Parcel(ParcelId),
}

impl Parcels {
    pub(crate) fn new(store: Arc<dyn Store>, listeners: Listeners, wakers: Wakers, zone: ZoneRadius) -> Self {
        Self { store, listeners, wakers, zone, locks: KeyedLocks::default(), last_published: LastPublished::default() }
    }
}

/// Where a parcel's driver is, and when it will come.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverSpot {
    /// Where, and when that was.
    pub fix: DriverFix,
    /// Seconds along the straight line to the next of the parcel's places; `None` when the fix is older than 90 s.
    pub eta_s: Option<u32>,
}

/// A parcel as a new subscriber is shown it.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowedParcel {
    /// The parcel.
    pub parcel: Parcel,
    /// Where its driver is, if it is active and the driver has sent a location.
    pub spot: Option<DriverSpot>,
}

/// A parcel whose driver moved.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedParcel {
    /// As it is now.
    pub parcel: Parcel,
    /// Where its driver is.
    pub spot: DriverSpot,
    /// Which of its places the driver came to (true) or left (false), in order.
    pub crossed: Vec<(Zone, bool)>,
}

/// What is new about a parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct ParcelNews {
    /// As it is now, and, if it has another driver, where that one is.
    pub now: FollowedParcel,
    /// It has another status.
    pub status_changed: bool,
    /// It has another driver, or none any more.
    pub driver_changed: bool,
}

fn spot_of(parcel: &Parcel, fix: DriverFix, now: Timestamp) -> DriverSpot {
    let fresh_for_ms = i64::try_from(ETA_FRESH_FOR.as_millis()).unwrap_or(i64::MAX);
    let next = if is_fetched(parcel.status) { &parcel.destination } else { &parcel.pickup };
    let eta_s = (now.ms_since(fix.at) <= fresh_for_ms).then(|| straight_line_eta_s(point_of_fix(&fix), point_of(next)));
    DriverSpot { fix, eta_s }
}

const fn is_fetched(status: ParcelStatus) -> bool {
    !matches!(status, ParcelStatus::Pending | ParcelStatus::Assigned)
}

const fn point_of(place: &Place) -> Point {
    Point::new(place.latitude, place.longitude)
}

const fn point_of_fix(fix: &DriverFix) -> Point {
    Point::new(fix.latitude, fix.longitude)
}
