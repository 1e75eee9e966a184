//! Fixes that are kept and count for nothing.

use crate::made_up_drive::{Drive, history, point, position, time};
use milepost_domain::{AccuracyM, Position, SpeedKmh};
use milepost_geo::Point;
use milepost_track::{OutlierFilter, OutlierReason, Thresholds};
use proptest::prelude::*;

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

/// What the filter says of each position.
fn judged(positions: &[Position]) -> Vec<Option<OutlierReason>> {
    let mut filter = OutlierFilter::default();
    positions.iter().map(|position| filter.judge(position, &Thresholds::default())).collect()
}

/// A position every thirty seconds.
fn fixes(points: &[Point]) -> Vec<Position> {
    points.iter().enumerate().map(|(n, point)| position(n as i64 * 30_000, *point)).collect()
}

fn degrees(latitude: f64, longitude: f64) -> Point {
    Point::from_degrees(latitude, longitude).unwrap()
}

const NULL: Option<OutlierReason> = Some(OutlierReason::NullIsland);
const JUMP: Option<OutlierReason> = Some(OutlierReason::Jump);

#[test]
fn a_vehicle_that_is_elsewhere_is_there_with_its_third_fix() {
    let here: Vec<Point> = (0..5).map(|n| point(f64::from(n) * 30.0, 0.0)).collect();
    let sydney: Vec<Point> = (0..4).map(|n| degrees(-33.8 + 0.0002 * f64::from(n), 151.2)).collect();
    let there_and_back = [&here[..], &sydney[..], &here[..]].concat();
    let none = [None; 5];
    let away = [JUMP, JUMP, None, None, JUMP, JUMP, None, None, None];
    assert_eq!(judged(&fixes(&there_and_back)), [&none[..], &away[..]].concat());
    // However quickly they come: a second apart, too.
    let quick: Vec<Position> =
        there_and_back.iter().enumerate().map(|(n, point)| position(n as i64 * 1000, *point)).collect();
    assert_eq!(judged(&quick), [&none[..], &away[..]].concat());
    // Of two fixes that contradict each other either may be wrong.
    let doubtful = Some(OutlierReason::Doubtful);
    assert_eq!(judged(&fixes(&[sydney[0], here[0], here[1], sydney[1]])), [None, doubtful, None, JUMP]);
    assert_eq!(judged(&fixes(&[here[0], sydney[0], degrees(48.1, 11.5), here[1]])), [None, doubtful, doubtful, None]);
}

#[test]
fn a_receiver_without_a_position_never_leads_to_null_island() {
    let null = degrees(0.0, 0.0);
    let here = |n: i32| point(f64::from(n) * 300.0, 0.0);
    assert_eq!(judged(&fixes(&[null; 9])), [NULL; 9]);
    assert_eq!(
        judged(&fixes(&[here(0), null, null, null, here(4), null, here(6)])),
        [None, NULL, NULL, NULL, None, NULL, None]
    );
    // Nor does it keep a vehicle from being found where it is.
    let there = degrees(48.1, 11.5);
    let found = judged(&fixes(&[here(0), here(1), there, null, there, null, there, there]));
    assert_eq!(found, [None, None, JUMP, NULL, JUMP, NULL, None, None]);
}

#[test]
fn a_ship_at_null_island_is_there() {
    // It came there.
    assert_eq!(judged(&fixes(&[degrees(0.003, 0.0), degrees(0.0015, 0.0), degrees(0.0, 0.0)])), [None; 3]);
    // It was switched on there: its receiver has noise.
    let anchored = [degrees(0.0, 1e-5), degrees(2e-5, 0.0), degrees(-1e-5, 1e-5), degrees(0.0, 0.0)];
    assert_eq!(judged(&fixes(&anchored)), [NULL, NULL, None, None]);
    let history = history(&fixes(&[&[point(0.0, 0.0), point(300.0, 0.0)], &anchored[..]].concat()));
    assert!(history.outliers.is_empty(), "{:?}", history.outliers);
}

#[test]
fn a_step_that_half_a_minute_explains_is_shown_and_not_folded() {
    let drive = drive();
    let near = position(751_000, point(2_500.0, 1_500.0));
    let spoilt = with(&drive, std::slice::from_ref(&near));
    let found = history(&spoilt);
    assert_eq!(found.outliers.into_iter().collect::<Vec<_>>(), [(near.at, OutlierReason::Doubtful)]);
    assert!(!OutlierReason::Doubtful.is_wrong());
    assert_eq!(found.trips, history(&drive.positions).trips);
}

#[test]
fn a_coarse_fix_is_shown_unless_it_cannot_be() {
    let coarse = |ms, point, accuracy_m| {
        let accuracy = Some(AccuracyM::new(accuracy_m).unwrap());
        Position { accuracy, ..position(ms, point) }
    };
    let inaccurate = Some(OutlierReason::Inaccurate);
    let there = point(300_000.0, 0.0);
    let phone = [
        position(0, point(0.0, 0.0)),
        position(30_000, point(300.0, 0.0)),
        coarse(60_000, point(2_000.0, 0.0), 1_500.0),
        coarse(90_000, there, 1_500.0),
        coarse(120_000, there, 9e9),
        coarse(150_000, there, 1_500.0),
        coarse(180_000, there, 1_500.0),
        position(210_000, point(900.0, 0.0)),
    ];
    assert_eq!(judged(&phone), [None, None, inaccurate, JUMP, JUMP, inaccurate, inaccurate, None]);
    assert_eq!(judged(&[coarse(0, there, 1_500.0), coarse(30_000, there, 1_500.0)]), [inaccurate; 2]);
}

#[test]
fn a_train_that_tells_its_speed_does_not_jump() {
    let told = |kmh: f64| SpeedKmh::new(kmh).ok();
    let rides = |step_m: f64, speed| {
        let ride = (0..6).map(|n| Position { speed, ..position(n * 30_000, point(step_m * n as f64, 0.0)) });
        judged(&ride.collect::<Vec<_>>())
    };
    assert_eq!(rides(2_500.0, told(300.0)), [None; 6]);
    assert_eq!(rides(7_500.0, told(900.0)), [None; 6]);
    // A sentinel's speed is only the speed.
    assert_eq!(rides(300.0, told(410.0)), [None; 6]);
}

proptest! {
    #[test]
    fn a_wrong_fix_changes_nothing_and_three_that_agree_are_believed(
        steps in prop::collection::vec((1_000..600_000_i64, -60.0..60.0_f64, -60.0..60.0_f64), 3..20),
        jump in (200_000.0..5_000_000.0_f64, -40.0..40.0_f64),
        every_ms in 1..900_000_i64,
    ) {
        let (mut ms, mut east_m, mut north_m, mut filter) = (0, 0.0, 0.0, OutlierFilter::default());
        for (after_ms, east, north) in steps {
            (ms, east_m, north_m) = (ms + after_ms, east_m + east, north_m + north);
            prop_assert_eq!(filter.judge(&position(ms, point(east_m, north_m)), &Thresholds::default()), None);
        }
        let elsewhere = |n: i64| position(ms + n * every_ms, point(jump.0, jump.1 * n as f64));
        // As far as a vehicle can't drive meanwhile.
        prop_assume!(jump.0 > 8_000.0 + 250.0 / 3.6 * (3 * every_ms) as f64 / 1000.0 + east_m.abs());
        let mut once = filter;
        prop_assert_eq!(once.judge(&elsewhere(1), &Thresholds::default()), JUMP);
        prop_assert_eq!(once.judge(&position(ms + every_ms + 1, point(east_m, north_m)), &Thresholds::default()), None);
        let three = [1, 2, 3].map(|n| filter.judge(&elsewhere(n), &Thresholds::default()));
        prop_assert_eq!(three, [JUMP, JUMP, None]);
    }

    #[test]
    fn the_filter_resumes_from_its_place_or_says_that_it_knows_more(
        points in prop::collection::vec((0..3_usize, 1..200_000_i64), 1..30),
    ) {
        let places = [point(0.0, 0.0), point(3_000.0, 0.0), degrees(0.0, 0.0)];
        let (mut ms, mut place, mut filter) = (0, None, OutlierFilter::default());
        for (index, after_ms) in points {
            ms += after_ms;
            let position = position(ms, places[index]);
            if filter.judge(&position, &Thresholds::default()).is_none_or(|reason| !reason.is_wrong()) {
                place = Some(position);
            }
            if let Some(speed_mps) = filter.resumable(place.as_ref()) {
                let resumed = OutlierFilter::resume(place.as_ref(), speed_mps);
                let next = self::position(ms + 30_000, point(1_000.0, 500.0));
                let (mut a, mut b) = (filter, resumed);
                prop_assert_eq!(a.judge(&next, &Thresholds::default()), b.judge(&next, &Thresholds::default()));
                prop_assert_eq!(b.resumable(place.as_ref()), a.resumable(place.as_ref()));
            }
        }
        // As text, as the store keeps it.
        let text = serde_json::to_string(&filter).unwrap();
        prop_assert_eq!(serde_json::from_str::<OutlierFilter>(&text).unwrap(), filter);
        prop_assert!(text.len() < 600, "{}", text);
    }
}
