//! Trackers that report every 10 to 60 minutes.

use crate::made_up_drive::{Drive, facts, history, time, track_history};
use milepost_domain::Position;
use milepost_track::{
    BUCKET_MS, NoFences, Rules, SilenceFact, Thresholds, TrackState, Trip, VehicleRules, Watch, advance, fold,
};

/// A tracker that reports every so many minutes, with the noise of a receiver that is started for each fix.
fn tracker(minutes: i64) -> Drive {
    Drive::new(minutes as f64 * 60.0).with_noise(12.0, 3)
}

/// One report later, the vehicle is this many kilometres farther east.
fn hop(drive: &mut Drive, km: f64) {
    drive.east_m += km * 1_000.0;
    drive.report(0.0, 0.0);
}

fn trips(positions: &[Position]) -> Vec<Trip> {
    history(positions).trips.into_values().collect()
}

fn km(trips: &[Trip]) -> f64 {
    trips.iter().map(Trip::distance_km).sum()
}

#[test]
fn a_tracker_that_reports_seldom_has_trips_and_kilometres() {
    for minutes in [10, 15, 20, 30, 40, 60] {
        let mut drive = tracker(minutes);
        drive.stand(8 * minutes * 60);
        let leg_km = 70.0 * minutes as f64 / 60.0;
        (0..6).for_each(|_| hop(&mut drive, leg_km));
        drive.stand(4 * minutes * 60);
        let found = trips(&drive.positions);
        assert_eq!(found.len(), 1, "every {minutes} minutes: {found:#?}");
        assert!((km(&found) / (6.0 * leg_km) - 1.0).abs() < 0.01, "{minutes}: {}", km(&found));
        let (left_ms, arrived_ms) = (7 * minutes * 60_000, 13 * minutes * 60_000);
        assert_eq!(found[0].started_at, time(left_ms), "{minutes}");
        // The last metres within the noise take a moment.
        let late_ms = found[0].ended_at.unwrap().ms_since(time(arrived_ms));
        assert!((0..20_000).contains(&late_ms), "{minutes}: {late_ms}");
        assert_eq!(found[0].moving_ms, arrived_ms - left_ms + late_ms);
    }
}

#[test]
fn each_drive_between_two_reports_counts() {
    for minutes in [15, 40, 60] {
        let mut drive = tracker(minutes);
        drive.stand(4 * minutes * 60);
        // To a customer and back, each between two reports, with a long stay there; and a round at once back.
        for km in [20.0, -20.0] {
            hop(&mut drive, km);
            drive.stand(3 * minutes * 60);
        }
        hop(&mut drive, 12.0);
        hop(&mut drive, -12.0);
        drive.stand(3 * minutes * 60);
        let found = trips(&drive.positions);
        assert_eq!(found.len(), 3, "{minutes}: {found:#?}");
        assert!((km(&found) - 64.0).abs() < 0.6, "{minutes}: {}", km(&found));
    }
}

#[test]
fn a_short_way_in_a_long_time_was_driven_at_the_end_of_it() {
    let mut drive = tracker(60);
    drive.stand(4 * 3600);
    hop(&mut drive, 2.0);
    let arrived_ms = drive.ms - 3_600_000;
    hop(&mut drive, 1.5);
    drive.stand(4 * 3600);
    let found = trips(&drive.positions);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!((km(&found) - 3.5).abs() < 0.1, "{}", km(&found));
    // Two kilometres take 24 minutes at 5 km/h.
    let moving_min = found[0].moving_ms as f64 / 60_000.0;
    assert!((moving_min - 24.0).abs() < 1.0, "{moving_min}");
    assert!(found[0].ended_at.unwrap().ms_since(time(arrived_ms)).abs() < 20_000, "{found:#?}");
}

#[test]
fn each_quarter_of_an_hour_has_its_part_of_a_long_leg() {
    let mut drive = tracker(45);
    drive.stand(4 * 2_700);
    hop(&mut drive, 45.0);
    drive.stand(3 * 2_700);
    let vehicle = VehicleRules { fuel_l_per_100km: Some(20.0), ..VehicleRules::default() };
    let rules = Rules::new(Thresholds::default(), vehicle).unwrap();
    let found = track_history(&facts(&drive.positions, &rules, &NoFences));
    let whole = found.activity.values().filter(|one| one.moving_ms == BUCKET_MS).inspect(|one| {
        assert!((one.distance_mm - 15_000_000).abs() < 100_000 && (one.fuel_ml - 3_000).abs() < 30, "{one:?}");
    });
    assert_eq!(whole.count(), 3, "{:#?}", found.activity);
    let fuel_ml: i64 = found.activity.values().map(|one| one.fuel_ml).sum();
    assert!((fuel_ml - 9_000).abs() < 50, "{fuel_ml}");
}

#[test]
fn one_missing_report_ends_no_trip_and_a_long_silence_does() {
    let drive_with = |silence_s: i64| {
        let mut drive = tracker(40);
        drive.stand(6 * 2400);
        (0..3).for_each(|_| hop(&mut drive, 40.0));
        drive.silent(silence_s);
        (0..3).for_each(|_| hop(&mut drive, 40.0));
        drive.stand(3 * 2400);
        trips(&drive.positions).len()
    };
    assert_eq!(drive_with(2400), 1);
    assert_eq!(drive_with(4 * 2400), 2);
}

#[test]
fn a_receiver_that_starts_badly_makes_no_trip() {
    let mut drive = tracker(40);
    drive.stand(10 * 2400);
    for _ in 0..6 {
        drive.east_m += 600.0;
        drive.report(0.0, 0.0);
        drive.east_m -= 600.0;
        drive.stand(3 * 2400);
    }
    assert_eq!(trips(&drive.positions), []);
}

#[test]
fn a_tracker_that_sleeps_while_its_vehicle_stands_has_the_rhythm_of_its_drives() {
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(5_000.0, 0.0, 50.0).stand(600);
    drive.every_ms = 3_600_000;
    drive.stand(60 * 3600);
    // It was towed away between two reports.
    drive.every_ms = 10_000;
    drive.silent(1800);
    drive.east_m += 30_000.0;
    drive.stand(900);
    let found = trips(&drive.positions);
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn a_seldom_tracker_is_not_offline_between_two_reports() {
    for minutes in [10, 15, 20, 30, 40, 60, 720, 1_440] {
        let mut drive = tracker(minutes);
        // It stands, is driven, and now and then reports once more.
        drive.stand(4 * 60 * minutes);
        (0..3).for_each(|_| hop(&mut drive, 10.0));
        drive.ms -= drive.every_ms - 60_000;
        drive.report(0.0, 0.0);
        drive.stand(4 * 60 * minutes);
        let (mut state, mut watch, rules) = (TrackState::default(), Watch::default(), Rules::default());
        let mut offline = Vec::new();
        let mut until = |state: &TrackState, ms: i64| {
            let mut facts = Vec::new();
            advance(state, &mut watch, time(ms), &rules, &mut facts);
            offline.extend(facts.into_iter().filter(|fact| matches!(fact, SilenceFact::Offline { .. })));
            offline.len()
        };
        let mut last_ms = 0;
        for (number, position) in drive.positions.iter().enumerate() {
            let next_ms = position.at.ms_since(time(0));
            // After its first report nothing is known of it.
            if number > 1 {
                assert_eq!(until(&state, next_ms - 1), 0, "{minutes} min, report {number}");
            }
            fold(&mut state, position, &rules, &NoFences, &mut Vec::new());
            last_ms = next_ms;
        }
        let after_ms = minutes * 150_000;
        assert_eq!(until(&state, last_ms + after_ms - 1), 0, "{minutes} min");
        assert_eq!(until(&state, last_ms + after_ms), 1, "{minutes} min: it has come to an end");
    }
}

#[test]
fn a_running_trip_of_a_seldom_tracker_does_not_end_between_two_reports() {
    let mut drive = tracker(40);
    drive.stand(4 * 2400);
    (0..3).for_each(|_| hop(&mut drive, 40.0));
    let (mut state, mut watch, rules) = (TrackState::default(), Watch::default(), Rules::default());
    for position in &drive.positions {
        fold(&mut state, position, &rules, &NoFences, &mut Vec::new());
    }
    let last_ms = drive.ms - 2_400_000;
    let mut is_ended_after = |minutes: i64| {
        let mut facts = Vec::new();
        advance(&state, &mut watch, time(last_ms + minutes * 60_000), &rules, &mut facts);
        facts.iter().any(|fact| matches!(fact, SilenceFact::TripEnded(_)))
    };
    assert!(!is_ended_after(99));
    assert!(is_ended_after(101));
}
