//! Standing with the engine on between trips.

use crate::made_up_drive::{Drive, history};
use milepost_track::TrackHistory;

/// Minutes of standing with the engine on: between trips and on trips together.
fn idle_min(history: &TrackHistory) -> f64 {
    history.activity.values().map(|activity| activity.idle_ms).sum::<i64>() as f64 / 60_000.0
}

#[track_caller]
fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1.5, "{value} is not {expected}");
}

fn with_ignition(on: Option<bool>) -> Drive {
    let mut drive = Drive::new(10.0);
    drive.ignition = on;
    drive
}

#[test]
fn an_engine_that_is_on_before_between_and_after_trips_idles() {
    let mut drive = with_ignition(Some(false));
    drive.stand(600);
    drive.ignition = Some(true);
    drive.stand(600).go(3_000.0, 0.0, 50.0).stand(1_200).go(3_000.0, 0.0, 50.0).stand(1_800);
    drive.ignition = Some(false);
    drive.stand(3_600);
    let found = history(&drive.positions);
    assert_eq!(found.trips.len(), 2);
    near(idle_min(&found), 10.0 + 20.0 + 30.0);
    // Of that nothing belongs to a trip, and nothing is counted twice.
    assert!(found.trips.values().all(|trip| trip.idle_ms == 0), "{:#?}", found.trips);
    let moving_min = found.activity.values().map(|activity| activity.moving_ms).sum::<i64>() as f64 / 60_000.0;
    near(moving_min, 2.0 * 3.6);
}

#[test]
fn a_stop_on_a_trip_is_idle_time_of_the_trip() {
    let mut drive = with_ignition(Some(true));
    drive.go(3_000.0, 0.0, 50.0).stand(180).go(3_000.0, 0.0, 50.0);
    drive.ignition = Some(false);
    drive.stand(3_600);
    let found = history(&drive.positions);
    let of_trips = found.trips.values().map(|trip| trip.idle_ms).sum::<i64>() as f64 / 60_000.0;
    near(of_trips, 3.0);
    near(idle_min(&found), of_trips);
}

#[test]
fn nothing_is_idle_between_trips_whose_ignition_is_off_or_unknown() {
    for ignition in [None, Some(false)] {
        let mut drive = with_ignition(ignition);
        drive.stand(600).go(3_000.0, 0.0, 50.0).stand(1_200);
        assert!(idle_min(&history(&drive.positions)) < 0.01, "{ignition:?}");
    }
}

#[test]
fn what_is_not_known_of_the_engine_is_not_counted() {
    // Nothing was heard for an hour, and then the engine is off.
    let mut drive = with_ignition(Some(true));
    drive.stand(600).silent(3_600);
    drive.ignition = Some(false);
    drive.stand(60);
    near(idle_min(&history(&drive.positions)), 10.0);
    // On before and after a silence of twenty minutes: on all the time.
    let mut drive = with_ignition(Some(true));
    drive.stand(600).silent(1_200).stand(600);
    near(idle_min(&history(&drive.positions)), 40.0 - 1.0);
    // A wire that is connected to the battery says "on" all night.
    let mut drive = with_ignition(Some(true));
    drive.stand(10 * 3_600);
    near(idle_min(&history(&drive.positions)), 120.0);
    let mut drive = with_ignition(Some(false));
    drive.stand(60);
    drive.ignition = Some(true);
    drive.stand(5 * 3_600);
    near(idle_min(&history(&drive.positions)), 300.0 - 1.0);
}
