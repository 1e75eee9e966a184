//! Folds a stretch of a track twice: without the late positions, as it was published, and with them, as it is right.

use crate::checkpoint::{CHECKPOINT_EVERY, checkpoint, encode};
use crate::fold_context::FoldContext;
use milepost_domain::{Position, Timestamp};
use milepost_store::{Checkpoint, UnfoldedPosition};
use milepost_track::{Corrections, OutlierReason, TrackFact, TrackHistory, TrackState, correct};
use std::collections::{BTreeMap, BTreeSet};

/// Checkpoints of one stretch. When there are more, every other one is dropped, and they are made half as often.
const MOST_CHECKPOINTS: usize = 256;

/// Both folds, from one saved state on.
pub(crate) struct Refold {
    published: Fold,
    right: Fold,
    /// Times of late positions in the stretch.
    late: Vec<Timestamp>,
    /// How positions of the stretch are marked.
    marks: BTreeMap<Timestamp, OutlierReason>,
    checkpoints: Vec<Checkpoint>,
    /// Starts of all trips that the fold without late positions found.
    published_trips: BTreeSet<Timestamp>,
    since_checkpoint: u32,
    checkpoint_every: u32,
    facts: Vec<TrackFact>,
}

struct Fold {
    state: TrackState,
    history: TrackHistory,
}

impl Fold {
    fn from_state(state: TrackState) -> Self {
        Self { history: TrackHistory::from_state(&state), state }
    }

    fn apply(&mut self, position: &Position, context: &FoldContext, facts: &mut Vec<TrackFact>) {
        context.fold(&mut self.state, position, facts);
        facts.drain(..).for_each(|fact| self.history.apply(&fact));
    }
}

pub(crate) struct RefoldResult {
    /// The state after the last position.
    pub(crate) state: TrackState,
    /// How the right history differs from the published one.
    pub(crate) corrections: Corrections,
    /// Late positions that are folded now.
    pub(crate) late: Vec<Timestamp>,
    /// Replace the stored checkpoints of the stretch.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// Starts of all trips that the fold without late positions found.
    pub(crate) published_trips: BTreeSet<Timestamp>,
}

impl Refold {
    pub(crate) fn new(saved: TrackState) -> Self {
        Self {
            published: Fold::from_state(saved.clone()),
            right: Fold::from_state(saved),
            late: Vec::new(),
            marks: BTreeMap::new(),
            checkpoints: Vec::new(),
            published_trips: BTreeSet::new(),
            since_checkpoint: 0,
            checkpoint_every: CHECKPOINT_EVERY,
            facts: Vec::new(),
        }
    }

    /// Folds the next position in the order of time.
    pub(crate) fn apply(&mut self, next: &UnfoldedPosition, context: &FoldContext) {
        self.marks.extend(next.mark.map(|mark| (next.position.at, mark)));
        if next.is_late {
            self.late.push(next.position.at);
        } else {
            self.published.apply(&next.position, context, &mut self.facts);
        }
        self.right.apply(&next.position, context, &mut self.facts);
        self.since_checkpoint += 1;
        if self.since_checkpoint >= self.checkpoint_every {
            self.since_checkpoint = 0;
            self.checkpoints.push(checkpoint(next.position.at, encode(&self.right.state)));
            if self.checkpoints.len() > MOST_CHECKPOINTS {
                self.checkpoint_every *= 2;
                let mut keep = false;
                self.checkpoints.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }

    /// Drops what is over and equal in both folds, so that a long stretch needs memory for its differences only. Outliers are
    /// kept: their marks may be lifted long after.
    pub(crate) fn drop_equal(&mut self) {
        let (published, right) = (&mut self.published.history, &mut self.right.history);
        self.published_trips.extend(published.trips.keys());
        drop_equal(&mut published.trips, &mut right.trips, |trip| trip.ended_at.is_some());
        drop_equal(&mut published.stops, &mut right.stops, |stop| stop.ended_at.is_some());
        drop_equal(&mut published.visits, &mut right.visits, |visit| visit.left_at.is_some());
        drop_equal(&mut published.incidents, &mut right.incidents, |incident| incident.ended_at.is_some());
        // A bucket may still grow, but only the difference of both sums counts.
        drop_equal(&mut published.activity, &mut right.activity, |_| true);
    }

    pub(crate) fn finish(mut self) -> RefoldResult {
        self.drop_equal();
        // The committer marks late positions too.
        self.published.history.outliers = self.marks;
        RefoldResult {
            corrections: correct(&self.published.history, &self.right.history),
            state: self.right.state,
            late: self.late,
            checkpoints: self.checkpoints,
            published_trips: self.published_trips,
        }
    }
}

fn drop_equal<K: Ord, T: PartialEq>(a: &mut BTreeMap<K, T>, b: &mut BTreeMap<K, T>, is_over: impl Fn(&T) -> bool) {
    a.retain(|key, value| {
        let is_equal = is_over(value) && b.get(key) == Some(value);
        if is_equal {
            b.remove(key);
        }
        !is_equal
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{MOST_CHECKPOINTS, Refold};
    use crate::fold_context::FoldContext;
    use crate::samples::{position, vehicle};
    use crate::tenant_rules::TenantRules;
    use milepost_domain::{Longitude, Position, SpeedKmh};
    use milepost_store::UnfoldedPosition;
    use milepost_track::{NoFences, Rules, TrackState, refold};
    use std::sync::Arc;

    fn context() -> Arc<FoldContext> {
        FoldContext::new(Arc::new(vehicle("bus")), Arc::new(TenantRules::of_test()))
    }

    /// Drives and stops of twenty minutes each, with a fix every ten seconds; some of each hour come late.
    fn track(positions: usize) -> Vec<UnfoldedPosition> {
        let mut east_deg = 1.0;
        let sent = (0..positions).map(|index| {
            let drives = index % 240 < 120;
            east_deg += if drives { 0.001 } else { 0.0 };
            let position = Position {
                longitude: Longitude::new(east_deg).unwrap(),
                speed: Some(SpeedKmh::new(if drives { 40.0 } else { 0.0 }).unwrap()),
                ..position(1_700_000_000_000 + index as i64 * 10_000)
            };
            UnfoldedPosition {
                received_at: position.at,
                position,
                is_late: matches!(index % 360, 100..150),
                mark: None,
            }
        });
        sent.collect()
    }

    #[test]
    fn refolding_in_pages_gives_the_same_corrections() {
        let (track, context) = (track(3_000), context());
        let all: Vec<Position> = track.iter().map(|one| one.position.clone()).collect();
        let known: Vec<Position> = track.iter().filter(|one| !one.is_late).map(|one| one.position.clone()).collect();
        let expected = refold(&TrackState::default(), &known, &all, &Rules::default(), &NoFences);
        assert!(expected.corrections.trips.len() > 5);
        let mut refold = Refold::new(TrackState::default());
        for page in track.chunks(170) {
            page.iter().for_each(|one| refold.apply(one, &context));
            refold.drop_equal();
        }
        let refolded = refold.finish();
        assert_eq!(refolded.late.len(), all.len() - known.len());
        assert_eq!(refolded.state, expected.state);
        assert_eq!(refolded.corrections, expected.corrections);
    }

    #[test]
    fn a_long_stretch_has_a_bounded_number_of_checkpoints() {
        let (track, context) = (track(60_000), context());
        let mut refold = Refold::new(TrackState::default());
        track.iter().for_each(|one| refold.apply(one, &context));
        let saved = refold.finish().checkpoints;
        assert!((MOST_CHECKPOINTS / 3..=MOST_CHECKPOINTS).contains(&saved.len()), "{}", saved.len());
        assert!(saved.is_sorted_by(|a, b| a.at < b.at));
        let gaps = saved.windows(2).map(|two| two[1].at.ms_since(two[0].at));
        assert!(gaps.max().unwrap() <= 60_000 * 10_000 / 64, "they are spread over the whole stretch");
    }
}
