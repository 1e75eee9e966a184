//! What was found of two vehicles, and the alert that it raises.

use super::watch::Pair;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertTitle, EncounterTriggers, JsonObject, NotificationText, RoamingFence, Severity,
    TenantId, Timestamp, Vehicle,
};
use milepost_store::{EncounterChange, EncounterStep};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// What two vehicles did.
#[derive(Debug, Clone)]
pub(crate) struct RoamingStep {
    pub(super) pair: Pair,
    pub(super) fence: Arc<RoamingFence>,
    /// The one that the fence moves with.
    pub(super) vehicle: Arc<Vehicle>,
    pub(super) other: Arc<Vehicle>,
    pub(super) step: EncounterStep,
    pub(super) at: Timestamp,
    pub(super) distance_m: f64,
}

impl RoamingStep {
    /// The change to be stored, with its alert for all who see the whole fleet.
    pub(super) fn change(&self, tenant: &TenantId, now: Timestamp, alert_expiry_ms: i64) -> EncounterChange {
        let Pair { fence, a, b } = self.pair;
        let alert = self.alert(tenant, now.plus_ms(alert_expiry_ms));
        EncounterChange { fence, a, b, step: self.step, at: self.at, alert }
    }

    /// Whether it is worth an alert.
    pub(super) fn raises(&self) -> bool {
        let EncounterTriggers { meet, part } = self.fence.description.on;
        match self.step {
            EncounterStep::Began | EncounterStep::Dropped => false,
            EncounterStep::BegunAndMet | EncounterStep::Met => meet,
            EncounterStep::Parted => part,
        }
    }

    fn alert(&self, tenant: &TenantId, expires_at: Timestamp) -> Option<Alert> {
        if !self.raises() {
            return None;
        }
        let (vehicle, other) = (&self.vehicle, &self.other);
        let (event, verb) = if self.step == EncounterStep::Parted { ("part", "parted") } else { ("meet", "met") };
        let (name, radius_m) = (self.fence.description.name.as_str(), self.fence.description.radius.get());
        let metres = self.distance_m.round();
        // Ids have up to 64 letters, so that a title holds two.
        let title = format!("{} and {} {verb}", vehicle.id, other.id);
        let message = format!(
            "{} and {} {verb}, {metres} m from each other ({name}, {radius_m} m)",
            vehicle.label.as_str(),
            other.label.as_str()
        );
        let data = json!({
            "roaming_fence_id": self.fence.id.get(),
            "roaming_fence_name": name,
            "event": event,
            "vehicle_id": vehicle.id.as_str(),
            "other_vehicle_id": other.id.as_str(),
            "distance_m": metres,
            "radius_m": radius_m,
        });
        Some(Alert {
            id: AlertId::new(&Uuid::now_v7().to_string()).ok()?,
            tenant: tenant.clone(),
            kind: AlertKind::GeofenceViolation,
            severity: Severity::Medium,
            user_id: None,
            vehicle_id: Some(vehicle.id.clone()),
            driver_id: vehicle.driver_at(self.at),
            title: AlertTitle::new(&title).ok()?,
            message: NotificationText::new(&message).ok()?,
            data: JsonObject::of_parsed(data.to_string(), "data").ok(),
            // The encounter in the store is what tells it once.
            subject: None,
            at: self.at,
            expires_at,
            read: None,
        })
    }
}
