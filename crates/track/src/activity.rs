//! A vehicle's activity by quarters of an hour: sums over the last 24 hours need no positions or trips.
//!
//! Whole numbers of small units, so that a sum does not depend on the order of adding.

use crate::TrackFact;
use crate::saved::time;
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Length of a bucket: a quarter of an hour, in milliseconds.
pub const BUCKET_MS: i64 = 15 * 60 * 1000;

/// Amounts to add to the bucket that begins at `bucket`. Fuel may be negative: a measured level replaces an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The bucket's beginning: a multiple of [`BUCKET_MS`] since 1970.
    #[serde(with = "time")]
    pub bucket: Timestamp,
    /// Distance on trips, millimetres.
    pub distance_mm: i64,
    /// Time in motion on trips, milliseconds.
    pub moving_ms: i64,
    /// Time standing on trips, and with the engine on between them, milliseconds.
    pub idle_ms: i64,
    /// Fuel burnt on trips, millilitres.
    pub fuel_ml: i64,
}

impl Activity {
    /// An empty amount for the bucket that holds `at`.
    pub fn at(at: Timestamp) -> Self {
        let bucket = at.plus_ms(-at.unix_ms().rem_euclid(BUCKET_MS));
        Self { bucket, distance_mm: 0, moving_ms: 0, idle_ms: 0, fuel_ml: 0 }
    }

    /// Are all amounts zero?
    pub const fn is_empty(&self) -> bool {
        self.distance_mm == 0 && self.moving_ms == 0 && self.idle_ms == 0 && self.fuel_ml == 0
    }

    /// Adds another amount of the same bucket.
    pub const fn add(&mut self, other: &Self) {
        self.distance_mm += other.distance_mm;
        self.moving_ms += other.moving_ms;
        self.idle_ms += other.idle_ms;
        self.fuel_ml += other.fuel_ml;
    }

    /// The amount that turns `other` into this.
    pub const fn minus(&self, other: &Self) -> Self {
        Self {
            bucket: self.bucket,
            distance_mm: self.distance_mm - other.distance_mm,
            moving_ms: self.moving_ms - other.moving_ms,
            idle_ms: self.idle_ms - other.idle_ms,
            fuel_ml: self.fuel_ml - other.fuel_ml,
        }
    }
}

/// A stretch of a trip, driving or standing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) distance_mm: i64,
    pub(crate) moving: bool,
}

/// Adds up stretches until their bucket is over or the sum is needed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct OpenBucket {
    open: Option<Activity>,
}

impl OpenBucket {
    /// Adds a stretch to the buckets that it touches.
    pub(crate) fn add(&mut self, stretch: Stretch, facts: &mut Vec<TrackFact>) {
        self.spread((stretch.from, stretch.until), stretch.distance_mm, facts, |bucket, mm, ms| {
            bucket.distance_mm += mm;
            *(if stretch.moving { &mut bucket.moving_ms } else { &mut bucket.idle_ms }) += ms;
        });
    }

    /// Adds fuel that was burnt in a time.
    pub(crate) fn burn(&mut self, from: Timestamp, until: Timestamp, fuel_ml: i64, facts: &mut Vec<TrackFact>) {
        if fuel_ml != 0 {
            self.spread((from.min(until), until), fuel_ml, facts, |bucket, ml, _| bucket.fuel_ml += ml);
        }
    }

    /// Divides an amount among the buckets that a time touches, in proportion to time. `add` takes a part of the amount, and its
    /// milliseconds.
    fn spread(
        &mut self,
        (mut from, end): (Timestamp, Timestamp),
        amount: i64,
        facts: &mut Vec<TrackFact>,
        add: impl Fn(&mut Activity, i64, i64),
    ) {
        let (whole_ms, mut left) = (end.ms_since(from).max(0), amount);
        loop {
            let bucket = self.bucket(from, facts);
            let until = end.min(bucket.bucket.plus_ms(BUCKET_MS));
            let ms = until.ms_since(from).max(0);
            let last = until >= end || ms == 0;
            // The last part takes the rest that rounding left.
            let part = if last { left } else { (amount as f64 * ms as f64 / whole_ms as f64) as i64 };
            add(bucket, part, ms);
            left -= part;
            if last {
                return;
            }
            from = until;
        }
    }

    /// Emits the sum.
    pub(crate) fn flush(&mut self, facts: &mut Vec<TrackFact>) {
        facts.extend(self.open.take().filter(|open| !open.is_empty()).map(TrackFact::Activity));
    }

    fn bucket(&mut self, at: Timestamp, facts: &mut Vec<TrackFact>) -> &mut Activity {
        let wanted = Activity::at(at);
        if self.open.is_some_and(|open| open.bucket != wanted.bucket) {
            self.flush(facts);
        }
        self.open.get_or_insert(wanted)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn a_stretch_over_three_buckets_is_spread_by_time_and_loses_nothing() {
        let at = |minute: i64| Timestamp::from_unix_ms(BUCKET_MS * 1000 + minute * 60_000).unwrap();
        let (mut bucket, mut facts) = (OpenBucket::default(), Vec::new());
        bucket.add(Stretch { from: at(10), until: at(40), distance_mm: 30_001, moving: true }, &mut facts);
        bucket.flush(&mut facts);
        let parts: Vec<(i64, i64)> = facts
            .iter()
            .map(|fact| match fact {
                TrackFact::Activity(activity) => (activity.distance_mm, activity.moving_ms / 60_000),
                _ => panic!("{fact:?}"),
            })
            .collect();
        assert_eq!(parts, [(5_000, 5), (15_000, 15), (10_001, 10)]);
    }
}
