//! Writes what late positions changed about the past.

use super::crossings::has_happened;
use super::{ChangeWriter, rows};
use milepost_domain::{FenceEvent, Revision, Timestamp};
use milepost_store::HistoryChange;
use milepost_track::{Correction, Corrections, Incident, Trip, Visit};

impl ChangeWriter<'_> {
    pub(crate) fn write_corrections(&mut self, corrections: &Corrections) {
        self.correct_trips(&corrections.trips);
        self.correct_visits(&corrections.visits);
        self.correct_incidents(&corrections.incidents);
        for (at, outlier) in &corrections.outliers {
            self.changes.push(match outlier {
                Some(reason) => HistoryChange::Outlier { at: *at, reason: reason.as_str() },
                None => HistoryChange::NoOutliers { from: *at, until: *at, reason: None },
            });
        }
        self.changes.activity.extend(corrections.activity.iter().map(rows::activity));
    }

    /// Removed trips go first, then trips that ended, then the running one, so that a vehicle is never on two trips.
    fn correct_trips(&mut self, corrections: &[Correction<Trip>]) {
        for correction in corrections {
            if let Correction::Removed(trip) = correction {
                self.changes.push(HistoryChange::NoTrip { key: trip.started_at });
            }
        }
        for runs in [false, true] {
            for correction in corrections {
                let (old, Some(trip)) = sides(correction) else { continue };
                if trip.ended_at.is_none() == runs {
                    let key = old.unwrap_or(trip).started_at;
                    let change = self.trip_change(key, old.is_some(), trip, Revision::Corrected);
                    self.changes.push(change);
                }
            }
        }
    }

    /// Removed visits go first. Then alerts move to what their visit has become, so that a new visit at the same time finds its
    /// alert's subject free.
    fn correct_visits(&mut self, corrections: &[Correction<Visit>]) {
        let mut moves = Vec::new();
        for correction in corrections {
            let (Some(old), new) = sides(correction) else { continue };
            let is_moved = new.is_none_or(|new| new.entered_at != old.entered_at);
            if let (true, Some(geofence_id)) = (is_moved, rows::geofence_id(old.fence)) {
                self.changes.push(HistoryChange::NoVisit { geofence_id, entered_at: old.entered_at });
            }
            for event in FenceEvent::ALL.into_iter().filter(|event| has_happened(old, *event)) {
                match new.filter(|visit| has_happened(visit, event)) {
                    None => self.cross(old, event, Revision::Withdrawn),
                    Some(new) if is_moved => {
                        moves.extend(self.visit_subject(old, event).zip(self.visit_subject(new, event)));
                    }
                    Some(_) => {}
                }
            }
        }
        self.changes.push_moves(moves);
        for (old, new) in in_turn(corrections, |visit| visit.entered_at) {
            self.write_visit_row(new);
            for event in FenceEvent::ALL.into_iter().filter(|event| has_happened(new, *event)) {
                match old.filter(|visit| has_happened(visit, event)) {
                    None => self.cross(new, event, Revision::Added),
                    Some(old) => self.correct_crossing(old, new, event),
                }
            }
        }
    }

    /// In the order of [`Self::correct_visits`], for the same reason.
    fn correct_incidents(&mut self, corrections: &[Correction<Incident>]) {
        let mut moves = Vec::new();
        for correction in corrections {
            let (Some(old), new) = sides(correction) else { continue };
            if new.is_some_and(|new| new.started_at == old.started_at) {
                continue;
            }
            self.changes.push(HistoryChange::NoIncident { kind: old.kind, started_at: old.started_at });
            match new {
                None => self.withdraw_incident(old),
                Some(new) => moves.extend(self.incident_subject(old).zip(self.incident_subject(new))),
            }
        }
        self.changes.push_moves(moves);
        for (old, new) in in_turn(corrections, |incident| incident.started_at) {
            self.changes.push(HistoryChange::Incident(rows::incident(new)));
            match old {
                None => self.raise_incident(new, Revision::Added),
                Some(old) => self.correct_incident(old, new),
            }
        }
    }
}

/// What is now, with what it was, in an order in which nothing is published with a beginning that another one still has: what
/// moved to a later time from the end, what moved to an earlier one from the start, and then what is new.
fn in_turn<T>(corrections: &[Correction<T>], begin: impl Fn(&T) -> Timestamp) -> Vec<(Option<&T>, &T)> {
    let standing = corrections.iter().filter_map(|correction| {
        let (old, new) = sides(correction);
        Some((old, new?))
    });
    let mut standing: Vec<(Option<&T>, &T)> = standing.collect();
    standing.sort_by_key(|(old, new)| {
        let begin_ms = begin(new).unix_ms();
        match old {
            Some(old) if begin(old) < begin(new) => (0, -begin_ms),
            Some(_) => (1, begin_ms),
            None => (2, begin_ms),
        }
    });
    standing
}

/// As it was stored, and as it is now.
const fn sides<T>(correction: &Correction<T>) -> (Option<&T>, Option<&T>) {
    match correction {
        Correction::Added(new) => (None, Some(new)),
        Correction::Changed { old, new } => (Some(old), Some(new)),
        Correction::Removed(old) => (Some(old), None),
    }
}
