//! The fold: from what was known of a vehicle and one more position to what is known now.

use crate::Position;

/// What is known of a vehicle's track. `version` counts its changes, so that two nodes can't overwrite each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackState {
    /// The newest position by its own time.
    pub last: Option<Position>,
    /// Counts up by one with every stored change; 0 before the first.
    pub version: i64,
}

/// What one more position is to the track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Newer than all before: it is told to everyone who watches.
    Newest,
    /// Older than the newest: it belongs to history, and may be a duplicate (only the store knows).
    Late,
    /// The very instant of the newest: the same point sent again.
    Repeated,
}

/// Takes one position in. Pure: the caller stores the new state, or folds again after a conflict.
pub fn fold(state: &mut TrackState, position: &Position) -> Arrival {
    match &state.last {
        Some(last) if position.at < last.at => Arrival::Late,
        Some(last) if position.at == last.at => Arrival::Repeated,
        _ => {
            state.last = Some(position.clone());
            Arrival::Newest
        }
    }
}
