//! What a fleet did in the last 24 hours, in a few figures.

use super::Fleet;
use crate::{Request, ServiceError};
use milepost_domain::{Action, MAX_AHEAD_MS, TenantId, Timestamp, may};
use milepost_store::{FigureWindow, FleetFigures};

/// The window, milliseconds.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;
/// A vehicle that reported within this time is active, milliseconds.
const ACTIVE_MS: i64 = 10 * 60 * 1000;

/// The figures of a fleet over the last 24 hours, running trips included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetDashboard {
    /// Vehicles heard from in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips that were under way at some time, cancelled ones left out.
    pub total_trips: u64,
    /// Distance on trips, km.
    pub distance_km: f64,
    /// Fuel burnt on trips, litres.
    pub fuel_l: f64,
    /// Time in motion as a share of all vehicles' time, 0 to 100.
    pub utilization_percent: f64,
    /// What the fuel of the vehicles with a price cost, by the km that they drove; 0 before the first.
    pub cost_per_km: f64,
    /// When they were read.
    pub at: Timestamp,
}

/// The figures of a tenant's fleet now.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn fleet_dashboard(
    fleet: &Fleet,
    request: &Request<'_>,
    tenant: &TenantId,
) -> Result<FleetDashboard, ServiceError> {
    if !may(request.caller, Action::SeeFleet, tenant) {
        return Err(ServiceError::Forbidden("only an admin or manager of the tenant may see its figures"));
    }
    read_dashboard(fleet, tenant, request.now).await
}

/// The figures of a tenant's fleet at `now`, unchecked: for a publisher that checks its subscribers. Sums of what the
/// fold of positions stored: no position is read.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_dashboard(fleet: &Fleet, tenant: &TenantId, now: Timestamp) -> Result<FleetDashboard, ServiceError> {
    let window = FigureWindow {
        from: now.plus_ms(-WINDOW_MS),
        // Devices' clocks may be a little ahead of this one.
        to: now.plus_ms(MAX_AHEAD_MS),
        active_since: now.plus_ms(-ACTIVE_MS),
    };
    Ok(dashboard(&fleet.store.fleet_figures(tenant, window).await?, now))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km, and 285,000 years in motion")]
fn dashboard(figures: &FleetFigures, at: Timestamp) -> FleetDashboard {
    let all_time_ms = figures.vehicles as f64 * WINDOW_MS as f64;
    let priced_km = figures.priced_distance_mm as f64 / 1e6;
    FleetDashboard {
        active_vehicles: figures.active_vehicles,
        total_trips: figures.trips,
        distance_km: figures.distance_mm.max(0) as f64 / 1e6,
        fuel_l: figures.fuel_ml.max(0) as f64 / 1000.0,
        utilization_percent: (share(figures.moving_ms as f64, all_time_ms) * 100.0).clamp(0.0, 100.0),
        cost_per_km: share(figures.fuel_cost, priced_km).max(0.0),
        at,
    }
}

/// 0 if the whole is 0.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp, reason = "a test may panic, and these numbers are exact")]
mod tests {
    use super::*;

    fn of(figures: &FleetFigures) -> FleetDashboard {
        dashboard(figures, Timestamp::from_unix_ms(0).unwrap())
    }

    #[test]
    fn a_fleet_that_did_nothing_has_zeros_and_no_nan() {
        let nothing = of(&FleetFigures::default());
        assert_eq!((nothing.utilization_percent, nothing.cost_per_km), (0.0, 0.0));
        let stood = of(&FleetFigures { vehicles: 3, fuel_cost: 12.0, ..FleetFigures::default() });
        assert_eq!((stood.utilization_percent, stood.cost_per_km), (0.0, 0.0));
    }

    #[test]
    fn the_figures_have_the_units_of_the_contract() {
        let figures = FleetFigures {
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
        assert_eq!((shown.distance_km, shown.fuel_l), (120.5, 9.64));
        // Half a day of two vehicles' two days.
        assert_eq!((shown.utilization_percent, shown.cost_per_km), (25.0, 0.15));
    }

    #[test]
    fn nothing_is_used_for_more_than_all_of_its_time() {
        let figures = FleetFigures { vehicles: 1, moving_ms: WINDOW_MS * 2, fuel_ml: -5, ..FleetFigures::default() };
        assert_eq!((of(&figures).utilization_percent, of(&figures).fuel_l), (100.0, 0.0));
    }
}
