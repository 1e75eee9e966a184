//! The odometer, and service that is due by it. Service that is due by date follows from time alone: see
//! [`advance`](crate::advance).

use crate::fix::{Fix, seconds};
use crate::incident::{Incident, IncidentKind};
use crate::outlier_filter::Movement;
use crate::saved::{optional_time, time};
use crate::{Rules, TrackFact};
use milepost_domain::{OdometerKm, Timestamp};
use serde::{Deserialize, Serialize};

/// A reading may be off by this much, and so may the highest speed times the time since the last one, km.
const SLACK_KM: f64 = 1.0;
/// Readings are trusted after this many that follow from each other …
const AGREEING: u32 = 3;
/// … for this long, milliseconds …
const AGREEING_MS: i64 = 60_000;
/// … if they have advanced by this much, km: a gateway that can't read the odometer repeats one number.
const ADVANCED_KM: f64 = 0.1;
/// … and by at least this part of the path, the slack not counted.
const ADVANCED_PART: f64 = 0.5;

/// How far the vehicle drove, and which service was reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Service {
    /// The device's newest reading that is trusted.
    odometer_km: Option<f64>,
    /// When that was; `None` in states that were saved before it was kept.
    #[serde(default, with = "optional_time", skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
    /// Readings that do not follow from the trusted one, but from each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate: Option<Readings>,
    /// Length of all trips, millimetres: for vehicles whose device reports no odometer.
    followed_mm: i64,
    /// The reading at which the reported service was due.
    #[serde(rename = "told_km")]
    announced_km: Option<f64>,
}

/// Readings that follow from each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Readings {
    #[serde(with = "time")]
    since: Timestamp,
    first_km: f64,
    #[serde(with = "time")]
    until: Timestamp,
    last_km: f64,
    /// The path of the vehicle since the first, metres.
    path_m: f64,
    count: u32,
}

impl Service {
    pub(crate) fn odometer_km(&self, rules: &Rules) -> f64 {
        self.odometer_km.unwrap_or_else(|| rules.vehicle().odometer_offset_km + self.followed_mm as f64 / 1e6)
    }

    pub(crate) fn apply(
        &mut self,
        fix: &Fix,
        movement: Movement,
        odometer: Option<OdometerKm>,
        followed_mm: i64,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        self.followed_mm = followed_mm;
        if let Some(candidate) = self.candidate.as_mut().filter(|_| !movement.relocated) {
            candidate.path_m += movement.distance_m;
        }
        if let Some(reading) = odometer {
            self.read(reading.get(), fix.at, rules);
        }
        let odometer_km = self.odometer_km(rules);
        let Some(due_km) = rules.vehicle().service_due_km.filter(|&due_km| odometer_km >= due_km) else { return };
        if self.announced_km != Some(due_km) {
            self.announced_km = Some(due_km);
            // The incident ends when somebody sets the next service.
            let due = Incident::at(fix, IncidentKind::ServiceDue, odometer_km, due_km);
            facts.push(TrackFact::IncidentBegan(due));
        }
    }

    /// Trusts a reading that the vehicle can have come to since the last one. Another is a jump: it counts only with others
    /// that go on from there as the vehicle does.
    fn read(&mut self, km: f64, at: Timestamp, rules: &Rules) {
        let follows = |last_km: f64, last_at: Timestamp| {
            let most_km = rules.thresholds().max_speed_kmh * seconds(at.ms_since(last_at)) / 3600.0;
            (-SLACK_KM..=most_km + SLACK_KM).contains(&(km - last_km))
        };
        let is_trusted = match (self.odometer_km, self.read_at) {
            (Some(last_km), Some(last_at)) => follows(last_km, last_at),
            (Some(last_km), None) => km >= last_km - SLACK_KM,
            (None, _) => false,
        };
        if !is_trusted {
            let readings = match self.candidate.take().filter(|before| follows(before.last_km, before.until)) {
                Some(before) => Readings { until: at, last_km: km, count: before.count + 1, ..before },
                None => Readings { since: at, first_km: km, until: at, last_km: km, path_m: 0.0, count: 1 },
            };
            if !readings.are_certain() {
                self.candidate = Some(readings);
                return;
            }
        }
        (self.odometer_km, self.read_at, self.candidate) = (Some(km), Some(at), None);
    }
}

impl Readings {
    fn are_certain(&self) -> bool {
        let advanced_km = self.last_km - self.first_km;
        let least_km = (self.path_m / 1000.0 * ADVANCED_PART - SLACK_KM).max(ADVANCED_KM);
        self.count >= AGREEING && self.until.ms_since(self.since) >= AGREEING_MS && advanced_km >= least_km
    }
}
