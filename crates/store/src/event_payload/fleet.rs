//! Payloads of facts about a fleet: trips, geofence crossings, driving events, services and rules.

use super::field::{self, nullable};
use milepost_domain::{
    DrivingEvent, DrivingKind, FenceCrossing, FenceEvent, FuelSource, GeofenceId, Label, Latitude, Longitude,
    NotificationText, Revision, ServiceBasis, ServiceDue, Severity, SpeedKmh, TenantId, Timestamp, Trip, TripFigures,
    TripFuel, TripId, TripOrigin, TripPlace, TripStatus, TripUpdate, UserId, VehicleId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct GeofencePayload {
    #[serde(with = "field")]
    pub(super) geofence_id: GeofenceId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RulesPayload {
    pub(super) version: i64,
}

#[derive(Serialize, Deserialize)]
struct Place {
    #[serde(with = "field")]
    latitude: Latitude,
    #[serde(with = "field")]
    longitude: Longitude,
}

impl From<TripPlace> for Place {
    fn from(TripPlace { latitude, longitude }: TripPlace) -> Self {
        Self { latitude, longitude }
    }
}

impl From<Place> for TripPlace {
    fn from(Place { latitude, longitude }: Place) -> Self {
        Self { latitude, longitude }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct TripPayload {
    #[serde(with = "field")]
    #[serde(rename = "telling")]
    revision: Revision,
    #[serde(with = "field")]
    trip_id: TripId,
    #[serde(with = "field")]
    tenant: TenantId,
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(with = "field")]
    origin: TripOrigin,
    #[serde(with = "field")]
    status: TripStatus,
    #[serde(with = "field")]
    start_time: Timestamp,
    #[serde(with = "nullable")]
    end_time: Option<Timestamp>,
    #[serde(with = "field")]
    followed_to: Timestamp,
    #[serde(deserialize_with = "Option::deserialize")]
    start: Option<Place>,
    #[serde(deserialize_with = "Option::deserialize")]
    end: Option<Place>,
    /// In kilometres.
    distance: f64,
    /// In minutes. It is not read, because it follows from the trip's times.
    #[serde(skip_deserializing)]
    duration: f64,
    moving_ms: i64,
    idle_ms: i64,
    #[serde(with = "nullable")]
    max_speed_kmh: Option<SpeedKmh>,
    #[serde(deserialize_with = "Option::deserialize")]
    fuel_l: Option<f64>,
    #[serde(with = "nullable")]
    fuel_source: Option<FuelSource>,
    version: i64,
}

/// Writes a number of thousandths or millionths as a decimal. Reading rounds it to the same whole number again, because
/// both have fewer than 16 digits.
#[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km, or litres")]
fn in_units(parts: i64, unit: f64) -> f64 {
    parts as f64 / unit
}

#[expect(clippy::cast_possible_truncation, reason = "it was made of a whole number")]
fn parts(value: f64, unit: f64) -> i64 {
    (value * unit).round() as i64
}

impl From<&TripUpdate> for TripPayload {
    fn from(TripUpdate { trip, revision, .. }: &TripUpdate) -> Self {
        let figures = trip.figures;
        Self {
            revision: *revision,
            trip_id: trip.id.clone(),
            tenant: trip.tenant.clone(),
            vehicle_id: trip.vehicle_id.clone(),
            driver_id: trip.driver_id,
            origin: trip.origin,
            status: trip.status,
            start_time: trip.started_at,
            end_time: trip.ended_at,
            followed_to: trip.followed_to,
            start: trip.start.map(Place::from),
            end: trip.end.map(Place::from),
            distance: in_units(figures.distance_mm, 1e6),
            duration: in_units(trip.duration_ms(), 60e3),
            moving_ms: figures.moving_ms,
            idle_ms: figures.idle_ms,
            max_speed_kmh: figures.max_speed,
            fuel_l: figures.fuel.map(|fuel| in_units(fuel.burnt_ml, 1e3)),
            fuel_source: figures.fuel.map(|fuel| fuel.source),
            version: trip.version,
        }
    }
}

impl From<TripPayload> for Trip {
    fn from(payload: TripPayload) -> Self {
        let burnt_ml = payload.fuel_l.map(|litres| parts(litres, 1e3));
        Self {
            id: payload.trip_id,
            tenant: payload.tenant,
            vehicle_id: payload.vehicle_id,
            driver_id: payload.driver_id,
            origin: payload.origin,
            status: payload.status,
            started_at: payload.start_time,
            ended_at: payload.end_time,
            followed_to: payload.followed_to,
            start: payload.start.map(TripPlace::from),
            end: payload.end.map(TripPlace::from),
            figures: TripFigures {
                distance_mm: parts(payload.distance, 1e6),
                moving_ms: payload.moving_ms,
                idle_ms: payload.idle_ms,
                max_speed: payload.max_speed_kmh,
                fuel: burnt_ml.zip(payload.fuel_source).map(|(burnt_ml, source)| TripFuel { burnt_ml, source }),
            },
            version: payload.version,
        }
    }
}

impl TripPayload {
    /// Reads the update. The event's kind says whether only the trip's amounts grew.
    pub(super) fn into_update(self, is_progress: bool) -> TripUpdate {
        TripUpdate { revision: self.revision, trip: self.into(), is_progress }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FenceCrossing")]
pub(super) struct CrossingPayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(with = "field")]
    geofence_id: GeofenceId,
    #[serde(with = "field")]
    geofence_name: Label,
    #[serde(with = "field")]
    event: FenceEvent,
    #[serde(with = "field")]
    latitude: Latitude,
    #[serde(with = "field")]
    longitude: Longitude,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(with = "field")]
    #[serde(rename = "telling")]
    revision: Revision,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DrivingEvent")]
pub(super) struct DrivingPayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(rename = "event_type", with = "field")]
    kind: DrivingKind,
    #[serde(with = "field")]
    severity: Severity,
    #[serde(with = "field")]
    description: NotificationText,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(with = "field")]
    #[serde(rename = "telling")]
    revision: Revision,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ServiceDue")]
pub(super) struct ServiceDuePayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "field")]
    basis: ServiceBasis,
    #[serde(with = "field")]
    severity: Severity,
    #[serde(with = "field")]
    description: NotificationText,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(with = "field")]
    #[serde(rename = "telling")]
    revision: Revision,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use crate::event_payload::{decode, encode, is_unknown};
    use milepost_domain::{
        Alert, AlertId, AlertKind, AlertSubject, AlertTitle, DrivingEvent, DrivingKind, Fact, FenceCrossing,
        FenceEvent, FuelSource, GeofenceId, JsonObject, Label, Latitude, Longitude, NotificationText, Revision,
        ServiceBasis, ServiceDue, Severity, SpeedKmh, TenantId, Timestamp, Trip, TripFigures, TripFuel, TripId,
        TripOrigin, TripPlace, TripStatus, TripUpdate, UserId, VehicleId, WEBHOOK_KINDS,
    };
    use serde_json::{Value, json};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_795_132_800_000 + ms).unwrap()
    }

    fn vehicle_id() -> VehicleId {
        VehicleId::new("MTA NYCT_2782").unwrap()
    }

    fn text(text: &str) -> NotificationText {
        NotificationText::new(text).unwrap()
    }

    /// A trip with only the required fields.
    fn young_trip() -> Trip {
        Trip {
            id: TripId::new("0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f").unwrap(),
            tenant: TenantId::new("acme").unwrap(),
            vehicle_id: vehicle_id(),
            driver_id: None,
            origin: TripOrigin::Manual,
            status: TripStatus::Started,
            started_at: at(0),
            ended_at: None,
            followed_to: at(0),
            start: None,
            end: None,
            figures: TripFigures::default(),
            version: 1,
        }
    }

    fn whole_trip() -> Trip {
        let place = |latitude, longitude| {
            Some(TripPlace {
                latitude: Latitude::new(latitude).unwrap(),
                longitude: Longitude::new(longitude).unwrap(),
            })
        };
        Trip {
            driver_id: UserId::new(5).ok(),
            origin: TripOrigin::Auto,
            status: TripStatus::Completed,
            ended_at: Some(at(90_000)),
            followed_to: at(400_001),
            start: place(30.1 + 0.2, -97.75),
            end: place(-0.000_001, 180.0),
            figures: TripFigures {
                distance_mm: 1_234_567,
                moving_ms: 60_000,
                idle_ms: 30_000,
                max_speed: Some(SpeedKmh::new(88.8).unwrap()),
                fuel: Some(TripFuel { burnt_ml: 150, source: FuelSource::Estimated }),
            },
            version: 9,
            ..young_trip()
        }
    }

    fn trip(trip: Trip, revision: Revision, is_progress: bool) -> Fact {
        Fact::TripChanged(Box::new(TripUpdate { trip, revision, is_progress }))
    }

    fn crossing(event: FenceEvent, revision: Revision) -> Fact {
        Fact::FenceCrossed(Box::new(FenceCrossing {
            vehicle_id: vehicle_id(),
            driver_id: UserId::new(5).ok(),
            geofence_id: GeofenceId::new(12).unwrap(),
            geofence_name: Label::new("Depot «ü» \"7\"").unwrap(),
            event,
            latitude: Latitude::new(30.25).unwrap(),
            longitude: Longitude::new(-97.75).unwrap(),
            at: at(1),
            revision,
        }))
    }

    fn driving(kind: DrivingKind) -> Fact {
        Fact::DrivingNoted(Box::new(DrivingEvent {
            vehicle_id: vehicle_id(),
            driver_id: None,
            kind,
            severity: Severity::High,
            description: text("92 km/h where 80 are allowed"),
            at: at(2),
            revision: Revision::New,
        }))
    }

    fn service_due(basis: ServiceBasis) -> Fact {
        Fact::ServiceDue(Box::new(ServiceDue {
            vehicle_id: vehicle_id(),
            basis,
            severity: Severity::Medium,
            description: text("due at 15000 km"),
            at: at(3),
            revision: Revision::New,
        }))
    }

    fn company_alert(data: Option<&str>) -> Alert {
        Alert {
            id: AlertId::new("0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60").unwrap(),
            tenant: TenantId::new("acme").unwrap(),
            kind: AlertKind::SpeedViolation,
            severity: Severity::High,
            user_id: None,
            vehicle_id: None,
            driver_id: None,
            title: AlertTitle::new("Too fast").unwrap(),
            message: text("Bus 7\n92 km/h"),
            data: data.map(|data| JsonObject::of_parsed(data.to_owned(), "data").unwrap()),
            subject: None,
            at: at(4),
            expires_at: at(86_400_004),
            read: None,
        }
    }

    fn user_alert() -> Alert {
        Alert {
            user_id: UserId::new(7).ok(),
            vehicle_id: Some(vehicle_id()),
            driver_id: UserId::new(5).ok(),
            subject: Some(AlertSubject::new("speed:MTA NYCT_2782:1795132800000").unwrap()),
            ..company_alert(Some("{\"z\":1.00000000000000000001,\"a\":\"\\u0000\",\"z\":2}"))
        }
    }

    fn read(user_id: Option<UserId>, read_by: Option<UserId>) -> Fact {
        Fact::AlertRead { alert_id: user_alert().id, user_id, read_by, read_at: at(5) }
    }

    fn comes_back(fact: &Fact) -> Value {
        let (kind, payload) = encode(fact);
        assert_eq!(decode(kind, &payload), *fact);
        assert_eq!(WEBHOOK_KINDS.contains(&kind), kind.contains('.'), "{kind}");
        serde_json::from_str(&payload).unwrap()
    }

    #[test]
    fn every_fact_of_a_fleet_comes_back_as_it_was() {
        for revision in Revision::ALL {
            for is_progress in [false, true] {
                comes_back(&trip(young_trip(), revision, is_progress));
                comes_back(&trip(whole_trip(), revision, is_progress));
            }
            for event in FenceEvent::ALL {
                comes_back(&crossing(event, revision));
            }
        }
        DrivingKind::ALL.into_iter().for_each(|kind| drop(comes_back(&driving(kind))));
        comes_back(&service_due(ServiceBasis::Odometer));
        comes_back(&service_due(ServiceBasis::Date));
        for alert in [company_alert(None), company_alert(Some("{}")), user_alert()] {
            comes_back(&Fact::AlertRaised(Box::new(alert)));
        }
        comes_back(&read(None, None));
        comes_back(&read(UserId::new(7).ok(), UserId::new(7).ok()));
        comes_back(&Fact::AlertDeleted { alert_id: user_alert().id, user_id: None });
        comes_back(&Fact::AlertDeleted { alert_id: user_alert().id, user_id: UserId::new(7).ok() });
        comes_back(&Fact::GeofenceChanged { geofence_id: GeofenceId::new(12).unwrap() });
        comes_back(&Fact::RulesChanged { version: 3 });
    }

    #[test]
    fn every_distance_and_every_fuel_comes_back_to_the_last_digit() {
        let mut parts = 1;
        while parts < 9_000_000_000_000 {
            for parts in [parts - 1, parts, parts + 1] {
                let fuel = Some(TripFuel { burnt_ml: -parts, source: FuelSource::Measured });
                let figures = TripFigures { distance_mm: parts, fuel, ..TripFigures::default() };
                comes_back(&trip(Trip { figures, ..young_trip() }, Revision::New, false));
            }
            parts = parts * 3 + 7;
        }
    }

    #[test]
    fn payloads_keep_their_form() {
        let expected = json!({
            "telling": "new", "trip_id": "0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e5f", "tenant": "acme",
            "vehicle_id": "MTA NYCT_2782", "driver_id": 5, "origin": "auto", "status": "completed",
            "start_time": "2026-11-20T00:00:00.000Z", "end_time": "2026-11-20T00:01:30.000Z",
            "followed_to": "2026-11-20T00:06:40.001Z", "start": { "latitude": 30.1 + 0.2, "longitude": -97.75 },
            "end": { "latitude": -0.000_001, "longitude": 180.0 }, "distance": 1.234_567, "duration": 1.5,
            "moving_ms": 60_000, "idle_ms": 30_000, "max_speed_kmh": 88.8, "fuel_l": 0.15, "fuel_source": "estimated",
            "version": 9,
        });
        assert_eq!(comes_back(&trip(whole_trip(), Revision::New, false)), expected);
        let expected = json!({
            "telling": "withdrawn", "vehicle_id": "MTA NYCT_2782", "driver_id": 5, "geofence_id": 12,
            "geofence_name": "Depot «ü» \"7\"", "event": "exit", "latitude": 30.25, "longitude": -97.75,
            "timestamp": "2026-11-20T00:00:00.001Z",
        });
        assert_eq!(comes_back(&crossing(FenceEvent::Exit, Revision::Withdrawn)), expected);
        let expected = json!({
            "alert_id": "0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60", "tenant": "acme", "type": "speed_violation",
            "severity": "high", "user_id": null, "vehicle_id": null, "driver_id": null, "title": "Too fast",
            "message": "Bus 7\n92 km/h", "subject": null, "timestamp": "2026-11-20T00:00:00.004Z",
            "expires_at": "2026-11-21T00:00:00.004Z", "data": { "speed": 92 },
        });
        assert_eq!(comes_back(&Fact::AlertRaised(Box::new(company_alert(Some("{\"speed\":92}"))))), expected);
    }

    #[test]
    fn broken_facts_of_a_fleet_come_as_unknown() {
        for fact in [
            trip(whole_trip(), Revision::New, false),
            crossing(FenceEvent::Enter, Revision::New),
            driving(DrivingKind::Speeding),
            service_due(ServiceBasis::Date),
            Fact::AlertRaised(Box::new(user_alert())),
            read(None, None),
            Fact::AlertDeleted { alert_id: user_alert().id, user_id: None },
            Fact::GeofenceChanged { geofence_id: GeofenceId::new(12).unwrap() },
            Fact::RulesChanged { version: 3 },
        ] {
            let (kind, payload) = encode(&fact);
            let whole: Value = serde_json::from_str(&payload).unwrap();
            // The duration follows from the trip's times.
            for field in whole.as_object().unwrap().keys().filter(|field| *field != "duration") {
                let mut broken = whole.clone();
                broken.as_object_mut().unwrap().remove(field);
                assert!(is_unknown(&decode(kind, &broken.to_string())), "{kind} without {field}");
                broken[field] = json!([]);
                assert!(is_unknown(&decode(kind, &broken.to_string())), "{kind} with a wrong {field}");
            }
        }
        let wrong = |at: &str| json!({ "alert_id": "a", "user_id": null, "read_by": null, "read_at": at }).to_string();
        for at in ["", "yesterday", "1969-12-31T23:59:59Z", "2026-11-20"] {
            assert!(is_unknown(&decode("alert_read", &wrong(at))), "{at}");
        }
    }
}
