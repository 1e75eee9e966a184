//! Takes one position after the other.

use crate::motion::{Journey, Seen};
use crate::state::Fix;
use crate::{Fences, Rules, TrackFact, TrackState};
use milepost_domain::Position;

/// What became of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// It is part of the track.
    Believed,
    /// It is kept and counts for nothing; a fact says why.
    Marked,
    /// Not newer than the newest: nothing was changed. An older one must be folded in its place, see
    /// [`refold`](crate::refold).
    NotNewer,
}

/// Takes in a position that is newer than all before, and appends what it tells to `facts`. Pure: the same state and
/// position give the same state and facts.
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
    let seen_m = state.journey.as_ref().and_then(Journey::noise_m);
    let fix = Fix::new(position, seen_m, rules);
    let accuracy_m = position.accuracy.map(|accuracy| accuracy.get());
    let Some(step) = state.belief.judge(&fix, accuracy_m, rules, facts) else { return Folded::Marked };
    let speed = state.pace.judge(&fix, step, rules);
    let seen = Seen {
        speed_kmh: speed.map(|speed| speed.kmh),
        drives: state.pace.believes_told() && fix.speed_kmh >= Some(rules.thresholds().moving_kmh),
        ignition: position.ignition,
    };
    let fuel_l = position.fuel_level.map(|level| level.get());
    let standing = state.journey.as_ref().is_some_and(|journey| journey.trip.is_none() || journey.spot.stood());
    state.tank.take(&fix, fuel_l, position.ignition, standing, rules, facts);
    let journey = state.journey.get_or_insert_with(|| Journey::new(&fix));
    if step.from.is_some() {
        journey.take(&fix, step, seen, &state.tank, rules, facts);
    }
    state.visits.take(&fix, step, seen, journey, rules, fences, facts);
    let limit_kmh = state.visits.speed_limit_kmh(fix.at, rules, fences);
    state.pace.watch(&fix, speed, limit_kmh, rules, facts);
    if state.pace.believes_told() {
        state.manoeuvres.take(step.from.as_ref(), &fix, rules, facts);
    }
    state.service.take(&fix, position.odometer, journey.followed_mm(), rules, facts);
    Folded::Believed
}
