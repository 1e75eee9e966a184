//! The history of a track: the sum of its facts.

use crate::activity::Activity;
use crate::fact::{OutlierReason, Stop};
use crate::incident::{Incident, IncidentKind};
use crate::{FenceId, TrackFact, TrackState, Trip, Visit};
use milepost_domain::Timestamp;
use std::collections::BTreeMap;

/// Trips, stops, visits, incidents, outliers and activity by their keys. Two histories of the same positions are equal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackHistory {
    /// By their start.
    pub trips: BTreeMap<Timestamp, Trip>,
    /// By their start.
    pub stops: BTreeMap<Timestamp, Stop>,
    /// By time of entering, and fence.
    pub visits: BTreeMap<(Timestamp, FenceId), Visit>,
    /// By their start, and kind.
    pub incidents: BTreeMap<(Timestamp, IncidentKind), Incident>,
    /// By the position's time.
    pub outliers: BTreeMap<Timestamp, OutlierReason>,
    /// By the beginning of the quarter of an hour.
    pub activity: BTreeMap<Timestamp, Activity>,
}

impl TrackHistory {
    /// The trip, stop, visits and incidents under way in a saved state: the beginning of a history from there on.
    pub fn from_state(state: &TrackState) -> Self {
        let mut history = Self::default();
        // As the last fact gave it: what came since is in the facts that follow.
        history.trips.extend(state.announced_trip().map(|trip| (trip.started_at, trip)));
        history.stops.extend(state.stop().map(|stop| (stop.started_at, stop)));
        history.visits.extend(state.visits().map(|visit| ((visit.entered_at, visit.fence), visit)));
        history.incidents.extend(state.incidents().map(|incident| ((incident.started_at, incident.kind), incident)));
        history
    }

    /// Applies one fact.
    pub fn apply(&mut self, fact: &TrackFact) {
        match *fact {
            TrackFact::OutlierFound(outlier) => {
                self.outliers.insert(outlier.at, outlier.reason);
            }
            TrackFact::OutliersCleared { from, until, null_island } => {
                self.outliers.retain(|at, reason| !((from..=until).contains(at) && reason.is_cleared(null_island)));
            }
            TrackFact::TripStarted(trip) | TrackFact::TripProgressed(trip) | TrackFact::TripEnded(trip) => {
                self.trips.insert(trip.started_at, trip);
            }
            TrackFact::StopBegan(stop) | TrackFact::StopEnded(stop) => {
                self.stops.insert(stop.started_at, stop);
            }
            TrackFact::VisitBegan(visit) | TrackFact::VisitDwelt(visit) | TrackFact::VisitEnded(visit) => {
                self.visits.insert((visit.entered_at, visit.fence), visit);
            }
            TrackFact::IncidentBegan(incident) | TrackFact::IncidentEnded(incident) => {
                self.incidents.insert((incident.started_at, incident.kind), incident);
            }
            TrackFact::Activity(activity) => {
                let sum = self.activity.entry(activity.bucket).or_insert_with(|| Activity::at(activity.bucket));
                sum.add(&activity);
            }
        }
    }
}
