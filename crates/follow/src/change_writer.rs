//! Turns what the fold found of one vehicle into changes of its stored history.

mod alerts;
mod corrections;
mod crossings;
mod incidents;
mod rows;

use crate::pending_changes::PendingChanges;
use crate::tenant_rules::TenantRules;
use milepost_domain::{FenceEvent, IncidentKind, Revision, TenantId, Timestamp, Vehicle};
use milepost_store::{HistoryChange, Incident};
use milepost_track::{OutlierReason, SilenceFact, TrackFact};

/// Appends changes of one vehicle's history to `changes`.
pub(crate) struct ChangeWriter<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) vehicle: &'a Vehicle,
    pub(crate) rules: &'a TenantRules,
    pub(crate) now: Timestamp,
    pub(crate) changes: &'a mut PendingChanges,
}

impl ChangeWriter<'_> {
    /// Writes what the fold of a vehicle's newest position found.
    pub(crate) fn write_fact(&mut self, fact: &TrackFact) {
        match fact {
            TrackFact::OutlierFound(mark) => {
                self.changes.push(HistoryChange::Outlier { at: mark.at, reason: mark.reason.as_str() });
            }
            TrackFact::OutliersCleared { from, until, null_island } => {
                for reason in OutlierReason::ALL.into_iter().filter(|reason| reason.is_cleared(*null_island)) {
                    let reason = Some(reason.as_str());
                    self.changes.push(HistoryChange::NoOutliers { from: *from, until: *until, reason });
                }
            }
            TrackFact::TripStarted(trip) | TrackFact::TripProgressed(trip) | TrackFact::TripEnded(trip) => {
                let change = self.trip_change(trip.started_at, false, trip, Revision::New);
                self.changes.push_trip(change);
            }
            // A stop has no row of its own. On a trip it is idle time.
            TrackFact::StopBegan(_) | TrackFact::StopEnded(_) => {}
            TrackFact::VisitBegan(visit) => self.write_visit(visit, FenceEvent::Enter),
            TrackFact::VisitDwelt(visit) => self.write_visit(visit, FenceEvent::Dwell),
            TrackFact::VisitEnded(visit) => self.write_visit(visit, FenceEvent::Exit),
            TrackFact::IncidentBegan(incident) => {
                self.changes.push(HistoryChange::Incident(rows::incident(incident)));
                self.raise_incident(incident, Revision::New);
            }
            TrackFact::IncidentEnded(incident) => {
                self.changes.push(HistoryChange::Incident(rows::incident(incident)));
            }
            TrackFact::Activity(activity) => self.changes.activity.push(rows::activity(activity)),
        }
    }

    /// Writes what follows from the vehicle's silence, or from a date that has come.
    pub(crate) fn write_silence(&mut self, fact: &SilenceFact) {
        let offline = |started_at, ended_at| Incident {
            kind: IncidentKind::Offline,
            started_at,
            ended_at,
            place: None,
            value: None,
            limit: None,
            is_reported: None,
        };
        match fact {
            SilenceFact::Offline { since, known_at } => {
                self.changes.push(HistoryChange::Incident(offline(*since, None)));
                self.alert_offline(*since, *known_at);
            }
            SilenceFact::Online { since, until } => {
                self.changes.push(HistoryChange::Incident(offline(*since, Some(*until))));
            }
            SilenceFact::TripEnded(trip) => {
                let change = self.trip_change(trip.started_at, false, trip, Revision::New);
                self.changes.push(change);
            }
            SilenceFact::Activity(activity) => self.changes.activity.push(rows::activity(activity)),
            SilenceFact::TripResumed(trip) => {
                let change = self.trip_change(trip.started_at, false, trip, Revision::Corrected);
                self.changes.push(change);
            }
            SilenceFact::ServiceDue { due_at } => {
                let due = Incident { kind: IncidentKind::ServiceDue, ..offline(*due_at, None) };
                self.changes.push(HistoryChange::Incident(due));
                self.raise_service_date(*due_at);
            }
        }
    }

    /// A trip as it is now; `key` is the start under which it was stored before.
    fn trip_change(
        &self,
        key: Timestamp,
        key_is_stored: bool,
        trip: &milepost_track::Trip,
        revision: Revision,
    ) -> HistoryChange {
        HistoryChange::Trip {
            key,
            key_is_stored,
            trip: Box::new(rows::trip(self.tenant, self.vehicle, trip)),
            revision,
        }
    }
}
