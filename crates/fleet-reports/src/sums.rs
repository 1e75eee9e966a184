//! What is added up for a row. What was never known stays unknown.

use milepost_domain::FuelSource;

/// Amounts in whole small units, so that a sum does not depend on the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sums {
    /// Trips, stays, visits or streaks.
    pub(crate) things: Option<i64>,
    pub(crate) distance_mm: Option<i64>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) longest_ms: Option<i64>,
    pub(crate) moving_ms: Option<i64>,
    pub(crate) idle_ms: Option<i64>,
    /// The time in which vehicles could have moved.
    pub(crate) available_ms: Option<i64>,
    pub(crate) fuel_ml: Option<i64>,
    /// The distance of which the fuel is known.
    pub(crate) fuel_distance_mm: Option<i64>,
    pub(crate) is_measured: bool,
    pub(crate) is_estimated: bool,
    pub(crate) fuel_cost: Option<f64>,
    pub(crate) refuellings: Option<i64>,
    pub(crate) refuelled_l: Option<f64>,
    pub(crate) fuel_thefts: Option<i64>,
    pub(crate) stolen_l: Option<f64>,
    pub(crate) max_speed_kmh: Option<f64>,
    pub(crate) over_kmh: Option<f64>,
}

/// The fuel of a trip.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Burnt {
    pub(crate) fuel_ml: i64,
    pub(crate) distance_mm: i64,
    pub(crate) source: FuelSource,
    /// In the tenant's currency, for each litre.
    pub(crate) price: Option<f64>,
}

impl Sums {
    /// Of a vehicle or day that is known to have done nothing yet. Fuel is not known by that.
    pub(crate) fn nothing() -> Self {
        Self {
            things: Some(0),
            distance_mm: Some(0),
            duration_ms: Some(0),
            moving_ms: Some(0),
            idle_ms: Some(0),
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        add(&mut self.things, other.things);
        add(&mut self.distance_mm, other.distance_mm);
        add(&mut self.duration_ms, other.duration_ms);
        add(&mut self.moving_ms, other.moving_ms);
        add(&mut self.idle_ms, other.idle_ms);
        add(&mut self.available_ms, other.available_ms);
        add(&mut self.fuel_ml, other.fuel_ml);
        add(&mut self.fuel_distance_mm, other.fuel_distance_mm);
        add(&mut self.fuel_cost, other.fuel_cost);
        add(&mut self.refuellings, other.refuellings);
        add(&mut self.refuelled_l, other.refuelled_l);
        add(&mut self.fuel_thefts, other.fuel_thefts);
        add(&mut self.stolen_l, other.stolen_l);
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.max_speed_kmh = larger(self.max_speed_kmh, other.max_speed_kmh);
        self.over_kmh = larger(self.over_kmh, other.over_kmh);
        self.is_measured |= other.is_measured;
        self.is_estimated |= other.is_estimated;
    }

    /// Adds a trip's fuel. A tank that is measured shows what it is filled with, too.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 million million litres")]
    pub(crate) fn burn(&mut self, burnt: Burnt) {
        add(&mut self.fuel_ml, Some(burnt.fuel_ml));
        add(&mut self.fuel_distance_mm, Some(burnt.distance_mm));
        add(&mut self.fuel_cost, burnt.price.map(|price| burnt.fuel_ml as f64 / 1e3 * price));
        match burnt.source {
            FuelSource::Measured => {
                self.is_measured = true;
                add(&mut self.refuellings, Some(0));
                add(&mut self.refuelled_l, Some(0.0));
                add(&mut self.fuel_thefts, Some(0));
                add(&mut self.stolen_l, Some(0.0));
            }
            FuelSource::Estimated => self.is_estimated = true,
        }
    }
}

fn add<T: std::ops::Add<Output = T> + Copy>(sum: &mut Option<T>, part: Option<T>) {
    *sum = match (*sum, part) {
        (Some(sum), Some(part)) => Some(sum + part),
        (sum, part) => sum.or(part),
    };
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
