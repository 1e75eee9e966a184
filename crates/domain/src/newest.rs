//! A vehicle's place, and how another position relates to what was heard of it.

use crate::{Position, Timestamp};

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
    /// At the same instant as the newest: the same position was sent again.
    Repeated,
}

impl NewestPosition {
    /// How a position of this time relates to the newest one.
    pub fn arrival(&self, at: Timestamp) -> Arrival {
        match self.heard_at {
            Some(heard_at) if at < heard_at => Arrival::Late,
            Some(heard_at) if at == heard_at => Arrival::Repeated,
            _ => Arrival::Newest,
        }
    }

    /// Takes a newest position. Pure: the caller stores the result, or takes it again after a conflict.
    pub fn take(&mut self, position: &Position, is_wrong: bool) {
        self.heard_at = Some(position.at);
        if !is_wrong {
            self.last = Some(position.clone());
        }
    }
}
