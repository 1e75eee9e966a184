//! What webhooks are sent of each public kind, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::message;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertTitle, Attendance, AttendanceStatus, AttendanceUpdate, CadetId, DeliveryStatus,
    DrivingEvent, DrivingKind, Fact, FenceCrossing, FenceEvent, FuelSource, GeofenceId, GradeGiven, GradeId, GradeKind,
    GradeUpdate, JsonObject, Label, Latitude, Longitude, NotificationText, OrderId, ParcelId, ParcelStatus, Points,
    ProofFileKind, ProofFileReference, ProofId, ProofReference, Reason, Revision, RiderId, Score, ScoreChange, Scores,
    ScoresUpdate, ServiceBasis, ServiceDue, Severity, SpeedKmh, Standing, TenantId, TimeOfDay, Timestamp, TrackingId,
    TrainingDayId, Trip, TripFigures, TripFuel, TripId, TripOrigin, TripPlace, TripStatus, TripUpdate, UserId,
    VehicleId, WEBHOOK_KINDS, Zone,
};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_795_132_800_000 + ms).unwrap()
}

fn check(fact: &Fact, kind: &str, data: &str) -> &'static str {
    let message = message(42, at(123), fact, "https://track.example.org").unwrap();
    let body = format!(r#"{{"data":{data},"timestamp":"2026-11-20T00:00:00.123Z","type":"{kind}"}}"#);
    assert_eq!((message.kind, message.body), (kind, body));
    message.kind
}

fn trip() -> Fact {
    let place = |latitude, longitude| {
        Some(TripPlace { latitude: Latitude::new(latitude).unwrap(), longitude: Longitude::new(longitude).unwrap() })
    };
    let trip = Trip {
        id: TripId::new("0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f").unwrap(),
        tenant: TenantId::new("acme").unwrap(),
        vehicle_id: VehicleId::new("b1").unwrap(),
        driver_id: UserId::new(5).ok(),
        origin: TripOrigin::Auto,
        status: TripStatus::Completed,
        started_at: at(0),
        ended_at: Some(at(90_000)),
        followed_to: at(400_001),
        start: place(30.3, -97.75),
        end: None,
        figures: TripFigures {
            distance_mm: 1_234_567,
            moving_ms: 60_000,
            idle_ms: 30_000,
            max_speed: Some(SpeedKmh::new(88.8).unwrap()),
            fuel: Some(TripFuel { burnt_ml: 150, source: FuelSource::Estimated }),
        },
        version: 9,
    };
    Fact::TripChanged(Box::new(TripUpdate { trip, revision: Revision::Corrected }))
}

fn proof() -> ProofReference {
    let file = ProofFileReference { id: 1, kind: ProofFileKind::Photo, bytes: 9, sha256: [1; 32] };
    ProofReference { id: ProofId::new("p1").unwrap(), files: vec![file] }
}

#[test]
fn every_public_kind_keeps_its_form_byte_for_byte() {
    let (tracking_id, order_id) = (TrackingId::new("TRK-1").unwrap(), OrderId::new("ORD/1 «x»").unwrap());
    let (parcel_id, cadet_id) = (ParcelId::new(12).unwrap(), CadetId::new(1).unwrap());
    let (vehicle_id, driver_id) = (VehicleId::new("b1").unwrap(), UserId::new(5).ok());
    let text = |text: &str| NotificationText::new(text).unwrap();
    let score = |hundredths| Some(Score::from_hundredths(hundredths).unwrap());
    let all = Scores { prelim: score(8550), midterm: score(0), r#final: None };
    check(
        &Fact::DeliveryAdvanced {
            tracking_id: tracking_id.clone(),
            order_id: order_id.clone(),
            status: DeliveryStatus::InTransit,
            proofs: Vec::new(),
        },
        "delivery.status_changed",
        r#"{"event_id":42,"order_id":"ORD/1 «x»","status":"IN_TRANSIT","tracking_id":"TRK-1"}"#,
    );
    let kinds = [
        check(
            &Fact::DeliveryStarted {
                tracking_id: tracking_id.clone(),
                order_id: order_id.clone(),
                rider_id: RiderId::new("R-1").unwrap(),
            },
            "delivery.started",
            r#"{"event_id":42,"order_id":"ORD/1 «x»","rider_id":"R-1","status":"ASSIGNED","tracking_id":"TRK-1"}"#,
        ),
        check(
            &Fact::DeliveryAdvanced { tracking_id, order_id, status: DeliveryStatus::Delivered, proofs: vec![proof()] },
            "delivery.status_changed",
            r#"{"event_id":42,"order_id":"ORD/1 «x»","proofs":[{"files":[{"bytes":9,"id":1,"kind":"photo","sha256":"0101010101010101010101010101010101010101010101010101010101010101","url":"https://track.example.org/api/v1/deliveries/TRK-1/proofs/p1/files/1"}],"id":"p1"}],"status":"DELIVERED","tracking_id":"TRK-1"}"#,
        ),
        check(
            &Fact::ParcelAdded { parcel_id, client_id: UserId::new(7).unwrap() },
            "parcel.added",
            r#"{"client_id":7,"event_id":42,"parcel_id":12}"#,
        ),
        check(
            &Fact::ParcelChanged { parcel_id, status: ParcelStatus::OutForDelivery, driver_id: None },
            "parcel.changed",
            r#"{"driver_id":null,"event_id":42,"parcel_id":12,"status":"out_for_delivery"}"#,
        ),
        check(
            &Fact::ParcelZoneCrossed { parcel_id, zone: Zone::Pickup, entered: false, at: None },
            "parcel.zone_crossed",
            r#"{"event":"exit","event_id":42,"parcel_id":12,"zone":"pickup"}"#,
        ),
        check(
            &Fact::GradeUpdated(Box::new(GradeUpdate {
                cadet_id,
                grade_id: GradeId::new(9).unwrap(),
                given: GradeGiven {
                    kind: GradeKind::Merit,
                    points: Points::new(5).unwrap(),
                    reason: Reason::new("Late \"again\"").unwrap(),
                },
                removed: true,
                standing: Standing { merit_points: 25, demerit_points: 10, attendance_present: 15, scores: all },
            })),
            "grade.updated",
            r#"{"attendance_present":15,"cadet_id":1,"demerit_points":10,"event_id":42,"final_score":null,"grade_id":9,"merit_points":25,"midterm_score":0.0,"points":-5,"prelim_score":85.5,"reason":"Late \"again\"","removed":true,"type":"merit"}"#,
        ),
        check(
            &Fact::AttendanceUpdated(Box::new(AttendanceUpdate {
                cadet_id,
                training_day_id: TrainingDayId::new(i64::MAX).unwrap(),
                attendance: Attendance {
                    status: AttendanceStatus::Excused,
                    time_in: Some(TimeOfDay::from_seconds(8 * 3600).unwrap()),
                    time_out: None,
                },
                attendance_present: 16,
            })),
            "attendance.updated",
            r#"{"attendance_present":16,"cadet_id":1,"event_id":42,"status":"excused","time_in":"08:00:00","time_out":null,"training_day_id":9223372036854775807}"#,
        ),
        check(
            &Fact::ScoresUpdated(Box::new(ScoresUpdate {
                cadet_id,
                scores: all,
                changed: ScoreChange { prelim: None, midterm: Some(score(0)), r#final: Some(None) },
            })),
            "scores.updated",
            r#"{"cadet_id":1,"changed_scores":{"final_score":null,"midterm_score":0.0},"event_id":42,"final_score":null,"midterm_score":0.0,"prelim_score":85.5}"#,
        ),
        check(
            &trip(),
            "trip.changed",
            r#"{"distance":1.234567,"driver_id":5,"duration":1.5,"end":null,"end_time":"2026-11-20T00:01:30.000Z","event_id":42,"followed_to":"2026-11-20T00:06:40.001Z","fuel_l":0.15,"fuel_source":"estimated","idle_ms":30000,"max_speed_kmh":88.8,"moving_ms":60000,"origin":"auto","start":{"latitude":30.3,"longitude":-97.75},"start_time":"2026-11-20T00:00:00.000Z","status":"completed","telling":"corrected","tenant":"acme","trip_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f","vehicle_id":"b1","version":9}"#,
        ),
        check(
            &Fact::FenceCrossed(Box::new(FenceCrossing {
                vehicle_id: vehicle_id.clone(),
                driver_id,
                geofence_id: GeofenceId::new(12).unwrap(),
                geofence_name: Label::new("Depot").unwrap(),
                event: FenceEvent::Exit,
                latitude: Latitude::new(30.25).unwrap(),
                longitude: Longitude::new(-97.75).unwrap(),
                at: at(1),
                revision: Revision::Withdrawn,
                visit: Some(at(0)),
                corrects: Some(at(0)),
            })),
            "geofence.crossed",
            r#"{"change":"withdrawn","corrects":"12-1795132800000-b1","driver_id":5,"event":"exit","event_id":42,"geofence_id":12,"geofence_name":"Depot","latitude":30.25,"longitude":-97.75,"telling":"withdrawn","timestamp":"2026-11-20T00:00:00.001Z","vehicle_id":"b1","visit_id":"12-1795132800000-b1"}"#,
        ),
        check(
            &Fact::DrivingNoted(Box::new(DrivingEvent {
                vehicle_id: vehicle_id.clone(),
                driver_id: None,
                kind: DrivingKind::Speeding,
                severity: Severity::High,
                description: text("92 km/h"),
                at: at(2),
                revision: Revision::New,
                corrects: None,
            })),
            "driver.event",
            r#"{"description":"92 km/h","driver_id":null,"event_id":42,"event_type":"speeding","severity":"high","telling":"new","timestamp":"2026-11-20T00:00:00.002Z","vehicle_id":"b1"}"#,
        ),
        check(
            &Fact::ServiceDue(Box::new(ServiceDue {
                vehicle_id,
                basis: ServiceBasis::Odometer,
                severity: Severity::Medium,
                description: text("due at 15000 km"),
                at: at(3),
                revision: Revision::New,
                corrects: None,
            })),
            "maintenance.due",
            r#"{"basis":"odometer","description":"due at 15000 km","event_id":42,"severity":"medium","telling":"new","timestamp":"2026-11-20T00:00:00.003Z","vehicle_id":"b1"}"#,
        ),
        check(
            &Fact::AlertRaised(Box::new(Alert {
                id: AlertId::new("0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60").unwrap(),
                tenant: TenantId::new("acme").unwrap(),
                kind: AlertKind::SpeedViolation,
                severity: Severity::High,
                user_id: None,
                vehicle_id: None,
                driver_id,
                title: AlertTitle::new("Too fast").unwrap(),
                message: text("Bus 7\n92 km/h"),
                data: Some(
                    JsonObject::of_parsed(r#"{"z":1.50,"a":{},"big":89310410106543789301}"#.to_owned(), "data")
                        .unwrap(),
                ),
                subject: None,
                at: at(4),
                expires_at: at(86_400_004),
                read: None,
            })),
            "alert.raised",
            r#"{"alert_id":"0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60","driver_id":5,"event_id":42,"expires_at":"2026-11-21T00:00:00.004Z","message":"Bus 7\n92 km/h","severity":"high","subject":null,"tenant":"acme","timestamp":"2026-11-20T00:00:00.004Z","title":"Too fast","type":"speed_violation","user_id":null,"vehicle_id":null,"data":{"z":1.50,"a":{},"big":89310410106543789301}}"#,
        ),
    ];
    assert_eq!(kinds, WEBHOOK_KINDS);
}

#[test]
fn internal_and_unknown_events_are_not_sent() {
    let unknown = Fact::Unknown { kind: "alert.raised".to_owned(), payload: "[]".to_owned() };
    for fact in [Fact::UserChanged { user_id: UserId::new(7).unwrap() }, unknown] {
        assert_eq!(message(42, at(0), &fact, ""), None);
    }
}
