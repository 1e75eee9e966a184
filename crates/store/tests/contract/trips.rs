//! Trips.

use crate::database::TestDatabase;
use crate::notices::user;
use crate::samples::{add_tenant, add_vehicles, at, id, latitude, longitude};
use fastrand::Rng;
use milepost_domain::{
    Event, Fact, FuelSource, Revision, SpeedKmh, TenantId, Trip, TripFigures, TripFuel, TripId, TripOrigin, TripPlace,
    TripStatus, TripUpdate, VehicleScope,
};
use milepost_store::{Once, Retention, Store, StoreError, TripCursor, TripFilter};

/// A trip that was just started by hand.
pub(crate) fn started(name: &str, tenant: &TenantId, vehicle: &str, ms: i64) -> Trip {
    Trip {
        id: TripId::new(name).unwrap(),
        tenant: tenant.clone(),
        vehicle_id: id(vehicle),
        driver_id: None,
        origin: TripOrigin::Manual,
        status: TripStatus::Started,
        started_at: at(ms),
        ended_at: None,
        followed_to: at(ms),
        start: None,
        end: None,
        figures: TripFigures::default(),
        version: 1,
    }
}

/// The next version of a trip, ended.
pub(crate) fn ended(trip: &Trip, status: TripStatus, ms: i64) -> Trip {
    Trip { status, ended_at: Some(at(ms)), followed_to: at(ms), version: trip.version + 1, ..trip.clone() }
}

fn whole(name: &str, tenant: &TenantId, vehicle: &str) -> Trip {
    let place = |north, east| Some(TripPlace { latitude: latitude(north), longitude: longitude(east) });
    Trip {
        driver_id: Some(user(5)),
        origin: TripOrigin::Auto,
        status: TripStatus::Completed,
        ended_at: Some(at(90_000)),
        followed_to: at(400_000),
        start: place(30.25, -97.75),
        end: place(-0.1, 180.0),
        figures: TripFigures {
            distance_mm: 1_234_567,
            moving_ms: 60_000,
            idle_ms: 30_000,
            max_speed: Some(SpeedKmh::new(88.8).unwrap()),
            fuel: Some(TripFuel { burnt_ml: 150, source: FuelSource::Measured }),
        },
        ..started(name, tenant, vehicle, 0)
    }
}

fn as_update(trip: Trip) -> TripUpdate {
    TripUpdate { trip, revision: Revision::New }
}

pub(crate) async fn add(store: &dyn Store, trip: &Trip) {
    store.add_trip(&as_update(trip.clone()), trip.started_at, &Once::unclaimed()).await.unwrap();
}

pub(crate) async fn change(store: &dyn Store, trip: &Trip) -> bool {
    store.change_trip(&as_update(trip.clone()), at(7), &Once::unclaimed()).await.unwrap()
}

fn everything() -> TripFilter {
    TripFilter {
        scope: VehicleScope::All,
        vehicle: None,
        from: at(-1_000_000),
        begun_before: false,
        to: at(1_000_000),
        status: None,
    }
}

async fn list(store: &dyn Store, tenant: &TenantId, filter: &TripFilter) -> Vec<String> {
    let trips = store.list_trips(tenant, filter, None, 1_000).await.unwrap();
    trips.iter().map(|trip| trip.id.to_string()).collect()
}

pub(crate) async fn trip_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let trips = [whole("auto", &home, "bus"), started("manual", &home, "bus", 5)];
    for (number, trip) in (2..).zip(&trips) {
        let update = as_update(trip.clone());
        store.add_trip(&update, at(number), &Once::unclaimed()).await.unwrap();
        assert_eq!(store.get_trip(&home, &trip.id).await.unwrap().as_ref(), Some(trip));
        let events = store.events_after(&home, number - 1, 10).await.unwrap();
        assert_eq!(events, [Event { id: number, at: at(number), fact: Fact::TripChanged(Box::new(update)) }]);
    }
    let refused = async |trip: Trip| store.add_trip(&as_update(trip), at(9), &Once::unclaimed()).await;
    assert_eq!(refused(started("x", &home, "car", 9)).await, Err(StoreError::NotFound("vehicle")));
    let nowhere = TenantId::new("nowhere").unwrap();
    assert_eq!(refused(started("x", &nowhere, "bus", 9)).await, Err(StoreError::NotFound("vehicle")));
    assert_eq!(refused(whole("auto", &home, "bus")).await, Err(StoreError::Conflict("trip")));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 3);
}

pub(crate) async fn vehicle_is_on_one_trip_of_each_origin_at_a_time(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let first = started("first", &home, "bus", 0);
    add(&**store, &first).await;
    add(&**store, &started("car", &home, "car", 0)).await;
    let found = Trip { origin: TripOrigin::Auto, ..started("auto", &home, "bus", 1) };
    add(&**store, &found).await;
    let second = started("second", &home, "bus", 2);
    let refused = store.add_trip(&as_update(second.clone()), at(2), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::Conflict("trip")));
    let first = ended(&first, TripStatus::Cancelled, 3);
    assert!(change(&**store, &first).await);
    add(&**store, &second).await;
    let revived = Trip { status: TripStatus::Started, ended_at: None, version: 3, ..first };
    assert_eq!(
        store.change_trip(&as_update(revived), at(4), &Once::unclaimed()).await,
        Err(StoreError::Conflict("trip"))
    );
}

pub(crate) async fn only_the_next_version_of_a_trip_is_written(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &home, &["bus"]).await;
    let first = started("trip", &home, "bus", 0);
    add(&**store, &first).await;
    let other_node = database.another_node().await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = if writer % 2 == 0 { store.clone() } else { other_node.clone() };
            let next = ended(&first, TripStatus::Completed, writer);
            tokio::spawn(async move { change(&*store, &next).await.then_some(next) })
        })
        .collect();
    let mut written = Vec::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    let [second] = written.try_into().expect("one of them writes it");
    assert_eq!(store.get_trip(&home, &first.id).await.unwrap(), Some(second.clone()));
    for wrong in [
        Trip { version: 4, ..second.clone() },
        Trip { version: 2, ..second.clone() },
        Trip { version: 3, tenant: acme.clone(), ..second.clone() },
        Trip { version: 3, id: TripId::new("other").unwrap(), ..second.clone() },
    ] {
        assert!(!change(&**store, &wrong).await, "{wrong:?}");
    }
    let everything = Trip { version: 3, ..whole("trip", &home, "bus") };
    let kept = Trip { origin: TripOrigin::Manual, ..everything.clone() };
    assert!(change(&**store, &kept).await);
    assert_eq!(store.get_trip(&home, &first.id).await.unwrap(), Some(kept));
    assert_eq!(store.get_trip(&acme, &first.id).await.unwrap(), None);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 4, "the vehicle, the start and two changes");
    other_node.close().await;
}

pub(crate) async fn withdrawn_trip_is_removed_and_published(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let first = started("trip", &home, "bus", 0);
    add(&**store, &first).await;
    let withdraw = |version| TripUpdate { trip: Trip { version, ..first.clone() }, revision: Revision::Withdrawn };
    assert!(!store.change_trip(&withdraw(3), at(1), &Once::unclaimed()).await.unwrap());
    assert!(store.change_trip(&withdraw(2), at(1), &Once::unclaimed()).await.unwrap());
    assert!(!store.change_trip(&withdraw(2), at(1), &Once::unclaimed()).await.unwrap());
    assert_eq!(store.get_trip(&home, &first.id).await.unwrap(), None);
    let events = store.events_after(&home, 2, 10).await.unwrap();
    assert_eq!(events, [Event { id: 3, at: at(1), fact: Fact::TripChanged(Box::new(withdraw(2))) }]);
    add(&**store, &started("next", &home, "bus", 2)).await;
}

pub(crate) async fn trips_are_listed_newest_first_by_what_is_asked(database: &TestDatabase) {
    const TRIPS: i64 = 90;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let names = ["a", "b", "c"];
    add_vehicles(&**store, &home, &names).await;
    add_vehicles(&**store, &acme, &names).await;
    let mut dice = Rng::with_seed(6);
    let mut all = Vec::new();
    for number in 0..TRIPS {
        let vehicle = names[usize::try_from(dice.u64(..3)).unwrap()];
        let status = if dice.u64(..4) == 0 { TripStatus::Cancelled } else { TripStatus::Completed };
        // Several of one instant.
        let ms = dice.i64(0..=20);
        // The driver of the time, who may have another vehicle now.
        let driver_id = [None, Some(user(5)), Some(user(6))][usize::try_from(dice.u64(..3)).unwrap()];
        for (tenant, prefix) in [(&home, "h"), (&acme, "t")] {
            let trip = started(&format!("{prefix}{:02x}-{number}", dice.u64(..256)), tenant, vehicle, ms);
            let trip = Trip { version: 1, driver_id, ..ended(&trip, status, ms + 5) };
            add(&**store, &trip).await;
            all.push(trip);
        }
    }
    all.retain(|trip| trip.tenant == home);
    all.sort_by(|a, b| (b.started_at, b.id.as_str()).cmp(&(a.started_at, a.id.as_str())));
    let some = |listed: &[&str], driver: Option<i64>| VehicleScope::Some {
        listed: listed.iter().map(|name| id(name)).collect(),
        driven_by: driver.map(user),
    };
    for scope in [
        VehicleScope::All,
        VehicleScope::Nothing,
        some(&["a", "x"], None),
        some(&["b"], Some(5)),
        some(&[], Some(5)),
        some(&[], None),
    ] {
        for vehicle in [None, Some("a"), Some("c"), Some("x")] {
            for (from, to, status) in
                [(0, 30, None), (4, 12, None), (4, 12, Some(TripStatus::Cancelled)), (0, 30, Some(TripStatus::Started))]
            {
                let begun_before = dice.bool();
                let (vehicle, from, to) = (vehicle.map(id), at(from), at(to));
                let filter = TripFilter { scope: scope.clone(), vehicle, from, begun_before, to, status };
                let asked = |trip: &&Trip| {
                    scope.holds(&trip.vehicle_id, trip.driver_id)
                        && filter.vehicle.as_ref().is_none_or(|vehicle| *vehicle == trip.vehicle_id)
                        && trip.started_at < to
                        && (trip.started_at >= from || begun_before && trip.ended_at.is_none_or(|ended| ended > from))
                        && status.is_none_or(|status| status == trip.status)
                };
                let expected: Vec<&Trip> = all.iter().filter(asked).collect();
                let (mut listed, mut before) = (Vec::new(), None);
                loop {
                    let page = store.list_trips(&home, &filter, before.as_ref(), 11).await.unwrap();
                    let Some(last) = page.last() else { break };
                    before = Some(TripCursor { started_at: last.started_at, id: last.id.clone() });
                    listed.extend(page);
                }
                assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{filter:?}");
            }
        }
    }
}

pub(crate) async fn trips_of_a_removed_vehicle_are_gone(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let running = started("old bus", &home, "bus", 0);
    add(&**store, &running).await;
    add(&**store, &started("car", &home, "car", 0)).await;
    store.remove_vehicle(&home, &id("bus"), None, at(1)).await.unwrap();
    add_vehicles(&**store, &home, &["bus"]).await;
    assert_eq!(store.get_trip(&home, &running.id).await.unwrap(), None);
    assert!(!change(&**store, &ended(&running, TripStatus::Completed, 2)).await);
    assert_eq!(list(&**store, &home, &everything()).await, ["car"]);
    add(&**store, &started("new bus", &home, "bus", 3)).await;
    let retention = Retention { events_ms: i64::MAX, positions_ms: i64::MAX, ..Retention::default() };
    assert_eq!(store.prune(at(4), &retention).await.unwrap().trips, 1);
    assert_eq!(store.prune(at(5), &retention).await.unwrap().trips, 0);
    assert_eq!(list(&**store, &home, &everything()).await, ["new bus", "car"]);
}

pub(crate) async fn old_trips_are_forgotten_by_arrival_and_running_ones_never(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let complete =
        |name: &str, ms| Trip { version: 1, ..ended(&started(name, &home, "bus", ms), TripStatus::Completed, ms + 1) };
    // Two trips that were stored as they happened, a running one, and an old one that was imported just now.
    for (trip, arrived) in [
        (complete("old", 0), 0),
        (complete("young", 100), 100),
        (started("running", &home, "car", 0), 0),
        (complete("imported", -900), 100),
    ] {
        store.add_trip(&as_update(trip), at(arrived), &Once::unclaimed()).await.unwrap();
    }
    let retention = Retention { positions_ms: 100, ..Retention::default() };
    assert_eq!(store.prune(at(101), &retention).await.unwrap().trips, 1);
    assert_eq!(list(&**store, &home, &everything()).await, ["young", "running", "imported"]);
}
