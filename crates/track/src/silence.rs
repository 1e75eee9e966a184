//! Facts that follow from time alone: no position has come.
//!
//! Kept apart from the fold, so that a vehicle's history is a function of its positions alone: nothing here changes the
//! [`TrackState`]. A trip that silence ended runs on if a late position fills the gap.

use crate::saved::optional_time;
use crate::{Rules, TrackState, Trip};
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What was already reported of a vehicle's silence, so that it is reported once. Kept beside the state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// Time of the last position before the silence that was reported.
    #[serde(with = "optional_time")]
    offline_since: Option<Timestamp>,
    /// Start of the trip that silence ended.
    #[serde(with = "optional_time")]
    ended_trip: Option<Timestamp>,
    /// Due date of the service that was reported.
    #[serde(with = "optional_time", rename = "service_told")]
    service_announced: Option<Timestamp>,
}

/// Something that follows from time alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SilenceFact {
    /// Nothing was heard for [`offline_after_s`](crate::Thresholds::offline_after_s).
    Offline {
        /// The last position's time.
        since: Timestamp,
    },
    /// Positions come again.
    Online {
        /// Time of the last position before the silence.
        since: Timestamp,
        /// Time of the newest position.
        until: Timestamp,
    },
    /// The running trip counts as over: nothing came for [`gap_max_s`](crate::Thresholds::gap_max_s). The fold ends it
    /// too at the next position, unless a late one fills the gap.
    TripEnded(Trip),
    /// The trip is not over: positions came that fill the gap.
    TripResumed(Trip),
    /// The date of the next service has come.
    ServiceDue {
        /// When it was due.
        due_at: Timestamp,
    },
}

/// Reports what follows from time alone, each once. To be called now and then, and after positions were folded.
pub fn advance(state: &TrackState, watch: &mut Watch, now: Timestamp, rules: &Rules, facts: &mut Vec<SilenceFact>) {
    let thresholds = rules.thresholds();
    if let Some(heard_at) = state.heard_at() {
        if let Some(since) = watch.offline_since.take_if(|since| *since != heard_at) {
            facts.push(SilenceFact::Online { since, until: heard_at });
        }
        let silent = now.ms_since(heard_at) >= i64::from(thresholds.offline_after_s) * 1000;
        if silent && watch.offline_since.is_none() {
            watch.offline_since = Some(heard_at);
            facts.push(SilenceFact::Offline { since: heard_at });
        }
    }
    if let (Some(journey), Some(last)) = (&state.journey, &state.outlier_filter.last) {
        let silent = now.ms_since(last.at) > i64::from(thresholds.gap_max_s) * 1000;
        let ended = silent.then(|| journey.ended_by_silence(last)).flatten();
        let started_at = ended.map(|trip| trip.started_at);
        let resumed = watch.ended_trip != started_at && watch.ended_trip.is_some();
        if resumed && let Some(trip) = state.trip().filter(|trip| Some(trip.started_at) == watch.ended_trip) {
            facts.push(SilenceFact::TripResumed(trip));
        }
        if watch.ended_trip != started_at {
            watch.ended_trip = started_at;
            facts.extend(ended.map(SilenceFact::TripEnded));
        }
    }
    if let Some(due_at) = rules.vehicle().service_due_at.filter(|due_at| now >= *due_at)
        && watch.service_announced != Some(due_at)
    {
        watch.service_announced = Some(due_at);
        facts.push(SilenceFact::ServiceDue { due_at });
    }
}
