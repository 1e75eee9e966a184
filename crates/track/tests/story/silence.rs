//! Facts that follow from silence.

use crate::made_up_drive::{Drive, facts, time, track_history};
use milepost_track::{NoFences, Rules, SilenceFact, Thresholds, TrackState, VehicleRules, Watch, advance, fold};

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
    assert_eq!(follower.advance(90_000 + 600_000), [SilenceFact::Offline { since: time(90_000) }]);
    assert_eq!(follower.advance(5_000_000), []);
    drive.ms = 6_000_000;
    drive.stand(10);
    follower.take(&mut drive);
    assert_eq!(follower.advance(6_000_000), [SilenceFact::Online { since: time(90_000), until: time(6_000_000) }]);
    assert_eq!(follower.advance(6_700_000), [SilenceFact::Offline { since: time(6_000_000) }]);
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

#[test]
fn a_service_is_due_on_its_day_once() {
    let vehicle = VehicleRules { service_due_at: Some(time(1000)), ..VehicleRules::default() };
    let mut follower = Follower::new(Rules::new(Thresholds::default(), vehicle).unwrap());
    assert_eq!(follower.advance(999), []);
    assert_eq!(follower.advance(1000), [SilenceFact::ServiceDue { due_at: time(1000) }]);
    assert_eq!(follower.advance(2000), []);
}
