//! Bus trips as riders with legs.

use super::rider::Rider;
use crate::csv::Csv;
use crate::recordings::instant;
use anyhow::Result;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_track::Fix;
use std::collections::BTreeMap;

/// A leg ends this far from its start, as a delivery may.
const BUS_LEG_M: f64 = 2000.0;
/// A leg ends after this long without a report.
const SILENCE_MS: i64 = 600_000;
/// The bus has reached the terminal when it first comes this near to the end of its trip.
const TERMINAL_M: f64 = 100.0;

/// The end of a bus's leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BusLeg {
    /// At the first fix 2 km from the start of the leg.
    TwoKilometres,
    /// As above, but only where the bus reports that it stands at a stop.
    TwoKilometresToStop,
    /// Where the trip ends.
    WholeTrip,
}

/// The names of the columns that are read.
pub(super) struct Columns {
    pub(super) vehicle: &'static str,
    pub(super) time: &'static str,
    pub(super) latitude: &'static str,
    pub(super) longitude: &'static str,
    /// Successive fixes of one trip have the same text in this column. Without a text there is no leg.
    pub(super) trip: &'static str,
    /// `1` while the bus stands at a stop.
    pub(super) status: Option<&'static str>,
    /// Only rows with this text in `trip` belong to a trip.
    pub(super) only_trip: Option<&'static str>,
}

/// Austin's columns.
pub(super) const AUSTIN: Columns = Columns {
    vehicle: "vehicle_id",
    time: "timestamp",
    latitude: "latitude",
    longitude: "longitude",
    trip: "trip_id",
    status: None,
    only_trip: None,
};

/// New York's: a trip is a time in service.
pub(super) const NEW_YORK: Columns = Columns {
    vehicle: "vid",
    time: "timestamp",
    latitude: "lat",
    longitude: "lon",
    trip: "actual_phase",
    status: None,
    only_trip: Some("IN_PROGRESS"),
};

/// Washington's.
pub(super) const WASHINGTON: Columns = Columns {
    vehicle: "vehicle.vehicle.id",
    time: "vehicle.timestamp",
    latitude: "vehicle.position.latitude",
    longitude: "vehicle.position.longitude",
    trip: "vehicle.trip.trip_id",
    status: Some("vehicle.current_status"),
    only_trip: None,
};

/// Reads buses from files, each with a header line; a vehicle may be in several. Rows without a valid place or time are
/// left out, as are repeated instants.
pub(super) fn read_buses(texts: &[String], columns: &Columns, leg: BusLeg) -> Result<Vec<Rider>> {
    let mut vehicles = BTreeMap::new();
    for text in texts {
        add_buses(&mut vehicles, text, columns)?;
    }
    Ok(vehicles.into_values().map(|reports| rider_of_bus(&reports, leg)).collect())
}

/// One row.
struct Report {
    point: Point,
    trip: Option<String>,
    at_stop: bool,
}

fn add_buses(
    vehicles: &mut BTreeMap<String, BTreeMap<Timestamp, Report>>,
    text: &str,
    columns: &Columns,
) -> Result<()> {
    let Columns { vehicle, time, latitude, longitude, trip, status, only_trip } = *columns;
    let csv = Csv::new(text, &[vehicle, time, latitude, longitude, trip, status.unwrap_or(trip)])?;
    for row in csv.rows() {
        let (Some(at), Some(point)) = (row.get(time).and_then(instant), row.point(latitude, longitude)) else {
            continue;
        };
        let (Some(vehicle), Some(trip)) = (row.get(vehicle), row.get(trip)) else { continue };
        let on_trip = !trip.is_empty() && trip != "NA" && only_trip.is_none_or(|only| only == trip);
        let report = Report {
            point,
            trip: on_trip.then(|| trip.to_owned()),
            at_stop: status.and_then(|status| row.get(status)).is_some_and(|status| status.starts_with('1')),
        };
        vehicles.entry(vehicle.to_owned()).or_default().entry(at).or_insert(report);
    }
    Ok(())
}

fn rider_of_bus(reports: &BTreeMap<Timestamp, Report>, leg: BusLeg) -> Rider {
    let fixes: Vec<Fix> = reports.iter().map(|(&at, report)| Fix::new(report.point, at)).collect();
    let rows: Vec<&Report> = reports.values().collect();
    let same_trip =
        |a: usize, b: usize| rows[a].trip == rows[b].trip && fixes[b].at().ms_since(fixes[a].at()) < SILENCE_MS;
    let mut legs = Vec::new();
    let mut first = 0;
    while first < rows.len() {
        let mut last = first;
        while last + 1 < rows.len() && same_trip(last, last + 1) {
            last += 1;
        }
        if rows[first].trip.is_some() {
            let far = |from: usize, to: usize| distance_m(fixes[from].point(), fixes[to].point());
            if leg == BusLeg::WholeTrip {
                let arrived = (first..=last).find(|&index| far(index, last) < TERMINAL_M).unwrap_or(last);
                legs.extend((arrived > first).then_some((first, arrived)));
            } else {
                let mut start = first;
                let may_end = |index: &usize| leg == BusLeg::TwoKilometres || rows[*index].at_stop;
                for index in (first + 1..=last).filter(may_end) {
                    if far(start, index) >= BUS_LEG_M {
                        legs.push((start, index));
                        start = index;
                    }
                }
            }
        }
        first = last + 1;
    }
    Rider { fixes, legs }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const BUSES: &str = "vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude,trip_headsign\n\
                         7,2016-12-16T05:02:00-06:00,1,1,a,30.02,-97.0,x\n\
                         7,2016-12-16T05:00:00-06:00,1,1,a,30.00,-97.0,x\n\
                         7,2016-12-16T05:01:00-06:00,1,1,a,30.01,-97.0,x\n\
                         7,2016-12-16T05:01:00-06:00,1,1,a,31.01,-97.0,again\n\
                         7,2016-12-16T05:03:00-06:00,1,1,a,30.0203,-97.0,x\n\
                         7,2016-12-16T05:03:30-06:00,1,1,a,,-97.0,no place\n\
                         7,2016-12-16T05:04:00-06:00,1,1,b,30.04,-97.0,x\n\
                         7,2016-12-16T05:30:00-06:00,1,1,b,30.09,-97.0,x\n";

    fn legs(leg: BusLeg) -> Vec<(usize, usize)> {
        let riders = read_buses(&[BUSES.to_owned()], &AUSTIN, leg).unwrap();
        assert_eq!((riders.len(), riders[0].fixes.len()), (1, 6));
        riders[0].legs.clone()
    }

    #[test]
    fn a_bus_leg_is_two_kilometres_or_the_trip_to_its_terminal_and_ends_at_a_silence() {
        assert_eq!(legs(BusLeg::TwoKilometres), [(0, 2)]);
        assert_eq!(legs(BusLeg::WholeTrip), [(0, 2)]);
        assert_eq!(legs(BusLeg::TwoKilometresToStop), []);
    }
}
