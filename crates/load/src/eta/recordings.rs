//! Reads recorded drives as riders with legs: from a known start to a place where they are known to have arrived.

use anyhow::{Context as _, Result, bail};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_track::Fix;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// A stretch of a bus trip is one leg when its end is so far from its start, as a delivery may be.
const BUS_LEG_M: f64 = 2000.0;
/// A vehicle that reported nothing for so long is not on the same way any more.
const SILENCE_MS: i64 = 600_000;
/// The terminal is reached when the bus first comes so near to where its trip ends.
const TERMINAL_M: f64 = 100.0;
/// Tracks without a place on Earth are laid out round this one.
const CENTRE_DEG: (f64, f64) = (40.0, -100.0);

/// Someone who drives.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rider {
    /// In order of time, none twice.
    pub(super) fixes: Vec<Fix>,
    /// First and last fix of each leg, in order, without overlap.
    pub(super) legs: Vec<(usize, usize)>,
}

/// Where a leg of a delivery driver ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// At the next place where the driver gets out.
    Next,
    /// At the last such place of the recording, with others on the way.
    Last,
}

/// Where a leg of a bus ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BusLeg {
    /// At the first fix 2 km from the start of the leg.
    TwoKilometres,
    /// As above, but only where the bus tells that it stands at a stop.
    TwoKilometresToStop,
    /// Where the trip ends.
    WholeTrip,
}

/// The names of the columns that matter.
pub(super) struct Columns {
    pub(super) vehicle: &'static str,
    pub(super) time: &'static str,
    pub(super) latitude: &'static str,
    pub(super) longitude: &'static str,
    /// Fixes of the same trip follow each other with the same text here; no leg without one.
    pub(super) trip: &'static str,
    /// `1` while the bus stands at a stop.
    pub(super) status: Option<&'static str>,
    /// Only this text in `trip` counts as being on a trip.
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

/// The text of a file; of a `.zip` all its files one after the other, unpacked by the program `unzip`.
///
/// # Errors
/// If it can't be read.
pub(super) fn read_text(file: &Path) -> Result<String> {
    let shown = file.display();
    if file.extension().is_some_and(|extension| extension == "zip") {
        let output =
            Command::new("unzip").arg("-p").arg(file).output().context("install unzip to read the recordings")?;
        if !output.status.success() {
            bail!("unzip can't read {shown}");
        }
        return Ok(String::from_utf8(output.stdout)?);
    }
    std::fs::read_to_string(file).with_context(|| format!("{shown} can't be read"))
}

/// Delivery drivers, one after the other, each with a head line: `timestamp,x,y,groundtruth`.
///
/// # Errors
/// If a line can't be read.
pub(super) fn read_delivery_drivers(text: &str, stop: Stop) -> Result<Vec<Rider>> {
    let mut riders: Vec<(Vec<Fix>, Vec<bool>)> = Vec::new();
    let metres_a_degree = distance_m(Point::from_degrees(0.0, 0.0)?, Point::from_degrees(1.0, 0.0)?);
    let east_metres_a_degree = metres_a_degree * CENTRE_DEG.0.to_radians().cos();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("timestamp") {
            riders.push((Vec::new(), Vec::new()));
            continue;
        }
        let read = || -> Result<(Fix, bool)> {
            let mut fields = line.split(',');
            let mut next = || fields.next().context("too few fields");
            // The year is 1964, which `Timestamp` does not reach: the recordings only tell times of a day anyway.
            let clock: jiff::civil::DateTime = next()?.replacen("1964", "2004", 1).parse()?;
            let (x_m, y_m): (f64, f64) = (next()?.parse()?, next()?.parse()?);
            let point =
                Point::from_degrees(CENTRE_DEG.0 + y_m / metres_a_degree, CENTRE_DEG.1 + x_m / east_metres_a_degree)?;
            Ok((Fix::new(point, timestamp(clock)?), next()?.trim() == "Driving"))
        };
        let (fix, driving) = read().with_context(|| format!("line {}", number + 1))?;
        let (fixes, drives) = riders.last_mut().context("the first line must name the columns")?;
        fixes.push(fix);
        drives.push(driving);
    }
    Ok(riders.into_iter().map(|(fixes, drives)| Rider { legs: legs_of_driver(&drives, stop), fixes }).collect())
}

/// From the first fix of driving to the first on foot.
fn legs_of_driver(drives: &[bool], stop: Stop) -> Vec<(usize, usize)> {
    let mut legs = Vec::new();
    let mut start = None;
    for (index, &driving) in drives.iter().enumerate() {
        match (driving, start) {
            (true, None) => start = Some(index),
            (false, Some(first)) => {
                legs.push((first, index));
                start = None;
            }
            _ => {}
        }
    }
    match stop {
        Stop::Next => legs,
        Stop::Last => legs.last().map(|&(_, end)| (0, end)).into_iter().collect(),
    }
}

/// Buses from files, each with a head line; a vehicle may come back in another. Rows without a valid place or time are
/// left out, as are repeated instants.
///
/// # Errors
/// If a column is missing.
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
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().context("the file is empty")?.split(',').map(str::trim).collect();
    let column = |name: &str| {
        head.iter().position(|column| *column == name).with_context(|| format!("the file has no column {name}"))
    };
    let (vehicle, time, trip) = (column(columns.vehicle)?, column(columns.time)?, column(columns.trip)?);
    let (latitude, longitude) = (column(columns.latitude)?, column(columns.longitude)?);
    let status = columns.status.map(column).transpose()?;
    for line in lines {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let read = || -> Option<(Timestamp, Point)> {
            let point = Point::from_degrees(fields.get(latitude)?.parse().ok()?, fields.get(longitude)?.parse().ok()?);
            Some((instant(fields.get(time)?)?, point.ok()?))
        };
        let (Some((at, point)), Some(trip)) = (read(), fields.get(trip)) else { continue };
        let on_trip = !trip.is_empty() && *trip != "NA" && columns.only_trip.is_none_or(|only| only == *trip);
        let report = Report {
            point,
            trip: on_trip.then(|| (*trip).to_owned()),
            at_stop: status.and_then(|status| fields.get(status)).is_some_and(|status| status.starts_with('1')),
        };
        vehicles.entry(fields[vehicle].to_owned()).or_default().entry(at).or_insert(report);
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

/// Unix seconds, RFC 3339, or a wall clock (taken as UTC: only differences count).
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_unix_ms(seconds.checked_mul(1000)?);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Timestamp::from_unix_ms(at.as_millisecond());
    }
    // Some rows carry stray text behind the clock.
    timestamp(text.get(..19)?.parse().ok()?).ok()
}

fn timestamp(clock: jiff::civil::DateTime) -> Result<Timestamp> {
    let at = clock.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
    Timestamp::from_unix_ms(at.as_millisecond()).context("the time is before 1970 or after 9999")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const VAN: &str = "timestamp,x,y,groundtruth\n\
                       1964-01-12 00:00:00.000000000,0.0,0.0,OnFoot\n\
                       1964-01-12 00:00:05.013000011,30.0,-40.0,Driving\n\
                       1964-01-12 00:00:10.021000147,60.0,-80.0,Driving\n\
                       1964-01-12 00:00:15.000000000,90.0,-120.0,OnFoot\n\
                       1964-01-12 00:00:20.000000000,90.0,-120.0,Driving\n";

    #[test]
    fn a_van_arrives_when_its_driver_is_on_foot_and_an_unfinished_drive_is_no_leg() {
        let next = read_delivery_drivers(&VAN.repeat(2), Stop::Next).unwrap();
        assert_eq!(next.len(), 2);
        assert_eq!(next[0], next[1]);
        assert_eq!(next[0].legs, [(1, 3)]);
        assert_eq!(read_delivery_drivers(VAN, Stop::Last).unwrap()[0].legs, [(0, 3)]);
        let fixes = &next[0].fixes;
        assert!((distance_m(fixes[0].point(), fixes[1].point()) - 50.0).abs() < 0.01);
        assert_eq!(fixes[1].at().ms_since(fixes[0].at()), 5013);
    }

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

    #[test]
    fn clocks_of_every_recording_are_read() {
        let ms = |text| instant(text).map(Timestamp::unix_ms);
        assert_eq!(ms("1771257515"), Some(1_771_257_515_000));
        assert_eq!(ms("2016-12-16T05:34:02-06:00"), Some(1_481_888_042_000));
        assert_eq!(ms("2010-12-02 14:49:35 l"), Some(1_291_301_375_000));
        assert_eq!(ms("soon"), None);
    }

    #[test]
    fn a_missing_column_is_named() {
        let told = read_buses(&["vehicle_id,timestamp\n".to_owned()], &AUSTIN, BusLeg::WholeTrip).unwrap_err();
        assert!(told.to_string().contains("no column trip_id"), "{told}");
    }
}
