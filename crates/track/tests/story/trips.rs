//! Trips, stops, idling and fuel.

use crate::made_up_drive::{Drive, facts, history, time, track_history};
use milepost_track::{FuelBasis, NoFences, Rules, Thresholds, TrackFact, Trip, TripEnd, VehicleRules};

fn trips(drive: &Drive) -> Vec<Trip> {
    history(&drive.positions).trips.into_values().collect()
}

#[track_caller]
fn near(value: f64, expected: f64, most: f64) {
    assert!((value - expected).abs() <= most, "{value} is not {expected} ± {most}");
}

#[test]
fn a_drive_between_two_parkings_is_one_trip_whatever_the_receiver() {
    for every_s in [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0] {
        for reports_speed in [false, true] {
            let mut drive = Drive::new(every_s);
            drive.reports_speed = reports_speed;
            drive.stand(900).go(5000.0, 0.0, 50.0).go(0.0, 5000.0, 50.0).stand(900);
            let trips = trips(&drive);
            assert_eq!(trips.len(), 1, "every {every_s} s: {trips:#?}");
            // Between two fixes nobody knows when it set off, and the corner is cut.
            let unknown_m = 100.0 + every_s * 50.0 / 3.6;
            near(trips[0].distance_km(), 10.0, 0.02 + unknown_m / 1000.0);
            let started_s = trips[0].started_at.ms_since(time(900_000)) as f64 / 1000.0;
            near(started_s, 0.0, every_s + 8.0);
            let ended_s = trips[0].ended_at.unwrap().ms_since(time(900_000 + 720_000)) as f64 / 1000.0;
            near(ended_s, 0.0, every_s + 8.0);
            assert_eq!(trips[0].ended_by, Some(TripEnd::Stopped));
            assert_eq!(trips[0].duration_ms(), trips[0].ended_at.unwrap().ms_since(trips[0].started_at));
        }
    }
}

#[test]
fn a_red_light_splits_no_trip_and_a_long_stop_does() {
    let mut drive = Drive::new(5.0);
    drive.stand(600).go(2000.0, 0.0, 40.0).stand(120).go(2000.0, 0.0, 40.0).stand(400).go(2000.0, 0.0, 40.0).stand(600);
    let trips = trips(&drive);
    assert_eq!(trips.len(), 2);
    near(trips[0].distance_km(), 4.0, 0.06);
    near(trips[1].distance_km(), 2.0, 0.06);
    near(trips[0].idle_ms as f64 / 1000.0, 120.0, 20.0);
    assert_eq!(trips[1].idle_ms, 0);
    near(trips[0].moving_ms as f64 / 1000.0, 360.0, 30.0);
}

#[test]
fn the_ignition_ends_a_trip_at_once_if_the_device_reports_it() {
    let mut drive = Drive::new(5.0);
    drive.ignition = Some(false);
    drive.stand(600);
    drive.ignition = Some(true);
    drive.go(2000.0, 0.0, 40.0).stand(60);
    let off_ms = drive.ms;
    drive.ignition = Some(false);
    drive.stand(60);
    let ended = trips(&drive);
    assert_eq!((ended[0].ended_by, ended[0].ended_at), (Some(TripEnd::IgnitionOff), Some(time(off_ms))));
    near(ended[0].idle_ms as f64 / 1000.0, 60.0, 15.0);

    // A wire that is not connected says "off" all the time.
    let mut drive = Drive::new(5.0);
    drive.ignition = Some(false);
    drive.stand(600).go(2000.0, 0.0, 40.0).stand(60).go(2000.0, 0.0, 40.0).stand(600);
    assert_eq!(trips(&drive).len(), 1);
}

#[test]
fn a_trip_goes_on_after_a_silence_only_if_the_distance_was_driven() {
    let drive_with = |silence_s: i64, jump_m: f64| {
        let mut drive = Drive::new(10.0);
        drive.stand(600).go(3000.0, 0.0, 50.0).silent(silence_s);
        drive.east_m += jump_m;
        drive.go(3000.0, 0.0, 50.0).stand(600);
        trips(&drive)
    };
    // A tunnel: 10 km in ten minutes.
    let tunnel = drive_with(600, 10_000.0);
    assert_eq!(tunnel.len(), 1);
    near(tunnel[0].distance_km(), 16.0, 0.15);
    // Found again 500 m farther after twenty minutes: it stood meanwhile.
    let stood = drive_with(1200, 500.0);
    assert_eq!(
        stood.iter().map(|trip| trip.ended_by.unwrap()).collect::<Vec<_>>(),
        [TripEnd::Silence, TripEnd::Stopped]
    );
    // Nobody knows what happened in an hour.
    assert_eq!(drive_with(3600, 40_000.0).len(), 2);
    // Parked there in silence.
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(3000.0, 0.0, 50.0).silent(7200).stand(600);
    let parked = trips(&drive);
    assert_eq!(parked.len(), 1);
    near(parked[0].duration_ms() as f64 / 1000.0, 216.0, 30.0);
}

#[test]
fn a_tracker_that_sleeps_while_parked_does_not_make_the_trip_longer() {
    let mut drive = Drive::new(10.0);
    drive.stand(60).silent(8 * 3600);
    let woke_ms = drive.ms;
    drive.east_m += 120.0;
    drive.go(3000.0, 0.0, 50.0).stand(600);
    let trips = trips(&drive);
    assert_eq!(trips.len(), 1);
    near(trips[0].started_at.ms_since(time(woke_ms)) as f64 / 1000.0, 0.0, 40.0);
}

#[test]
fn a_trip_is_published_when_it_starts_while_it_runs_and_when_it_ends() {
    let mut drive = Drive::new(2.0);
    drive.stand(600).go(10_000.0, 0.0, 60.0).stand(900);
    let found = facts(&drive.positions, &Rules::default(), &NoFences);
    let mut progress_ms = Vec::new();
    for fact in &found {
        match fact {
            TrackFact::TripStarted(trip) => progress_ms.push(trip.as_of.unix_ms()),
            TrackFact::TripProgressed(trip) => progress_ms.push(trip.as_of.unix_ms()),
            _ => {}
        }
    }
    // Ten minutes of driving and five of standing, each 30 s or 1 km.
    assert!((25..=45).contains(&progress_ms.len()), "{}", progress_ms.len());
    assert!(progress_ms.windows(2).all(|pair| pair[1] > pair[0]));
    let history = track_history(&found);
    let trip = history.trips.values().next().unwrap();
    let buckets: (i64, i64, i64) = history.activity.values().fold((0, 0, 0), |sum, activity| {
        (sum.0 + activity.distance_mm, sum.1 + activity.moving_ms, sum.2 + activity.idle_ms)
    });
    assert_eq!(buckets, (trip.distance_mm, trip.moving_ms, trip.idle_ms));
}

#[test]
fn fuel_is_measured_with_a_level_sensor_else_estimated_else_unknown() {
    let vehicle = VehicleRules { fuel_l_per_100km: Some(30.0), ..VehicleRules::default() };
    let rules = Rules::new(Thresholds::default(), vehicle).unwrap();
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(20_000.0, 0.0, 60.0).stand(900);
    let estimated = *track_history(&facts(&drive.positions, &rules, &NoFences)).trips.values().next().unwrap();
    assert_eq!(estimated.fuel_basis, Some(FuelBasis::Estimated));
    near(estimated.fuel_ml.unwrap() as f64, 6000.0, 60.0);
    assert_eq!(history(&drive.positions).trips.values().next().unwrap().fuel_ml, None);

    let mut drive = Drive::new(10.0);
    drive.fuel_l = Some(80.0);
    drive.stand(600);
    for litre in 1..=8 {
        drive.fuel_l = Some(80.0 - f64::from(litre));
        drive.go(2500.0, 0.0, 60.0);
    }
    drive.stand(900);
    let found = track_history(&facts(&drive.positions, &rules, &NoFences));
    let measured = found.trips.values().next().unwrap();
    assert_eq!((measured.fuel_basis, measured.fuel_ml), (Some(FuelBasis::Measured), Some(8000)));
    assert_eq!(found.activity.values().map(|activity| activity.fuel_ml).sum::<i64>(), 8000);
}

#[test]
fn a_trip_does_not_begin_before_the_last_one_ended() {
    let mut drive = Drive::new(5.0);
    drive.ignition = Some(true);
    drive.stand(600).go(2000.0, 0.0, 40.0).stand(70);
    drive.ignition = Some(false);
    drive.stand(5);
    drive.ignition = Some(true);
    // Away at once and then at a crawl: by its speed there it would have set off before.
    drive.go(60.0, 0.0, 45.0).go(60.0, 0.0, 5.0).go(2000.0, 0.0, 40.0).stand(600);
    let trips = trips(&drive);
    assert_eq!(trips.len(), 2, "{trips:#?}");
    assert_eq!(trips[1].started_at, trips[0].ended_at.unwrap());
}
