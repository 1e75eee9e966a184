//! Writes what late positions changed about the past.

use super::crossings::has_happened;
use super::{ChangeWriter, rows};
use milepost_domain::{FenceEvent, Telling};
use milepost_store::HistoryChange;
use milepost_track::{Correction, Corrections, Incident, Trip, Visit};

impl ChangeWriter<'_> {
    pub(crate) fn write_corrections(&mut self, corrections: &Corrections) {
        self.correct_trips(&corrections.trips);
        self.correct_visits(&corrections.visits);
        self.correct_incidents(&corrections.incidents);
        for (at, mark) in &corrections.marks {
            self.changes.push(match mark {
                Some(mark) => HistoryChange::Outlier { at: *at, reason: rows::outlier_reason(*mark) },
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
                    let change = self.trip_change(key, old.is_some(), trip, Telling::Corrected);
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
                    None => self.cross(old, event, Telling::Withdrawn),
                    Some(new) if is_moved => {
                        moves.extend(self.visit_subject(old, event).zip(self.visit_subject(new, event)));
                    }
                    Some(_) => {}
                }
            }
        }
        self.changes.push_moves(moves);
        for correction in corrections {
            let (old, Some(new)) = sides(correction) else { continue };
            self.write_visit_row(new);
            for event in FenceEvent::ALL.into_iter().filter(|event| has_happened(new, *event)) {
                match old.filter(|visit| has_happened(visit, event)) {
                    None => self.cross(new, event, Telling::Corrected),
                    Some(old) if self.crossing_time(old, event) != self.crossing_time(new, event) => {
                        self.move_crossing(new, event);
                    }
                    Some(_) => {}
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
        for correction in corrections {
            let (old, Some(new)) = sides(correction) else { continue };
            self.changes.push(HistoryChange::Incident(rows::incident(new)));
            match old {
                None => self.raise_incident(new, Telling::Corrected),
                // It began at another time, and has its alert already.
                Some(old) if old.started_at != new.started_at => self.publish_incident(new, Telling::Corrected),
                Some(_) => {}
            }
        }
    }
}

/// As it was stored, and as it is now.
const fn sides<T>(correction: &Correction<T>) -> (Option<&T>, Option<&T>) {
    match correction {
        Correction::Added(new) => (None, Some(new)),
        Correction::Changed { old, new } => (Some(old), Some(new)),
        Correction::Removed(old) => (Some(old), None),
    }
}
