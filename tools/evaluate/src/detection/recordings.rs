//! Recorded drives as tracks of labelled positions.

use crate::csv::{Csv, Row};
use crate::recordings::{instant, new_york_traces, read_text, read_vans};
use anyhow::Result;
use milepost_domain::{Position, SpeedKmh, Timestamp, VehicleId};
use milepost_geo::Point;
use std::collections::BTreeMap;
use std::path::Path;

const MPH_KMH: f64 = 1.609_344;

/// The meaning of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    /// On a trip or not: traffic lights and bus stops belong to the trip.
    OnTrip,
    /// Driving or not: each stop of a delivery counts as standing.
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
    /// Moving, by the label; `None` where the label is missing or ambiguous.
    pub(super) moving: Option<bool>,
    /// The stop at which the bus reports that it stands.
    pub(super) stopped_at: Option<String>,
}

/// New York's buses: one file for each track.
pub(super) fn read_new_york(folder: &Path) -> Result<Recording> {
    let tracks = new_york_traces(folder)?.into_iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read_text(&file)?;
        let csv = Csv::new(&text, &["timestamp", "lat", "lon"])?;
        let reports = csv.rows().filter_map(|row| new_york_report(&row));
        Ok(Track { name, reports: in_order(reports) })
    });
    let tracks = tracks.collect::<Result<Vec<Track>>>()?;
    Ok(Recording { name: "New York bus, on a trip", truth: Truth::OnTrip, tracks })
}

fn new_york_report(row: &Row<'_>) -> Option<Report> {
    let mut position = position(instant(row.get("timestamp")?)?, row.point("lat", "lon")?);
    position.speed = row.parse("speed").and_then(|mph: f64| SpeedKmh::new(mph * MPH_KMH).ok());
    Some(Report { position, moving: row.get("actual_phase").and_then(moves), stopped_at: None })
}

/// `None` unless all phases that the label allows agree.
fn moves(phases: &str) -> Option<bool> {
    let mut all = phases.split('+').map(|phase| match phase.trim() {
        phase if phase.starts_with("IN_PROGRESS") || phase.starts_with("DEADHEAD") => Some(true),
        phase if phase.starts_with("LAYOVER") || phase.starts_with("AT_BASE") => Some(false),
        _ => None,
    });
    let first = all.next()??;
    all.all(|phase| phase == Some(first)).then_some(first)
}

/// Delivery vans: six minutes for each track.
pub(super) fn read_delivery_vans(file: &Path) -> Result<Recording> {
    let vans = read_vans(&read_text(file)?)?.into_iter().enumerate();
    let tracks = vans.map(|(index, van)| {
        let reports = van.into_iter().map(|van| Report {
            position: position(van.fix.at(), van.fix.point()),
            moving: Some(van.driving),
            stopped_at: None,
        });
        Track { name: format!("van {index}"), reports: in_order(reports) }
    });
    Ok(Recording { name: "delivery van, driving", truth: Truth::Driving, tracks: tracks.collect() })
}

/// Washington's buses: one file, with a track for each vehicle. Speeds are in metres a second.
pub(super) fn read_washington(file: &Path) -> Result<Vec<Track>> {
    let text = read_text(file)?;
    let csv = Csv::new(&text, &["vehicle.timestamp", "vehicle.position.latitude", "vehicle.position.longitude"])?;
    let mut vehicles: BTreeMap<&str, Vec<Report>> = BTreeMap::new();
    for row in csv.rows() {
        let vehicle = row.get("vehicle.vehicle.id").unwrap_or_default();
        vehicles.entry(vehicle).or_default().extend(washington_report(&row));
    }
    Ok(vehicles
        .into_iter()
        .map(|(name, reports)| Track { name: name.to_owned(), reports: in_order(reports) })
        .collect())
}

fn washington_report(row: &Row<'_>) -> Option<Report> {
    let point = row.point("vehicle.position.latitude", "vehicle.position.longitude")?;
    let mut position = position(instant(row.get("vehicle.timestamp")?)?, point);
    position.speed = row.parse("vehicle.position.speed").and_then(|mps: f64| SpeedKmh::new(mps * 3.6).ok());
    let stands = row.get("vehicle.current_status").is_some_and(|status| status.starts_with('1'));
    let stopped_at = stands.then(|| row.get("vehicle.stop_id").unwrap_or_default().to_owned());
    Some(Report { position, moving: None, stopped_at })
}

fn in_order(reports: impl IntoIterator<Item = Report>) -> Vec<Report> {
    let by_time: BTreeMap<Timestamp, Report> = reports.into_iter().map(|report| (report.position.at, report)).collect();
    by_time.into_values().collect()
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
        let report = new_york_report(&Csv::new(text, &[]).unwrap().rows().next().unwrap()).unwrap();
        assert_eq!((report.position.latitude.get(), report.moving), (40.5, Some(false)));
        assert!((report.position.speed.unwrap().get() - 16.09).abs() < 0.01);
    }
}
