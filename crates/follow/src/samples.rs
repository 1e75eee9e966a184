//! Positions and vehicles for the tests of this crate.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use milepost_domain::{Label, Latitude, Longitude, Position, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind};
use milepost_store::{Once, OpenOptions, Unsent, VehicleNo};
use std::sync::Arc;

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

pub(crate) fn position(at_ms: i64) -> Position {
    Position::new(VehicleId::new("bus").unwrap(), at(at_ms), Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap())
}

pub(crate) fn vehicle(name: &str) -> Vehicle {
    Vehicle::new(VehicleId::new(name).unwrap(), VehicleKind::new(name).unwrap(), Label::new(name).unwrap())
}

/// Numbers of two vehicles. Only a store gives them out.
pub(crate) async fn two_numbers() -> (VehicleNo, VehicleNo) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = milepost_store::open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
    let mut numbers = Vec::new();
    for name in ["bus", "car"] {
        let (home, vehicle) = (TenantId::default_tenant(), vehicle(name));
        store.add_vehicle(&home, &vehicle, at(0), &Once::unclaimed()).await.unwrap();
        numbers.push(store.get_vehicle(&home, &vehicle.id).await.unwrap().unwrap().no);
    }
    store.close().await;
    (numbers[0], numbers[1])
}
