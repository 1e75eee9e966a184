//! Parcels: entered and handed out by dispatchers, brought by drivers who say where they are, followed by clients.

mod add_parcel;
mod change_parcel;
mod follow_parcel;
mod path;
mod read_parcels;
mod record_driver_location;
mod told;
mod turns;

pub use change_parcel::ParcelChange;
pub use milepost_store::NewParcel;
pub use path::ParcelPath;
pub use read_parcels::{ParcelListing, ParcelPage};
pub use record_driver_location::{DriverReport, ReportOutcome};

use milepost_domain::{DriverFix, Parcel, ParcelStatus, Place, Timestamp, Zone, ZoneRadius};
use milepost_geo::Point;
use milepost_track::{ETA_FRESH_FOR, straight_line_eta_s};
use told::Told;
use turns::Turns;

/// What the use cases of parcels share.
pub(crate) struct ParcelDesk {
    turns: Turns,
    told: Told,
    zone: ZoneRadius,
}

impl ParcelDesk {
    pub(crate) fn new(zone: ZoneRadius) -> Self {
        Self { turns: Turns::default(), told: Told::default(), zone }
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

/// A parcel as somebody who follows it needs it first.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowedParcel {
    /// The parcel.
    pub parcel: Parcel,
    /// Where its driver is: while it is active, and once the driver was anywhere.
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
    /// Its status is another one.
    pub status_changed: bool,
    /// Its driver is another one, or there is none any more.
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
