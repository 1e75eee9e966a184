//! Folds a stretch of a track twice: as it was told, and as it is right with the late positions in their places.

use super::followed::{By, CHECKPOINT_EVERY, CODE_VERSION, encode};
use milepost_domain::{Position, Timestamp};
use milepost_store::{Checkpoint, UnfoldedPosition};
use milepost_track::{Corrections, TrackFact, TrackHistory, TrackState, correct};
use std::collections::{BTreeMap, BTreeSet};

/// States saved on the way; when there are more, every other one is dropped, and they are saved half as often.
const MOST_CHECKPOINTS: usize = 256;

/// Both ways from one saved state on.
pub(super) struct Lanes {
    told: Lane,
    right: Lane,
    /// Times of late positions on the way.
    pub(super) late: Vec<Timestamp>,
    checkpoints: Vec<Checkpoint>,
    /// Starts of all trips that were told, as far as folding them again says.
    told_trips: BTreeSet<Timestamp>,
    unsaved: u32,
    save_every: u32,
    facts: Vec<TrackFact>,
}

struct Lane {
    state: TrackState,
    history: TrackHistory,
}

impl Lane {
    fn take(&mut self, position: &Position, by: &By, facts: &mut Vec<TrackFact>) {
        by.fold(&mut self.state, position, facts);
        facts.drain(..).for_each(|fact| self.history.apply(&fact));
    }
}

/// The outcome.
pub(super) struct Mended {
    /// After the last position.
    pub(super) state: TrackState,
    /// What must be said differently.
    pub(super) corrections: Corrections,
    /// Late positions that are folded now.
    pub(super) late: Vec<Timestamp>,
    /// States on the way, to be saved instead of those that were.
    pub(super) checkpoints: Vec<Checkpoint>,
    /// Starts of all trips on the way without the late ones.
    pub(super) told_trips: BTreeSet<Timestamp>,
}

impl Lanes {
    pub(super) fn new(saved: TrackState) -> Self {
        let lane = || Lane { state: saved.clone(), history: TrackHistory::from_state(&saved) };
        Self {
            told: lane(),
            right: lane(),
            late: Vec::new(),
            checkpoints: Vec::new(),
            told_trips: BTreeSet::new(),
            unsaved: 0,
            save_every: CHECKPOINT_EVERY,
            facts: Vec::new(),
        }
    }

    /// Takes in the next position in the order of time.
    pub(super) fn take(&mut self, next: &UnfoldedPosition, by: &By) {
        if next.is_late {
            self.late.push(next.position.at);
        } else {
            self.told.take(&next.position, by, &mut self.facts);
        }
        self.right.take(&next.position, by, &mut self.facts);
        self.unsaved += 1;
        if self.unsaved >= self.save_every {
            self.unsaved = 0;
            let state = encode(&self.right.state);
            self.checkpoints.push(Checkpoint { at: next.position.at, code_version: CODE_VERSION, state });
            if self.checkpoints.len() > MOST_CHECKPOINTS {
                self.save_every *= 2;
                let mut keep = false;
                self.checkpoints.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }

    /// Forgets what is over and the same in both, so that a long way needs no more memory than its differences. Marks stay:
    /// they may be lifted long after.
    pub(super) fn forget_equals(&mut self) {
        let (told, right) = (&mut self.told.history, &mut self.right.history);
        self.told_trips.extend(told.trips.keys());
        forget(&mut told.trips, &mut right.trips, |trip| trip.ended_at.is_some());
        forget(&mut told.stops, &mut right.stops, |stop| stop.ended_at.is_some());
        forget(&mut told.visits, &mut right.visits, |visit| visit.left_at.is_some());
        forget(&mut told.incidents, &mut right.incidents, |incident| incident.ended_at.is_some());
        // Buckets grow; equal sums may go from both, because only what they differ by counts.
        forget(&mut told.activity, &mut right.activity, |_| true);
    }

    pub(super) fn finish(mut self) -> Mended {
        self.forget_equals();
        Mended {
            corrections: correct(&self.told.history, &self.right.history),
            state: self.right.state,
            late: self.late,
            checkpoints: self.checkpoints,
            told_trips: self.told_trips,
        }
    }
}

fn forget<K: Ord + Clone, T: PartialEq>(a: &mut BTreeMap<K, T>, b: &mut BTreeMap<K, T>, is_over: impl Fn(&T) -> bool) {
    a.retain(|key, value| {
        let equal = is_over(value) && b.get(key) == Some(value);
        if equal {
            b.remove(key);
        }
        !equal
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{Lanes, MOST_CHECKPOINTS};
    use crate::follow_tracks::followed::By;
    use crate::follow_tracks::ground::Ground;
    use crate::follow_tracks::samples::{position, vehicle};
    use milepost_domain::{Longitude, Position, SpeedKmh};
    use milepost_store::UnfoldedPosition;
    use milepost_track::{NoFences, Rules, TrackState, refold};
    use std::sync::Arc;

    fn by() -> Arc<By> {
        By::new(Arc::new(vehicle("bus")), Arc::new(Ground::of_test()))
    }

    /// Drives and stops of twenty minutes each, a fix each ten seconds; some of each hour come late.
    fn track(positions: usize) -> Vec<UnfoldedPosition> {
        let mut east_deg = 1.0;
        let told = (0..positions).map(|index| {
            let drives = index % 240 < 120;
            east_deg += if drives { 0.001 } else { 0.0 };
            let position = Position {
                longitude: Longitude::new(east_deg).unwrap(),
                speed: Some(SpeedKmh::new(if drives { 40.0 } else { 0.0 }).unwrap()),
                ..position(1_700_000_000_000 + index as i64 * 10_000)
            };
            UnfoldedPosition { received_at: position.at, position, is_late: matches!(index % 360, 100..150) }
        });
        told.collect()
    }

    #[test]
    fn page_by_page_it_comes_to_the_same_corrections_as_at_once() {
        let (track, by) = (track(3_000), by());
        let all: Vec<Position> = track.iter().map(|one| one.position.clone()).collect();
        let known: Vec<Position> = track.iter().filter(|one| !one.is_late).map(|one| one.position.clone()).collect();
        let expected = refold(&TrackState::default(), &known, &all, &Rules::default(), &NoFences);
        assert!(expected.corrections.trips.len() > 5);
        let mut lanes = Lanes::new(TrackState::default());
        for page in track.chunks(170) {
            page.iter().for_each(|one| lanes.take(one, &by));
            lanes.forget_equals();
        }
        let mended = lanes.finish();
        assert_eq!(mended.late.len(), all.len() - known.len());
        assert_eq!(mended.state, expected.state);
        assert_eq!(mended.corrections, expected.corrections);
    }

    #[test]
    fn a_long_way_has_a_bounded_number_of_saved_states() {
        let (track, by) = (track(60_000), by());
        let mut lanes = Lanes::new(TrackState::default());
        track.iter().for_each(|one| lanes.take(one, &by));
        let saved = lanes.finish().checkpoints;
        assert!((MOST_CHECKPOINTS / 3..=MOST_CHECKPOINTS).contains(&saved.len()), "{}", saved.len());
        assert!(saved.is_sorted_by(|a, b| a.at < b.at));
        let gaps = saved.windows(2).map(|two| two[1].at.ms_since(two[0].at));
        assert!(gaps.max().unwrap() <= 60_000 * 10_000 / 64, "they are spread over the whole way");
    }
}
