//! Converts facts to rows of the events table: a kind, and a payload in JSON. Only the store reads these payloads; a
//! [`crate::Renderer`] writes what leaves the server.

mod accounts;
mod alerts;
mod commands;
mod deliveries;
pub(crate) mod field;
mod fleet;
mod notices;
mod records;
#[cfg(test)]
mod samples;
mod trips;

use accounts::{
    AccessTokenPayload, CataloguePayload, DevicePayload, DutyPayload, OffDutyRulePayload, SharePayload, UserPayload,
    VehiclePayload,
};
use alerts::{AlertDeletedPayload, AlertPayload, AlertReadPayload};
use commands::CommandPayload;
use deliveries::{
    DeliveryAdvanced, DeliveryStarted, ParcelAdded, ParcelChanged, ParcelZoneCrossed, ProofPayload, ZoneEvent,
};
use fleet::{CrossingPayload, DrivingPayload, GeofencePayload, RoamingFencePayload, RulesPayload, ServiceDuePayload};
use milepost_domain::{DeliveryStatus, Fact, Invalid, Timestamp};
use notices::{ManualEventPayload, NoticePayload, NoticeReadPayload};
use records::{AttendancePayload, CadetPayload, GradePayload, ScoresUpdatePayload};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::Deserializer;
use trips::TripPayload;

/// Returns a fact's kind and payload.
pub(crate) fn encode(fact: &Fact) -> (&str, String) {
    match fact {
        Fact::VehicleAdded { vehicle_id } => {
            ("vehicle_added", write(&VehiclePayload { vehicle_id: vehicle_id.clone() }))
        }
        Fact::VehicleChanged { vehicle_id } => {
            ("vehicle_changed", write(&VehiclePayload { vehicle_id: vehicle_id.clone() }))
        }
        Fact::VehicleRemoved { vehicle_id } => {
            ("vehicle_removed", write(&VehiclePayload { vehicle_id: vehicle_id.clone() }))
        }
        Fact::UserChanged { user_id } => ("user_changed", write(&UserPayload { user_id: *user_id })),
        Fact::SessionEnded { user_id } => ("session_ended", write(&UserPayload { user_id: *user_id })),
        Fact::DutyChanged { user_id, off_duty } => ("duty_changed", write(&DutyPayload::new(*user_id, *off_duty))),
        Fact::OffDutyRuleChanged { rule } => ("off_duty_rule_changed", write(&OffDutyRulePayload { rule: *rule })),
        Fact::DeviceChanged { device_id } => ("device_changed", write(&DevicePayload { device_id: device_id.clone() })),
        Fact::DeviceRemoved { device_id } => ("device_removed", write(&DevicePayload { device_id: device_id.clone() })),
        Fact::AccessTokenChanged { access_token_id } => {
            ("access_token_changed", write(&AccessTokenPayload { access_token_id: *access_token_id }))
        }
        Fact::ShareChanged { share_id } => ("share_changed", write(&SharePayload { share_id: *share_id })),
        Fact::CatalogueChanged { kind } => ("catalogue_changed", write(&CataloguePayload { kind: *kind })),
        Fact::CommandChanged(command) => ("command_changed", write(&CommandPayload::from(&**command))),
        Fact::DeliveryStarted { tracking_id, order_id, rider_id } => {
            let (tracking_id, order_id, rider_id) = (tracking_id.clone(), order_id.clone(), rider_id.clone());
            let status = DeliveryStatus::Assigned;
            ("delivery.started", write(&DeliveryStarted { tracking_id, order_id, rider_id, status }))
        }
        Fact::DeliveryAdvanced { tracking_id, order_id, status, proofs } => {
            let (tracking_id, order_id, status) = (tracking_id.clone(), order_id.clone(), *status);
            let proofs = proofs.iter().map(ProofPayload::of).collect();
            ("delivery.status_changed", write(&DeliveryAdvanced { tracking_id, order_id, status, proofs }))
        }
        Fact::ParcelAdded { parcel_id, client_id } => {
            ("parcel.added", write(&ParcelAdded { parcel_id: *parcel_id, client_id: *client_id }))
        }
        Fact::ParcelChanged { parcel_id, status, driver_id } => {
            let payload = ParcelChanged { parcel_id: *parcel_id, status: *status, driver_id: *driver_id };
            ("parcel.changed", write(&payload))
        }
        Fact::ParcelZoneCrossed { parcel_id, zone, entered, at } => {
            let event = if *entered { ZoneEvent::Enter } else { ZoneEvent::Exit };
            let at_ms = at.map(Timestamp::unix_ms);
            ("parcel.zone_crossed", write(&ParcelZoneCrossed { parcel_id: *parcel_id, zone: *zone, event, at_ms }))
        }
        Fact::CadetAdded { cadet_id } => ("cadet_added", write(&CadetPayload { cadet_id: *cadet_id })),
        Fact::GradeUpdated(update) => ("grade.updated", write(&GradePayload::from(&**update))),
        Fact::AttendanceUpdated(update) => {
            ("attendance.updated", write_by(|writer| AttendancePayload::serialize(update, writer)))
        }
        Fact::ScoresUpdated(update) => {
            ("scores.updated", write_by(|writer| ScoresUpdatePayload::serialize(update, writer)))
        }
        Fact::NoticeSent(notice) => ("notice_sent", write(&NoticePayload::from(&**notice))),
        Fact::NoticeRead { notice_id, user_id, is_message, read_at } => {
            let (id, user_id, is_message, read_ms) = (*notice_id, *user_id, *is_message, (*read_at).into());
            ("notice_read", write(&NoticeReadPayload { id, user_id, is_message, read_ms }))
        }
        Fact::ManualEvent(event) => ("manual_event", write_by(|writer| ManualEventPayload::serialize(event, writer))),
        Fact::GeofenceChanged { geofence_id } => {
            ("geofence_changed", write(&GeofencePayload { geofence_id: *geofence_id }))
        }
        Fact::RoamingFenceChanged { roaming_fence_id } => {
            ("roaming_fence_changed", write(&RoamingFencePayload { roaming_fence_id: *roaming_fence_id }))
        }
        Fact::RulesChanged { version } => ("rules_changed", write(&RulesPayload { version: *version })),
        Fact::TripChanged(update) => ("trip.changed", write(&TripPayload::from(&**update))),
        Fact::FenceCrossed(crossing) => {
            ("geofence.crossed", write_by(|writer| CrossingPayload::serialize(crossing, writer)))
        }
        Fact::DrivingNoted(event) => ("driver.event", write_by(|writer| DrivingPayload::serialize(event, writer))),
        Fact::ServiceDue(due) => ("maintenance.due", write_by(|writer| ServiceDuePayload::serialize(due, writer))),
        Fact::AlertRaised(alert) => ("alert.raised", write_by(|writer| AlertPayload::serialize(alert, writer))),
        Fact::AlertRead { alert_id, user_id, read_by, read_at } => {
            let (alert_id, user_id, read_by, read_at) = (alert_id.clone(), *user_id, *read_by, *read_at);
            ("alert_read", write(&AlertReadPayload { alert_id, user_id, read_by, read_at }))
        }
        Fact::AlertDeleted { alert_id, user_id } => {
            ("alert_deleted", write(&AlertDeletedPayload { alert_id: alert_id.clone(), user_id: *user_id }))
        }
        Fact::Unknown { kind, payload } => (kind, payload.clone()),
    }
}

/// Reads a stored fact. A newer version on the same database may write kinds and values that this version does not
/// know. They become [`Fact::Unknown`], so that they stop no reader.
pub(crate) fn decode(kind: &str, payload: &str) -> Fact {
    match known(kind, payload) {
        Ok(Some(fact)) => fact,
        Ok(None) | Err(_) => Fact::Unknown { kind: kind.to_owned(), payload: payload.to_owned() },
    }
}

/// Reads a fact of a known kind; `None` for another kind.
fn known(kind: &str, payload: &str) -> serde_json::Result<Option<Fact>> {
    let reader = &mut Deserializer::from_str(payload);
    Ok(Some(match kind {
        "vehicle_added" => Fact::VehicleAdded { vehicle_id: read::<VehiclePayload>(payload)?.vehicle_id },
        "vehicle_changed" => Fact::VehicleChanged { vehicle_id: read::<VehiclePayload>(payload)?.vehicle_id },
        "vehicle_removed" => Fact::VehicleRemoved { vehicle_id: read::<VehiclePayload>(payload)?.vehicle_id },
        "user_changed" => Fact::UserChanged { user_id: read::<UserPayload>(payload)?.user_id },
        "session_ended" => Fact::SessionEnded { user_id: read::<UserPayload>(payload)?.user_id },
        "duty_changed" => read::<DutyPayload>(payload)?.into_fact(),
        "off_duty_rule_changed" => Fact::OffDutyRuleChanged { rule: read::<OffDutyRulePayload>(payload)?.rule },
        "device_changed" => Fact::DeviceChanged { device_id: read::<DevicePayload>(payload)?.device_id },
        "device_removed" => Fact::DeviceRemoved { device_id: read::<DevicePayload>(payload)?.device_id },
        "access_token_changed" => {
            Fact::AccessTokenChanged { access_token_id: read::<AccessTokenPayload>(payload)?.access_token_id }
        }
        "share_changed" => Fact::ShareChanged { share_id: read::<SharePayload>(payload)?.share_id },
        "catalogue_changed" => Fact::CatalogueChanged { kind: read::<CataloguePayload>(payload)?.kind },
        "command_changed" => Fact::CommandChanged(Box::new(read::<CommandPayload>(payload)?.into_command())),
        "delivery.started" => {
            let DeliveryStarted { tracking_id, order_id, rider_id, .. } = read(payload)?;
            Fact::DeliveryStarted { tracking_id, order_id, rider_id }
        }
        "delivery.status_changed" => {
            let DeliveryAdvanced { tracking_id, order_id, status, proofs } = read(payload)?;
            let proofs = proofs.into_iter().map(ProofPayload::into_reference).collect();
            Fact::DeliveryAdvanced { tracking_id, order_id, status, proofs }
        }
        "parcel.added" => {
            let ParcelAdded { parcel_id, client_id } = read(payload)?;
            Fact::ParcelAdded { parcel_id, client_id }
        }
        "parcel.changed" => {
            let ParcelChanged { parcel_id, status, driver_id } = read(payload)?;
            Fact::ParcelChanged { parcel_id, status, driver_id }
        }
        "parcel.zone_crossed" => {
            let ParcelZoneCrossed { parcel_id, zone, event, at_ms } = read(payload)?;
            let at = at_ms.and_then(Timestamp::from_unix_ms);
            Fact::ParcelZoneCrossed { parcel_id, zone, entered: event == ZoneEvent::Enter, at }
        }
        "cadet_added" => Fact::CadetAdded { cadet_id: read::<CadetPayload>(payload)?.cadet_id },
        "grade.updated" => Fact::GradeUpdated(boxed(read::<GradePayload>(payload)?)?),
        "attendance.updated" => Fact::AttendanceUpdated(Box::new(AttendancePayload::deserialize(reader)?)),
        "scores.updated" => Fact::ScoresUpdated(Box::new(ScoresUpdatePayload::deserialize(reader)?)),
        "notice_sent" => Fact::NoticeSent(boxed(read::<NoticePayload>(payload)?)?),
        "notice_read" => {
            let NoticeReadPayload { id: notice_id, user_id, is_message, read_ms } = read(payload)?;
            let read_at = Timestamp::try_from(read_ms).map_err(refused)?;
            Fact::NoticeRead { notice_id, user_id, is_message, read_at }
        }
        "manual_event" => Fact::ManualEvent(Box::new(ManualEventPayload::deserialize(reader)?)),
        "geofence_changed" => Fact::GeofenceChanged { geofence_id: read::<GeofencePayload>(payload)?.geofence_id },
        "roaming_fence_changed" => {
            let roaming_fence_id = read::<RoamingFencePayload>(payload)?.roaming_fence_id;
            Fact::RoamingFenceChanged { roaming_fence_id }
        }
        "rules_changed" => Fact::RulesChanged { version: read::<RulesPayload>(payload)?.version },
        "trip.changed" => Fact::TripChanged(Box::new(read::<TripPayload>(payload)?.into_update())),
        "geofence.crossed" => Fact::FenceCrossed(Box::new(CrossingPayload::deserialize(reader)?)),
        "driver.event" => Fact::DrivingNoted(Box::new(DrivingPayload::deserialize(reader)?)),
        "maintenance.due" => Fact::ServiceDue(Box::new(ServiceDuePayload::deserialize(reader)?)),
        "alert.raised" => Fact::AlertRaised(Box::new(AlertPayload::deserialize(reader)?)),
        "alert_read" => {
            let AlertReadPayload { alert_id, user_id, read_by, read_at } = read(payload)?;
            Fact::AlertRead { alert_id, user_id, read_by, read_at }
        }
        "alert_deleted" => {
            let AlertDeletedPayload { alert_id, user_id } = read(payload)?;
            Fact::AlertDeleted { alert_id, user_id }
        }
        _ => return Ok(None),
    }))
}

fn write(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).expect(SERIALISES)
}

/// Serialises a domain type through the struct that describes it (`serde(remote)`).
fn write_by(
    serialize: impl for<'w> FnOnce(&'w mut serde_json::Serializer<&mut Vec<u8>>) -> serde_json::Result<()>,
) -> String {
    let mut bytes = Vec::new();
    serialize(&mut serde_json::Serializer::new(&mut bytes)).expect(SERIALISES);
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

const SERIALISES: &str = "texts, numbers and parsed objects always serialise";

fn read<T: DeserializeOwned>(payload: &str) -> serde_json::Result<T> {
    serde_json::from_str(payload)
}

fn boxed<P, T: TryFrom<P, Error = Invalid>>(payload: P) -> serde_json::Result<Box<T>> {
    T::try_from(payload).map(Box::new).map_err(refused)
}

fn refused(invalid: Invalid) -> serde_json::Error {
    serde_json::Error::custom(invalid)
}
