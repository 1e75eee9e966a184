//! When a vehicle must be serviced by its odometer; by date only time tells, see [`advance`](crate::advance).

use crate::incident::{Incident, IncidentKind};
use crate::state::Fix;
use crate::{Rules, TrackFact};
use milepost_domain::OdometerKm;
use serde::{Deserialize, Serialize};

/// How far the vehicle went, and which service was told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Service {
    /// The device's newest reading.
    odometer_km: Option<f64>,
    /// Way on trips, for vehicles whose device tells none.
    followed_mm: i64,
    /// The reading at which a service was due that was told already.
    told_km: Option<f64>,
}

impl Service {
    pub(crate) fn odometer_km(&self, rules: &Rules) -> f64 {
        self.odometer_km.unwrap_or_else(|| rules.vehicle().odometer_offset_km + self.followed_mm as f64 / 1e6)
    }

    pub(crate) fn take(
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
        if self.told_km != Some(due_km) {
            self.told_km = Some(due_km);
            facts.push(TrackFact::IncidentBegan(Incident {
                kind: IncidentKind::ServiceDue,
                started_at: fix.at,
                // It is over when somebody sets the next service.
                ended_at: None,
                point: fix.point,
                value: odometer_km,
                limit: due_km,
                basis: None,
            }));
        }
    }
}
