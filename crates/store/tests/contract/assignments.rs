//! Drivers of vehicles and vehicles of devices, by time.

use crate::database::TestDatabase;
use crate::history::{fold_of, write};
use crate::samples::{add_tenant, add_vehicles, at, device, id, vehicle};
use crate::trips::started;
use milepost_domain::{
    AssignedAt, Device, Fact, Label, MAX_PAST_ASSIGNMENTS, Revision, TenantId, Timestamp, Trip, TripId, TripOrigin,
    UserId, Vehicle, VehicleId,
};
use milepost_store::{HistoryChange, Once, Retention, Store, StoreError};

fn user(id: i64) -> Option<UserId> {
    UserId::new(id).ok()
}

async fn bus(store: &dyn Store, tenant: &TenantId) -> Vehicle {
    store.get_vehicle(tenant, &id("bus")).await.unwrap().unwrap().vehicle
}

async fn hand_over(store: &dyn Store, tenant: &TenantId, driver_id: Option<UserId>, ms: i64) {
    let before = bus(store, tenant).await;
    let after = Vehicle { driver_id, version: before.version + 1, ..before };
    let written = store.update_vehicle(tenant, &after, at(ms)).await.unwrap();
    // With its ended assignments, which the store adds.
    assert_eq!(written, store.get_vehicle(tenant, &id("bus")).await.unwrap());
}

/// Who drove the bus at these times.
async fn drivers<const N: usize>(store: &dyn Store, tenant: &TenantId, ms: [i64; N]) -> [Option<i64>; N] {
    let bus = bus(store, tenant).await;
    ms.map(|ms| bus.driver_at(at(ms)).map(UserId::get))
}

pub(crate) async fn driver_of_a_time_is_known_after_a_change(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    for tenant in [&home, &acme] {
        let first = Vehicle { driver_id: user(5), ..vehicle("bus") };
        store.add_vehicle(tenant, &first, at(0), &Once::unclaimed()).await.unwrap();
    }
    assert_eq!(drivers(store, &home, [-100_000, 0, 100]).await, [Some(5); 3], "since ever");
    hand_over(store, &home, user(6), 10).await;
    hand_over(store, &home, user(6), 15).await;
    hand_over(store, &home, None, 20).await;
    // Nobody had it for no time at all, and the third change comes from a node whose clock is behind.
    hand_over(store, &home, user(7), 20).await;
    hand_over(store, &home, user(8), 12).await;
    hand_over(store, &home, user(9), 30).await;
    let known = drivers(store, &home, [-100_000, 9, 10, 19, 20, 29, 30, 1_000]).await;
    assert_eq!(known, [5, 5, 6, 6, 8, 8, 9, 9].map(Some));
    assert_eq!(drivers(store, &acme, [0, 1_000]).await, [Some(5); 2]);
    // One that is added anew under the same id has drivers of its own.
    assert!(store.remove_vehicle(&home, &id("bus"), None, at(40)).await.unwrap());
    add_vehicles(store, &home, &["bus"]).await;
    assert_eq!(drivers(store, &home, [0, 15, 1_000]).await, [None; 3]);
}

pub(crate) async fn drivers_that_change_at_once_follow_each_other(database: &TestDatabase) {
    const NODES: i64 = 8;
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let other_node = database.another_node().await;
    let changes: Vec<_> = (1..=NODES)
        .map(|number| {
            let store = if number % 2 == 0 { store.clone() } else { other_node.clone() };
            tokio::spawn(async move {
                let home = TenantId::default_tenant();
                loop {
                    let before = bus(&*store, &home).await;
                    let after = Vehicle { driver_id: user(number), version: before.version + 1, ..before };
                    // Others may have changed it in between.
                    if store.update_vehicle(&home, &after, at(number)).await.unwrap().is_some() {
                        break;
                    }
                }
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
    let bus = bus(&**store, &home).await;
    assert_eq!(bus.driver_at(at(0)), None, "nobody drove it before the first change");
    assert_eq!(bus.driver_at(at(NODES)), bus.driver_id, "the last change holds from its time on");
    assert!((1..=NODES).all(|ms| bus.past_drivers.at(at(ms)) != AssignedAt::Unknown), "{bus:?}");
    other_node.close().await;
}

pub(crate) async fn vehicle_of_a_device_is_known_by_its_time(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    add_vehicles(store, &home, &["bus", "car", "van"]).await;
    add_vehicles(store, &acme, &["foreign"]).await;
    let tracker = device("tracker", &home, "bus");
    store.add_device(&tracker, &[1; 32], &Once::unclaimed()).await.unwrap();
    let newest = store.newest_event_id(&home).await.unwrap();
    let moved = |vehicle: &str, version| Device { vehicle_id: id(vehicle), version, ..tracker.clone() };
    assert!(store.update_device(&moved("car", 2), at(10)).await.unwrap());
    let named = Device { name: Some(Label::new("Front").unwrap()), ..moved("car", 3) };
    assert!(store.update_device(&named, at(15)).await.unwrap());
    assert!(store.update_device(&moved("van", 4), at(20)).await.unwrap());
    assert_eq!(store.update_device(&moved("foreign", 5), at(21)).await, Err(StoreError::NotFound("vehicle")));
    assert!(!store.update_device(&Device { tenant: acme.clone(), ..moved("foreign", 5) }, at(21)).await.unwrap());
    assert!(!store.update_device(&Device { version: 2, ..device("other", &home, "van") }, at(21)).await.unwrap());
    let changes = store.events_after(&home, newest, 10).await.unwrap();
    let changed = Fact::DeviceChanged { device_id: tracker.id.clone() };
    assert_eq!(changes.into_iter().map(|event| event.fact).collect::<Vec<_>>(), vec![changed; 3]);

    let times = [-100_000, 9, 10, 19, 20, 1_000];
    let was_in = async || -> [Option<Option<VehicleId>>; 6] {
        let found = store.find_device_by_key(&[1; 32]).await.unwrap().unwrap();
        assert_eq!(store.get_device(&home, &tracker.id).await.unwrap().as_ref(), Some(&found));
        assert_eq!(store.list_devices(&home, None, 1).await.unwrap(), std::slice::from_ref(&found));
        times.map(|ms| match found.past_vehicles.at(at(ms)) {
            AssignedAt::Present => Some(Some(found.vehicle_id.clone())),
            AssignedAt::Past(before) => Some(before.clone()),
            AssignedAt::Unknown => None,
        })
    };
    let each = |names: [&str; 6]| names.map(|name| Some(VehicleId::new(name).ok()));
    assert_eq!(was_in().await, each(["bus", "bus", "car", "car", "van", "van"]));
    // It was not in the new car of the same name, and the bus has not got its time.
    assert!(store.remove_vehicle(&home, &id("car"), None, at(30)).await.unwrap());
    add_vehicles(store, &home, &["car"]).await;
    assert_eq!(was_in().await, each(["bus", "bus", "", "", "van", "van"]));
    // A device that is made anew has not been anywhere else.
    assert!(store.remove_device(&home, &tracker.id, None, at(40)).await.unwrap());
    store.add_device(&moved("van", 1), &[1; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(was_in().await, each(["van"; 6]));
}

pub(crate) async fn old_assignments_are_forgotten_but_for_the_last(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    add_vehicles(store, &home, &["bus", "car"]).await;
    store.add_device(&device("tracker", &home, "bus"), &[1; 32], &Once::unclaimed()).await.unwrap();
    for (number, ms) in (5..).zip([10, 20, 30]) {
        hand_over(store, &home, user(number), ms).await;
        let vehicle = if number % 2 == 0 { "bus" } else { "car" };
        let moved = Device { version: number - 3, ..device("tracker", &home, vehicle) };
        assert!(store.update_device(&moved, at(ms)).await.unwrap());
    }
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    assert_eq!(store.prune(at(20), &retention).await.unwrap().assignments, 2, "what ended before");
    assert_eq!(drivers(store, &home, [9, 10, 20, 30]).await, [None, Some(5), Some(6), Some(7)]);
    assert_eq!(store.prune(at(9_000), &retention).await.unwrap().assignments, 2);
    assert_eq!(drivers(store, &home, [19, 20, 30]).await, [None, Some(6), Some(7)], "what is not known is nobody");
    let tracker = store.find_device_by_key(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(tracker.past_vehicles.at(at(19)), AssignedAt::Unknown);
    assert_eq!(tracker.past_vehicles.at(at(20)), AssignedAt::Past(&Some(id("bus"))));
}

pub(crate) async fn a_vehicle_has_a_bounded_number_of_drivers(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    add_vehicles(store, &home, &["bus"]).await;
    let from = at(0).unix_ms();
    database
        .run(&format!(
            "insert into past_drivers (vehicle_no, from_ms, to_ms, driver_id)
             with recursive n(i) as (select 0 union all select i + 1 from n where i < {})
             select v.vehicle_no, {from} + i, {from} + i + 1, 5 from n, vehicles v where v.id = 'bus'",
            MAX_PAST_ASSIGNMENTS - 1
        ))
        .await;
    assert_eq!(bus(store, &home).await.past_drivers.count(), MAX_PAST_ASSIGNMENTS);
    hand_over(store, &home, user(6), 5_000).await;
    let bus = bus(store, &home).await;
    assert_eq!(bus.past_drivers.count(), MAX_PAST_ASSIGNMENTS);
    assert_eq!(
        bus.past_drivers.at(Timestamp::from_unix_ms(from).unwrap()),
        AssignedAt::Unknown,
        "the oldest is forgotten"
    );
    assert_eq!((bus.driver_at(at(1)), bus.driver_at(at(4_999)), bus.driver_at(at(5_000))), (user(5), None, user(6)));
}

pub(crate) async fn a_corrected_trip_has_the_driver_of_its_start(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    add_vehicles(store, &home, &["bus"]).await;
    // The start under which it is known, where it begins now, and who drove then.
    let drive = async |key_ms: i64, started_ms: i64, driver_id: i64| {
        let trip = Trip {
            origin: TripOrigin::Auto,
            driver_id: user(driver_id),
            followed_to: at(100 + started_ms),
            ..started("trip", &home, "bus", started_ms)
        };
        let (key, trip) = (at(key_ms), Box::new(trip));
        let change = HistoryChange::Trip { key, key_is_stored: true, trip, revision: Revision::Corrected };
        let known = fold_of(store, &home, "bus").await;
        assert_eq!(store.write_history(&[write(&known, 100, vec![change])], at(100)).await.unwrap().stale, []);
        store.get_trip(&home, &TripId::new("trip").unwrap()).await.unwrap().unwrap().driver_id
    };
    assert_eq!(drive(50, 50, 5).await, user(5));
    // What was stored by a version that knew no earlier drivers stays.
    assert_eq!(drive(50, 50, 6).await, user(5));
    assert_eq!(drive(50, 40, 6).await, user(6));
}
