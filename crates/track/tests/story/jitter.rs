//! Twenty-four hours of a parked vehicle's noise.

use crate::made_up_drive::{Circle, Drive, circles, facts, track_history};
use milepost_track::{Rules, TrackFact};

/// Every kind of receiver that a parked vehicle may have, a day of each.
fn parked_days() -> Vec<(String, Drive)> {
    let mut days = Vec::new();
    for every_s in [1.0, 5.0, 30.0] {
        for (accuracy_m, reports_speed) in [(None, false), (Some(15.0), false), (Some(22.0), true), (Some(4.0), false)]
        {
            for seed in 0..2 {
                let mut drive = Drive::new(every_s).with_noise(15.0, seed);
                (drive.accuracy_m, drive.reports_speed) = (accuracy_m, reports_speed);
                drive.stand(24 * 3600);
                days.push((format!("{every_s} s, accuracy {accuracy_m:?}, seed {seed}"), drive));
            }
        }
    }
    days
}

#[test]
fn a_day_of_jitter_is_no_trip_and_no_distance() {
    for (name, drive) in parked_days() {
        let found = facts(&drive.positions, &Rules::default(), &circles([]));
        let history = track_history(&found);
        assert_eq!(history.trips.len(), 0, "{name}: {:?}", history.trips.values().next());
        assert!(history.activity.is_empty(), "{name}");
        assert!(history.stops.len() <= 2, "{name}: {} stops", history.stops.len());
        assert!(history.incidents.is_empty(), "{name}: {:?}", history.incidents);
    }
}

#[test]
fn a_day_of_jitter_beside_an_edge_is_no_fence_event() {
    // 10 m outside of the one, 10 m inside of the next, on the edge of the third, and far inside of the last.
    let fences = circles([
        Circle::new(160.0, 0.0, 150.0),
        Circle::new(140.0, 0.0, 150.0),
        Circle::new(0.0, -150.0, 150.0),
        Circle::new(0.0, 0.0, 2000.0),
    ]);
    for (name, drive) in parked_days() {
        let found = facts(&drive.positions, &Rules::default(), &fences);
        let count = |fence: u64| {
            let is = |fact: &&TrackFact| match fact {
                TrackFact::VisitBegan(visit) | TrackFact::VisitEnded(visit) => visit.fence.0 == fence,
                _ => false,
            };
            found.iter().filter(is).count()
        };
        assert_eq!(count(0), 0, "{name}");
        assert!(count(1) <= 1, "{name}: it may be found inside once, never to leave");
        assert_eq!((count(2), count(3)), (0, 1), "{name}");
    }
}

#[test]
fn jitter_at_the_end_of_a_trip_is_not_another_trip() {
    for seed in 0..20 {
        let mut drive = Drive::new(5.0).with_noise(15.0, seed);
        drive.stand(1800).go(3000.0, 0.0, 36.0).stand(6 * 3600);
        let history = track_history(&facts(&drive.positions, &Rules::default(), &circles([])));
        assert_eq!(history.trips.len(), 1, "seed {seed}");
        let trip = history.trips.values().next().unwrap();
        // White noise of 15 m makes each step of 50 m longer by a tenth.
        assert!((trip.distance_km() - 3.0).abs() < 0.45, "seed {seed}: {} km", trip.distance_km());
        assert!((trip.duration_ms() - 300_000).abs() < 60_000, "seed {seed}: {} ms", trip.duration_ms());
    }
}
