//! Sockets of a fleet, and facts stored as the use cases store them.

use crate::support::signing::claims_token;
use crate::support::{TestServer, Watcher, json_of};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertTitle, DrivingEvent, DrivingKind, Fact, FenceCrossing, FenceEvent, GeofenceId,
    JsonObject, Label, Latitude, Longitude, NotificationText, Revision, ServiceBasis, ServiceDue, Severity, TenantId,
    Timestamp, Trip, TripFigures, TripId, TripOrigin, TripStatus, TripUpdate, UserId, VehicleId,
};
use milepost_store::Once;
use serde_json::{Value, json};

/// 2025-01-15T10:30:45Z.
pub const THEN_MS: i64 = 1_736_937_045_000;

pub fn then(after_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(THEN_MS + after_ms).unwrap()
}

/// A manager of a company.
pub fn manager(id: i64, company: &str) -> String {
    claims_token(&id.to_string(), "manager", company)
}

impl TestServer {
    /// A company with the vehicles 7 and 8, 7 driven by the user 42.
    pub async fn add_company(&self, id: &str) {
        json_of(self.post("/api/v1/tenants", &self.admin, json!({"id": id, "name": id})).await, 201).await;
        let token = manager(101, id);
        let seven = json!({"id": "7", "kind": "truck", "label": "Seven", "driver_id": 42});
        json_of(self.post("/api/v1/vehicles", &token, seven).await, 201).await;
        let eight = json!({"id": "8", "kind": "truck", "label": "Eight"});
        json_of(self.post("/api/v1/vehicles", &token, eight).await, 201).await;
    }

    /// Reports a vehicle of a company at this latitude, now.
    pub async fn place(&self, company: &str, vehicle: &str, latitude: f64) {
        let token = claims_token("101", "admin", company);
        let body = json!({"vehicle_id": vehicle, "latitude": latitude, "longitude": 20.5, "speed": 60, "heading": 90});
        json_of(self.post("/api/v1/positions", &token, body).await, 201).await;
    }

    /// Opens a company's socket.
    pub async fn watch_fleet(&self, company: &str, token: &str) -> Watcher {
        self.watch(&format!("/ws/tracking?company_id={company}"), token).await
    }

    /// Stores facts of a company, and returns the id of the last one's event.
    pub async fn store_facts(&self, company: &str, facts: &[Fact]) -> i64 {
        let store = &self.running.assembly.store;
        let now = milepost_clock::Clock::system().now();
        let tenant = TenantId::new(company).unwrap();
        let last = store.append_facts(&tenant, facts, now, &Once::unclaimed()).await.unwrap();
        // Written without the server, as another process does: the server finds them at its next scan.
        self.clock.turn(std::time::Duration::from_millis(500));
        last
    }
}

impl Watcher {
    /// The next message of this type. Others are skipped.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next message with an event id. Others are skipped.
    pub async fn next_event(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message.get("event_id").is_some() {
                return message;
            }
        }
    }

    /// All messages before the answer to a ping that is sent now.
    pub async fn until_pong(&mut self) -> Vec<Value> {
        self.send(json!({"type": "ping"})).await;
        let mut messages = Vec::new();
        loop {
            let message = self.next().await;
            if message["type"] == "pong" {
                return messages;
            }
            messages.push(message);
        }
    }
}

fn vehicle(id: &str) -> VehicleId {
    VehicleId::new(id).unwrap()
}

fn text(text: &str) -> NotificationText {
    NotificationText::new(text).unwrap()
}

pub fn trip(company: &str, vehicle_id: &str, status: TripStatus, revision: Revision) -> Fact {
    let trip = Trip {
        id: TripId::new(&format!("trip-{vehicle_id}")).unwrap(),
        tenant: TenantId::new(company).unwrap(),
        vehicle_id: vehicle(vehicle_id),
        driver_id: UserId::new(42).ok(),
        origin: TripOrigin::Auto,
        status,
        started_at: then(0),
        ended_at: status.has_ended().then(|| then(90_000)),
        followed_to: then(90_000),
        start: None,
        end: None,
        figures: TripFigures { distance_mm: 1_500_000, ..TripFigures::default() },
        version: 1,
    };
    Fact::TripChanged(Box::new(TripUpdate { trip, revision }))
}

pub fn crossing(vehicle_id: &str, event: FenceEvent, revision: Revision) -> Fact {
    Fact::FenceCrossed(Box::new(FenceCrossing {
        vehicle_id: vehicle(vehicle_id),
        driver_id: None,
        geofence_id: GeofenceId::new(3).unwrap(),
        geofence_name: Label::new("Depot").unwrap(),
        event,
        latitude: Latitude::new(10.25).unwrap(),
        longitude: Longitude::new(20.5).unwrap(),
        at: then(1_000),
        revision,
        visit: None,
        corrects: None,
    }))
}

pub fn braking(vehicle_id: &str, revision: Revision) -> Fact {
    Fact::DrivingNoted(Box::new(DrivingEvent {
        vehicle_id: vehicle(vehicle_id),
        driver_id: UserId::new(42).ok(),
        kind: DrivingKind::HarshBraking,
        severity: Severity::Medium,
        description: text("Slowed down by 5.0 m/s²"),
        at: then(2_000),
        revision,
        corrects: None,
    }))
}

pub fn service_due(vehicle_id: &str) -> Fact {
    Fact::ServiceDue(Box::new(ServiceDue {
        vehicle_id: vehicle(vehicle_id),
        basis: ServiceBasis::Odometer,
        severity: Severity::Medium,
        description: text("Due at 10000 km"),
        at: then(3_000),
        revision: Revision::New,
        corrects: None,
    }))
}

pub fn alert_id(name: &str) -> AlertId {
    AlertId::new(name).unwrap()
}

pub fn alert(company: &str, name: &str, user: Option<i64>, vehicle_id: Option<&str>) -> Fact {
    Fact::AlertRaised(Box::new(Alert {
        id: alert_id(name),
        tenant: TenantId::new(company).unwrap(),
        kind: AlertKind::SpeedViolation,
        severity: Severity::High,
        user_id: user.and_then(|id| UserId::new(id).ok()),
        vehicle_id: vehicle_id.map(vehicle),
        driver_id: vehicle_id.and_then(|_| UserId::new(42).ok()),
        title: AlertTitle::new("Too fast").unwrap(),
        message: text("92 km/h where 80 are allowed"),
        data: Some(JsonObject::of_parsed(r#"{"speed":92.5}"#.to_owned(), "data").unwrap()),
        subject: None,
        at: then(4_000),
        expires_at: then(86_404_000),
        read: None,
    }))
}

pub fn alert_read(name: &str, user: Option<i64>) -> Fact {
    let user_id = user.and_then(|id| UserId::new(id).ok());
    Fact::AlertRead { alert_id: alert_id(name), user_id, read_by: user_id, read_at: then(5_000) }
}

pub fn alert_deleted(name: &str, user: Option<i64>) -> Fact {
    Fact::AlertDeleted { alert_id: alert_id(name), user_id: user.and_then(|id| UserId::new(id).ok()) }
}
