//! The tank: its level, refuelling, and theft while the vehicle stands.
//!
//! The level is the median of the last five readings. While the vehicle stands, the level is compared with a reference:
//! the highest level of this stop, less what an idling engine may have burnt. So neither noise nor slow burning is theft.

use crate::fix::Fix;
use crate::incident::{Incident, IncidentKind};
use crate::saved::time;
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// The level is the median of this many readings.
const READINGS: usize = 5;
/// With fewer readings the level is unknown.
const LEAST_READINGS: usize = 3;
/// A theft or refuelling is over when the level has not changed for this long, milliseconds.
const SETTLED_MS: i64 = 600_000;
/// A theft that is measured in percent must be at least this many times the sensor's noise.
const SURE_NOISES: f64 = 3.0;

/// The fuel in the tank, and what happens to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Tank {
    /// The last readings, the newest last.
    readings: Vec<f64>,
    /// A level far below it is theft, far above it refuelling.
    reference: Option<Reference>,
    change: Option<Change>,
    refuelled_l: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Reference {
    level_l: f64,
    #[serde(with = "time")]
    at: Timestamp,
}

/// A theft or refuelling under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Change {
    /// As its first fact gave it.
    incident: Incident,
    litres: f64,
    from_l: f64,
    #[serde(with = "time")]
    until: Timestamp,
}

impl Tank {
    /// Litres in the tank; `None` while there are too few readings.
    pub(crate) fn level_l(&self) -> Option<f64> {
        if self.readings.len() < LEAST_READINGS {
            return None;
        }
        let mut sorted = [0.0; READINGS];
        let sorted = &mut sorted[..self.readings.len()];
        sorted.copy_from_slice(&self.readings);
        sorted.sort_by(f64::total_cmp);
        Some(sorted[sorted.len() / 2])
    }

    /// All that was filled in since the first reading, litres.
    pub(crate) fn refuelled_l(&self) -> f64 {
        let under_way = self.change.as_ref().filter(|change| change.incident.kind == IncidentKind::Refuelling);
        self.refuelled_l + under_way.map_or(0.0, |change| change.litres)
    }

    /// Applies a reading.
    pub(crate) fn apply(
        &mut self,
        fix: &Fix,
        reading_l: Option<f64>,
        ignition: Option<bool>,
        standing: bool,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        let Some(reading_l) = reading_l else { return };
        let thresholds = rules.thresholds();
        // A sensor without power reads zero.
        if reading_l == 0.0 && self.level_l().is_some_and(|level_l| level_l > thresholds.theft_l) {
            return;
        }
        if self.readings.len() == READINGS {
            self.readings.remove(0);
        }
        self.readings.push(reading_l);
        let Some(level_l) = self.level_l() else { return };
        if !standing {
            // While driving, fuel sloshes and burns.
            self.settle(facts);
            self.reference = Some(Reference { level_l, at: fix.at });
            return;
        }
        if let Some(change) = &mut self.change {
            if change.grow(level_l, fix.at, thresholds.fuel_noise_l) {
                self.settle(facts);
                self.reference = Some(Reference { level_l, at: fix.at });
            }
            return;
        }
        let reference = self.reference.get_or_insert(Reference { level_l, at: fix.at });
        if ignition != Some(false) {
            let hours = fix.at.ms_since(reference.at).max(0) as f64 / 3_600_000.0;
            reference.level_l = (reference.level_l - thresholds.idle_l_per_h * hours).max(0.0);
        }
        reference.at = fix.at;
        let from_l = reference.level_l;
        let by_percent_l = (from_l * thresholds.theft_percent / 100.0).max(SURE_NOISES * thresholds.fuel_noise_l);
        let theft_l = thresholds.theft_l.min(by_percent_l);
        let (kind, value, limit) = if from_l - level_l >= theft_l {
            (IncidentKind::FuelTheft, from_l - level_l, theft_l)
        } else if level_l - from_l >= thresholds.refuel_l {
            (IncidentKind::Refuelling, level_l - from_l, thresholds.refuel_l)
        } else {
            reference.level_l = from_l.max(level_l);
            return;
        };
        let incident = Incident::at(fix, kind, value, limit);
        facts.push(TrackFact::IncidentBegan(incident));
        self.change = Some(Change { incident, litres: value, from_l, until: fix.at });
    }

    /// The theft or refuelling under way.
    pub(crate) fn open_incident(&self) -> Option<Incident> {
        self.change.as_ref().map(|change| change.incident)
    }

    fn settle(&mut self, facts: &mut Vec<TrackFact>) {
        if let Some(change) = self.change.take() {
            if change.incident.kind == IncidentKind::Refuelling {
                self.refuelled_l += change.litres;
            }
            let (ended_at, value) = (Some(change.until), change.litres);
            facts.push(TrackFact::IncidentEnded(Incident { ended_at, value, ..change.incident }));
        }
    }
}

impl Change {
    /// Follows the level; true when it has settled or turned round.
    fn grow(&mut self, level_l: f64, at: Timestamp, noise_l: f64) -> bool {
        let way_l = match self.incident.kind {
            IncidentKind::Refuelling => level_l - self.from_l,
            _ => self.from_l - level_l,
        };
        if way_l > self.litres {
            if way_l > self.litres + noise_l / 2.0 {
                self.until = at;
            }
            self.litres = way_l;
        }
        let turned = way_l < self.litres - SURE_NOISES * noise_l;
        turned || at.ms_since(self.until) >= SETTLED_MS
    }
}
