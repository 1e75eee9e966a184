//! Fixes that are kept and count for nothing.

use crate::made_up_drive::{Drive, history, point, position, time};
use milepost_domain::{AccuracyM, Position};
use milepost_geo::Point;
use milepost_track::OutlierReason;

fn drive() -> Drive {
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(5000.0, 0.0, 50.0).stand(900);
    drive
}

fn with(drive: &Drive, added: &[Position]) -> Vec<Position> {
    let mut positions: Vec<Position> = drive.positions.iter().chain(added).cloned().collect();
    positions.sort_by_key(|position| position.at);
    positions
}

#[test]
fn outliers_are_reported_and_change_nothing() {
    let drive = drive();
    let null = position(700_000 + 1, Point::from_degrees(0.0, 0.0).unwrap());
    let jump = position(750_000 + 1, point(60_000.0, 0.0));
    let again = position(755_000 + 1, point(60_000.0, 0.0));
    let mut coarse = position(780_000 + 1, point(2000.0, 400.0));
    coarse.accuracy = Some(AccuracyM::new(1500.0).unwrap());
    let (clean, spoilt) = (history(&drive.positions), history(&with(&drive, &[null, jump, again, coarse])));
    let expected = [
        (time(700_001), OutlierReason::NullIsland),
        (time(750_001), OutlierReason::Jump),
        (time(755_001), OutlierReason::Jump),
        (time(780_001), OutlierReason::Inaccurate),
    ];
    assert_eq!(spoilt.outliers.iter().map(|(at, reason)| (*at, *reason)).collect::<Vec<_>>(), expected);
    assert_eq!((spoilt.trips, spoilt.activity), (clean.trips, clean.activity));
}

#[test]
fn a_single_wrong_fix_of_a_parked_vehicle_is_an_outlier() {
    let drive = drive();
    let stray = position(305_000, point(150.0, 0.0));
    let history = history(&with(&drive, &[stray]));
    assert_eq!(history.outliers.get(&time(305_000)), Some(&OutlierReason::Isolated));
    assert_eq!(history.trips.len(), 1);
}

#[test]
fn a_jump_that_persists_is_a_relocation_and_adds_no_distance() {
    let mut drive = Drive::new(10.0);
    drive.stand(600);
    // Off the ferry: the receiver was carried, not driven.
    drive.east_m += 300_000.0;
    drive.go(5000.0, 0.0, 50.0).stand(900);
    let history = history(&drive.positions);
    assert!(history.outliers.is_empty(), "lifted: {:?}", history.outliers);
    let distance_km: f64 = history.trips.values().map(|trip| trip.distance_km()).sum();
    assert!((3.5..5.1).contains(&distance_km), "{distance_km}");
}

#[test]
fn a_first_fix_that_no_other_confirms_is_the_outlier() {
    let drive = drive();
    let wrong = position(-10_000, point(500_000.0, 0.0));
    let history = history(&with(&drive, &[wrong]));
    assert_eq!(history.outliers.into_iter().collect::<Vec<_>>(), [(time(-10_000), OutlierReason::Jump)]);
    assert_eq!(history.trips.len(), 1);
}
