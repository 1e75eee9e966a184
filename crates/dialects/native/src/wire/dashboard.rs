//! The statistics of a fleet.

use serde::Serialize;
use utoipa::ToSchema;

/// A fleet's statistics, running trips included.
#[derive(Serialize, ToSchema)]
pub(crate) struct DashboardJson {
    /// Vehicles with a position in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips that were under way at any time, without cancelled ones.
    pub total_trips: u64,
    /// Distance, km.
    pub distance_traveled: f64,
    /// Fuel, litres.
    pub fuel_consumed: f64,
    /// Time in motion as a share of all vehicles' time, percent.
    pub utilization_rate: f64,
    /// Time standing on trips, and between trips with the engine on, of all vehicles, minutes.
    pub idle_minutes: f64,
    /// Cost of fuel per km driven, over the vehicles that have a fuel price.
    pub cost_per_km: f64,
    /// When the statistics were computed: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}
