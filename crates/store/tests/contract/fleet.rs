//! Vehicles and devices.

use crate::database::TestDatabase;
use crate::samples::{
    add_tenant, add_vehicles, at, batch, device, full_position, history, id, position, tenant, vehicle,
};
use milepost_domain::{DeviceId, Fact, Label, OdometerKm, SpeedKmh, TenantId, UserId, Vehicle, VehicleScope};
use milepost_store::{Committer, Once, StoreError, TrackedVehicle};

fn names(vehicles: &[TrackedVehicle]) -> Vec<&str> {
    vehicles.iter().map(|one| one.vehicle.id.as_str()).collect()
}

pub(crate) async fn vehicle_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let mut bus = Vehicle {
        license_plate: Some(Label::new("ÄÖ 123").unwrap()),
        route: Some(Label::new("7").unwrap()),
        driver_id: Some(UserId::new(77).unwrap()),
        speed_limit: Some(SpeedKmh::new(50.0).unwrap()),
        fuel_l_per_100km: Some(30.5),
        fuel_price_per_l: Some(1.7),
        odometer: Some(OdometerKm::new(1000.0).unwrap()),
        service_due_km: Some(OdometerKm::new(15_000.5).unwrap()),
        service_due_at: Some(at(7)),
        ..vehicle("MTA NYCT_2782")
    };
    let added = store.add_vehicle(&home, &bus, at(0), &Once::unclaimed()).await.unwrap();
    bus.version = at(0).unix_ms();
    assert_eq!(store.add_vehicle(&home, &bus, at(0), &Once::unclaimed()).await, Err(StoreError::Conflict("vehicle")));
    assert_eq!(
        store.add_vehicle(&tenant("nowhere"), &bus, at(0), &Once::unclaimed()).await,
        Err(StoreError::NotFound("tenant"))
    );
    let found = store.get_vehicle(&home, &bus.id).await.unwrap().unwrap();
    assert_eq!((&found.vehicle, &found.track.last, found.track.version), (&bus, &None, 0));
    assert_eq!(added, found);
    bus.license_plate = None;
    bus.label = Label::new("Seven").unwrap();
    bus.version += 1;
    assert!(store.update_vehicle(&home, &bus, at(1)).await.unwrap().is_some());
    assert!(store.update_vehicle(&home, &vehicle("other"), at(1)).await.unwrap().is_none());
    assert_eq!(store.get_vehicle(&home, &bus.id).await.unwrap().unwrap().vehicle, bus);
    let facts: Vec<_> = store.events_after(&home, 0, 9).await.unwrap().into_iter().map(|event| event.fact).collect();
    let vehicle_id = bus.id.clone();
    assert_eq!(facts, [Fact::VehicleAdded { vehicle_id: vehicle_id.clone() }, Fact::VehicleChanged { vehicle_id }]);
}

pub(crate) async fn same_vehicle_id_may_live_in_two_tenants(database: &TestDatabase) {
    let acme = add_tenant(&*database.store, "acme").await;
    add_vehicles(&*database.store, &acme, &["bus"]).await;
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["bus"]).await;
    let one = database.store.get_vehicle(&acme, &id("bus")).await.unwrap().unwrap();
    let other = database.store.get_vehicle(&TenantId::default_tenant(), &id("bus")).await.unwrap().unwrap();
    assert_ne!(one.no, other.no);
}

pub(crate) async fn vehicles_are_listed_page_by_page_in_the_order_of_bytes(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["b", "B", "a-1", "a1", "a_1", "é"]).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_vehicles(&home, &VehicleScope::All, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.vehicle.id.clone());
        seen.extend(page.into_iter().map(|one| one.vehicle.id.to_string()));
    }
    assert_eq!(seen, ["B", "a-1", "a1", "a_1", "b", "é"]);
}

pub(crate) async fn scope_narrows_the_list_of_vehicles(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["a", "b", "c"]).await;
    let driver = UserId::new(5).unwrap();
    store
        .add_vehicle(&home, &Vehicle { driver_id: Some(driver), ..vehicle("d") }, at(0), &Once::unclaimed())
        .await
        .unwrap();
    let list = async |listed: &[&str], driven_by| {
        let scope = VehicleScope::Some { listed: listed.iter().map(|name| id(name)).collect(), driven_by };
        names(&store.list_vehicles(&home, &scope, None, 10).await.unwrap()).join(" ")
    };
    assert_eq!(list(&["c", "a", "gone"], None).await, "a c");
    assert_eq!(list(&["a"], Some(driver)).await, "a d");
    assert_eq!(list(&[], Some(UserId::new(6).unwrap())).await, "");
    assert_eq!(list(&[], None).await, "");
    assert!(store.list_vehicles(&home, &VehicleScope::Nothing, None, 10).await.unwrap().is_empty());
    let scope = VehicleScope::Some { listed: vec![id("a"), id("b"), id("c")], driven_by: None };
    assert_eq!(names(&store.list_vehicles(&home, &scope, Some(&id("a")), 1).await.unwrap()), ["b"]);
    assert_eq!(names(&store.load_vehicles(&home, &[id("c"), id("b"), id("x")]).await.unwrap()), ["b", "c"]);
}

pub(crate) async fn removed_vehicle_takes_its_devices_and_positions_along(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "other"]).await;
    store.add_device(&device("kiosk", &home, "bus"), &[1; 32], &Once::unclaimed()).await.unwrap();
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, vec![position("bus", 1), position("other", 1)])).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus"), None, at(9)).await.unwrap());
    assert!(!store.remove_vehicle(&home, &id("bus"), None, at(9)).await.unwrap());
    assert_eq!(store.get_vehicle(&home, &id("bus")).await.unwrap(), None);
    assert_eq!(store.find_device_by_key(&[1; 32]).await.unwrap(), None);
    assert!(history(&**store, &home, "bus").await.is_empty());
    let arrived = store.recent_positions(&home, None, at(0), None, 10).await.unwrap();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].position, position("other", 1));
    let newest = store.events_after(&home, 2, 10).await.unwrap();
    assert_eq!(newest[0].fact, Fact::VehicleRemoved { vehicle_id: id("bus") });
    let pruned = store.prune(at(10), &milepost_store::Retention::default()).await.unwrap();
    assert_eq!((pruned.positions, pruned.more), (1, false));
    assert_eq!(history(&**store, &home, "other").await.len(), 1);
}

pub(crate) async fn device_is_found_by_its_key(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let mut kiosk = device("kiosk", &home, "bus");
    kiosk.name = Some(Label::new("Front door").unwrap());
    store.add_device(&kiosk, &[1; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(store.add_device(&kiosk, &[2; 32], &Once::unclaimed()).await, Err(StoreError::Conflict("device")));
    let second = device("tracker", &home, "bus");
    assert_eq!(store.add_device(&second, &[1; 32], &Once::unclaimed()).await, Err(StoreError::Conflict("device key")));
    let stray = device("stray", &home, "nowhere");
    assert_eq!(store.add_device(&stray, &[3; 32], &Once::unclaimed()).await, Err(StoreError::NotFound("vehicle")));
    store.add_device(&second, &[2; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(store.find_device_by_key(&[1; 32]).await.unwrap(), Some(kiosk.clone()));
    assert_eq!(store.find_device_by_key(&[9; 32]).await.unwrap(), None);
    assert_eq!(store.get_device(&home, &kiosk.id).await.unwrap(), Some(kiosk.clone()));
    assert_eq!(store.list_devices(&home, None, 1).await.unwrap(), [kiosk.clone()]);
    assert_eq!(store.list_devices(&home, Some(&kiosk.id), 9).await.unwrap(), [second]);
    assert!(store.remove_device(&home, &kiosk.id, None, at(1)).await.unwrap());
    assert!(!store.remove_device(&home, &kiosk.id, None, at(1)).await.unwrap());
    assert_eq!(store.find_device_by_key(&[1; 32]).await.unwrap(), None);
    let stored: Vec<_> = store.events_after(&home, 1, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    assert_eq!(stored, [Fact::DeviceRemoved { device_id: kiosk.id }]);
}

pub(crate) async fn tenants_see_nothing_of_each_other(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    store.add_device(&device("kiosk", &acme, "bus"), &[1; 32], &Once::unclaimed()).await.unwrap();
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&acme, vec![full_position("bus", 1)])).await.unwrap();
    // The same vehicle ids in another tenant.
    assert_eq!(committer.record(batch(&home, vec![position("bus", 2)])).await.unwrap().unknown, [0]);
    assert_eq!(store.get_vehicle(&home, &id("bus")).await.unwrap(), None);
    assert!(store.list_vehicles(&home, &VehicleScope::All, None, 10).await.unwrap().is_empty());
    assert!(store.update_vehicle(&home, &vehicle("bus"), at(0)).await.unwrap().is_none());
    assert!(!store.remove_vehicle(&home, &id("bus"), None, at(0)).await.unwrap());
    assert!(history(&**store, &home, "bus").await.is_empty());
    assert!(store.recent_positions(&home, None, at(0), None, 10).await.unwrap().is_empty());
    assert!(store.events_after(&home, 0, 10).await.unwrap().is_empty());
    assert_eq!(store.get_device(&home, &DeviceId::new("kiosk").unwrap()).await.unwrap(), None);
    assert!(store.list_devices(&home, None, 10).await.unwrap().is_empty());
    assert!(!store.remove_device(&home, &DeviceId::new("kiosk").unwrap(), None, at(1)).await.unwrap());
    assert_eq!(
        store.add_device(&device("kiosk", &home, "bus"), &[2; 32], &Once::unclaimed()).await,
        Err(StoreError::NotFound("vehicle"))
    );
    assert_eq!(history(&**store, &acme, "bus").await, [full_position("bus", 1)]);
}
