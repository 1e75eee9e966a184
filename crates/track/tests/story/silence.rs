//! Facts that follow from silence.

use crate::made_up_drive::{Drive, facts, time, track_history};
use milepost_domain::Position;
use milepost_track::{
    Activity, NoFences, Rules, SilenceFact, Thresholds, TrackFact, TrackState, Trip, VehicleRules, Watch, advance, fold,
};

struct Follower {
    state: TrackState,
    watch: Watch,
    rules: Rules,
}

impl Follower {
    fn new(rules: Rules) -> Self {
        Self { state: TrackState::default(), watch: Watch::default(), rules }
    }

    fn take(&mut self, drive: &mut Drive) {
        for position in drive.positions.drain(..) {
            fold(&mut self.state, &position, &self.rules, &NoFences, &mut Vec::new());
        }
    }

    fn advance(&mut self, ms: i64) -> Vec<SilenceFact> {
        let mut facts = Vec::new();
        advance(&self.state, &mut self.watch, time(ms), &self.rules, &mut facts);
        facts
    }
}

#[test]
fn offline_is_published_once_a_silence_and_so_is_its_end() {
    let mut follower = Follower::new(Rules::default());
    let mut drive = Drive::new(10.0);
    drive.stand(100);
    follower.take(&mut drive);
    assert_eq!(follower.advance(90_000 + 599_999), []);
    let offline = |ms| SilenceFact::Offline { since: time(ms), known_at: time(ms + 600_000) };
    assert_eq!(follower.advance(90_000 + 600_000), [offline(90_000)]);
    assert_eq!(follower.advance(5_000_000), []);
    drive.ms = 6_000_000;
    drive.stand(10);
    follower.take(&mut drive);
    assert_eq!(follower.advance(6_000_000), [SilenceFact::Online { since: time(90_000), until: time(6_000_000) }]);
    assert_eq!(follower.advance(6_700_000), [offline(6_000_000)]);
}

#[test]
fn a_trip_that_silence_ends_is_the_same_as_in_the_fold() {
    let mut follower = Follower::new(Rules::default());
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(5000.0, 0.0, 50.0);
    let (mut all, last_ms) = (drive.positions.clone(), drive.ms - 10_000);
    follower.take(&mut drive);
    let found = follower.advance(last_ms + 1_800_001);
    let Some(SilenceFact::TripEnded(ended)) = found.last().copied() else { panic!("{found:?}") };
    assert_eq!(follower.advance(last_ms + 2_000_000), []);

    // After an hour it is parked somewhere else.
    drive.silent(3600).stand(60);
    all.extend(drive.positions.clone());
    let history = track_history(&facts(&all, &Rules::default(), &NoFences));
    let folded = *history.trips.values().next().unwrap();
    let same = |trip: milepost_track::Trip| (trip.started_at, trip.ended_at, trip.distance_mm, trip.ended_by);
    assert_eq!(same(folded), same(ended));

    // A late position that fills the gap lets it run on.
    drive.positions.clear();
    drive.ms = last_ms + 600_000;
    drive.east_m += 8000.0;
    drive.go(500.0, 0.0, 50.0);
    follower.take(&mut drive);
    assert!(matches!(follower.advance(last_ms + 2_000_000)[..], [.., SilenceFact::TripResumed(_)]));
}

/// Length, motion, standing and fuel: of trips, and of the quarters of an hour.
fn sums<'a>(activity: impl IntoIterator<Item = &'a Activity>) -> [i64; 4] {
    activity.into_iter().fold([0; 4], |[way, moving, idle, fuel], one| {
        [way + one.distance_mm, moving + one.moving_ms, idle + one.idle_ms, fuel + one.fuel_ml]
    })
}

#[test]
fn what_silence_ended_is_in_the_quarters_of_an_hour_as_it_is_in_the_trip() {
    let vehicle = VehicleRules { fuel_l_per_100km: Some(30.0), ..VehicleRules::default() };
    let mut follower = Follower::new(Rules::new(Thresholds::default(), vehicle).unwrap());
    let (mut facts, mut counted): (Vec<TrackFact>, Vec<Activity>) = (Vec::new(), Vec::new());
    let mut drive = Drive::new(20.0);
    // The last metres lie within the circle of standing, and nobody knows whether it stands there.
    drive.stand(600).go(4200.0, 0.0, 40.0).go(33.0, 0.0, 3.0);
    let last_ms = drive.ms - 20_000;
    let mut fold_all = |follower: &mut Follower, told: Vec<Position>, counted: &mut Vec<Activity>| {
        for position in told {
            fold(&mut follower.state, &position, &follower.rules, &NoFences, &mut facts);
        }
        counted.extend(facts.iter().filter_map(|fact| match fact {
            TrackFact::Activity(activity) => Some(*activity),
            _ => None,
        }));
        let ended =
            facts.iter().find_map(|fact| if let TrackFact::TripEnded(trip) = fact { Some(*trip) } else { None });
        facts.clear();
        ended
    };
    let advance = |follower: &mut Follower, ms: i64, counted: &mut Vec<Activity>| {
        let facts = follower.advance(ms);
        counted.extend(facts.iter().filter_map(|fact| match fact {
            SilenceFact::Activity(activity) => Some(*activity),
            _ => None,
        }));
        facts.into_iter().find_map(|fact| if let SilenceFact::TripEnded(trip) = fact { Some(trip) } else { None })
    };
    let of_trip = |trip: &Trip| [trip.distance_mm, trip.moving_ms, trip.idle_ms, trip.fuel_ml.unwrap_or_default()];
    assert_eq!(fold_all(&mut follower, std::mem::take(&mut drive.positions), &mut counted), None);
    let ended = advance(&mut follower, last_ms + 1_800_001, &mut counted).unwrap();
    assert_eq!(sums(&counted), of_trip(&ended));
    assert_eq!(advance(&mut follower, last_ms + 3_000_000, &mut counted), None);
    assert_eq!(sums(&counted), of_trip(&ended));

    // The next position, somewhere else, ends it too, and counts the same: once.
    drive.east_m += 8000.0;
    drive.silent(3600).stand(60);
    let folded = fold_all(&mut follower, std::mem::take(&mut drive.positions), &mut counted).unwrap();
    advance(&mut follower, drive.ms, &mut counted);
    assert_eq!((of_trip(&folded), sums(&counted)), (of_trip(&ended), of_trip(&ended)));
}

#[test]
fn a_service_is_due_on_its_day_once() {
    let vehicle = VehicleRules { service_due_at: Some(time(1000)), ..VehicleRules::default() };
    let mut follower = Follower::new(Rules::new(Thresholds::default(), vehicle).unwrap());
    assert_eq!(follower.advance(999), []);
    assert_eq!(follower.advance(1000), [SilenceFact::ServiceDue { due_at: time(1000) }]);
    assert_eq!(follower.advance(2000), []);
}
