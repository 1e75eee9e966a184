//! Which columns a report has, and what stands in them for a sum.

use crate::cell::Cell;
use crate::column::{self, Column};
use crate::sums::Sums;
use milepost_domain::{ReportGroup, ReportKind};

/// The columns of a report.
pub(crate) fn columns(kind: ReportKind, group: ReportGroup) -> Vec<&'static Column> {
    let mut columns = match group {
        ReportGroup::None | ReportGroup::Vehicle => vec![column::VEHICLE_ID, column::VEHICLE],
        ReportGroup::Driver => vec![column::DRIVER],
        ReportGroup::Day => vec![column::DAY],
        ReportGroup::VehicleDay => vec![column::DAY, column::VEHICLE_ID, column::VEHICLE],
    };
    if group == ReportGroup::None {
        columns.extend(of_things(kind));
    } else {
        columns.extend(of_sums(kind).iter().map(|(column, _)| *column));
    }
    columns
}

/// The columns of single things, after those of the vehicle.
fn of_things(kind: ReportKind) -> &'static [&'static Column] {
    match kind {
        ReportKind::Trips => &[
            column::DRIVER,
            column::STARTED_AT,
            column::ENDED_AT,
            column::DURATION_S,
            column::DISTANCE_KM,
            column::MOVING_S,
            column::IDLE_S,
            column::MAX_SPEED_KMH,
            column::FUEL_L,
            column::FUEL_SOURCE,
            column::START_LATITUDE,
            column::START_LONGITUDE,
            column::END_LATITUDE,
            column::END_LONGITUDE,
            column::ORIGIN,
        ],
        ReportKind::Stops => &[
            column::DRIVER,
            column::STARTED_AT,
            column::ENDED_AT,
            column::DURATION_S,
            column::LATITUDE,
            column::LONGITUDE,
        ],
        ReportKind::Geofences => &[
            column::DRIVER,
            column::GEOFENCE,
            column::STARTED_AT,
            column::ENDED_AT,
            column::DURATION_S,
            column::MAX_SPEED_KMH,
        ],
        ReportKind::Speeding => &[
            column::DRIVER,
            column::STARTED_AT,
            column::ENDED_AT,
            column::DURATION_S,
            column::MAX_SPEED_KMH,
            column::LIMIT_KMH,
            column::OVER_KMH,
            column::LATITUDE,
            column::LONGITUDE,
        ],
        ReportKind::Mileage | ReportKind::Utilisation | ReportKind::Fuel => &[],
    }
}

/// A column of sums, and what stands in it.
type OfSums = (&'static Column, fn(&Sums) -> Cell);

const THINGS: fn(&Sums) -> Cell = |sums| Cell::count(sums.things);
const DISTANCE: OfSums = (column::DISTANCE_KM, |sums| Cell::number(sums.distance_mm.map(km), 3));
const DURATION: OfSums = (column::DURATION_S, |sums| Cell::seconds_of_ms(sums.duration_ms));
const LONGEST: OfSums = (column::LONGEST_S, |sums| Cell::seconds_of_ms(sums.longest_ms));
const MOVING: OfSums = (column::MOVING_S, |sums| Cell::seconds_of_ms(sums.moving_ms));
const IDLE: OfSums = (column::IDLE_S, |sums| Cell::seconds_of_ms(sums.idle_ms));
const MAX_SPEED: OfSums = (column::MAX_SPEED_KMH, |sums| Cell::number(sums.max_speed_kmh, 1));
const FUEL: OfSums = (column::FUEL_L, |sums| Cell::number(sums.fuel_ml.map(litres), 2));

/// The columns that are summed up, also at the end of a list.
pub(crate) const fn of_sums(kind: ReportKind) -> &'static [OfSums] {
    match kind {
        ReportKind::Trips => &[(column::TRIPS, THINGS), DISTANCE, DURATION, MOVING, IDLE, MAX_SPEED, FUEL],
        ReportKind::Stops => &[(column::STOPS, THINGS), DURATION, LONGEST],
        ReportKind::Mileage => &[DISTANCE, (column::TRIPS, THINGS), MOVING],
        ReportKind::Utilisation => {
            &[(column::UTILISATION_PERCENT, |sums| Cell::number(utilisation_percent(sums), 1)), MOVING, IDLE, DISTANCE]
        }
        ReportKind::Fuel => &[
            FUEL,
            (column::FUEL_SOURCE, |sums| match (sums.is_measured, sums.is_estimated) {
                (true, true) => Cell::text("measured and estimated"),
                (true, false) => Cell::text("measured"),
                (false, true) => Cell::text("estimated"),
                (false, false) => Cell::Blank,
            }),
            (column::FUEL_L_PER_100KM, |sums| Cell::number(l_per_100km(sums), 1)),
            (column::FUEL_COST, |sums| Cell::number(sums.fuel_cost, 2)),
            (column::REFUELLINGS, |sums| Cell::count(sums.refuellings)),
            (column::REFUELLED_L, |sums| Cell::number(sums.refuelled_l, 1)),
            (column::FUEL_THEFTS, |sums| Cell::count(sums.fuel_thefts)),
            (column::STOLEN_L, |sums| Cell::number(sums.stolen_l, 1)),
        ],
        ReportKind::Geofences => &[(column::VISITS, THINGS), DURATION, LONGEST, MAX_SPEED],
        ReportKind::Speeding => &[
            (column::SPEEDINGS, THINGS),
            DURATION,
            MAX_SPEED,
            (column::OVER_KMH, |sums| Cell::number(sums.over_kmh, 1)),
        ],
    }
}

/// The column of which a chart shows each day's sum.
pub(crate) const fn of_chart(kind: ReportKind) -> OfSums {
    match kind {
        ReportKind::Trips | ReportKind::Mileage => DISTANCE,
        ReportKind::Stops => DURATION,
        ReportKind::Utilisation | ReportKind::Fuel | ReportKind::Geofences | ReportKind::Speeding => of_sums(kind)[0],
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km")]
pub(crate) fn km(mm: i64) -> f64 {
    mm as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 9 million million litres")]
pub(crate) fn litres(ml: i64) -> f64 {
    ml as f64 / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
fn utilisation_percent(sums: &Sums) -> Option<f64> {
    let available_ms = sums.available_ms.filter(|available| *available > 0)?;
    Some((sums.moving_ms? as f64 / available_ms as f64 * 100.0).clamp(0.0, 100.0))
}

fn l_per_100km(sums: &Sums) -> Option<f64> {
    let distance = sums.fuel_distance_mm.filter(|distance| *distance > 0)?;
    Some(litres(sums.fuel_ml?) / km(distance) * 100.0)
}
