//! One thing at a time: a parcel, a delivery, the fleet's figures, presence.

use serde::Serialize;

/// A parcel as it is now.
#[derive(Debug, Serialize)]
pub struct ParcelJson<'a> {
    /// `parcel`.
    pub op: &'static str,
    /// Unique in its tenant.
    pub id: i64,
    /// Number of the user who sends it.
    pub client_id: i64,
    /// Number of the user who drives it. With another driver, what `parcel_at` said before is out of date.
    pub driver_id: Option<i64>,
    /// Where the driver fetches it.
    pub pickup: AddressJson<'a>,
    /// Where the driver brings it.
    pub destination: AddressJson<'a>,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    pub status: &'static str,
    /// When it was entered.
    pub created_at: String,
    /// When its status or driver changed last.
    pub updated_at: String,
}

/// A place with its address.
#[derive(Debug, Serialize)]
pub struct AddressJson<'a> {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// Street address.
    pub address: &'a str,
}

/// Where a parcel's driver is.
#[derive(Debug, Serialize)]
pub struct ParcelAtJson<'a> {
    /// `parcel_at`.
    pub op: &'static str,
    /// The parcel.
    pub id: i64,
    /// The driver.
    pub driver_id: i64,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// In words; empty if the driver's phone sent none.
    pub address: &'a str,
    /// When the driver was there.
    pub t: i64,
    /// Seconds to the parcel's next place; null when the location is older than 90 s.
    pub eta_seconds: Option<u32>,
}

/// A parcel's driver came to one of its places, or left it.
#[derive(Debug, Serialize)]
pub struct ParcelZoneJson {
    /// `parcel_zone`.
    pub op: &'static str,
    /// The parcel.
    pub id: i64,
    /// pickup or destination.
    pub zone: &'static str,
    /// enter or exit.
    pub event: &'static str,
    /// When.
    pub t: i64,
}

/// A delivery as it is now.
#[derive(Debug, Serialize)]
pub struct DeliveryJson<'a> {
    /// `delivery`.
    pub op: &'static str,
    /// Its public link's secret part.
    pub id: &'a str,
    /// The shop's number for the order.
    pub order_id: &'a str,
    /// Who brings it; absent for visitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rider_id: Option<&'a str>,
    /// ASSIGNED, PICKED_UP, IN_TRANSIT or DELIVERED.
    pub status: &'static str,
    /// The destination.
    pub dropoff: SpotJson,
    /// Where the rider was last; null before the first location.
    pub place: Option<RiderPlaceJson>,
    /// The rider is off duty; absent on duty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rider_off_duty: bool,
    /// Seconds to the destination by the documented formula.
    pub eta_seconds: Option<u32>,
    /// The better estimate; null before the first location and after the delivery.
    pub eta: Option<EtaJson>,
    /// When status or place changed last.
    pub updated_at: i64,
    /// When the link stops working.
    pub expires_at: i64,
}

/// A point on the map.
#[derive(Debug, Serialize)]
pub struct SpotJson {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
}

/// Where a rider was.
#[derive(Debug, Serialize)]
pub struct RiderPlaceJson {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// When.
    pub t: i64,
}

/// An estimate from the rider's own pace.
#[derive(Debug, Default, Serialize)]
pub struct EtaJson {
    /// Seconds from now: rather too early than too late; null when `stale`, as the next three.
    pub seconds: Option<u32>,
    /// The early end of the range in which four of five arrivals lie.
    pub low: Option<u32>,
    /// The late end of that range.
    pub high: Option<u32>,
    /// default, speed or history.
    pub basis: Option<&'static str>,
    /// The last location is too old for an estimate.
    pub stale: bool,
}

/// The fleet's figures of the last 24 hours.
#[derive(Debug, Serialize)]
pub struct DashboardJson {
    /// `dashboard`.
    pub op: &'static str,
    /// Vehicles with a position in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips, running ones included.
    pub total_trips: u64,
    /// km.
    pub distance_traveled: f64,
    /// Litres.
    pub fuel_consumed: f64,
    /// Time in motion as a share of all vehicles' time, percent.
    pub utilization_rate: f64,
    /// Time standing, minutes.
    pub idle_minutes: f64,
    /// Cost of fuel per km.
    pub cost_per_km: f64,
    /// When they were computed.
    pub t: i64,
}

/// How many connections of this protocol the tenant has, on all nodes.
#[derive(Debug, Serialize)]
pub struct PresenceJson {
    /// `presence`.
    pub op: &'static str,
    /// Their number.
    pub connections: usize,
}
