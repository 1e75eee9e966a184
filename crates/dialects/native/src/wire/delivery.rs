//! Deliveries.

use serde::Serialize;
use utoipa::ToSchema;

/// A delivery with its rider's place.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedDeliveryJson {
    /// The secret part of its public link.
    pub tracking_id: String,
    /// The shop's number for the order.
    pub order_id: String,
    /// Who brings it.
    pub rider_id: String,
    /// ASSIGNED, PICKED_UP, IN_TRANSIT or DELIVERED.
    pub status: String,
    /// The destination.
    pub dropoff: DropoffJson,
    /// Where the rider was last; null before the first location, and while the rider is off duty.
    pub position: Option<RiderPositionJson>,
    /// The rider is off duty: where it was is not shown.
    pub rider_off_duty: bool,
    /// Seconds until the rider arrives, from its own pace; null before the first location, after the delivery, and when the last
    /// location is too old.
    pub eta_s: Option<u32>,
    /// The early end of the range in which four of five arrivals lie, seconds.
    pub eta_low_s: Option<u32>,
    /// The late end of that range, seconds.
    pub eta_high_s: Option<u32>,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// When status or place changed last: RFC 3339, UTC, milliseconds.
    pub updated_at: String,
    /// When the link stops working: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
}

/// Where a delivery goes.
#[derive(Serialize, ToSchema)]
pub(crate) struct DropoffJson {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// Where a rider was.
#[derive(Serialize, ToSchema)]
pub(crate) struct RiderPositionJson {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When the server received it: RFC 3339, UTC, milliseconds.
    pub received_at: String,
}
