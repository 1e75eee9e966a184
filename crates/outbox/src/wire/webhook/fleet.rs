//! What webhooks are sent about a fleet: trips, geofence crossings, driving events, services and alerts.

use milepost_domain::{
    Alert, AlertSubject, DrivingEvent, FenceCrossing, Revision, ServiceDue, SpeedKmh, TripFuel, TripPlace, TripUpdate,
    UserId, VehicleId,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(super) fn trip(TripUpdate { trip, revision, .. }: &TripUpdate) -> Value {
    let figures = trip.figures;
    json!({
        "telling": revision.telling(),
        "trip_id": trip.id.as_str(),
        "tenant": trip.tenant.as_str(),
        "vehicle_id": trip.vehicle_id.as_str(),
        "driver_id": trip.driver_id.map(UserId::get),
        "origin": trip.origin.as_str(),
        "status": trip.status.as_str(),
        "start_time": trip.started_at.to_string(),
        "end_time": trip.ended_at.map(|at| at.to_string()),
        "followed_to": trip.followed_to.to_string(),
        "start": place(trip.start),
        "end": place(trip.end),
        "distance": trip.distance_km(),
        "duration": trip.duration_min(),
        "moving_ms": figures.moving_ms,
        "idle_ms": figures.idle_ms,
        "max_speed_kmh": figures.max_speed.map(SpeedKmh::get),
        "fuel_l": figures.fuel.map(TripFuel::litres),
        "fuel_source": figures.fuel.map(|fuel| fuel.source.as_str()),
        "version": trip.version,
    })
}

/// Adds what late positions changed, and what it was before.
fn with_change(mut body: Value, revision: Revision, corrects: Option<String>) -> Value {
    body["telling"] = json!(revision.telling());
    if let Some(change) = revision.change() {
        body["change"] = json!(change);
    }
    if let Some(corrects) = corrects {
        body["corrects"] = json!(corrects);
    }
    body
}

pub(super) fn crossing(crossing: &FenceCrossing) -> Value {
    let mut body = json!({
        "vehicle_id": crossing.vehicle_id.as_str(),
        "driver_id": crossing.driver_id.map(UserId::get),
        "geofence_id": crossing.geofence_id.get(),
        "geofence_name": crossing.geofence_name.as_str(),
        "event": crossing.event.as_str(),
        "latitude": crossing.latitude.get(),
        "longitude": crossing.longitude.get(),
        "timestamp": crossing.at.to_string(),
    });
    if let Some(entered_at) = crossing.visit {
        body["visit_id"] = json!(crossing.visit_id(entered_at));
    }
    with_change(body, crossing.revision, crossing.corrects.map(|entered_at| crossing.visit_id(entered_at)))
}

pub(super) fn driving(event: &DrivingEvent) -> Value {
    let body = json!({
        "vehicle_id": event.vehicle_id.as_str(),
        "driver_id": event.driver_id.map(UserId::get),
        "event_type": event.kind.as_str(),
        "severity": event.severity.as_str(),
        "description": event.description.as_str(),
        "timestamp": event.at.to_string(),
    });
    with_change(body, event.revision, event.corrects.map(|at| at.to_string()))
}

pub(super) fn service_due(due: &ServiceDue) -> Value {
    let body = json!({
        "vehicle_id": due.vehicle_id.as_str(),
        "basis": due.basis.as_str(),
        "severity": due.severity.as_str(),
        "description": due.description.as_str(),
        "timestamp": due.at.to_string(),
    });
    with_change(body, due.revision, due.corrects.map(|at| at.to_string()))
}

/// An alert without its data.
pub(super) fn alert(alert: &Alert) -> Value {
    json!({
        "alert_id": alert.id.as_str(),
        "tenant": alert.tenant.as_str(),
        "type": alert.kind.as_str(),
        "severity": alert.severity.as_str(),
        "user_id": alert.user_id.map(UserId::get),
        "vehicle_id": alert.vehicle_id.as_ref().map(VehicleId::as_str),
        "driver_id": alert.driver_id.map(UserId::get),
        "title": alert.title.as_str(),
        "message": alert.message.as_str(),
        "subject": alert.subject.as_ref().map(AlertSubject::as_str),
        "timestamp": alert.at.to_string(),
        "expires_at": alert.expires_at.to_string(),
    })
}

/// Null if the alert has none.
pub(super) fn data_of_alert(alert: &Alert) -> &RawValue {
    alert.data.as_ref().and_then(|data| serde_json::from_str(data.as_str()).ok()).unwrap_or(RawValue::NULL)
}

fn place(place: Option<TripPlace>) -> Value {
    json!(place.map(|place| json!({ "latitude": place.latitude.get(), "longitude": place.longitude.get() })))
}
