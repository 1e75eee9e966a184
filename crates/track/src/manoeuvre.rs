//! Harsh braking, accelerating and cornering, where fixes are close enough in time to show it.
//!
//! Longitudinal acceleration is the difference of reported speeds over time; lateral acceleration is v · Δheading / Δt (a
//! circle's v²/r with r = v / turn rate). Differences of positions are too noisy for either.

use crate::fix::Fix;
use crate::fix::seconds;
use crate::incident::{Incident, IncidentKind, SpeedBasis};
use crate::saved::time;
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Fixes closer in time than this are not compared, milliseconds: the division would enlarge their noise.
const SHORTEST_MS: i64 = 400;
/// More than tyres can hold, m/s²: larger values are errors of the receiver.
const IMPOSSIBLE_MPS2: f64 = 12.0;
/// A larger turn between two fixes is an error of the receiver, degrees: at walking speed headings are noise.
const IMPOSSIBLE_TURN_DEG: f64 = 100.0;
/// A manoeuvre lasts while its acceleration is above this part of the limit.
const GOES_ON: f64 = 0.5;

const KINDS: [IncidentKind; 3] =
    [IncidentKind::HarshBraking, IncidentKind::HarshAcceleration, IncidentKind::HarshCornering];

/// The manoeuvres under way, in the order of [`KINDS`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Manoeuvres {
    open: [Option<Open>; 3],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    /// As its first fact gave it.
    incident: Incident,
    peak_mps2: f64,
    #[serde(with = "time")]
    until: Timestamp,
}

impl Manoeuvres {
    /// Compares an accepted fix with the one before.
    pub(crate) fn apply(&mut self, last: Option<&Fix>, fix: &Fix, rules: &Rules, facts: &mut Vec<TrackFact>) {
        let thresholds = rules.thresholds();
        let (along, across) = last.map_or((None, None), |last| accelerations(last, fix, rules));
        let limits = [thresholds.braking_mps2, thresholds.acceleration_mps2, thresholds.cornering_mps2];
        let values = [along.map(|along| -along), along, across];
        for (index, open) in self.open.iter_mut().enumerate() {
            let (limit, value) = (limits[index], values[index].unwrap_or(0.0));
            match open {
                Some(open) if value >= limit * GOES_ON => {
                    open.until = fix.at;
                    open.peak_mps2 = open.peak_mps2.max(value);
                }
                Some(ended) => {
                    let (ended_at, value) = (Some(ended.until), ended.peak_mps2);
                    facts.push(TrackFact::IncidentEnded(Incident { ended_at, value, ..ended.incident }));
                    *open = None;
                }
                None if value >= limit => {
                    let last = last.expect("an acceleration is between two fixes");
                    let basis = Some(SpeedBasis::Reported);
                    let incident = Incident { basis, ..Incident::at(last, KINDS[index], value, limit) };
                    facts.push(TrackFact::IncidentBegan(incident));
                    *open = Some(Open { incident, peak_mps2: value, until: fix.at });
                }
                None => {}
            }
        }
    }

    /// The manoeuvres under way.
    pub(crate) fn open_incidents(&self) -> impl Iterator<Item = Incident> {
        self.open.iter().flatten().map(|open| open.incident)
    }
}

/// Longitudinal and lateral acceleration, m/s²; `None` where the fixes do not show it.
fn accelerations(last: &Fix, fix: &Fix, rules: &Rules) -> (Option<f64>, Option<f64>) {
    let ms = fix.at.ms_since(last.at);
    let thresholds = rules.thresholds();
    let (Some(from_kmh), Some(to_kmh)) = (last.speed_kmh, fix.speed_kmh) else { return (None, None) };
    if ms < SHORTEST_MS
        || ms > i64::from(thresholds.manoeuvre_s) * 1000
        || from_kmh.max(to_kmh) < thresholds.manoeuvre_kmh
    {
        return (None, None);
    }
    let along = (to_kmh - from_kmh) / 3.6 / seconds(ms);
    let across = last.heading_deg.zip(fix.heading_deg).and_then(|(from_deg, to_deg)| {
        let turn_deg = (to_deg - from_deg + 540.0).rem_euclid(360.0) - 180.0;
        let slowest_kmh = from_kmh.min(to_kmh);
        let is_shown = turn_deg.abs() <= IMPOSSIBLE_TURN_DEG && slowest_kmh >= thresholds.manoeuvre_kmh;
        let mean_mps = f64::midpoint(from_kmh, to_kmh) / 3.6;
        is_shown.then(|| mean_mps * turn_deg.abs().to_radians() / seconds(ms))
    });
    let possible = |acceleration: &f64| acceleration.abs() <= IMPOSSIBLE_MPS2;
    (Some(along).filter(possible), across.filter(possible))
}
