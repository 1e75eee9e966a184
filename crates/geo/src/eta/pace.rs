//! Folds a rider's fixes, one by one, into a few numbers: where it is, how far it drove, how fast it gets on.

use crate::{Point, distance_m, interpolate};
use milepost_domain::{Invalid, Timestamp};

/// A step shorter than this may be noise: GPS wanders by 15 m and more while a vehicle stands. Metres from the anchor.
const STEP_M: f64 = 50.0;
/// Slower stretches count as standing: a walk to a door, a parking place. Metres a second.
const SLOW_MPS: f64 = 2.0;
/// The first minute of standing belongs to the way (a traffic light, a bus stop); what follows is a stop of its own.
const STANDING_COUNTS_S: f64 = 60.0;
/// How much a near fix draws the place of a parked vehicle to itself.
const PARKED_PULL: f64 = 0.125;
/// What happened this long ago weighs 1/e.
const MEMORY_S: f64 = 600.0;
/// After a longer silence the way between is unknown and tells nothing about the pace.
const GAP_S: f64 = 300.0;
/// Faster than this (162 km/h) is a jump of the receiver, not of the rider. Metres a second.
const JUMP_MPS: f64 = 45.0;
/// How far a fix may be off beyond that.
const JUMP_SLACK_M: f64 = 50.0;
/// So many jumps in a row are believed: then it was the earlier place that was wrong.
const JUMPS_BELIEVED: u8 = 3;
/// The prior pace weighs as much as so many seconds of driving.
const PRIOR_S: f64 = 300.0;
/// From so many weighed seconds on, the pace counts as known.
const KNOWN_S: f64 = 30.0;

/// Where a rider was at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Where.
    pub point: Point,
    /// When.
    pub at: Timestamp,
}

/// A rider's recent pace, stops of up to a minute included. Constant in size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    last: Fix,
    /// The last place that was left for good: [`STEP_M`] from the one before. Never newer than `last`.
    anchor: Fix,
    /// Weighed metres and seconds of the last minutes.
    moved_m: f64,
    moved_s: f64,
    /// How long it stands already.
    standing_s: f64,
    driven_m: f64,
    /// Jumps in a row.
    jumps: u8,
}

/// The numbers of a [`Pace`], for a store.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "columns; the units end their names")]
pub struct PaceParts {
    pub latitude: f64,
    pub longitude: f64,
    pub at_ms: i64,
    pub anchor_latitude: f64,
    pub anchor_longitude: f64,
    pub anchor_at_ms: i64,
    pub moved_m: f64,
    pub moved_s: f64,
    pub standing_s: f64,
    pub driven_m: f64,
    pub jumps: i64,
}

impl Pace {
    /// From the first fix.
    pub const fn start(first: Fix) -> Self {
        Self { last: first, anchor: first, moved_m: 0.0, moved_s: 0.0, standing_s: 0.0, driven_m: 0.0, jumps: 0 }
    }

    /// Takes the next fix. One that is not newer than the last, or that only a jump explains, changes no place;
    /// the third jump in a row is believed.
    pub fn note(&mut self, fix: Fix) {
        let elapsed_s = seconds_between(self.last, fix);
        if elapsed_s <= 0.0 {
            return;
        }
        if distance_m(self.last.point, fix.point) > JUMP_SLACK_M + elapsed_s * JUMP_MPS {
            self.jumps += 1;
            if self.jumps >= JUMPS_BELIEVED {
                *self = Self { last: fix, anchor: fix, standing_s: 0.0, jumps: 0, ..*self };
            }
            return;
        }
        let before = std::mem::replace(&mut self.last, fix);
        self.jumps = 0;
        let weight = (-elapsed_s / MEMORY_S).exp();
        self.moved_m *= weight;
        self.moved_s *= weight;
        let mut step_m = distance_m(self.anchor.point, fix.point);
        let far = step_m >= STEP_M;
        let parked = self.standing_s >= STANDING_COUNTS_S && elapsed_s <= GAP_S;
        if parked && !(far && self.anchor.at == before.at) {
            // One far fix is noise as likely as a start. The anchor takes its time: should the next be far too, it was a
            // start. The mean of near ones is a better anchor than any of them.
            self.standing_s += elapsed_s;
            if far {
                self.anchor.at = fix.at;
            } else {
                self.anchor.point = interpolate(self.anchor.point, fix.point, PARKED_PULL);
            }
            return;
        }
        if far {
            self.driven_m += step_m;
        }
        if parked {
            step_m = distance_m(before.point, fix.point);
        }
        if elapsed_s > GAP_S {
            self.standing_s = 0.0;
        } else if far && step_m >= SLOW_MPS * seconds_between(self.anchor, fix) {
            self.moved_m += step_m;
            self.moved_s += elapsed_s;
            self.standing_s = 0.0;
        } else {
            self.moved_s += elapsed_s.min((STANDING_COUNTS_S - self.standing_s).max(0.0));
            self.standing_s += elapsed_s;
        }
        if far {
            self.anchor = fix;
        }
    }

    /// The newest fix that was believed.
    pub const fn last_fix(&self) -> Fix {
        self.last
    }

    /// Metres driven since the first fix, without jitter and jumps. Never goes back.
    pub const fn driven_m(&self) -> f64 {
        self.driven_m
    }

    /// Is more known than the prior?
    pub(super) fn is_known(&self) -> bool {
        self.moved_s >= KNOWN_S
    }

    /// Metres a second over the last minutes; `prior_mps` where little is known.
    pub(super) fn speed_mps(&self, prior_mps: f64) -> f64 {
        (self.moved_m + prior_mps * PRIOR_S) / (self.moved_s + PRIOR_S)
    }

    /// Its numbers.
    pub const fn to_parts(&self) -> PaceParts {
        PaceParts {
            latitude: self.last.point.latitude.get(),
            longitude: self.last.point.longitude.get(),
            at_ms: self.last.at.unix_ms(),
            anchor_latitude: self.anchor.point.latitude.get(),
            anchor_longitude: self.anchor.point.longitude.get(),
            anchor_at_ms: self.anchor.at.unix_ms(),
            moved_m: self.moved_m,
            moved_s: self.moved_s,
            standing_s: self.standing_s,
            driven_m: self.driven_m,
            jumps: self.jumps as i64,
        }
    }

    /// The same pace from its numbers.
    ///
    /// # Errors
    /// [`Invalid`] for numbers that no pace has.
    pub fn from_parts(parts: PaceParts) -> Result<Self, Invalid> {
        let last = fix_of_parts(parts.latitude, parts.longitude, parts.at_ms)?;
        let anchor = fix_of_parts(parts.anchor_latitude, parts.anchor_longitude, parts.anchor_at_ms)?;
        if anchor.at > last.at {
            return Err(Invalid::new("anchor_at_ms", "must not be later than at_ms"));
        }
        Ok(Self {
            last,
            anchor,
            moved_m: amount("moved_m", parts.moved_m)?,
            moved_s: amount("moved_s", parts.moved_s)?,
            standing_s: amount("standing_s", parts.standing_s)?,
            driven_m: amount("driven_m", parts.driven_m)?,
            jumps: u8::try_from(parts.jumps)
                .ok()
                .filter(|&jumps| jumps < JUMPS_BELIEVED)
                .ok_or(Invalid::new("jumps", "must be 0, 1 or 2"))?,
        })
    }
}

pub(super) fn seconds_between(earlier: Fix, later: Fix) -> f64 {
    later.at.ms_since(earlier.at) as f64 / 1000.0
}

pub(super) fn fix_of_parts(latitude: f64, longitude: f64, at_ms: i64) -> Result<Fix, Invalid> {
    let at =
        Timestamp::from_unix_ms(at_ms).ok_or(Invalid::new("at_ms", "must be Unix milliseconds from 1970 to 9999"))?;
    Ok(Fix { point: Point::from_degrees(latitude, longitude)?, at })
}

/// A stored sum. Its bound is far beyond any rider's life and far from where sums of `f64` lose metres.
pub(super) fn amount(field: &'static str, value: f64) -> Result<f64, Invalid> {
    if (0.0..=1e12).contains(&value) { Ok(value) } else { Err(Invalid::new(field, "must be a number from 0 to 1e12")) }
}
