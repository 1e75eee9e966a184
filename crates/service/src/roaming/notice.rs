//! Words for encounters: the alerts that they raise.

use super::watch::RoamingStep;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, JsonObject, NotificationText, Severity, TenantId, Timestamp,
};
use milepost_store::EncounterStep;
use serde_json::json;
use uuid::Uuid;

/// The alert of a step, for all who see the whole fleet; `None` if its fence asks for none.
pub(super) fn alert_of(tenant: &TenantId, step: &RoamingStep, now: Timestamp, expiry_ms: i64) -> Option<Alert> {
    if !step.raises() {
        return None;
    }
    let (vehicle, other) = (&step.vehicle, &step.other);
    let (event, verb) = if step.step == EncounterStep::Parted { ("part", "parted") } else { ("meet", "met") };
    let (name, radius_m) = (step.fence_name().as_str(), step.fence.description.radius.get());
    let metres = step.distance_m.round();
    // Ids have up to 64 letters, so that a title holds two.
    let title = format!("{} and {} {verb}", vehicle.id, other.id);
    let message = format!(
        "{} and {} {verb}, {metres} m from each other ({name}, {radius_m} m)",
        vehicle.label.as_str(),
        other.label.as_str()
    );
    let data = json!({
        "roaming_fence_id": step.fence.id.get(),
        "roaming_fence_name": name,
        "event": event,
        "vehicle_id": vehicle.id.as_str(),
        "other_vehicle_id": other.id.as_str(),
        "distance_m": metres,
        "radius_m": radius_m,
    });
    let pair = step.pair;
    let subject =
        format!("roaming:{}:{}:{}:{}:{event}", pair.fence, pair.a.get(), pair.b.get(), step.began_at.unix_ms());
    Some(Alert {
        id: AlertId::new(&Uuid::now_v7().to_string()).ok()?,
        tenant: tenant.clone(),
        kind: AlertKind::GeofenceViolation,
        severity: Severity::Medium,
        user_id: None,
        vehicle_id: Some(vehicle.id.clone()),
        driver_id: vehicle.driver_at(step.at),
        title: AlertTitle::new(&title).ok()?,
        message: NotificationText::new(&message).ok()?,
        data: JsonObject::of_parsed(data.to_string(), "data").ok(),
        subject: AlertSubject::new(&subject).ok(),
        at: step.at,
        expires_at: now.plus_ms(expiry_ms),
        read: None,
    })
}
