//! How facts are written into the events table: a kind, and a payload in JSON.
//!
//! The kinds with a dot (`delivery.started`) and their payloads are what webhooks are told: they are public.

mod fleet;
mod fleet_payload;
mod payload;
mod records;

use crate::{Result, StoreError};
use milepost_domain::{
    DeliveryStatus, DeviceId, Fact, OrderId, ParcelId, ParcelStatus, RiderId, Timestamp, TrackingId, UserId, VehicleId,
    Zone,
};
use payload::Payload;
use serde_json::{Value, json};

/// Kind and payload of a fact.
pub(crate) fn encode(fact: &Fact) -> (&str, String) {
    let vehicle = |id: &VehicleId| json!({ "vehicle_id": id.as_str() }).to_string();
    let user = |id: &UserId| json!({ "user_id": id.get() }).to_string();
    match fact {
        Fact::VehicleAdded { vehicle_id } => ("vehicle_added", vehicle(vehicle_id)),
        Fact::VehicleChanged { vehicle_id } => ("vehicle_changed", vehicle(vehicle_id)),
        Fact::VehicleRemoved { vehicle_id } => ("vehicle_removed", vehicle(vehicle_id)),
        Fact::UserChanged { user_id } => ("user_changed", user(user_id)),
        Fact::SessionEnded { user_id } => ("session_ended", user(user_id)),
        Fact::DeviceRemoved { device_id } => ("device_removed", json!({ "device_id": device_id.as_str() }).to_string()),
        Fact::DeliveryStarted { tracking_id, order_id, rider_id } => (
            "delivery.started",
            json!({
                "tracking_id": tracking_id.as_str(),
                "order_id": order_id.as_str(),
                "rider_id": rider_id.as_str(),
                "status": "ASSIGNED",
            })
            .to_string(),
        ),
        Fact::DeliveryAdvanced { tracking_id, order_id, status } => (
            "delivery.status_changed",
            json!({
                "tracking_id": tracking_id.as_str(),
                "order_id": order_id.as_str(),
                "status": status.as_str(),
            })
            .to_string(),
        ),
        Fact::ParcelAdded { parcel_id, client_id } => {
            ("parcel.added", json!({ "parcel_id": parcel_id.get(), "client_id": client_id.get() }).to_string())
        }
        Fact::ParcelChanged { parcel_id, status, driver_id } => (
            "parcel.changed",
            json!({
                "parcel_id": parcel_id.get(),
                "status": status.as_str(),
                "driver_id": driver_id.map(UserId::get),
            })
            .to_string(),
        ),
        Fact::ParcelZoneCrossed { parcel_id, zone, entered } => (
            "parcel.zone_crossed",
            json!({
                "parcel_id": parcel_id.get(),
                "zone": zone.as_str(),
                "event": if *entered { "enter" } else { "exit" },
            })
            .to_string(),
        ),
        Fact::Unknown { kind, payload } => (kind, payload.clone()),
        Fact::CadetAdded { cadet_id } => ("cadet_added", json!({ "cadet_id": cadet_id.get() }).to_string()),
        Fact::GradeUpdated(update) => ("grade.updated", records::encode_grade(update)),
        Fact::AttendanceUpdated(update) => ("attendance.updated", records::encode_attendance(update)),
        Fact::ScoresUpdated(update) => ("scores.updated", records::encode_scores(update)),
        Fact::NoticeSent(notice) => ("notice_sent", records::encode_notice(notice)),
        Fact::NoticeRead { notice_id, user_id, is_message, read_at } => (
            "notice_read",
            json!({
                "id": notice_id.get(),
                "user_id": user_id.get(),
                "is_message": is_message,
                "read_ms": read_at.unix_ms(),
            })
            .to_string(),
        ),
        Fact::ManualEvent(event) => ("manual_event", records::encode_manual_event(event)),
        Fact::GeofenceChanged { geofence_id } => {
            ("geofence_changed", json!({ "geofence_id": geofence_id.get() }).to_string())
        }
        Fact::RulesChanged { version } => ("rules_changed", json!({ "version": version }).to_string()),
        Fact::TripChanged(update) => (fleet::trip_kind(update), fleet::encode_trip(update)),
        Fact::FenceCrossed(crossing) => ("geofence.crossed", fleet::encode_crossing(crossing)),
        Fact::DrivingNoted(event) => ("driver.event", fleet::encode_driving(event)),
        Fact::ServiceDue(due) => ("maintenance.due", fleet::encode_service_due(due)),
        Fact::AlertRaised(alert) => ("alert.raised", fleet::encode_alert(alert)),
        Fact::AlertRead { alert_id, user_id, read_by, read_at } => {
            ("alert_read", fleet::encode_alert_read(alert_id, *user_id, *read_by, *read_at))
        }
        Fact::AlertDeleted { alert_id, user_id } => ("alert_deleted", fleet::encode_alert_deleted(alert_id, *user_id)),
    }
}

fn instant(ms: i64) -> Result<Timestamp> {
    Timestamp::from_unix_ms(ms).ok_or_else(|| StoreError::Corrupt(format!("time {ms} of an event")))
}

/// The fact that was written so. A node of a newer version may write kinds that this one does not know, and its events must
/// not stop this one's readers.
pub(crate) fn decode(kind: &str, written: &str) -> Result<Fact> {
    let payload: Value =
        serde_json::from_str(written).map_err(|error| StoreError::Corrupt(format!("event of kind {kind}: {error}")))?;
    let lacks = || StoreError::Corrupt(format!("event of kind {kind} lacks a field"));
    let vehicle_id = || -> Result<VehicleId> {
        Ok(VehicleId::new(payload.get("vehicle_id").and_then(Value::as_str).ok_or_else(lacks)?)?)
    };
    let user_id =
        || -> Result<UserId> { Ok(UserId::new(payload.get("user_id").and_then(Value::as_i64).ok_or_else(lacks)?)?) };
    let text = |field: &str| payload.get(field).and_then(Value::as_str).ok_or_else(lacks);
    let number = |field: &str| payload.get(field).and_then(Value::as_i64).ok_or_else(lacks);
    let record = Payload { kind, value: &payload };
    Ok(match kind {
        "vehicle_added" => Fact::VehicleAdded { vehicle_id: vehicle_id()? },
        "vehicle_changed" => Fact::VehicleChanged { vehicle_id: vehicle_id()? },
        "vehicle_removed" => Fact::VehicleRemoved { vehicle_id: vehicle_id()? },
        "user_changed" => Fact::UserChanged { user_id: user_id()? },
        "session_ended" => Fact::SessionEnded { user_id: user_id()? },
        "device_removed" => Fact::DeviceRemoved {
            device_id: DeviceId::new(payload.get("device_id").and_then(Value::as_str).ok_or_else(lacks)?)?,
        },
        "delivery.started" => Fact::DeliveryStarted {
            tracking_id: TrackingId::new(text("tracking_id")?)?,
            order_id: OrderId::new(text("order_id")?)?,
            rider_id: RiderId::new(text("rider_id")?)?,
        },
        "delivery.status_changed" => Fact::DeliveryAdvanced {
            tracking_id: TrackingId::new(text("tracking_id")?)?,
            order_id: OrderId::new(text("order_id")?)?,
            status: DeliveryStatus::parse(text("status")?)?,
        },
        "parcel.added" => Fact::ParcelAdded {
            parcel_id: ParcelId::new(number("parcel_id")?)?,
            client_id: UserId::new(number("client_id")?)?,
        },
        "parcel.changed" => Fact::ParcelChanged {
            parcel_id: ParcelId::new(number("parcel_id")?)?,
            status: ParcelStatus::parse(text("status")?)?,
            driver_id: payload.get("driver_id").and_then(Value::as_i64).map(UserId::new).transpose()?,
        },
        "parcel.zone_crossed" => Fact::ParcelZoneCrossed {
            parcel_id: ParcelId::new(number("parcel_id")?)?,
            zone: if text("zone")? == Zone::Pickup.as_str() { Zone::Pickup } else { Zone::Destination },
            entered: text("event")? == "enter",
        },
        "cadet_added" => Fact::CadetAdded { cadet_id: record.cadet_id()? },
        "grade.updated" => Fact::GradeUpdated(Box::new(record.grade()?)),
        "attendance.updated" => Fact::AttendanceUpdated(Box::new(record.attendance()?)),
        "scores.updated" => Fact::ScoresUpdated(Box::new(record.scores_update()?)),
        "notice_sent" => Fact::NoticeSent(Box::new(record.notice()?)),
        "notice_read" => Fact::NoticeRead {
            notice_id: record.notice_id()?,
            user_id: record.user_id()?,
            is_message: record.is_message()?,
            read_at: record.read_at()?,
        },
        "manual_event" => Fact::ManualEvent(Box::new(record.manual_event()?)),
        "geofence_changed" => Fact::GeofenceChanged { geofence_id: record.geofence_id()? },
        "rules_changed" => Fact::RulesChanged { version: record.version()? },
        "trip.changed" | "trip_progressed" => {
            Fact::TripChanged(Box::new(record.trip_update(kind == "trip_progressed")?))
        }
        "geofence.crossed" => Fact::FenceCrossed(Box::new(record.crossing()?)),
        "driver.event" => Fact::DrivingNoted(Box::new(record.driving_event()?)),
        "maintenance.due" => Fact::ServiceDue(Box::new(record.service_due()?)),
        "alert.raised" => Fact::AlertRaised(Box::new(record.alert(written)?)),
        "alert_read" => {
            let (read_by, read_at) = record.reading()?;
            Fact::AlertRead { alert_id: record.alert_id()?, user_id: record.addressee()?, read_by, read_at }
        }
        "alert_deleted" => Fact::AlertDeleted { alert_id: record.alert_id()?, user_id: record.addressee()? },
        _ => Fact::Unknown { kind: kind.to_owned(), payload: payload.to_string() },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{decode, encode};
    use milepost_domain::{
        CadetId, DeliveryStatus, DeviceId, Fact, NoticeId, OrderId, ParcelId, ParcelStatus, RiderId, Timestamp,
        TrackingId, UserId, VehicleId, WEBHOOK_KINDS, Zone,
    };

    #[test]
    fn every_fact_comes_back_as_it_was() {
        let vehicle_id = VehicleId::new("MTA NYCT_2782").unwrap();
        for fact in [
            Fact::VehicleAdded { vehicle_id: vehicle_id.clone() },
            Fact::VehicleChanged { vehicle_id: vehicle_id.clone() },
            Fact::VehicleRemoved { vehicle_id },
            Fact::UserChanged { user_id: UserId::new(7).unwrap() },
            Fact::SessionEnded { user_id: UserId::new(7).unwrap() },
            Fact::DeviceRemoved { device_id: DeviceId::new("kiosk 1").unwrap() },
            Fact::DeliveryStarted {
                tracking_id: TrackingId::new("TRK-1").unwrap(),
                order_id: OrderId::new("ORD/1 «x»").unwrap(),
                rider_id: RiderId::new("R-1").unwrap(),
            },
            Fact::DeliveryAdvanced {
                tracking_id: TrackingId::new("TRK-1").unwrap(),
                order_id: OrderId::new("ORD-1").unwrap(),
                status: DeliveryStatus::Delivered,
            },
            Fact::ParcelAdded { parcel_id: ParcelId::new(12).unwrap(), client_id: UserId::new(7).unwrap() },
            Fact::ParcelChanged {
                parcel_id: ParcelId::new(12).unwrap(),
                status: ParcelStatus::OutForDelivery,
                driver_id: None,
            },
            Fact::ParcelChanged {
                parcel_id: ParcelId::new(12).unwrap(),
                status: ParcelStatus::Assigned,
                driver_id: UserId::new(5).ok(),
            },
            Fact::ParcelZoneCrossed { parcel_id: ParcelId::new(12).unwrap(), zone: Zone::Pickup, entered: true },
            Fact::ParcelZoneCrossed { parcel_id: ParcelId::new(12).unwrap(), zone: Zone::Destination, entered: false },
            Fact::CadetAdded { cadet_id: CadetId::new(3).unwrap() },
            Fact::NoticeRead {
                notice_id: NoticeId::new(4).unwrap(),
                user_id: UserId::new(7).unwrap(),
                is_message: true,
                read_at: Timestamp::from_unix_ms(1_795_132_800_123).unwrap(),
            },
            Fact::Unknown { kind: "moon_landed".to_owned(), payload: r#"{"eagle":true}"#.to_owned() },
        ] {
            let (kind, payload) = encode(&fact);
            assert_eq!(decode(kind, &payload).unwrap(), fact);
            assert_eq!(WEBHOOK_KINDS.contains(&kind), kind.contains('.'), "{kind}");
        }
    }

    #[test]
    fn broken_events_are_refused() {
        for (kind, payload) in
            [("moon_landed", "{"), ("user_changed", "{}"), ("user_changed", "{"), ("user_changed", r#"{"user_id":0}"#)]
        {
            assert!(decode(kind, payload).is_err(), "{kind} {payload}");
        }
    }
}
