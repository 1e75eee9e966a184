//! A vehicle's newest position, and how another position relates to it.

use crate::Position;

/// The newest position of a vehicle. `version` counts its changes, so that two nodes can't overwrite each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewestPosition {
    /// The newest position by its own time.
    pub last: Option<Position>,
    /// Increases by one with every stored change; 0 before the first.
    pub version: i64,
}

/// How a position relates to the newest one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Newer than all before: it is published.
    Newest,
    /// Older than the newest: it belongs to history, and may be a duplicate, which only the store knows.
    Late,
    /// At the same instant as the newest: the same position was sent again.
    Repeated,
}

impl NewestPosition {
    /// Applies one more position. Pure: the caller stores the result, or applies it again after a conflict.
    pub fn apply(&mut self, position: &Position) -> Arrival {
        match &self.last {
            Some(last) if position.at < last.at => Arrival::Late,
            Some(last) if position.at == last.at => Arrival::Repeated,
            _ => {
                self.last = Some(position.clone());
                Arrival::Newest
            }
        }
    }
}
