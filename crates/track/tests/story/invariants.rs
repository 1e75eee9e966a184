//! What holds of any track, however it was made.

use crate::made_up_drive::{Circle, Drive, circles, facts, track_history};
use milepost_domain::Position;
use milepost_track::{FenceSet, Rules, TrackFact};
use proptest::prelude::*;

/// One thing after the other that a vehicle may do.
#[derive(Debug, Clone)]
enum Act {
    Stand(i64),
    Go(f64, f64, f64),
    Silent(i64),
    Ignition(Option<bool>),
    Jump(f64),
    Noise(f64),
    Fuel(f64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..1500_i64).prop_map(Act::Stand),
        (-4000.0..4000.0_f64, -4000.0..4000.0_f64, 3.0..140.0_f64).prop_map(|(e, n, kmh)| Act::Go(e, n, kmh)),
        (1..4000_i64).prop_map(Act::Silent),
        prop::option::of(any::<bool>()).prop_map(Act::Ignition),
        (50.0..200_000.0_f64).prop_map(Act::Jump),
        (0.0..40.0_f64).prop_map(Act::Noise),
        (0.0..300.0_f64).prop_map(Act::Fuel),
    ]
}

fn ride(every_s: f64, reports_speed: bool, seed: u64, acts: &[Act]) -> Vec<Position> {
    let mut drive = Drive::new(every_s).with_noise(5.0, seed);
    drive.reports_speed = reports_speed;
    for act in acts {
        match *act {
            Act::Stand(seconds) => drop(drive.stand(seconds)),
            Act::Go(east_m, north_m, kmh) => drop(drive.go(east_m, north_m, kmh)),
            Act::Silent(seconds) => drop(drive.silent(seconds)),
            Act::Ignition(ignition) => drive.ignition = ignition,
            Act::Jump(metres) => drive.east_m += metres,
            Act::Noise(metres) => drive.noise_m = metres,
            Act::Fuel(litres) => drive.fuel_l = Some(litres),
        }
    }
    drive.positions
}

fn fences() -> FenceSet {
    circles([Circle::new(0.0, 0.0, 300.0), Circle::new(2000.0, 1000.0, 900.0), Circle::new(-1500.0, 0.0, 75.0)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn trips_stops_and_visits_are_well_formed_and_the_buckets_add_up(
        every_s in prop::sample::select(vec![1.0, 5.0, 30.0, 120.0]),
        reports_speed in any::<bool>(),
        seed in any::<u64>(),
        acts in prop::collection::vec(act(), 1..14),
    ) {
        let positions = ride(every_s, reports_speed, seed, &acts);
        let found = facts(&positions, &Rules::default(), &fences());
        let history = track_history(&found);
        let trips: Vec<_> = history.trips.values().collect();
        for trip in &trips {
            prop_assert!(trip.moving_ms >= 0 && trip.idle_ms >= 0 && trip.distance_mm >= 0, "{:?}", trip);
            let until = trip.ended_at.unwrap_or(trip.as_of);
            prop_assert_eq!(trip.duration_ms(), until.ms_since(trip.started_at), "{:?}", trip);
            prop_assert!(trip.max_speed_kmh <= 250.0);
        }
        for pair in trips.windows(2) {
            prop_assert!(pair[0].ended_at.unwrap() <= pair[1].started_at, "{:?}", pair);
        }
        for pair in history.stops.values().collect::<Vec<_>>().windows(2) {
            prop_assert!(pair[0].ended_at.unwrap() <= pair[1].started_at, "{:?}", pair);
        }
        for visit in history.visits.values() {
            prop_assert!(visit.left_at.is_none_or(|left_at| left_at >= visit.entered_at), "{:?}", visit);
        }
        // A begun fact for each ended one, and each at most once.
        let count = |is: fn(&TrackFact) -> bool| found.iter().filter(|fact| is(fact)).count();
        prop_assert_eq!(count(|fact| matches!(fact, TrackFact::TripStarted(_))), trips.len());
        prop_assert_eq!(count(|fact| matches!(fact, TrackFact::StopBegan(_))), history.stops.len());
        prop_assert_eq!(count(|fact| matches!(fact, TrackFact::VisitBegan(_))), history.visits.len());
        prop_assert_eq!(count(|fact| matches!(fact, TrackFact::IncidentBegan(_))), history.incidents.len());
        if trips.iter().all(|trip| trip.ended_at.is_some()) {
            let sum = |of: fn(&milepost_track::Trip) -> i64| trips.iter().map(|trip| of(trip)).sum::<i64>();
            let buckets = |of: fn(&milepost_track::Activity) -> i64| history.activity.values().map(of).sum::<i64>();
            prop_assert_eq!(buckets(|bucket| bucket.distance_mm), sum(|trip| trip.distance_mm));
            prop_assert_eq!(buckets(|bucket| bucket.moving_ms), sum(|trip| trip.moving_ms));
            // Between trips an engine may idle.
            let (idle_ms, of_trips_ms) = (buckets(|bucket| bucket.idle_ms), sum(|trip| trip.idle_ms));
            let idles_between = acts.iter().any(|act| matches!(act, Act::Ignition(Some(true))));
            prop_assert!(idle_ms == of_trips_ms || idles_between && idle_ms > of_trips_ms, "{} {}", idle_ms, of_trips_ms);
            prop_assert_eq!(buckets(|bucket| bucket.fuel_ml), sum(|trip| trip.fuel_ml.unwrap_or(0)));
        }
        for bucket in history.activity.values() {
            prop_assert!(bucket.moving_ms + bucket.idle_ms <= milepost_track::BUCKET_MS, "{:?}", bucket);
        }
    }
}
