//! Service that is due by odometer. Service that is due by date follows from time alone: see [`advance`](crate::advance).

use crate::fix::Fix;
use crate::incident::{Incident, IncidentKind};
use crate::{Rules, TrackFact};
use milepost_domain::OdometerKm;
use serde::{Deserialize, Serialize};

/// How far the vehicle drove, and which service was reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Service {
    /// The device's newest odometer reading.
    odometer_km: Option<f64>,
    /// Length of all trips, millimetres: for vehicles whose device reports no odometer.
    followed_mm: i64,
    /// The reading at which the reported service was due.
    #[serde(rename = "told_km")]
    announced_km: Option<f64>,
}

impl Service {
    pub(crate) fn odometer_km(&self, rules: &Rules) -> f64 {
        self.odometer_km.unwrap_or_else(|| rules.vehicle().odometer_offset_km + self.followed_mm as f64 / 1e6)
    }

    pub(crate) fn apply(
        &mut self,
        fix: &Fix,
        odometer: Option<OdometerKm>,
        followed_mm: i64,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        self.followed_mm = followed_mm;
        self.odometer_km = odometer.map(OdometerKm::get).or(self.odometer_km);
        let odometer_km = self.odometer_km(rules);
        let Some(due_km) = rules.vehicle().service_due_km.filter(|&due_km| odometer_km >= due_km) else { return };
        if self.announced_km != Some(due_km) {
            self.announced_km = Some(due_km);
            facts.push(TrackFact::IncidentBegan(Incident {
                kind: IncidentKind::ServiceDue,
                started_at: fix.at,
                // The incident ends when somebody sets the next service.
                ended_at: None,
                point: fix.point,
                value: odometer_km,
                limit: due_km,
                basis: None,
            }));
        }
    }
}
