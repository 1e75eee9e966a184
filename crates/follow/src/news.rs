//! What folding came to and is not written yet.

use milepost_domain::{AlertSubject, Timestamp, TripStatus};
use milepost_store::{ActivityChange, Checkpoint, HistoryChange};

/// Of one vehicle, since its last write.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// In their order.
    pub(crate) changes: Vec<HistoryChange>,
    /// Adds up.
    pub(crate) activity: Vec<ActivityChange>,
    /// Times of late positions that were folded.
    pub(crate) late: Vec<Timestamp>,
    /// Replaces what was saved from that instant on.
    pub(crate) checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
}

impl News {
    pub(crate) fn push(&mut self, change: HistoryChange) {
        self.changes.push(change);
    }

    /// Alerts that are known by other subjects now, if any.
    pub(crate) fn push_moves(&mut self, moves: Vec<(AlertSubject, AlertSubject)>) {
        if !moves.is_empty() {
            self.changes.push(HistoryChange::MovedAlerts(moves));
        }
    }

    pub(crate) fn extend(&mut self, change: Option<HistoryChange>) {
        self.changes.extend(change);
    }

    /// Adds what is told of a trip; of a running one that is told again before anybody heard of it, only the newest counts.
    pub(crate) fn push_trip(&mut self, change: HistoryChange) {
        if let (
            Some(HistoryChange::Trip { key: known, mends: false, trip: before, .. }),
            HistoryChange::Trip { key, mends: false, trip, .. },
        ) = (self.changes.last(), &change)
            && known == key
            && before.status == TripStatus::Started
            // The first telling is the trip's start: it is told even where its end follows at once.
            && trip.followed_to > before.followed_to
            && self.is_progress(*key)
        {
            self.changes.pop();
        }
        self.changes.push(change);
    }

    /// Is the last change not the first one about this trip?
    fn is_progress(&self, key: Timestamp) -> bool {
        let about = |change: &&HistoryChange| matches!(change, HistoryChange::Trip { key: other, .. } if *other == key);
        self.changes.iter().rev().skip(1).any(|change| about(&change))
    }

    /// Something is to be written, apart from how far it is folded?
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.activity.is_empty() && self.late.is_empty() && self.checkpoints.is_none()
    }

    /// Rows, about; late ones go by one statement.
    pub(crate) fn len(&self) -> usize {
        self.changes.len() + self.activity.len()
    }
}
