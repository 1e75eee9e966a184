//! The bodies of webhooks: `{"type", "timestamp", "data"}`, with the event's id in the data.

mod fleet;
mod records;
#[cfg(test)]
mod samples;

use milepost_domain::{Fact, ProofFileReference, ProofReference, Revision, Timestamp, TrackingId, UserId};
use milepost_store::WebhookMessage;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// `None` for an event that is not public.
pub(super) fn message(event_id: i64, at: Timestamp, fact: &Fact, public_url: &str) -> Option<WebhookMessage> {
    let (kind, mut fields) = kind_and_data(fact, public_url)?;
    fields["event_id"] = json!(event_id);
    let as_sent = if let Fact::AlertRaised(alert) = fact { Some(fleet::data_of_alert(alert)) } else { None };
    let body = Body { data: Data { fields, as_sent }, timestamp: at.to_string(), kind };
    Some(WebhookMessage { kind, body: serde_json::to_string(&body).expect("texts, numbers and parsed JSON serialise") })
}

#[derive(Serialize)]
struct Body<'a> {
    data: Data<'a>,
    timestamp: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    fields: Value,
    /// The object of an alert's sender, with every digit.
    #[serde(rename = "data", skip_serializing_if = "Option::is_none")]
    as_sent: Option<&'a RawValue>,
}

/// The kinds are those of `milepost_domain::WEBHOOK_KINDS`.
fn kind_and_data(fact: &Fact, public_url: &str) -> Option<(&'static str, Value)> {
    // That something is another driver's is in the correction that the tenant gets.
    let revision = match fact {
        Fact::TripChanged(update) => update.revision,
        Fact::FenceCrossed(crossing) => crossing.revision,
        Fact::DrivingNoted(event) => event.revision,
        _ => Revision::New,
    };
    if revision == Revision::Reassigned {
        return None;
    }
    Some(match fact {
        Fact::DeliveryStarted { tracking_id, order_id, rider_id } => (
            "delivery.started",
            json!({
                "tracking_id": tracking_id.as_str(),
                "order_id": order_id.as_str(),
                "rider_id": rider_id.as_str(),
                "status": "ASSIGNED",
            }),
        ),
        Fact::DeliveryAdvanced { tracking_id, order_id, status, proofs } => {
            let mut data = json!({
                "tracking_id": tracking_id.as_str(),
                "order_id": order_id.as_str(),
                "status": status.as_str(),
            });
            if !proofs.is_empty() {
                data["proofs"] = proofs.iter().map(|proof| proof_of(public_url, tracking_id, proof)).collect();
            }
            ("delivery.status_changed", data)
        }
        Fact::ParcelAdded { parcel_id, client_id } => {
            ("parcel.added", json!({ "parcel_id": parcel_id.get(), "client_id": client_id.get() }))
        }
        Fact::ParcelChanged { parcel_id, status, driver_id } => (
            "parcel.changed",
            json!({
                "parcel_id": parcel_id.get(),
                "status": status.as_str(),
                "driver_id": driver_id.map(UserId::get),
            }),
        ),
        Fact::ParcelZoneCrossed { parcel_id, zone, entered, .. } => (
            "parcel.zone_crossed",
            json!({
                "parcel_id": parcel_id.get(),
                "zone": zone.as_str(),
                "event": if *entered { "enter" } else { "exit" },
            }),
        ),
        Fact::GradeUpdated(update) => ("grade.updated", records::grade(update)),
        Fact::AttendanceUpdated(update) => ("attendance.updated", records::attendance(update)),
        Fact::ScoresUpdated(update) => ("scores.updated", records::scores(update)),
        Fact::TripChanged(update) => ("trip.changed", fleet::trip(update)),
        Fact::FenceCrossed(event) => ("geofence.crossed", fleet::crossing(event)),
        Fact::DrivingNoted(event) => ("driver.event", fleet::driving(event)),
        Fact::ServiceDue(due) => ("maintenance.due", fleet::service_due(due)),
        Fact::AlertRaised(raised) => ("alert.raised", fleet::alert(raised)),
        Fact::VehicleAdded { .. }
        | Fact::VehicleChanged { .. }
        | Fact::VehicleRemoved { .. }
        | Fact::UserChanged { .. }
        | Fact::SessionEnded { .. }
        | Fact::DutyChanged { .. }
        | Fact::OffDutyRuleChanged { .. }
        | Fact::DeviceChanged { .. }
        | Fact::DeviceRemoved { .. }
        | Fact::AccessTokenChanged { .. }
        | Fact::ShareChanged { .. }
        | Fact::CatalogueChanged { .. }
        | Fact::CommandChanged(_)
        | Fact::CadetAdded { .. }
        | Fact::NoticeSent(_)
        | Fact::NoticeRead { .. }
        | Fact::ManualEvent(_)
        | Fact::GeofenceChanged { .. }
        | Fact::RoamingFenceChanged { .. }
        | Fact::RulesChanged { .. }
        | Fact::AlertRead { .. }
        | Fact::AlertDeleted { .. }
        | Fact::Unknown { .. } => return None,
    })
}

/// A proof by reference: its pictures are read at these URLs with a credential.
fn proof_of(public_url: &str, delivery: &TrackingId, proof: &ProofReference) -> Value {
    let file = |file: &ProofFileReference| {
        let sum: String = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{public_url}/api/v1/deliveries/{delivery}/proofs/{}/files/{}", proof.id, file.id);
        json!({ "id": file.id, "kind": file.kind.as_str(), "bytes": file.bytes, "sha256": sum, "url": url })
    };
    let files: Vec<Value> = proof.files.iter().map(file).collect();
    json!({ "id": proof.id.as_str(), "files": files })
}
