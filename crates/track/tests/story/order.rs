//! A history does not depend on the order in which positions arrive.

use crate::made_up_drive::{Circle, Drive, circles, facts, point, position, track_history};
use milepost_domain::Position;
use milepost_track::{Activity, Correction, Corrections, FenceSet, Rules, TrackHistory, TrackState, fold, refold};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Folds positions in the order of arrival. Late ones are folded again from a saved state.
struct Follower<'a> {
    fences: &'a FenceSet,
    positions: BTreeMap<i64, Position>,
    /// States by the time of their last position, one for every `save_every` positions.
    saved: BTreeMap<i64, TrackState>,
    save_every: usize,
    state: TrackState,
    history: TrackHistory,
}

impl<'a> Follower<'a> {
    fn new(fences: &'a FenceSet, save_every: usize) -> Self {
        Self {
            fences,
            positions: BTreeMap::new(),
            saved: BTreeMap::new(),
            save_every,
            state: TrackState::default(),
            history: TrackHistory::default(),
        }
    }

    fn upload(&mut self, batch: &[Position]) {
        let rules = Rules::default();
        let mut batch: Vec<Position> = batch.to_vec();
        batch.sort_by_key(|position| position.at);
        let is_late = |position: &Position| self.state.heard_at().is_some_and(|heard_at| position.at <= heard_at);
        let late: Vec<Position> = batch.iter().filter(|position| is_late(position)).cloned().collect();
        let new: Vec<&Position> =
            late.iter().filter(|position| !self.positions.contains_key(&position.at.unix_ms())).collect();
        if let Some(first) = new.first() {
            let first_ms = first.at.unix_ms();
            let (from_ms, saved) = self
                .saved
                .range(..first_ms)
                .next_back()
                .map_or((i64::MIN, TrackState::default()), |(ms, state)| (*ms, state.clone()));
            let after = |positions: &BTreeMap<i64, Position>| -> Vec<Position> {
                positions.iter().filter(|(ms, _)| **ms > from_ms).map(|(_, position)| position.clone()).collect()
            };
            let known = after(&self.positions);
            self.positions.extend(new.into_iter().map(|position| (position.at.unix_ms(), position.clone())));
            let complete = after(&self.positions);
            let refolded = refold(&saved, &known, &complete, &rules, self.fences);
            self.saved.retain(|ms, _| *ms <= from_ms);
            self.state = refolded.state;
            apply(&mut self.history, &refolded.corrections);
        }
        for position in &batch[late.len()..] {
            let mut facts = Vec::new();
            fold(&mut self.state, position, &rules, self.fences, &mut facts);
            facts.iter().for_each(|fact| self.history.apply(fact));
            self.positions.insert(position.at.unix_ms(), position.clone());
            if self.positions.len().is_multiple_of(self.save_every) {
                // Saved and read back as text, as the store does.
                let text = serde_json::to_string(&self.state).unwrap();
                self.saved.insert(position.at.unix_ms(), serde_json::from_str(&text).unwrap());
            }
        }
    }
}

fn apply_to<K: Ord, T: Copy>(map: &mut BTreeMap<K, T>, corrections: &[Correction<T>], key: impl Fn(&T) -> K) {
    for correction in corrections {
        if let Correction::Removed(old) | Correction::Changed { old, .. } = correction {
            map.remove(&key(old)).expect("a correction concerns something published");
        }
    }
    for correction in corrections {
        if let Correction::Added(new) | Correction::Changed { new, .. } = correction {
            assert!(map.insert(key(new), *new).is_none(), "an addition does not replace anything");
        }
    }
}

fn apply(history: &mut TrackHistory, corrections: &Corrections) {
    apply_to(&mut history.trips, &corrections.trips, |trip| trip.started_at);
    apply_to(&mut history.stops, &corrections.stops, |stop| stop.started_at);
    apply_to(&mut history.visits, &corrections.visits, |visit| (visit.entered_at, visit.fence));
    apply_to(&mut history.incidents, &corrections.incidents, |incident| (incident.started_at, incident.kind));
    for (at, mark) in &corrections.outliers {
        match mark {
            Some(reason) => history.outliers.insert(*at, *reason),
            None => history.outliers.remove(at),
        };
    }
    for difference in &corrections.activity {
        let sum = history.activity.entry(difference.bucket).or_insert_with(|| Activity::at(difference.bucket));
        sum.add(difference);
    }
    history.activity.retain(|_, activity| !activity.is_empty());
}

fn fences() -> FenceSet {
    let mut yard = Circle::new(0.0, 0.0, 200.0);
    yard.dwell_ms = Some(120_000);
    let mut town = Circle::new(6000.0, 0.0, 1500.0);
    town.limit_kmh = Some(50.0);
    circles([yard, town, Circle::new(3000.0, 0.0, 75.0), Circle::new(9000.0, 300.0, 300.0)])
}

/// Two trips, a long stop, speeding, a silence, outliers of each kind, a tank.
fn day(seed: u64) -> Vec<Position> {
    let mut drive = Drive::new(15.0).with_noise(6.0, seed);
    drive.reports_speed = seed.is_multiple_of(2);
    drive.fuel_l = Some(100.0);
    drive.ignition = seed.is_multiple_of(3).then_some(true);
    drive.stand(400).go(4000.0, 0.0, 60.0).stand(60).go(5000.0, 300.0, 110.0);
    drive.fuel_l = Some(60.0);
    drive.stand(700);
    drive.ignition = drive.ignition.map(|_| false);
    drive.silent(700).go(-3000.0, 0.0, 40.0).silent(900);
    drive.east_m -= 4000.0;
    drive.go(-2000.0, 0.0, 50.0).stand(500);
    let mut positions = drive.positions;
    positions.push(position(500_007, point(40_000.0, 9000.0)));
    positions.push(position(900_007, milepost_geo::Point::from_degrees(0.0, 0.0).unwrap()));
    positions.push(position(200_007, point(300.0, 0.0)));
    positions.sort_by_key(|position| position.at);
    positions
}

/// Days of a tracker that reports every 40 minutes.
fn seldom(seed: u64) -> Vec<Position> {
    let mut drive = Drive::new(2_400.0).with_noise(12.0, seed);
    drive.ignition = seed.is_multiple_of(2).then_some(true);
    drive.stand(5 * 2_400);
    for leg in 0..12 {
        drive.east_m += [30_000.0, -20_000.0, 1_500.0, 0.0][(leg + seed as usize) % 4];
        drive.stand(2_400);
    }
    drive.positions
}

#[test]
fn the_state_is_small_and_comes_back_from_its_saved_form() {
    let fences = fences();
    let (mut state, mut largest) = (TrackState::default(), 0);
    for position in day(2) {
        fold(&mut state, &position, &Rules::default(), &fences, &mut Vec::new());
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<TrackState>(&text).unwrap(), state);
        largest = largest.max(text.len());
    }
    // As JSON, with all its names; the fields alone are less than half.
    assert!(largest < 4096, "{largest} bytes");
}

#[test]
fn a_saved_state_knows_running_trips_as_they_were_published() {
    let fences = fences();
    for seed in 0..4 {
        let (mut state, mut published, mut facts) = (TrackState::default(), TrackHistory::default(), Vec::new());
        for position in day(seed) {
            fold(&mut state, &position, &Rules::default(), &fences, &mut facts);
            facts.drain(..).for_each(|fact| published.apply(&fact));
            let known = TrackHistory::from_state(&state);
            let open = |history: &TrackHistory| {
                let mut open = history.clone();
                open.trips.retain(|_, trip| trip.ended_at.is_none());
                open.stops.retain(|_, stop| stop.ended_at.is_none());
                open.visits.retain(|_, visit| visit.left_at.is_none());
                open.incidents.retain(|_, incident| incident.ended_at.is_none());
                (open.trips, open.stops, open.visits, open.incidents)
            };
            assert_eq!(open(&known), open(&published), "seed {seed}");
        }
    }
}

#[test]
fn a_day_sent_twice_changes_nothing() {
    let (fences, day) = (fences(), day(1));
    let mut follower = Follower::new(&fences, 20);
    follower.upload(&day);
    let (state, history) = (follower.state.clone(), follower.history.clone());
    follower.upload(&day);
    day.chunks(17).for_each(|chunk| follower.upload(chunk));
    assert_eq!((follower.state, follower.history), (state, history));
}

#[test]
fn a_late_half_hour_changes_the_trip_it_belongs_to_and_nothing_else() {
    let fences = fences();
    let mut drive = Drive::new(10.0);
    drive.stand(600).go(5000.0, 0.0, 50.0).stand(900).go(5000.0, 0.0, 50.0).stand(900);
    let (first, second) = drive.positions.split_at(drive.positions.len() / 2);
    let late: Vec<Position> = first[70..80].to_vec();
    let known: Vec<Position> = [&first[..70], &first[80..], second].concat();
    let complete: Vec<Position> = drive.positions.clone();
    let refolded = refold(&TrackState::default(), &known, &complete, &Rules::default(), &fences);
    assert_eq!(late.len(), 10);
    assert_eq!(refolded.corrections.trips.len(), 1);
    assert!(
        matches!(refolded.corrections.trips[0], Correction::Changed { old, new } if old.started_at == new.started_at)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shuffle_and_any_uploads_end_in_the_same_history(
        seed in 0..8_u64,
        shuffle in any::<u64>(),
        reach in prop::sample::select(vec![3_usize, 30, 1000]),
        batch in 1..60_usize,
        save_every in 5..80_usize,
    ) {
        let (fences, sorted) = (fences(), if seed < 6 { day(seed) } else { seldom(seed) });
        let mut expected = track_history(&facts(&sorted, &Rules::default(), &fences));
        expected.activity.retain(|_, activity| !activity.is_empty());
        // Each position moves by up to `reach` places.
        let mut dice = fastrand::Rng::with_seed(shuffle);
        let mut keyed: Vec<(usize, Position)> = Vec::new();
        for (index, position) in sorted.iter().enumerate() {
            keyed.push((index + dice.usize(0..=reach), position.clone()));
        }
        keyed.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<Position> = keyed.into_iter().map(|(_, position)| position).collect();
        let mut follower = Follower::new(&fences, save_every);
        for upload in shuffled.chunks(batch) {
            follower.upload(upload);
            if dice.bool() {
                follower.upload(upload);
            }
        }
        follower.history.activity.retain(|_, activity| !activity.is_empty());
        prop_assert_eq!(follower.history, expected);
    }
}
