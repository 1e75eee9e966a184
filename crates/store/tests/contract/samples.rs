//! Sample values to store.

use milepost_domain::{
    AccuracyM, AltitudeM, AttributeValue, Attributes, Contact, Device, DeviceId, EmailAddress, FuelLevelL, HeadingDeg,
    Label, Language, Latitude, Longitude, OdometerKm, PastAssignments, Position, Role, SpeedKmh, Tenant, TenantId,
    Timestamp, UserId, Username, Vehicle, VehicleId, VehicleKind, ZoneName,
};
use milepost_store::{Digest, NewLogin, Once, PositionBatch, Session, SessionKind, Store, WrongPositions};
use std::sync::Arc;

/// The instant 2026-11-20T00:00:00Z.
pub(crate) const NOON_MS: i64 = 1_795_132_800_000;

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(NOON_MS + ms).unwrap()
}

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::new(id).unwrap()
}

pub(crate) fn latitude(deg: f64) -> Latitude {
    Latitude::new(deg).unwrap()
}

pub(crate) fn longitude(deg: f64) -> Longitude {
    Longitude::new(deg).unwrap()
}

pub(crate) fn id(id: &str) -> VehicleId {
    VehicleId::new(id).unwrap()
}

/// The tenant that exists from the start.
pub(crate) fn home_tenant() -> TenantId {
    TenantId::default_tenant()
}

pub(crate) async fn add_tenant(store: &dyn Store, id: &str) -> TenantId {
    let tenant = Tenant { id: tenant(id), name: Label::new(id).unwrap() };
    store.add_tenant(&tenant, &Once::unclaimed()).await.unwrap();
    tenant.id
}

pub(crate) fn new_user(name: &str, tenant: &TenantId) -> NewLogin {
    NewLogin {
        username: Username::new(name).unwrap(),
        password_hash: Some("$argon2id$sample".to_owned()),
        role: Role::Parent,
        tenant: tenant.clone(),
        approved: true,
        active: true,
        cadet_id: Some(3),
        vehicle_ids: vec![id("bus-1"), id("Bus 2")],
        contact: Contact {
            email: Some(EmailAddress::new("ann@example.org").unwrap()),
            language: Some(Language::Indonesian),
            timezone: Some(ZoneName::new("Asia/Jakarta").unwrap()),
            ..Contact::default()
        },
    }
}

/// A browser's session that was opened at the beginning.
pub(crate) fn opened(token_hash: Digest, user: UserId, expires_at: Timestamp) -> Session {
    Session {
        token_hash,
        user,
        kind: SessionKind::Browser,
        address: Some([192, 0, 2, 7].into()),
        created_at: at(0),
        last_seen_at: at(0),
        confirmed_at: None,
        expires_at,
        provenance: None,
    }
}

/// A vehicle with only the required fields.
pub(crate) fn vehicle(name: &str) -> Vehicle {
    Vehicle::new(id(name), VehicleKind::new("bus").unwrap(), Label::new(name).unwrap())
}

pub(crate) async fn add_vehicles(store: &dyn Store, tenant: &TenantId, names: &[&str]) {
    for name in names {
        store.add_vehicle(tenant, &vehicle(name), at(0), &Once::unclaimed()).await.unwrap();
    }
}

pub(crate) fn device(name: &str, tenant: &TenantId, vehicle: &str) -> Device {
    Device {
        id: DeviceId::new(name).unwrap(),
        tenant: tenant.clone(),
        vehicle_id: id(vehicle),
        past_vehicles: PastAssignments::default(),
        name: None,
        unique_id: None,
        protocol: None,
        utc_offset: None,
        sack: false,
        version: 1,
    }
}

/// A position with only a place and a time. A vehicle can drive from one to the next.
pub(crate) fn position(vehicle: &str, ms: i64) -> Position {
    Position::new(
        id(vehicle),
        at(ms),
        Latitude::new(30.0 + f64::from(u8::try_from(ms.rem_euclid(100)).unwrap()) / 1e6).unwrap(),
        Longitude::new(-97.5).unwrap(),
    )
}

/// A position with all fields.
pub(crate) fn full_position(vehicle: &str, ms: i64) -> Position {
    Position {
        speed: Some(SpeedKmh::new(33.3).unwrap()),
        heading: Some(HeadingDeg::new(360.0).unwrap()),
        accuracy: Some(AccuracyM::new(0.1 + 0.2).unwrap()),
        altitude: Some(AltitudeM::new(-12.5).unwrap()),
        odometer: Some(OdometerKm::new(123_456.7).unwrap()),
        fuel_level: Some(FuelLevelL::new(0.0).unwrap()),
        ignition: Some(false),
        attributes: Attributes::new([
            ("battery_percent", AttributeValue::number(54.0).unwrap()),
            ("power_v", AttributeValue::number(13.812).unwrap()),
            ("door_open", AttributeValue::Flag(true)),
            ("alarm", AttributeValue::text("sos").unwrap()),
            ("Türe 2", AttributeValue::number(-0.1).unwrap()),
        ])
        .unwrap(),
        ..position(vehicle, ms)
    }
}

pub(crate) fn batch(tenant: &TenantId, positions: Vec<Position>) -> PositionBatch {
    PositionBatch { tenant: tenant.clone(), positions, received_at: at(3_600_000), thresholds: Arc::default() }
}

/// Reads all stored positions of a vehicle, with those that are held to be wrong.
pub(crate) async fn history(store: &dyn Store, tenant: &TenantId, vehicle: &str) -> Vec<Position> {
    let (from, to) = (Timestamp::from_unix_ms(0).unwrap(), Timestamp::from_unix_ms(0).unwrap().plus_ms(i64::MAX));
    let all = store.positions(tenant, &id(vehicle), from, to, None, WrongPositions::Marked, 100_000).await.unwrap();
    all.into_iter().map(|stored| stored.position).collect()
}
