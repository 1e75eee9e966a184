//! The figures of a fleet.

use serde::Serialize;
use utoipa::ToSchema;

/// What a fleet did in the last 24 hours, running trips included.
#[derive(Serialize, ToSchema)]
pub(crate) struct DashboardJson {
    /// Vehicles heard from in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips that were under way at some time; cancelled ones are not counted.
    pub total_trips: u64,
    /// km.
    pub distance_traveled: f64,
    /// Litres.
    pub fuel_consumed: f64,
    /// Time in motion as a share of all vehicles' time, 0 to 100.
    pub utilization_rate: f64,
    /// What the fuel of the vehicles with a price cost, by the km that they drove.
    pub cost_per_km: f64,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}
