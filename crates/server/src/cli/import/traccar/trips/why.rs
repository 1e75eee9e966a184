//! Why a trip of Traccar's is another here, as far as the positions tell.

use super::compare::{OneTrip, is_same_length};
use milepost_domain::Timestamp;
use milepost_follow::FoldedPosition;
use milepost_geo::distance_m;
use milepost_track::{Thresholds, TripEnd};

/// Traccar leaves out trips that are shorter, if its settings are its defaults: metres …
const LEAST_M: f64 = 500.0;
/// … and milliseconds.
const LEAST_MS: i64 = 300_000;
/// A vehicle that stands does not move farther, metres.
const STANDING_M: f64 = 100.0;

/// A reason, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It stood between the two times.
    Stood,
    /// Nothing came for long.
    Silence,
    /// A stop that ends a trip there is too short here.
    ShortStop,
    /// A stop that ends a trip here is too short there.
    LongStop,
    /// The ignition was turned off.
    IgnitionOff,
    /// The length there is that of the odometer.
    Odometer,
    /// Wrong positions count there.
    Outliers,
    /// Noise while standing, and the steps of noise along the way, count there.
    Noise,
    /// Too short to be a trip there.
    TooShortThere,
    /// It went nowhere.
    WentNowhere,
    /// Its positions are not here.
    NoPositions,
    Unknown,
}

impl Why {
    /// What an operator reads.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Stood => {
                "it stood between the two times: a trip here begins where the vehicle set off and ends where it came to stand, not where that was found out"
            }
            Self::Silence => "no position came between: here nothing is known of that time",
            Self::ShortStop => "a stop was too short to end a trip here (stop_after_s)",
            Self::LongStop => "a stop was long enough to end a trip here (stop_after_s), and not there",
            Self::IgnitionOff => "the ignition was turned off, which ends a trip here",
            Self::Odometer => "the length there is that of the device's odometer; here it is that of the way",
            Self::Outliers => "wrong positions (jumps, no fix) count there and not here",
            Self::Noise => "the noise of the receiver counts there, and not here",
            Self::TooShortThere => "it is too short for a trip there, by Traccar's defaults",
            Self::WentNowhere => "it stayed within 100 m, which is no trip here",
            Self::NoPositions => "its positions are not here: no place on Earth, two at one time, or removed there",
            Self::Unknown => "not known",
        }
    }
}

/// What differs, as far as it matters for the reason.
pub(super) enum Case<'a> {
    /// One end of a trip.
    Time {
        there: Timestamp,
        here: Timestamp,
    },
    Length {
        there: &'a OneTrip,
        here: &'a OneTrip,
    },
    Count {
        there: &'a [OneTrip],
        here: &'a [OneTrip],
        ended_by: &'a [Option<TripEnd>],
    },
    OnlyThere(&'a OneTrip),
    OnlyHere(&'a OneTrip),
}

/// The positions that both servers had, with what was made of them here.
pub(super) struct Ground<'a> {
    pub(super) positions: &'a [FoldedPosition],
    pub(super) thresholds: &'a Thresholds,
}

impl Ground<'_> {
    pub(super) fn why(&self, case: Case<'_>) -> Why {
        match case {
            Case::Time { there, here } => self.why_time(there.min(here), there.max(here)),
            Case::Length { there, here } => self.why_length(there, here),
            Case::Count { there, here, ended_by } => self.why_count(there, here, ended_by),
            Case::OnlyThere(trip) => self.why_only_there(trip),
            Case::OnlyHere(trip) => {
                let is_short = trip.distance_m < LEAST_M || trip.ended_at.ms_since(trip.started_at) < LEAST_MS;
                if is_short { Why::TooShortThere } else { Why::Unknown }
            }
        }
    }

    /// The positions of a time, both ends within.
    fn part(&self, from: Timestamp, to: Timestamp) -> &[FoldedPosition] {
        let begin = self.positions.partition_point(|position| position.at < from);
        let end = self.positions.partition_point(|position| position.at <= to);
        &self.positions[begin..end.max(begin)]
    }

    fn why_time(&self, from: Timestamp, to: Timestamp) -> Why {
        let part = self.part(from, to);
        if spread_m(part) <= STANDING_M {
            return Why::Stood;
        }
        let silent_ms = i64::from(self.thresholds.gap_after_s) * 1000;
        let has_gap = part.iter().zip(part.iter().skip(1)).any(|(a, b)| b.at.ms_since(a.at) > silent_ms);
        if has_gap { Why::Silence } else { Why::Unknown }
    }

    fn why_length(&self, there: &OneTrip, here: &OneTrip) -> Why {
        let part = self.part(there.started_at, there.ended_at);
        let known_km = |position: &FoldedPosition| position.odometer_km.filter(|km| *km > 0.0);
        let first_km = part.first().and_then(known_km);
        if let (Some(first), Some(last)) = (first_km, part.last().and_then(known_km))
            && is_same_length(there.distance_m, (last - first) * 1000.0)
        {
            return Why::Odometer;
        }
        let is_whole = is_same_length(there.distance_m, way_m(part.iter()));
        if is_whole && part.iter().any(|position| position.is_outlier) {
            Why::Outliers
        } else if is_whole && there.distance_m > here.distance_m {
            Why::Noise
        } else if part.len() < 2 {
            Why::NoPositions
        } else {
            Why::Unknown
        }
    }

    fn why_count(&self, there: &[OneTrip], here: &[OneTrip], ended_by: &[Option<TripEnd>]) -> Why {
        if there.len() > here.len() {
            let stop_ms = i64::from(self.thresholds.stop_after_s) * 1000;
            let pairs = there.iter().zip(there.iter().skip(1));
            let is_short = pairs.into_iter().any(|(a, b)| self.stood_ms(a, b) < stop_ms);
            return if is_short { Why::ShortStop } else { Why::Unknown };
        }
        let stops = ended_by.iter().take(here.len().saturating_sub(1)).flatten();
        let first = stops.min_by_key(|end| match end {
            TripEnd::Stopped => 0,
            TripEnd::IgnitionOff => 1,
            TripEnd::Silence => 2,
        });
        match first {
            Some(TripEnd::Stopped) => Why::LongStop,
            Some(TripEnd::IgnitionOff) => Why::IgnitionOff,
            Some(TripEnd::Silence) => Why::Silence,
            None => Why::Unknown,
        }
    }

    /// How long it can have stood between two trips: from the first of the positions there to the beginning of the next trip.
    fn stood_ms(&self, before: &OneTrip, next: &OneTrip) -> i64 {
        let until = self.positions.partition_point(|position| position.at <= next.started_at);
        let Some(last) = self.positions[..until].last() else { return next.started_at.ms_since(before.ended_at) };
        let stay = self.positions[..until].iter().rev();
        let first = stay.take_while(|position| distance_m(position.point, last.point) <= STANDING_M).last();
        next.started_at.ms_since(first.map_or(before.ended_at, |first| first.at))
    }

    fn why_only_there(&self, trip: &OneTrip) -> Why {
        let part = self.part(trip.started_at, trip.ended_at);
        let used: Vec<FoldedPosition> = part.iter().filter(|position| !position.is_outlier).copied().collect();
        if part.len() < 2 {
            Why::NoPositions
        } else if used.len() < part.len() && spread_m(&used) <= STANDING_M {
            Why::Outliers
        } else if spread_m(part) <= STANDING_M {
            Why::WentNowhere
        } else {
            Why::Unknown
        }
    }
}

/// The farthest of some positions from the first of them, metres.
fn spread_m(positions: &[FoldedPosition]) -> f64 {
    let Some(first) = positions.first() else { return 0.0 };
    positions.iter().map(|position| distance_m(first.point, position.point)).fold(0.0, f64::max)
}

/// The way through positions, as Traccar measures it: step by step, noise and outliers too, metres.
fn way_m<'a>(positions: impl Iterator<Item = &'a FoldedPosition> + Clone) -> f64 {
    positions.clone().zip(positions.skip(1)).map(|(a, b)| distance_m(a.point, b.point)).sum()
}
