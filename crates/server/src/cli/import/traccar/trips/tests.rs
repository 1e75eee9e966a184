//! Tests of the comparison of trips, on tracks that are made here.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::compare::{What, compare};
use super::why::{Ground, Why};
use milepost_domain::Timestamp;
use milepost_follow::FoldedPosition;
use milepost_geo::Point;
use milepost_traccar_source::ForeignTrip;
use milepost_track::{Thresholds, Trip, TripEnd};

/// Degrees of latitude that are a kilometre.
const KM: f64 = 1.0 / 111.13;

fn at(s: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_795_982_400_000 + s * 1000).unwrap()
}

/// A position each ten seconds: kilometres north of a place, by the time in seconds.
fn track(until_s: i64, km: impl Fn(i64) -> f64) -> Vec<FoldedPosition> {
    (0..=until_s / 10)
        .map(|n| FoldedPosition {
            at: at(n * 10),
            point: Point::from_degrees(30.0 + km(n * 10) * KM, -97.0).unwrap(),
            odometer_km: None,
            is_outlier: false,
        })
        .collect()
}

fn there(from_s: i64, to_s: i64, distance_m: f64) -> ForeignTrip {
    ForeignTrip { started_at: at(from_s), ended_at: at(to_s), distance_m }
}

fn here(from_s: i64, to_s: i64, distance_m: f64) -> Trip {
    let place = Point::from_degrees(30.0, -97.0).unwrap();
    Trip {
        started_at: at(from_s),
        start: place,
        ended_at: Some(at(to_s)),
        end: place,
        ended_by: Some(TripEnd::Stopped),
        as_of: at(to_s),
        distance_mm: (distance_m * 1000.0) as i64,
        moving_ms: 0,
        idle_ms: 0,
        max_speed_kmh: 0.0,
        fuel_ml: None,
        fuel_basis: None,
    }
}

/// Ten minutes at 60 km/h from second 600 on, else standing.
fn drive(s: i64) -> f64 {
    (s - 600).clamp(0, 600) as f64 / 60.0
}

/// What differs and why, of these trips on this track.
fn found(positions: &[FoldedPosition], there: &[ForeignTrip], here: &[Trip]) -> (usize, Vec<(What, Why)>) {
    let ground = Ground { positions, thresholds: &Thresholds::DEFAULT };
    let comparison = compare(there, here, &ground);
    assert_eq!((comparison.there, comparison.here), (there.len(), here.len()));
    (comparison.alike, comparison.differences.into_iter().map(|one| (one.what, one.why)).collect())
}

#[test]
fn trips_within_a_minute_and_one_percent_are_the_same() {
    let positions = track(3_000, drive);
    assert_eq!(found(&positions, &[there(590, 1_250, 10_050.0)], &[here(600, 1_200, 10_000.0)]), (1, vec![]));
    assert_eq!(found(&positions, &[], &[]), (0, vec![]));
}

#[test]
fn an_end_that_was_found_out_later_is_told_with_its_reason() {
    let positions = track(3_000, drive);
    let differences = found(&positions, &[there(300, 1_800, 10_000.0)], &[here(600, 1_200, 10_000.0)]).1;
    assert_eq!(differences, [(What::Start(300_000), Why::Stood), (What::End(-600_000), Why::Stood)]);
    // Where it moved between the two times, nobody knows why.
    let differences = found(&positions, &[there(600, 900, 10_000.0)], &[here(600, 1_200, 10_000.0)]).1;
    assert_eq!(differences, [(What::End(300_000), Why::Unknown)]);
}

#[test]
fn another_length_is_the_odometers_or_that_of_outliers_and_noise() {
    let pair = |positions: &[FoldedPosition], metres: f64| {
        found(positions, &[there(600, 1_200, metres)], &[here(600, 1_200, 10_000.0)]).1[0]
    };
    let positions = track(3_000, drive);
    assert_eq!(pair(&positions, 12_000.0), (What::Distance(-2_000.0), Why::Unknown));
    let mut counted = positions.clone();
    counted
        .iter_mut()
        .for_each(|one| one.odometer_km = Some(50.0 + drive((one.at.unix_ms() - at(0).unix_ms()) / 1000) * 1.2));
    assert_eq!(pair(&counted, 12_000.0).1, Why::Odometer);
    let mut jumped = positions.clone();
    (jumped[90].point, jumped[90].is_outlier) = (Point::from_degrees(31.0, -97.0).unwrap(), true);
    // There and back again, from the middle of the way.
    assert_eq!(pair(&jumped, 221_900.0).1, Why::Outliers);
    // 200 m to and fro along the way: each second step is 33 m back.
    let noisy = track(3_000, |s| drive(s) + if (s / 10) % 2 == 0 { 0.0 } else { 0.2 });
    assert_eq!(pair(&noisy, 12_000.0).1, Why::Noise);
}

#[test]
fn one_trip_for_several_is_told_by_the_stop_between() {
    // Stands from 1200 to 1400.
    let stopping = |s: i64| drive(s) + (s - 1_400).clamp(0, 600) as f64 / 60.0;
    let positions = track(3_000, stopping);
    let two = [there(600, 1_210, 10_000.0), there(1_390, 2_000, 10_000.0)];
    let differences = found(&positions, &two, &[here(600, 2_000, 20_000.0)]).1;
    assert_eq!(differences, [(What::Count, Why::ShortStop)]);
    let two = [here(600, 1_200, 10_000.0), here(1_400, 2_000, 10_000.0)];
    let differences = found(&positions, &[there(600, 2_000, 20_000.0)], &two).1;
    assert_eq!(differences, [(What::Count, Why::LongStop)]);
}

#[test]
fn a_trip_of_one_side_only_is_told_with_its_reason() {
    let positions = track(3_000, drive);
    let only = |theirs: &[ForeignTrip], ours: &[Trip]| found(&positions, theirs, ours).1;
    assert_eq!(only(&[there(1_500, 1_900, 600.0)], &[]), [(What::OnlyThere, Why::WentNowhere)]);
    assert_eq!(only(&[there(5_000, 6_000, 600.0)], &[]), [(What::OnlyThere, Why::NoPositions)]);
    assert_eq!(only(&[there(600, 1_200, 10_000.0)], &[]), [(What::OnlyThere, Why::Unknown)]);
    assert_eq!(only(&[], &[here(600, 700, 400.0)]), [(What::OnlyHere, Why::TooShortThere)]);
    assert_eq!(only(&[], &[here(600, 1_200, 10_000.0)]), [(What::OnlyHere, Why::Unknown)]);
}
