//! The statistics of a fleet over the last 24 hours, or over another time.

use super::Fleet;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Invalid, MAX_AHEAD_MS, TenantId, Timestamp, may};
use milepost_store::{FleetStats, StatsWindow};

/// The time that the statistics cover, in milliseconds.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest time that can be asked for, in milliseconds: each quarter of an hour of each vehicle is read.
const MAX_WINDOW_MS: i64 = 32 * WINDOW_MS;
/// A vehicle that reported within this time is active, in milliseconds.
const ACTIVE_MS: i64 = 10 * 60 * 1000;

/// The statistics of a fleet, including running trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetDashboard {
    /// Vehicles that reported in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips that were under way at some time, without cancelled ones.
    pub total_trips: u64,
    /// The distance of trips, in km.
    pub distance_km: f64,
    /// The fuel used on trips, in litres.
    pub fuel_l: f64,
    /// The time in motion as a share of the time of all vehicles, 0 to 100.
    pub utilization_percent: f64,
    /// The time standing on trips, and between them with the engine on, of all vehicles, in minutes.
    pub idle_min: f64,
    /// The cost of fuel for each km, over the vehicles with a fuel price. 0 if these have not driven.
    pub cost_per_km: f64,
    /// When the statistics were read.
    pub at: Timestamp,
}

/// The statistics of a tenant's fleet over a time. Without an end it goes on until now, and without a beginning it is 24 hours
/// long. Of a trip that began before or ended after it, only the part within counts.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a time that is longer than 32 days, or not positive;
/// [`ServiceError::Busy`] when the caller or its tenant reads too much at once.
pub async fn fleet_dashboard(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> Result<FleetDashboard, ServiceError> {
    if !may(&request.caller, Action::SeeFleet, tenant) {
        return Err(ServiceError::Forbidden("only an admin or manager of the tenant may see its figures"));
    }
    let now = request.now;
    let _permit = fleet.fair_reads.permit_in_time(tenant, &request.caller).await?;
    if from.is_none() && to.is_none() {
        return read_dashboard(fleet, tenant, now).await;
    }
    let to = to.unwrap_or_else(|| now.plus_ms(MAX_AHEAD_MS));
    let from = from.unwrap_or_else(|| to.plus_ms(-WINDOW_MS));
    if !(1..=MAX_WINDOW_MS).contains(&to.ms_since(from)) {
        return Err(Invalid::new("to", "must be after from, by 32 days at most").into());
    }
    let window = StatsWindow { from, to, active_since: now.plus_ms(-ACTIVE_MS) };
    // What has not come yet is no time in which a vehicle could have moved.
    let passed_ms = to.min(now).ms_since(from).max(1);
    Ok(dashboard(&fleet.store.fleet_stats(tenant, window).await?, passed_ms, now))
}

/// The statistics of a tenant's fleet at `now`, for a publisher that has checked its subscribers and has the permission
/// for a large read. They are sums over
/// what the fold stored for each quarter of an hour. No position is read.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_dashboard(fleet: &Fleet, tenant: &TenantId, now: Timestamp) -> Result<FleetDashboard, ServiceError> {
    let window = StatsWindow {
        from: now.plus_ms(-WINDOW_MS),
        // A device's clock may be a little ahead of this one.
        to: now.plus_ms(MAX_AHEAD_MS),
        active_since: now.plus_ms(-ACTIVE_MS),
    };
    Ok(dashboard(&fleet.store.fleet_stats(tenant, window).await?, WINDOW_MS, now))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km, and 285,000 years in motion")]
fn dashboard(stats: &FleetStats, passed_ms: i64, at: Timestamp) -> FleetDashboard {
    let all_time_ms = stats.vehicles as f64 * passed_ms as f64;
    let priced_km = stats.priced_distance_mm as f64 / 1e6;
    FleetDashboard {
        active_vehicles: stats.active_vehicles,
        total_trips: stats.trips,
        distance_km: stats.distance_mm.max(0) as f64 / 1e6,
        fuel_l: stats.fuel_ml.max(0) as f64 / 1000.0,
        utilization_percent: (share(stats.moving_ms as f64, all_time_ms) * 100.0).clamp(0.0, 100.0),
        idle_min: stats.idle_ms.max(0) as f64 / 60e3,
        cost_per_km: share(stats.fuel_cost, priced_km).max(0.0),
        at,
    }
}

/// `part / whole`, or 0 if the whole is 0.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp, reason = "a test may panic, and these numbers are exact")]
mod tests {
    use super::*;

    fn of(figures: &FleetStats) -> FleetDashboard {
        dashboard(figures, WINDOW_MS, Timestamp::from_unix_ms(0).unwrap())
    }

    #[test]
    fn a_fleet_that_did_nothing_has_zeros_and_no_nan() {
        let nothing = of(&FleetStats::default());
        assert_eq!((nothing.utilization_percent, nothing.cost_per_km), (0.0, 0.0));
        let stood = of(&FleetStats { vehicles: 3, fuel_cost: 12.0, ..FleetStats::default() });
        assert_eq!((stood.utilization_percent, stood.cost_per_km), (0.0, 0.0));
    }

    #[test]
    fn the_figures_have_the_units_of_the_contract() {
        let figures = FleetStats {
            vehicles: 2,
            active_vehicles: 1,
            trips: 5,
            distance_mm: 120_500_000,
            moving_ms: 12 * 3_600_000,
            idle_ms: 3_600_000,
            fuel_ml: 9_640,
            fuel_cost: 15.0,
            priced_distance_mm: 100_000_000,
        };
        let shown = of(&figures);
        assert_eq!((shown.active_vehicles, shown.total_trips), (1, 5));
        assert_eq!((shown.distance_km, shown.fuel_l, shown.idle_min), (120.5, 9.64, 60.0));
        // Half a day of two vehicles' two days.
        assert_eq!((shown.utilization_percent, shown.cost_per_km), (25.0, 0.15));
    }

    #[test]
    fn nothing_is_used_for_more_than_all_of_its_time() {
        let figures = FleetStats { vehicles: 1, moving_ms: WINDOW_MS * 2, fuel_ml: -5, ..FleetStats::default() };
        assert_eq!((of(&figures).utilization_percent, of(&figures).fuel_l), (100.0, 0.0));
    }
}
