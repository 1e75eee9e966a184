//! The fold: takes one position after the other.

use crate::fix::Fix;
use crate::motion::{Journey, Signals};
use crate::outlier_filter::{Claims, Verdict};
use crate::{Fences, Outlier, OutlierReason, Rules, TrackFact, TrackState};
use milepost_domain::Position;

/// The result of folding a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// It is part of the track.
    Accepted,
    /// It is stored but not used; a fact says why.
    Outlier,
    /// It is not newer than the newest, so nothing changed. An older one must be folded in its place: see
    /// [`refold`](crate::refold).
    NotNewer,
}

/// Applies a position that is newer than all before, and appends what follows from it to `facts`. Pure: the same state
/// and position give the same state and facts.
pub fn fold(
    state: &mut TrackState,
    position: &Position,
    rules: &Rules,
    fences: &impl Fences,
    facts: &mut Vec<TrackFact>,
) -> Folded {
    if state.heard_at.is_some_and(|heard_at| position.at <= heard_at) {
        return Folded::NotNewer;
    }
    state.heard_at = Some(position.at);
    if position.is_invalid {
        facts.push(TrackFact::OutlierFound(Outlier { at: position.at, reason: OutlierReason::Invalid }));
        return Folded::Outlier;
    }
    let thresholds = rules.thresholds();
    let learned_m = state.journey.as_ref().and_then(Journey::noise_m);
    let fix = Fix::of_position(position, learned_m, thresholds);
    let verdict = state.outlier_filter.accept(&fix, Claims::of(position), thresholds, &mut |fact| facts.push(fact));
    let Verdict::Used(movement) = verdict else { return Folded::Outlier };
    let speed = state.speed.measure(&fix, movement, rules);
    let signals = Signals {
        speed_kmh: speed.present_kmh,
        sure_kmh: speed.sure_kmh,
        past_kmh: speed.past_kmh,
        drives: state.speed.trusts_reported() && fix.speed_kmh >= Some(thresholds.moving_kmh),
        ignition: position.ignition,
    };
    let fuel_l = position.fuel_level.map(|level| level.get());
    let standing = state.journey.as_ref().is_some_and(|journey| journey.trip.is_none() || journey.stay.stood());
    state.tank.apply(&fix, fuel_l, position.ignition, standing, rules, facts);
    let journey = state.journey.get_or_insert_with(|| Journey::new(&fix, position.ignition));
    if movement.from.is_some() {
        journey.apply(&fix, movement, signals, &state.tank, rules, facts);
    }
    state.visits.apply(&fix, movement, signals, journey, rules, fences, facts);
    let limit_kmh = state.visits.speed_limit_kmh(fix.at, rules, fences);
    state.speed.watch(&fix, speed, limit_kmh, rules, facts);
    if state.speed.trusts_reported() {
        state.manoeuvres.apply(movement.from.as_ref(), &fix, rules, facts);
    }
    state.service.apply(&fix, movement, position.odometer, journey.followed_mm(), rules, facts);
    Folded::Accepted
}
