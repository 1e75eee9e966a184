//! Finds what must be corrected after late positions were folded in their place.

use crate::activity::Activity;
use crate::fact::{OutlierReason, Stop};
use crate::{Fences, Incident, Rules, TrackFact, TrackHistory, TrackState, Trip, Visit, fold};
use milepost_domain::{Position, Timestamp};
use std::collections::BTreeMap;

/// How something that was published differs from what is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Correction<T> {
    /// It is new.
    Added(T),
    /// The same trip, stop, visit or incident has other figures; it keeps its identity.
    Changed {
        /// As it was published.
        old: T,
        /// As it is now.
        new: T,
    },
    /// It did not happen.
    Removed(T),
}

/// All corrections, each kind in order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corrections {
    /// Of trips.
    pub trips: Vec<Correction<Trip>>,
    /// Of stops.
    pub stops: Vec<Correction<Stop>>,
    /// Of visits.
    pub visits: Vec<Correction<Visit>>,
    /// Of incidents.
    pub incidents: Vec<Correction<Incident>>,
    /// Time of each position concerned, and why it is an outlier now, if it is.
    pub outliers: Vec<(Timestamp, Option<OutlierReason>)>,
    /// The amounts to add to the quarters of an hour.
    pub activity: Vec<Activity>,
}

impl Corrections {
    /// Is there nothing to correct?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The outcome of folding again.
#[derive(Debug, Clone, PartialEq)]
pub struct Refolded {
    /// The state after the newest position.
    pub state: TrackState,
    /// The difference to what was published.
    pub corrections: Corrections,
}

/// Folds again from a state that was saved before the first late position: once without the late positions, as it was
/// published, and once with them; and compares. `known` (without) and `complete` (with) are the positions after the saved
/// state, in order of time.
pub fn refold<'a>(
    saved: &TrackState,
    known: impl IntoIterator<Item = &'a Position>,
    complete: impl IntoIterator<Item = &'a Position>,
    rules: &Rules,
    fences: &impl Fences,
) -> Refolded {
    let (_, old) = fold_all(saved, known, rules, fences);
    let (state, new) = fold_all(saved, complete, rules, fences);
    Refolded { state, corrections: correct(&old, &new) }
}

fn fold_all<'a>(
    saved: &TrackState,
    positions: impl IntoIterator<Item = &'a Position>,
    rules: &Rules,
    fences: &impl Fences,
) -> (TrackState, TrackHistory) {
    let (mut state, mut history) = (saved.clone(), TrackHistory::from_state(saved));
    let mut facts: Vec<TrackFact> = Vec::new();
    for position in positions {
        fold(&mut state, position, rules, fences, &mut facts);
        facts.drain(..).for_each(|fact| history.apply(&fact));
    }
    (state, history)
}

/// Compares two histories. An old and a new entry that overlap most in time are the same one; each is matched once at most.
pub fn correct(old: &TrackHistory, new: &TrackHistory) -> Corrections {
    Corrections {
        trips: match_spans(old.trips.values(), new.trips.values()),
        stops: match_spans(old.stops.values(), new.stops.values()),
        visits: match_spans(old.visits.values(), new.visits.values()),
        incidents: match_spans(old.incidents.values(), new.incidents.values()),
        outliers: differing_outliers(&old.outliers, &new.outliers),
        activity: differing_activity(&old.activity, &new.activity),
    }
}

/// Something with a beginning and perhaps an end.
trait Span: Copy + PartialEq {
    /// Only spans about the same thing can match.
    fn about(&self) -> u64;
    fn from(&self) -> Timestamp;
    fn until(&self) -> Option<Timestamp>;
}

impl Span for Trip {
    fn about(&self) -> u64 {
        0
    }
    fn from(&self) -> Timestamp {
        self.started_at
    }
    fn until(&self) -> Option<Timestamp> {
        self.ended_at
    }
}

impl Span for Stop {
    fn about(&self) -> u64 {
        0
    }
    fn from(&self) -> Timestamp {
        self.started_at
    }
    fn until(&self) -> Option<Timestamp> {
        self.ended_at
    }
}

impl Span for Visit {
    fn about(&self) -> u64 {
        self.fence.0
    }
    fn from(&self) -> Timestamp {
        self.entered_at
    }
    fn until(&self) -> Option<Timestamp> {
        self.left_at
    }
}

impl Span for Incident {
    fn about(&self) -> u64 {
        self.kind as u64
    }
    fn from(&self) -> Timestamp {
        self.started_at
    }
    fn until(&self) -> Option<Timestamp> {
        self.ended_at
    }
}

/// Milliseconds that both last, the shared instant counted; 0 where they do not touch. What goes on lasts for ever.
fn overlap_ms<T: Span>(a: &T, b: &T) -> i64 {
    let from = a.from().max(b.from());
    let until = [a.until(), b.until()].into_iter().flatten().min();
    until.map_or(i64::MAX, |until| (until.ms_since(from) + 1).max(0))
}

fn match_spans<'a, T: Span + 'a>(
    old: impl Iterator<Item = &'a T>,
    new: impl Iterator<Item = &'a T>,
) -> Vec<Correction<T>> {
    let (mut old, mut new): (Vec<T>, Vec<T>) = (old.copied().collect(), new.copied().collect());
    // Most spans did not change, and need not be compared with all others.
    let same: Vec<T> = old.iter().filter(|span| new.contains(span)).copied().collect();
    old.retain(|span| !same.contains(span));
    new.retain(|span| !same.contains(span));
    let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
    for (o, a) in old.iter().enumerate() {
        for (n, b) in new.iter().enumerate().filter(|(_, b)| b.about() == a.about()) {
            let overlap_ms = overlap_ms(a, b);
            if overlap_ms > 0 {
                pairs.push((overlap_ms, o, n));
            }
        }
    }
    pairs.sort_by_key(|&(overlap_ms, o, n)| (std::cmp::Reverse(overlap_ms), o, n));
    let (mut old_of, mut taken) = (vec![None; new.len()], vec![false; old.len()]);
    for (_, o, n) in pairs {
        if !taken[o] && old_of[n].is_none() {
            (old_of[n], taken[o]) = (Some(o), true);
        }
    }
    let removed = old.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(span, _)| Correction::Removed(*span));
    let mut corrections: Vec<Correction<T>> = removed.collect();
    corrections.extend(new.iter().zip(&old_of).map(|(&new, old_at)| match old_at {
        Some(index) => Correction::Changed { old: old[*index], new },
        None => Correction::Added(new),
    }));
    corrections.sort_by_key(|correction| match correction {
        Correction::Added(span) | Correction::Removed(span) | Correction::Changed { new: span, .. } => span.from(),
    });
    corrections
}

fn differing_outliers(
    old: &BTreeMap<Timestamp, OutlierReason>,
    new: &BTreeMap<Timestamp, OutlierReason>,
) -> Vec<(Timestamp, Option<OutlierReason>)> {
    let lifted = old.keys().filter(|at| !new.contains_key(at)).map(|at| (*at, None));
    let set = new.iter().filter(|(at, reason)| old.get(at) != Some(reason)).map(|(at, reason)| (*at, Some(*reason)));
    let mut outliers: Vec<(Timestamp, Option<OutlierReason>)> = lifted.chain(set).collect();
    outliers.sort_by_key(|(at, _)| *at);
    outliers
}

fn differing_activity(old: &BTreeMap<Timestamp, Activity>, new: &BTreeMap<Timestamp, Activity>) -> Vec<Activity> {
    let buckets: std::collections::BTreeSet<Timestamp> = old.keys().chain(new.keys()).copied().collect();
    let of = |map: &BTreeMap<Timestamp, Activity>, bucket| map.get(&bucket).copied().unwrap_or(Activity::at(bucket));
    let differences = buckets.into_iter().map(|bucket| of(new, bucket).minus(&of(old, bucket)));
    differences.filter(|difference| !difference.is_empty()).collect()
}
