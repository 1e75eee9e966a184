//! Payloads in the form of the first version, which stored databases contain.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{decode, encode};
use milepost_domain::{DrivingKind, Fact, FenceEvent, GradeKind, Revision, ServiceBasis, WEBHOOK_KINDS};
use serde_json::{Value, json};

const SAMPLES: &[(&str, &str)] = &[
    ("vehicle_added", r#"{"vehicle_id":"MTA NYCT_2782"}"#),
    ("vehicle_changed", r#"{"vehicle_id":"MTA NYCT_2782"}"#),
    ("vehicle_removed", r#"{"vehicle_id":"MTA NYCT_2782"}"#),
    ("user_changed", r#"{"user_id":7}"#),
    ("duty_changed", r#"{"from":"2026-11-20T00:00:00.000Z","to":null,"user_id":7,"with_vehicle":true}"#),
    (
        "duty_changed",
        r#"{"from":"2026-11-20T00:00:00.000Z","to":"2026-11-20T00:01:30.000Z","user_id":7,"with_vehicle":false}"#,
    ),
    ("off_duty_rule_changed", r#"{"rule":"vehicles"}"#),
    ("session_ended", r#"{"user_id":7}"#),
    ("access_token_changed", r#"{"access_token_id":3}"#),
    ("share_changed", r#"{"share_id":4}"#),
    ("catalogue_changed", r#"{"kind":"group"}"#),
    (
        "command_changed",
        r#"{"answer":null,"answered_at":null,"asked_at":"2026-11-20T00:00:00.000Z","command_id":1,"device_id":null,"kind":"stop_engine",
            "sent_at":null,"text":null,"vehicle_id":"MTA NYCT_2782","was_queued":true}"#,
    ),
    (
        "command_changed",
        r#"{"answer":"DI1:1\nDI2:0","answered_at":"2026-11-20T00:00:02.000Z","asked_at":"2026-11-20T00:00:00.000Z","command_id":2,
            "device_id":"t 1","kind":"custom","sent_at":"2026-11-20T00:00:01.000Z","text":"getio","vehicle_id":"MTA NYCT_2782",
            "was_queued":false}"#,
    ),
    ("device_removed", r#"{"device_id":"kiosk 1"}"#),
    ("delivery.started", r#"{"order_id":"ORD/1 «x»","rider_id":"R-1","status":"ASSIGNED","tracking_id":"TRK-1"}"#),
    ("delivery.status_changed", r#"{"order_id":"ORD-1","status":"DELIVERED","tracking_id":"TRK-1"}"#),
    (
        "delivery.status_changed",
        r#"{"order_id":"ORD-1","proofs":[{"files":[{"bytes":9,"id":1,"kind":"photo","sha256":[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]}],
            "id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f"}],"status":"DELIVERED","tracking_id":"TRK-1"}"#,
    ),
    ("parcel.added", r#"{"client_id":7,"parcel_id":12}"#),
    ("parcel.changed", r#"{"driver_id":null,"parcel_id":12,"status":"out_for_delivery"}"#),
    ("parcel.changed", r#"{"driver_id":5,"parcel_id":12,"status":"assigned"}"#),
    ("parcel.zone_crossed", r#"{"event":"enter","parcel_id":12,"zone":"pickup"}"#),
    ("parcel.zone_crossed", r#"{"event":"exit","parcel_id":12,"zone":"destination"}"#),
    ("parcel.zone_crossed", r#"{"at_ms":1767225600000,"event":"enter","parcel_id":12,"zone":"pickup"}"#),
    ("cadet_added", r#"{"cadet_id":3}"#),
    (
        "grade.updated",
        r#"{"attendance_present":15,"cadet_id":1,"demerit_points":10,"final_score":null,"grade_id":9,"merit_points":25,
            "midterm_score":0.0,"points":-5,"prelim_score":85.5,"reason":"Late \"again\" «ü»","removed":true,"type":"merit"}"#,
    ),
    (
        "grade.updated",
        r#"{"attendance_present":15,"cadet_id":1,"demerit_points":10,"final_score":88.0,"grade_id":9,"merit_points":25,
            "midterm_score":null,"points":5,"prelim_score":null,"reason":"x","removed":false,"type":"demerit"}"#,
    ),
    (
        "attendance.updated",
        r#"{"attendance_present":16,"cadet_id":1,"status":"excused","time_in":"08:00:00","time_out":null,
            "training_day_id":9223372036854775807}"#,
    ),
    (
        "scores.updated",
        r#"{"cadet_id":1,"changed_scores":{"final_score":88.0,"midterm_score":null},"final_score":88.0,
            "midterm_score":null,"prelim_score":85.55}"#,
    ),
    (
        "notice_sent",
        r#"{"created_ms":1705314600001,"id":123,"is_message":false,"message":"Parade\n\tat 8","read_ms":null,
            "type":"admin_message","user_id":7}"#,
    ),
    (
        "notice_sent",
        r#"{"created_ms":1705314600001,"fields":"{\"z\":1.000000000000000000001,\"a\":\"\\u0000\"}","id":124,
            "is_message":true,"read_ms":1705314600002,"sender_id":5,"user_id":7}"#,
    ),
    (
        "notice_sent",
        r#"{"created_ms":1,"fields":"{}","id":125,"is_message":true,"read_ms":null,"sender_id":null,"user_id":7}"#,
    ),
    ("notice_read", r#"{"id":4,"is_message":true,"read_ms":1795132800123,"user_id":7}"#),
    ("manual_event", r#"{"cadet_id":1,"event_type":"schedule.changed","payload":"{\"b\":1,\"a\":{}}"}"#),
    ("manual_event", r#"{"cadet_id":null,"event_type":"grade_update","payload":"{}"}"#),
    ("geofence_changed", r#"{"geofence_id":12}"#),
    ("roaming_fence_changed", r#"{"roaming_fence_id":12}"#),
    ("rules_changed", r#"{"version":3}"#),
    (
        "trip.changed",
        r#"{"distance":1.234567,"driver_id":5,"duration":1.5,"end":{"latitude":-0.000001,"longitude":180.0},
            "end_time":"2026-11-20T00:01:30.000Z","followed_to":"2026-11-20T00:06:40.001Z","fuel_l":0.15,
            "fuel_source":"estimated","idle_ms":30000,"max_speed_kmh":88.8,"moving_ms":60000,"origin":"auto",
            "start":{"latitude":30.3,"longitude":-97.75},"start_time":"2026-11-20T00:00:00.000Z","status":"completed",
            "telling":"corrected","tenant":"acme","trip_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f",
            "vehicle_id":"MTA NYCT_2782","version":9}"#,
    ),
    (
        "trip.changed",
        r#"{"distance":0.0,"driver_id":null,"duration":0.0,"end":null,"end_time":null,
            "followed_to":"2026-11-20T00:00:00.000Z","fuel_l":null,"fuel_source":null,"idle_ms":0,"max_speed_kmh":null,
            "moving_ms":0,"origin":"manual","start":null,"start_time":"2026-11-20T00:00:00.000Z","status":"started",
            "telling":"new","tenant":"acme","trip_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f","vehicle_id":"b1",
            "version":1}"#,
    ),
    (
        "geofence.crossed",
        r#"{"driver_id":5,"event":"exit","geofence_id":12,"geofence_name":"Depot \"7\"","latitude":30.25,
            "longitude":-97.75,"telling":"withdrawn","timestamp":"2026-11-20T00:00:00.001Z","vehicle_id":"b1"}"#,
    ),
    (
        "driver.event",
        r#"{"description":"92 km/h","driver_id":null,"event_type":"speeding","severity":"high","telling":"new",
            "timestamp":"2026-11-20T00:00:00.002Z","vehicle_id":"b1"}"#,
    ),
    (
        "maintenance.due",
        r#"{"basis":"odometer","description":"due at 15000 km","severity":"medium","telling":"new",
            "timestamp":"2026-11-20T00:00:00.003Z","vehicle_id":"b1"}"#,
    ),
    (
        "alert.raised",
        r#"{"alert_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60","driver_id":5,"expires_at":"2026-11-21T00:00:00.004Z",
            "message":"Bus 7\n92 km/h","severity":"high","subject":"speed:b1:1795132800000","tenant":"acme",
            "timestamp":"2026-11-20T00:00:00.004Z","title":"Too fast","type":"speed_violation","user_id":7,
            "vehicle_id":"b1","data":{"z":1.00000000000000000001,"a":"\u0000","z":2}}"#,
    ),
    (
        "alert.raised",
        r#"{"alert_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e61","driver_id":null,"expires_at":"2026-11-21T00:00:00.004Z",
            "message":"x","severity":"low","subject":null,"tenant":"acme","timestamp":"2026-11-20T00:00:00.004Z",
            "title":"x","type":"system_error","user_id":null,"vehicle_id":null,"data":null}"#,
    ),
    (
        "alert_read",
        r#"{"alert_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60","read_at":"2026-11-20T00:00:00.005Z","read_by":7,
            "user_id":null}"#,
    ),
    ("alert_deleted", r#"{"alert_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60","user_id":7}"#),
];

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn is_unknown(kind: &str, payload: &str) -> bool {
    matches!(decode(kind, payload), Fact::Unknown { .. })
}

/// Checks that a payload is read, and means the same when it is written and read again.
fn comes_back(kind: &str, payload: &str) {
    assert!(!is_unknown(kind, payload), "{kind} {payload}");
    let fact = decode(kind, payload);
    let (written_kind, written) = encode(&fact);
    assert_eq!((written_kind, value(&written)), (kind, value(payload)));
    assert_eq!(decode(kind, &written), fact);
}

/// The first sample of a kind with another value in one field.
fn sample_with(kind: &str, field: &str, other: Value) -> String {
    let (_, payload) = SAMPLES.iter().find(|(of, _)| *of == kind).unwrap();
    let mut payload = value(payload);
    payload[field] = other;
    payload.to_string()
}

/// Checks that another value of a field comes back.
pub(super) fn check(kind: &str, field: &str, other: Value) {
    comes_back(kind, &sample_with(kind, field, other));
}

#[test]
fn payloads_of_the_first_version_are_read_and_mean_the_same_when_written() {
    for (kind, payload) in SAMPLES {
        comes_back(kind, payload);
        assert_eq!(WEBHOOK_KINDS.contains(kind), kind.contains('.'), "{kind}");
    }
}

#[test]
fn every_value_of_a_field_comes_back() {
    for revision in Revision::ALL {
        for kind in ["trip.changed", "geofence.crossed", "driver.event", "maintenance.due"] {
            check(kind, "telling", json!(revision.as_str()));
        }
    }
    FenceEvent::ALL.into_iter().for_each(|event| check("geofence.crossed", "event", json!(event.as_str())));
    DrivingKind::ALL.into_iter().for_each(|kind| check("driver.event", "event_type", json!(kind.as_str())));
    ServiceBasis::ALL.into_iter().for_each(|basis| check("maintenance.due", "basis", json!(basis.as_str())));
    GradeKind::ALL.into_iter().for_each(|kind| check("grade.updated", "type", json!(kind.as_str())));
    for time in [json!(null), json!("00:00:00"), json!("01:01:01"), json!("23:59:59")] {
        check("attendance.updated", "time_in", time.clone());
        check("attendance.updated", "time_out", time);
    }
    for user_id in [json!(null), json!(7)] {
        check("geofence.crossed", "driver_id", user_id.clone());
        check("alert.raised", "user_id", user_id.clone());
        check("alert_read", "read_by", user_id.clone());
        check("alert_read", "user_id", user_id.clone());
        check("alert_deleted", "user_id", user_id);
    }
    for vehicle_id in [json!(null), json!("MTA NYCT_2782")] {
        check("alert.raised", "vehicle_id", vehicle_id);
    }
    for changed in [json!({}), json!({ "prelim_score": null }), json!({ "prelim_score": 85.5, "final_score": 88.0 })] {
        check("scores.updated", "changed_scores", changed);
    }
}

#[test]
fn payloads_with_a_missing_or_wrong_field_come_as_unknown() {
    for (kind, payload) in SAMPLES {
        let whole = value(payload);
        // The duration follows from the trip's times.
        for field in whole.as_object().unwrap().keys().filter(|field| *field != "duration") {
            let mut broken = whole.clone();
            broken.as_object_mut().unwrap().remove(field);
            // Version 0.1 did not write the time of a crossing, nor the proofs of a delivery.
            let may_lack = ["at_ms", "proofs"].contains(&field.as_str());
            assert!(may_lack || is_unknown(kind, &broken.to_string()), "{kind} without {field}");
            broken[field] = json!([[]]);
            assert!(is_unknown(kind, &broken.to_string()), "{kind} with a wrong {field}");
        }
        assert!(is_unknown(kind, "{"), "{kind}");
    }
    for at in ["", "yesterday", "1969-12-31T23:59:59Z", "2026-11-20"] {
        assert!(is_unknown("alert_read", &sample_with("alert_read", "read_at", json!(at))), "{at}");
    }
    for time in [json!("24:00:00"), json!("08\u{2236}00"), json!(8), json!("255:255:255:255:255:255")] {
        assert!(
            is_unknown("attendance.updated", &sample_with("attendance.updated", "time_in", time.clone())),
            "{time}"
        );
    }
    assert!(is_unknown("user_changed", r#"{"user_id":0}"#));
}

/// Payloads that a newer version may write.
#[test]
fn unknown_kinds_and_values_are_kept_as_they_were_written() {
    for (kind, payload) in [
        ("moon.landed", r#"{"eagle": true}"#),
        ("moon_landed", "{"),
        ("parcel.changed", r#"{"driver_id":5,"parcel_id":12,"status":"teleported"}"#),
        ("parcel.zone_crossed", r#"{"event":"enter","parcel_id":12,"zone":"orbit"}"#),
        ("user_changed", r#"{"user_id":"0193a1f2"}"#),
        ("user_changed", "[]"),
    ] {
        assert!(is_unknown(kind, payload), "{kind} {payload}");
        assert_eq!(encode(&decode(kind, payload)), (kind, payload.to_owned()));
    }
}

#[test]
fn unknown_fields_are_ignored() {
    assert!(!is_unknown("user_changed", r#"{"user_id":7,"by":"0193a1f2"}"#));
    assert!(!is_unknown("cadet_added", r#"{"cadet_id":7,"unit":{"id":1}}"#));
}
