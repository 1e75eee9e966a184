//! Positions and vehicles for the tests of this crate.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use milepost_domain::{
    Label, Latitude, Longitude, Position, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind, VehicleStatus,
};
use milepost_store::{OpenOptions, VehicleNo};

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

pub(crate) fn position(at_ms: i64) -> Position {
    Position {
        vehicle_id: VehicleId::new("bus").unwrap(),
        at: at(at_ms),
        latitude: Latitude::new(1.0).unwrap(),
        longitude: Longitude::new(2.0).unwrap(),
        speed: None,
        heading: None,
        accuracy: None,
        altitude: None,
        odometer: None,
        fuel_level: None,
        ignition: None,
    }
}

pub(crate) fn vehicle(name: &str) -> Vehicle {
    Vehicle {
        id: VehicleId::new(name).unwrap(),
        kind: VehicleKind::new(name).unwrap(),
        label: Label::new(name).unwrap(),
        license_plate: None,
        route: None,
        status: VehicleStatus::active(),
        driver_id: None,
        speed_limit: None,
        fuel_l_per_100km: None,
        fuel_price_per_l: None,
        odometer: None,
        service_due_km: None,
        service_due_at: None,
    }
}

/// Numbers of two vehicles. Only a store gives them out.
pub(crate) async fn two_numbers() -> (VehicleNo, VehicleNo) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = milepost_store::open(&url, &OpenOptions::default()).await.unwrap();
    let mut numbers = Vec::new();
    for name in ["bus", "car"] {
        let (home, vehicle) = (TenantId::default_tenant(), vehicle(name));
        store.add_vehicle(&home, &vehicle, at(0)).await.unwrap();
        numbers.push(store.get_vehicle(&home, &vehicle.id).await.unwrap().unwrap().no);
    }
    store.close().await;
    (numbers[0], numbers[1])
}
