//! Facts that follow from time alone: no position has come.
//!
//! Kept apart from the fold, so that a vehicle's history is a function of its positions alone: nothing here changes the
//! [`TrackState`]. A trip that silence ended runs on if a late position fills the gap.

use crate::saved::optional_time;
use crate::{Activity, Rules, TrackState, Trip};
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
    /// That trip as it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_as: Option<Trip>,
    /// What the end of that trip added to the quarters of an hour. The fold does not know of it: it is taken back when the
    /// fold itself ends the trip, or goes on with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counted: Vec<Activity>,
    /// Due date of the service that was reported.
    #[serde(with = "optional_time", rename = "service_told")]
    service_announced: Option<Timestamp>,
}

/// Something that follows from time alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SilenceFact {
    /// Nothing was heard for [`TrackState::offline_after_ms`].
    Offline {
        /// The last position's time.
        since: Timestamp,
        /// When the silence was long enough.
        known_at: Timestamp,
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
    /// Amounts to add to a quarter of an hour, for the end of a trip that silence ended; negative ones take it back.
    Activity(Activity),
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
    if let Some(heard_at) = state.heard_at() {
        if let Some(since) = watch.offline_since.take_if(|since| *since != heard_at) {
            facts.push(SilenceFact::Online { since, until: heard_at });
        }
        let known_at = heard_at.plus_ms(state.offline_after_ms(rules));
        if now >= known_at && watch.offline_since.is_none() {
            watch.offline_since = Some(heard_at);
            facts.push(SilenceFact::Offline { since: heard_at, known_at });
        }
    }
    end_trip(state, watch, now, rules, facts);
    if let Some(due_at) = rules.vehicle().service_due_at.filter(|due_at| now >= *due_at)
        && watch.service_announced != Some(due_at)
    {
        watch.service_announced = Some(due_at);
        facts.push(SilenceFact::ServiceDue { due_at });
    }
}

/// After late positions: reports what they changed of a trip that silence has ended.
pub fn correct_silence(
    state: &TrackState,
    watch: &mut Watch,
    now: Timestamp,
    rules: &Rules,
    facts: &mut Vec<SilenceFact>,
) {
    if watch.ended_trip.is_some() {
        end_trip(state, watch, now, rules, facts);
    }
}

/// Reports how silence has ended the running trip by now, where that differs from what was reported.
fn end_trip(state: &TrackState, watch: &mut Watch, now: Timestamp, rules: &Rules, facts: &mut Vec<SilenceFact>) {
    let ended = state.outlier_filter.last.as_ref().and_then(|last| {
        let journey = state.journey.as_ref()?;
        let is_silent = journey.ends_trips(now.ms_since(last.at), rules);
        is_silent.then(|| journey.ended_by_silence(last, &state.tank, rules))?
    });
    let (trip, counts) = ended.map_or((None, Vec::new()), |(trip, counts)| (Some(trip), counts));
    if counts != watch.counted {
        let before = std::mem::replace(&mut watch.counted, counts);
        let taken_back = before.iter().map(|activity| Activity::at(activity.bucket).minus(activity));
        facts.extend(taken_back.chain(watch.counted.iter().copied()).map(SilenceFact::Activity));
    }
    let started_at = trip.map(|trip| trip.started_at);
    if watch.ended_trip != started_at {
        let resumed = state.trip().filter(|trip| Some(trip.started_at) == watch.ended_trip);
        facts.extend(resumed.map(SilenceFact::TripResumed));
    }
    if watch.ended_trip != started_at || watch.ended_as != trip {
        (watch.ended_trip, watch.ended_as) = (started_at, trip);
        facts.extend(trip.map(SilenceFact::TripEnded));
    }
}
