//! Changes of one vehicle's history that are not written yet.

use milepost_domain::{AlertSubject, Timestamp, TripStatus};
use milepost_store::{ActivityChange, Checkpoint, HistoryChange};

#[derive(Debug, Default)]
pub(crate) struct PendingChanges {
    /// In the order in which they are carried out.
    pub(crate) changes: Vec<HistoryChange>,
    /// To be added to the stored sums.
    pub(crate) activity: Vec<ActivityChange>,
    /// Times of late positions that were folded.
    pub(crate) late: Vec<Timestamp>,
    /// Checkpoints that replace the stored ones from an instant on.
    pub(crate) checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
}

impl PendingChanges {
    pub(crate) fn push(&mut self, change: HistoryChange) {
        self.changes.push(change);
    }

    /// Adds the alerts whose subject has changed, if there are any.
    pub(crate) fn push_moves(&mut self, moves: Vec<(AlertSubject, AlertSubject)>) {
        if !moves.is_empty() {
            self.changes.push(HistoryChange::MovedAlerts(moves));
        }
    }

    /// Adds a change of a trip. Of several stages of a running trip in one write only the newest is kept.
    pub(crate) fn push_trip(&mut self, change: HistoryChange) {
        if let (
            Some(HistoryChange::Trip { key: known, key_is_stored: false, trip: before, .. }),
            HistoryChange::Trip { key, key_is_stored: false, trip, .. },
        ) = (self.changes.last(), &change)
            && known == key
            && before.status == TripStatus::Started
            // The trip's start is kept even where its end follows at once.
            && trip.followed_to > before.followed_to
            && self.is_progress(*key)
        {
            self.changes.pop();
        }
        self.changes.push(change);
    }

    /// Is there a change of this trip before the last change?
    fn is_progress(&self, key: Timestamp) -> bool {
        let about = |change: &&HistoryChange| matches!(change, HistoryChange::Trip { key: other, .. } if *other == key);
        self.changes.iter().rev().skip(1).any(|change| about(&change))
    }

    /// Is there nothing to write but how far the vehicle is folded?
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.activity.is_empty() && self.late.is_empty() && self.checkpoints.is_none()
    }

    /// About as many rows as will be written. Late positions are one statement.
    pub(crate) fn len(&self) -> usize {
        self.changes.len() + self.activity.len()
    }
}
