//! Converts from the domain to the fleet dialect's JSON.

use crate::wire::{
    AlertJson, AlertMarkJson, CrossingJson, DashboardJson, DrivingJson, Envelope, EventData, LocationJson, ServiceJson,
    TripJson,
};
use milepost_domain::{
    Alert, DrivingEvent, Event, Fact, FenceCrossing, FleetAudience, HeadingDeg, Position, Revision, ServiceDue,
    SpeedKmh, TenantId, Timestamp, Trip, TripStatus, UserId, Vehicle,
};
use milepost_http::rfc3339;
use milepost_service::FleetDashboard;
use serde::Serialize;
use serde_json::value::RawValue;

/// Writes an event's message. Returns `None` for an event that is not about the fleet, and for a damaged row.
///
/// A withdrawn event has its own type, so that a client that does not know the type does not count another event. A
/// withdrawn trip is sent as a cancelled one, and a withdrawn alert as a deleted one.
pub fn render_event(company: &TenantId, event: &Event, replayed: bool) -> Option<String> {
    let audience = event.fact.fleet_audience()?;
    let company_id = company.as_str();
    let (kind, data) = match &event.fact {
        Fact::TripChanged(update) => {
            ("trip_update", EventData::Trip(trip(company_id, &update.trip, update.revision, event.at)))
        }
        Fact::FenceCrossed(crossed) => {
            let kind = kind_of(crossed.revision, "geofence_violation_update", "geofence_violation_withdrawn");
            (kind, EventData::Crossing(crossing(crossed)))
        }
        Fact::DrivingNoted(noted) => {
            let kind = kind_of(noted.revision, "driver_event_update", "driver_event_withdrawn");
            (kind, EventData::Driving(driving(noted)))
        }
        Fact::ServiceDue(due) => {
            let kind = kind_of(due.revision, "maintenance_alert_update", "maintenance_alert_withdrawn");
            (kind, EventData::Service(service(due)))
        }
        Fact::AlertRaised(raised) => ("alert", EventData::Alert(Box::new(alert(company_id, raised)?))),
        Fact::AlertRead { alert_id, .. } => {
            ("alert_read", EventData::AlertMark(AlertMarkJson { alert_id: alert_id.as_str(), company_id }))
        }
        Fact::AlertDeleted { alert_id, .. } => {
            ("alert_deleted", EventData::AlertMark(AlertMarkJson { alert_id: alert_id.as_str(), company_id }))
        }
        _ => return None,
    };
    let user_id = match audience {
        FleetAudience::Company | FleetAudience::Driver(_) => None,
        FleetAudience::User(user) => Some(user.to_string()),
    };
    let timestamp = rfc3339(event.at);
    Some(render(&Envelope { kind, data, timestamp, company_id, user_id, event_id: Some(event.id), replayed }))
}

/// Writes a vehicle's location.
pub(crate) fn render_location(company: &TenantId, vehicle: &Vehicle, position: &Position) -> String {
    let location = LocationJson {
        kind: "vehicle_location_update",
        company_id: company.as_str(),
        vehicle_id: vehicle.id.as_str(),
        driver_id: driver(vehicle.driver_id),
        latitude: position.latitude.get(),
        longitude: position.longitude.get(),
        speed: position.speed.map_or(0.0, SpeedKmh::get),
        heading: position.heading.map_or(0.0, HeadingDeg::get),
        timestamp: rfc3339(position.at),
    };
    render_unstored(company, "vehicle_location_update", location, position.at)
}

/// Writes a running trip as it is now.
pub(crate) fn render_progress(company: &TenantId, now: &Trip, at: Timestamp) -> String {
    render_unstored(company, "trip_update", trip(company.as_str(), now, Revision::New, at), at)
}

/// Writes a company's statistics.
pub(crate) fn render_dashboard(company: &TenantId, stats: &FleetDashboard) -> String {
    let dashboard = DashboardJson {
        kind: "fleet_dashboard_update",
        company_id: company.as_str(),
        active_vehicles: stats.active_vehicles,
        total_trips: stats.total_trips,
        distance_traveled: stats.distance_km,
        fuel_consumed: stats.fuel_l,
        utilization_rate: stats.utilization_percent,
        cost_per_km: stats.cost_per_km,
        idle_minutes: stats.idle_min,
        timestamp: rfc3339(stats.at),
    };
    render_unstored(company, "fleet_dashboard_update", dashboard, stats.at)
}

/// Writes a message that is not stored, with `at` as its time.
pub(crate) fn render_unstored<D: Serialize>(company: &TenantId, kind: &str, data: D, at: Timestamp) -> String {
    let (timestamp, company_id) = (rfc3339(at), company.as_str());
    render(&Envelope { kind, data, timestamp, company_id, user_id: None, event_id: None, replayed: false })
}

/// Writes a message to a viewer.
///
/// # Panics
/// Never: the types hold only strings, finite numbers and parsed JSON.
pub(crate) fn render<M: Serialize>(message: &M) -> String {
    serde_json::to_string(message).expect("strings, finite numbers and parsed JSON serialise")
}

fn kind_of(revision: Revision, happened: &'static str, withdrawn: &'static str) -> &'static str {
    if revision.is_withdrawn() { withdrawn } else { happened }
}

/// The revision's name; `None` for the first publication.
fn mended(revision: Revision) -> Option<&'static str> {
    (revision != Revision::New).then(|| revision.telling())
}

/// The driver's id; clients expect an empty text for an unknown driver.
fn driver(id: Option<UserId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn trip<'a>(company_id: &'a str, trip: &'a Trip, revision: Revision, published_at: Timestamp) -> TripJson<'a> {
    let status = if revision.is_withdrawn() { TripStatus::Cancelled } else { trip.status };
    TripJson {
        kind: "trip_update",
        company_id,
        trip_id: trip.id.as_str(),
        vehicle_id: trip.vehicle_id.as_str(),
        driver_id: driver(trip.driver_id),
        status: status.as_str(),
        start_time: rfc3339(trip.started_at),
        end_time: trip.ended_at.map(rfc3339),
        distance: trip.distance_km(),
        duration: trip.duration_min(),
        origin: trip.origin.as_str(),
        telling: mended(revision),
        timestamp: rfc3339(published_at),
    }
}

fn driving(event: &DrivingEvent) -> DrivingJson<'_> {
    DrivingJson {
        driver_id: driver(event.driver_id),
        vehicle_id: event.vehicle_id.as_str(),
        event_type: event.kind.as_str(),
        severity: event.severity.as_str(),
        description: event.description.as_str(),
        timestamp: rfc3339(event.at),
        telling: mended(event.revision),
        change: event.revision.change(),
        corrects: event.corrects.map(rfc3339),
    }
}

fn crossing(crossing: &FenceCrossing) -> CrossingJson<'_> {
    CrossingJson {
        vehicle_id: crossing.vehicle_id.as_str(),
        driver_id: driver(crossing.driver_id),
        geofence_id: crossing.geofence_id.to_string(),
        geofence_name: crossing.geofence_name.as_str(),
        violation_type: crossing.event.as_str(),
        latitude: crossing.latitude.get(),
        longitude: crossing.longitude.get(),
        timestamp: rfc3339(crossing.at),
        telling: mended(crossing.revision),
        visit_id: crossing.visit.map(|entered_at| crossing.visit_id(entered_at)),
        change: crossing.revision.change(),
        corrects: crossing.corrects.map(|entered_at| crossing.visit_id(entered_at)),
    }
}

fn service(due: &ServiceDue) -> ServiceJson<'_> {
    ServiceJson {
        vehicle_id: due.vehicle_id.as_str(),
        alert_type: due.basis.as_str(),
        severity: due.severity.as_str(),
        description: due.description.as_str(),
        timestamp: rfc3339(due.at),
        telling: mended(due.revision),
        change: due.revision.change(),
        corrects: due.corrects.map(rfc3339),
    }
}

fn alert<'a>(company_id: &'a str, alert: &'a Alert) -> Option<AlertJson<'a>> {
    // It was parsed before it was stored. A damaged row is not sent.
    let data: Option<&RawValue> =
        alert.data.as_ref().map(|data| serde_json::from_str(data.as_str())).transpose().ok()?;
    Some(AlertJson {
        id: alert.id.as_str(),
        kind: alert.kind.as_str(),
        company_id,
        user_id: alert.user_id.map(|id| id.to_string()),
        vehicle_id: alert.vehicle_id.as_ref().map(|id| id.as_str()),
        driver_id: alert.driver_id.map(|id| id.to_string()),
        severity: alert.severity.as_str(),
        title: alert.title.as_str(),
        message: alert.message.as_str(),
        data,
        timestamp: rfc3339(alert.at),
        read: alert.read.is_some(),
        expires_at: rfc3339(alert.expires_at),
    })
}
