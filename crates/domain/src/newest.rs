//! A vehicle's place, and how another position relates to what was heard of it.

use crate::{MAX_AHEAD_MS, Position, Timestamp};

/// What is known of a vehicle's positions. `version` counts its changes, so that two nodes can't overwrite each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewestPosition {
    /// The vehicle's place: the newest position, by its own time, that is not held to be wrong.
    pub last: Option<Position>,
    /// The time of the newest position, also of one that is held to be wrong.
    pub heard_at: Option<Timestamp>,
    /// Increases by one with every stored change; 0 before the first.
    pub version: i64,
}

/// How a position relates to the newest one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Newer than all before: it is published, unless it is held to be wrong.
    Newest,
    /// Older than the newest: it belongs to history, and may be a duplicate, which only the store knows.
    Late,
    /// At the same instant as the newest, or as the place: the same position was sent again.
    Repeated,
    /// A present one that is older than the newest, which lies further ahead than any position may: a server's clock did when it
    /// was stored. It belongs to history like a late one, and is the vehicle's place, unless it is held to be wrong.
    Present,
}

impl NewestPosition {
    /// How a position of this time, which arrived at `now`, relates to the newest one.
    pub fn arrival(&self, at: Timestamp, now: Timestamp) -> Arrival {
        let Some(heard_at) = self.heard_at.filter(|heard_at| at <= *heard_at) else { return Arrival::Newest };
        let place_at = self.last.as_ref().map(|last| last.at);
        if at == heard_at || Some(at) == place_at {
            return Arrival::Repeated;
        }
        // One of the past would move the vehicle back to where it was long ago.
        let is_present = at.plus_ms(MAX_AHEAD_MS) >= now;
        let is_newer = place_at.is_none_or(|place_at| place_at < at || lies_ahead(place_at, now));
        if lies_ahead(heard_at, now) && is_present && is_newer { Arrival::Present } else { Arrival::Late }
    }

    /// Takes a newest or a present position. Pure: the caller stores the result, or takes it again after a conflict.
    pub fn take(&mut self, position: &Position, is_wrong: bool) {
        self.heard_at = self.heard_at.max(Some(position.at));
        if !is_wrong {
            self.last = Some(position.clone());
        }
    }
}

/// Whether no position may have this time: a server's clock was ahead.
pub const fn lies_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.ms_since(now) > MAX_AHEAD_MS
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Arrival, NewestPosition};
    use crate::{Latitude, Longitude, Position, Timestamp, VehicleId};

    #[test]
    fn a_position_from_a_clock_that_was_ahead_silences_nobody() {
        const MINUTE: i64 = 60_000;
        let at = |minutes: i64| Timestamp::from_unix_ms(1_000 * MINUTE + minutes * MINUTE).unwrap();
        let position = |minutes| {
            let id = VehicleId::new("bus").unwrap();
            Position::new(id, at(minutes), Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap())
        };
        let mut newest = NewestPosition::default();
        let mut check = |minutes: i64, now: i64, expected: Arrival, last: i64| {
            let arrival = newest.arrival(at(minutes), at(now));
            assert_eq!(arrival, expected, "{minutes} at {now}");
            if matches!(arrival, Arrival::Newest | Arrival::Present) {
                newest.take(&position(minutes), false);
            }
            assert_eq!(newest.last.as_ref().unwrap().at, at(last), "{minutes} at {now}");
        };
        check(0, 0, Arrival::Newest, 0);
        // The clock is an hour ahead for a moment.
        check(60, 60, Arrival::Newest, 60);
        check(60, 1, Arrival::Repeated, 60);
        check(-30, 1, Arrival::Late, 60);
        check(1, 1, Arrival::Present, 1);
        check(1, 2, Arrival::Repeated, 1);
        check(-1, 2, Arrival::Late, 1);
        check(3, 3, Arrival::Present, 3);
        check(2, 3, Arrival::Late, 3);
        check(60, 4, Arrival::Repeated, 3);
        check(61, 61, Arrival::Newest, 61);
        // A device's own clock may be ahead by minutes.
        check(66, 61, Arrival::Newest, 66);
        check(62, 62, Arrival::Late, 66);
    }
}
