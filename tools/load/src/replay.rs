//! Reads a recorded fleet: CSV with `vehicle_id`, `timestamp`, `latitude`, `longitude` and `speed` columns.

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde::Serialize;
use std::collections::HashSet;

/// The unit of a file's speeds: feeds differ, and some change it from one year to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum SpeedUnit {
    /// Metres a second.
    #[value(name = "m/s")]
    MetresPerSecond,
    /// Kilometres an hour.
    #[value(name = "km/h")]
    KilometresPerHour,
    /// Miles an hour.
    #[value(name = "mph")]
    MilesPerHour,
}

impl SpeedUnit {
    const fn to_kmh(self, speed: f64) -> f64 {
        match self {
            Self::MetresPerSecond => speed * 3.6,
            Self::KilometresPerHour => speed,
            Self::MilesPerHour => speed * 1.609_344,
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fix {
    /// The fleet's own number of the vehicle.
    pub(crate) vehicle: String,
    /// When it was taken.
    pub(crate) at_ms: i64,
    /// Degrees north and east.
    pub(crate) place: (f64, f64),
    /// Speed.
    pub(crate) speed_kmh: f64,
}

/// The fixes of a file in the order of their time, without those that repeat a vehicle and instant.
pub(crate) fn read_fixes(csv: &str, unit: SpeedUnit) -> Result<Vec<Fix>> {
    let mut lines = csv.lines().enumerate();
    let (_, head) = lines.next().context("the file is empty")?;
    let columns: Vec<&str> = head.split(',').map(str::trim).collect();
    let column = |name: &str| {
        columns.iter().position(|column| *column == name).with_context(|| format!("the file has no column {name}"))
    };
    let (vehicle, time, speed) = (column("vehicle_id")?, column("timestamp")?, column("speed")?);
    let (latitude, longitude) = (column("latitude")?, column("longitude")?);
    let mut fixes = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split(',').collect();
        let fix = || -> Result<Fix> {
            let field = |index: usize| fields.get(index).copied().context("too few fields");
            if field(vehicle)?.contains('"') {
                bail!("quoted fields are not supported here");
            }
            Ok(Fix {
                vehicle: field(vehicle)?.to_owned(),
                at_ms: field(time)?.parse::<jiff::Timestamp>()?.as_millisecond(),
                place: (field(latitude)?.parse()?, field(longitude)?.parse()?),
                speed_kmh: unit.to_kmh(field(speed)?.parse().unwrap_or(0.0)),
            })
        };
        fixes.push(fix().with_context(|| format!("line {}", number + 1))?);
    }
    fixes.sort_by_key(|fix: &Fix| fix.at_ms);
    let mut seen = HashSet::new();
    fixes.retain(|fix| seen.insert((fix.vehicle.clone(), fix.at_ms)));
    Ok(fixes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const FILE: &str = "vehicle_id,timestamp,speed,route_id,latitude,longitude,trip_headsign\n\
                        8948,2016-12-16T05:35:59-06:00,10,1,30.42,-97.67,1-Metric/\"South\", SB\n\
                        8948,2016-12-16T05:34:02-06:00,0.0,1,30.41,-97.66,x\n\
                        8948,2016-12-16T05:34:02-06:00,5.0,1,30.40,-97.66,x\n";

    #[test]
    fn fixes_come_in_the_order_of_their_time_and_once() {
        let fixes = read_fixes(FILE, SpeedUnit::MetresPerSecond).unwrap();
        assert_eq!(fixes.len(), 2);
        assert_eq!((fixes[0].at_ms, fixes[0].place), (1_481_888_042_000, (30.41, -97.66)));
        assert_eq!(fixes[1].speed_kmh, 36.0);
    }

    #[test]
    fn miles_become_kilometres() {
        assert!((SpeedUnit::MilesPerHour.to_kmh(100.0) - 160.9344).abs() < 1e-9);
    }

    #[test]
    fn an_error_names_its_line_or_column() {
        let message = |csv| format!("{:#}", read_fixes(csv, SpeedUnit::KilometresPerHour).unwrap_err());
        assert!(message("vehicle_id,timestamp\n").contains("no column speed"));
        let short = "vehicle_id,timestamp,speed,latitude,longitude\n1,2016-12-16T05:34:02Z,0\n";
        assert!(message(short).contains("line 2"));
    }
}
