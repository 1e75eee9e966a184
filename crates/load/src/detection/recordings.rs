//! Reads recorded drives as tracks of positions, with what people wrote down about each.

use anyhow::{Context as _, Result, bail};
use milepost_domain::{Position, SpeedKmh, Timestamp, VehicleId};
use milepost_geo::{Point, distance_m};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Tracks without a place on Earth are laid out round this one.
const CENTRE_DEG: (f64, f64) = (40.0, -100.0);
const MPH_KMH: f64 = 1.609_344;

/// What a label is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// On the way or not: traffic lights and stops belong to the way.
    OnTrip,
    /// Driving or not: each stop of a delivery counts.
    Driving,
}

/// Tracks recorded together.
pub(super) struct Recording {
    pub(super) name: &'static str,
    pub(super) truth: Truth,
    pub(super) tracks: Vec<Track>,
}

/// One vehicle's positions in order of time, each instant once.
pub(super) struct Track {
    pub(super) name: String,
    pub(super) reports: Vec<Report>,
}

/// A position and its label.
pub(super) struct Report {
    pub(super) position: Position,
    /// Moving, by the label; `None` where it says nothing or leaves it open.
    pub(super) moving: Option<bool>,
    /// The stop where the bus says that it stands.
    pub(super) stopped_at: Option<String>,
}

/// New York's buses: a file a track. One has only another program's guesses.
///
/// # Errors
/// If a file can't be read.
pub(super) fn read_new_york(folder: &Path) -> Result<Recording> {
    let mut files =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<std::path::PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|ext| ext == "csv") && !file.ends_with("6603-2014-04-15.csv"));
    files.sort();
    let tracks = files.iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
        let reports = rows(&text)?.into_iter().filter_map(|row| new_york_report(&row));
        Ok(Track { name, reports: in_order(reports) })
    });
    let tracks = tracks.collect::<Result<Vec<Track>>>()?;
    Ok(Recording { name: "New York bus, on a trip", truth: Truth::OnTrip, tracks })
}

fn new_york_report(row: &BTreeMap<&str, &str>) -> Option<Report> {
    let clock = row.get("timestamp")?.get(..19)?;
    let at = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", clock).ok()?;
    let point = Point::from_degrees(row.get("lat")?.parse().ok()?, row.get("lon")?.parse().ok()?).ok()?;
    let mut position = position(timestamp(at)?, point);
    position.speed =
        row.get("speed").and_then(|mph| mph.parse::<f64>().ok()).and_then(|mph| SpeedKmh::new(mph * MPH_KMH).ok());
    Some(Report { position, moving: row.get("actual_phase").and_then(|phase| moves(phase)), stopped_at: None })
}

/// Only where all phases that the label allows agree.
fn moves(phases: &str) -> Option<bool> {
    let mut all = phases.split('+').map(|phase| match phase.trim() {
        phase if phase.starts_with("IN_PROGRESS") || phase.starts_with("DEADHEAD") => Some(true),
        phase if phase.starts_with("LAYOVER") || phase.starts_with("AT_BASE") => Some(false),
        _ => None,
    });
    let first = all.next()??;
    all.all(|phase| phase == Some(first)).then_some(first)
}

/// Delivery drivers: six minutes a track.
///
/// # Errors
/// If the file can't be unpacked or read.
pub(super) fn read_delivery_drivers(file: &Path) -> Result<Recording> {
    let output = Command::new("unzip").arg("-p").arg(file).output().context("install unzip to read the recordings")?;
    if !output.status.success() {
        bail!("unzip can't read {}", file.display());
    }
    let text = String::from_utf8(output.stdout)?;
    let tracks = delivery_tracks(&text)?;
    Ok(Recording { name: "delivery van, driving", truth: Truth::Driving, tracks })
}

fn delivery_tracks(text: &str) -> Result<Vec<Track>> {
    let metres_a_degree = distance_m(Point::from_degrees(0.0, 0.0)?, Point::from_degrees(1.0, 0.0)?);
    let east_metres_a_degree = metres_a_degree * CENTRE_DEG.0.to_radians().cos();
    let mut tracks: Vec<Vec<Report>> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("timestamp") {
            tracks.push(Vec::new());
            continue;
        }
        let read = || -> Result<Report> {
            let mut fields = line.split(',');
            let mut next = || fields.next().context("too few fields");
            // The year is 1964, which `Timestamp` does not reach: the recordings only tell times of a day anyway.
            let clock: jiff::civil::DateTime = next()?.replacen("1964", "2004", 1).parse()?;
            let (x_m, y_m): (f64, f64) = (next()?.parse()?, next()?.parse()?);
            let point =
                Point::from_degrees(CENTRE_DEG.0 + y_m / metres_a_degree, CENTRE_DEG.1 + x_m / east_metres_a_degree)?;
            let at = timestamp(clock).context("the time is out of range")?;
            let moving = Some(next()?.trim() == "Driving");
            Ok(Report { position: position(at, point), moving, stopped_at: None })
        };
        let report = read().with_context(|| format!("line {}", number + 1))?;
        tracks.last_mut().context("the first line must name the columns")?.push(report);
    }
    let named = tracks.into_iter().enumerate();
    Ok(named.map(|(index, reports)| Track { name: format!("van {index}"), reports: in_order(reports) }).collect())
}

/// Washington's buses: one file, a track a vehicle. Speeds are metres a second.
///
/// # Errors
/// If the file can't be read.
pub(super) fn read_washington(file: &Path) -> Result<Vec<Track>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    let mut vehicles: BTreeMap<String, Vec<Report>> = BTreeMap::new();
    for row in rows(&text)? {
        let report = || -> Option<Report> {
            let seconds: f64 = row.get("vehicle.timestamp")?.parse().ok()?;
            let latitude = row.get("vehicle.position.latitude")?.parse().ok()?;
            let point = Point::from_degrees(latitude, row.get("vehicle.position.longitude")?.parse().ok()?).ok()?;
            let mut position = position(Timestamp::from_unix_ms((seconds * 1000.0) as i64)?, point);
            let mps: Option<f64> = row.get("vehicle.position.speed").and_then(|mps| mps.parse().ok());
            position.speed = mps.and_then(|mps| SpeedKmh::new(mps * 3.6).ok());
            let stands = row.get("vehicle.current_status").is_some_and(|status| status.starts_with('1'));
            let stopped_at = stands.then(|| row.get("vehicle.stop_id").copied().unwrap_or_default().to_owned());
            Some(Report { position, moving: None, stopped_at })
        };
        let vehicle = row.get("vehicle.vehicle.id").copied().unwrap_or_default();
        vehicles.entry(vehicle.to_owned()).or_default().extend(report());
    }
    Ok(vehicles.into_iter().map(|(name, reports)| Track { name, reports: in_order(reports) }).collect())
}

/// The rows of a text, by the names in its first line.
fn rows(text: &str) -> Result<Vec<BTreeMap<&str, &str>>> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().context("the file is empty")?.split(',').map(str::trim).collect();
    Ok(lines.map(|line| head.iter().copied().zip(line.split(',').map(str::trim)).collect()).collect())
}

fn in_order(reports: impl IntoIterator<Item = Report>) -> Vec<Report> {
    let by_time: BTreeMap<Timestamp, Report> = reports.into_iter().map(|report| (report.position.at, report)).collect();
    by_time.into_values().collect()
}

/// Wall clock times without a zone are taken for UTC: only differences matter.
fn timestamp(clock: jiff::civil::DateTime) -> Option<Timestamp> {
    Timestamp::from_unix_ms(clock.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

pub(super) fn position(at: Timestamp, point: Point) -> Position {
    Position::new(VehicleId::new("recorded").expect("letters are an id"), at, point.latitude, point.longitude)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn a_label_counts_only_where_all_it_allows_agrees() {
        assert_eq!(moves("IN_PROGRESS"), Some(true));
        assert_eq!(moves("DEADHEAD_+IN_PROGRESS"), Some(true));
        assert_eq!(moves("LAYOVER_"), Some(false));
        assert_eq!(moves("AT_BASE"), Some(false));
        assert_eq!(moves("LAYOVER_+DEADHEAD_"), None);
        assert_eq!(moves(""), None);
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let text = "vid,lat,lon,timestamp,speed,actual_phase\nb,40.5,-74.1,2010-12-02 14:49:35 l,10,AT_BASE\n";
        let report = new_york_report(&rows(text).unwrap()[0]).unwrap();
        assert_eq!((report.position.latitude.get(), report.moving), (40.5, Some(false)));
        assert!((report.position.speed.unwrap().get() - 16.09).abs() < 0.01);
    }
}
