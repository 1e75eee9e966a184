//! Parcels: who delivers them, where their drivers are, and the paths of the deliveries.

use crate::database::TestDatabase;
use crate::deliveries::{call, delivery, plain};
use crate::samples::{add_tenant, at, home_tenant, latitude, longitude};
use milepost_domain::{
    Address, DriverFix, Fact, Parcel, ParcelId, ParcelStatus, Place, TenantId, UserId, Zone, ZonesInside,
};
use milepost_store::{
    DeliveryChange, DriverAsked, DriverFixWrite, DriverState, FixOutcome, Gatherer, NewParcel, Once, ParcelScope,
    Pruned, Retention, Store, StoreError,
};
use std::sync::Arc;

fn user(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

fn place(east: f64, address: &str) -> Place {
    Place { latitude: latitude(5.6), longitude: longitude(east), address: Address::new(address).unwrap() }
}

pub(crate) fn new_parcel(tenant: &TenantId, driver: Option<i64>) -> NewParcel {
    NewParcel {
        tenant: tenant.clone(),
        client_id: user(7),
        driver_id: driver.map(user),
        pickup: place(-0.18, "Osu\nAccra"),
        destination: place(180.0, ""),
        status: if driver.is_some() { ParcelStatus::Assigned } else { ParcelStatus::Pending },
    }
}

async fn add_parcel(store: &dyn Store, tenant: &TenantId, driver: Option<i64>) -> Parcel {
    store.add_parcel(&new_parcel(tenant, driver), at(0), &Once::unclaimed()).await.unwrap()
}

/// Reads a parcel, changes it, and writes it at an instant.
async fn change(store: &dyn Store, id: ParcelId, ms: i64, driver: Option<i64>, status: ParcelStatus) -> Parcel {
    let read = store.get_parcel(&home_tenant(), id).await.unwrap().unwrap();
    let parcel = Parcel { driver_id: driver.map(user), status, updated_at: at(ms), version: read.version + 1, ..read };
    assert!(store.change_parcel(&parcel, &[], &[], at(ms)).await.unwrap());
    parcel
}

fn fix(driver: i64, ms: i64) -> DriverFix {
    DriverFix {
        driver_id: user(driver),
        at: at(ms),
        latitude: latitude(-90.0),
        longitude: longitude(ms as f64 / 1_000.0 % 100.0),
        address: Address::new("Ring Road «ü»").unwrap(),
    }
}

async fn record(store: &dyn Store, tenant: &TenantId, driver: i64, ms: i64) -> FixOutcome {
    store.record_driver_fix(tenant, &fix(driver, ms), &[], &[], at(ms)).await.unwrap()
}

fn write(tenant: &TenantId, driver: i64, ms: i64, now_ms: i64) -> DriverFixWrite {
    DriverFixWrite { tenant: tenant.clone(), fix: fix(driver, ms), now: at(now_ms) }
}

pub(crate) async fn fixes_of_many_drivers_are_stored_together_each_as_if_alone(database: &TestDatabase) {
    const AHEAD_MS: i64 = 60 * 60 * 1000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let many = [write(&home, 5, 10, 10), write(&acme, 5, 20, 20), write(&home, 6, AHEAD_MS, AHEAD_MS)];
    assert_eq!(store.record_driver_fixes(many.into()).await, Ok(vec![FixOutcome::Newest; 3]));
    let many = [write(&home, 5, 10, 30), write(&acme, 5, 19, 30), write(&home, 6, 30, 30), write(&home, 7, 30, 30)];
    let expected = [FixOutcome::Duplicate, FixOutcome::Late, FixOutcome::Newest, FixOutcome::Newest];
    assert_eq!(store.record_driver_fixes(many.into()).await, Ok(expected.to_vec()));
    for (tenant, driver, ms) in [(&home, 5, 10), (&acme, 5, 20), (&home, 6, 30), (&home, 7, 30)] {
        let last = store.last_driver_fix(tenant, user(driver)).await.unwrap();
        assert_eq!(last, Some(fix(driver, ms)), "{} {driver}", tenant.as_str());
    }
    assert_eq!(store.driver_fixes(&acme, user(5), at(0), 10).await.unwrap(), [fix(5, 19), fix(5, 20)]);
    // A driver of no tenant fails, and nobody else. Two fixes of one driver may come together too.
    let gatherer = Gatherer::start(Arc::clone(store));
    let nowhere = TenantId::new("nowhere").unwrap();
    let together =
        [write(&nowhere, 5, 50, 50), write(&home, 5, 50, 50), write(&home, 5, 60, 60), write(&acme, 5, 50, 50)];
    let tasks = together.map(|one| {
        let gatherer = gatherer.clone();
        tokio::spawn(async move { gatherer.carry_out(one).await })
    });
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        assert_eq!(outcome.is_ok(), number > 0, "{number}: {outcome:?}");
    }
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap(), Some(fix(5, 60)));
    assert_eq!(store.last_driver_fix(&acme, user(5)).await.unwrap(), Some(fix(5, 50)));
}

pub(crate) async fn what_many_drivers_bring_is_read_together(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme-2").await;
    let first = add_parcel(&**store, &home, Some(5)).await;
    let second = add_parcel(&**store, &home, Some(5)).await;
    let ended = add_parcel(&**store, &home, Some(5)).await;
    change(&**store, ended.id, 1, Some(5), ParcelStatus::Delivered).await;
    let other = add_parcel(&**store, &acme, Some(6)).await;
    record(&**store, &home, 5, 10).await;
    record(&**store, &home, 8, 20).await;
    let asked = |tenant: &TenantId, driver| DriverAsked { tenant: tenant.clone(), driver: user(driver) };
    let nowhere = TenantId::new("nowhere").unwrap();
    let drivers =
        [asked(&acme, 6), asked(&home, 5), asked(&home, 6), asked(&home, 8), asked(&acme, 5), asked(&nowhere, 5)];
    let nothing = DriverState::default;
    let expected = vec![
        DriverState { active: vec![other], last: None },
        DriverState { active: vec![first, second], last: Some(fix(5, 10)) },
        nothing(),
        DriverState { active: Vec::new(), last: Some(fix(8, 20)) },
        nothing(),
        nothing(),
    ];
    assert_eq!(store.driver_states(&drivers).await, Ok(expected));
    assert_eq!(store.driver_states(&[]).await, Ok(Vec::new()));
}

/// Driver and time of each fix of a parcel's path, in pages of two.
async fn path(store: &dyn Store, id: ParcelId) -> Vec<(i64, i64)> {
    let (mut path, mut after) = (Vec::new(), None);
    loop {
        let page = store.parcel_path(&home_tenant(), id, after, 2).await.unwrap();
        path.extend(page.iter().map(|fix| (fix.driver_id.get(), fix.at.ms_since(at(0)))));
        let Some(last) = page.last() else { return path };
        after = Some(last.at);
    }
}

pub(crate) async fn parcel_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let parcel = store.add_parcel(&new_parcel(&home, Some(5)), at(3), &Once::unclaimed()).await.unwrap();
    let expected = Parcel {
        id: parcel.id,
        tenant: home.clone(),
        client_id: user(7),
        driver_id: Some(user(5)),
        pickup: place(-0.18, "Osu\nAccra"),
        destination: place(180.0, ""),
        status: ParcelStatus::Assigned,
        inside: ZonesInside::default(),
        created_at: at(3),
        updated_at: at(3),
        version: 1,
    };
    assert_eq!(parcel, expected);
    assert_eq!(store.get_parcel(&home_tenant(), parcel.id).await.unwrap(), Some(expected));
    let events = store.events_after(&home, 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].fact, Fact::ParcelAdded { parcel_id: parcel.id, client_id: user(7) });
    let nowhere =
        store.add_parcel(&new_parcel(&TenantId::new("nowhere").unwrap(), None), at(0), &Once::unclaimed()).await;
    assert_eq!(nowhere, Err(StoreError::NotFound("tenant")));
    assert_eq!(store.get_parcel(&home_tenant(), ParcelId::new(999).unwrap()).await.unwrap(), None);
}

pub(crate) async fn only_the_next_version_of_a_parcel_is_written(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let first = add_parcel(&**store, &home, Some(5)).await;
    let second = Parcel {
        client_id: user(8),
        driver_id: None,
        pickup: place(1.0, "x"),
        destination: place(2.0, "y"),
        status: ParcelStatus::InTransit,
        inside: ZonesInside { pickup: false, destination: true },
        updated_at: at(9),
        version: 2,
        ..first.clone()
    };
    let facts = [Fact::ParcelChanged { parcel_id: first.id, status: second.status, driver_id: None }];
    let calls = [call("a")];
    for (version, tenant) in [(1, &home), (3, &home), (2, &acme)] {
        let stale = Parcel { version, tenant: tenant.clone(), ..second.clone() };
        assert!(!store.change_parcel(&stale, &facts, &calls, at(9)).await.unwrap(), "version {version} of {tenant:?}");
    }
    assert_eq!(store.get_parcel(&home_tenant(), first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 1);
    assert_eq!(store.next_call_due().await.unwrap(), None);
    assert!(store.change_parcel(&second, &facts, &calls, at(9)).await.unwrap());
    assert!(!store.change_parcel(&second, &facts, &calls, at(9)).await.unwrap(), "the same change twice");
    assert_eq!(store.get_parcel(&home_tenant(), first.id).await.unwrap(), Some(second));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 2);
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(9)));
}

pub(crate) async fn call_that_exists_undoes_the_whole_change(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let calls = [call("taken")];
    let other = delivery("TRK-1", &home);
    store.add_delivery(&DeliveryChange { calls: &calls, ..plain(&other) }, at(0), &Once::unclaimed()).await.unwrap();
    let first = add_parcel(&**store, &home, Some(5)).await;
    record(&**store, &home, 5, 10).await;
    let ended = Parcel { status: ParcelStatus::Delivered, version: 2, ..first.clone() };
    let facts = [Fact::ParcelChanged { parcel_id: first.id, status: ended.status, driver_id: None }];
    let refused = store.change_parcel(&ended, &facts, &calls, at(20)).await;
    assert_eq!(refused, Err(StoreError::Conflict("outgoing call")));
    assert_eq!(store.get_parcel(&home_tenant(), first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 1);
    // The leg is open as before.
    record(&**store, &home, 5, 30).await;
    assert_eq!(path(&**store, first.id).await, [(5, 10), (5, 30)]);
}

pub(crate) async fn scope_narrows_the_list_of_parcels(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let one = add_parcel(&**store, &home, Some(5)).await.id;
    let two = add_parcel(&**store, &home, None).await.id;
    add_parcel(&**store, &acme, Some(5)).await;
    let three = add_parcel(&**store, &home, Some(5)).await.id;
    let other = store
        .add_parcel(&NewParcel { client_id: user(8), ..new_parcel(&home, Some(6)) }, at(0), &Once::unclaimed())
        .await
        .unwrap()
        .id;
    change(&**store, three, 10, Some(5), ParcelStatus::Delivered).await;
    let list = async |scope, after, limit| {
        let parcels = store.list_parcels(&home, scope, after, limit).await.unwrap();
        parcels.iter().map(|parcel| parcel.id).collect::<Vec<_>>()
    };
    assert_eq!(list(ParcelScope::All, None, 2).await, [one, two]);
    assert_eq!(list(ParcelScope::All, Some(two), 10).await, [three, other]);
    assert_eq!(list(ParcelScope::Client(user(7)), None, 10).await, [one, two, three]);
    assert_eq!(list(ParcelScope::Client(user(7)), Some(one), 1).await, [two]);
    assert_eq!(list(ParcelScope::Driver(user(5)), None, 10).await, [one, three], "what it brings and brought");
}

pub(crate) async fn active_parcels_are_those_under_way(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut ids = Vec::new();
    for status in ParcelStatus::ALL {
        let id = add_parcel(&**store, &home, Some(5)).await.id;
        let parcel = change(&**store, id, 10, Some(5), status).await;
        ids.extend(parcel.is_active().then_some(id));
    }
    add_parcel(&**store, &acme, Some(5)).await;
    add_parcel(&**store, &home, Some(6)).await;
    let active = store.active_parcels(&home, user(5)).await.unwrap();
    assert_eq!(active.iter().map(|parcel| parcel.id).collect::<Vec<_>>(), ids);
    assert_eq!(ids.len(), 5);
}

pub(crate) async fn newest_fix_of_a_driver_is_kept_and_late_ones_only_stored(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let parcel = add_parcel(&**store, &home, Some(5)).await;
    let inside = |pickup| [(parcel.id, ZonesInside { pickup, destination: false })];
    let facts = [Fact::ParcelZoneCrossed { parcel_id: parcel.id, zone: Zone::Pickup, entered: true, at: None }];
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap(), None);
    let outcome = store.record_driver_fix(&home, &fix(5, 100), &inside(true), &facts, at(100)).await.unwrap();
    assert_eq!(outcome, FixOutcome::Newest);
    let seen = store.get_parcel(&home_tenant(), parcel.id).await.unwrap().unwrap();
    let expected = Parcel { inside: ZonesInside { pickup: true, destination: false }, ..parcel.clone() };
    assert_eq!(seen, expected, "and its version stays");
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 2);
    for (ms, expected) in [(50, FixOutcome::Late), (100, FixOutcome::Duplicate), (50, FixOutcome::Duplicate)] {
        let elsewhere = DriverFix { latitude: latitude(1.0), ..fix(5, ms) };
        let outcome = store.record_driver_fix(&home, &elsewhere, &inside(false), &facts, at(110)).await.unwrap();
        assert_eq!(outcome, expected, "at {ms}");
    }
    assert_eq!(store.get_parcel(&home_tenant(), parcel.id).await.unwrap().unwrap().inside, expected.inside);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 2);
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap(), Some(fix(5, 100)));
    assert_eq!(store.last_driver_fix(&acme, user(5)).await.unwrap(), None);
    assert_eq!(path(&**store, parcel.id).await, [(5, 50), (5, 100)]);
    let nowhere = TenantId::new("nowhere").unwrap();
    let refused = store.record_driver_fix(&nowhere, &fix(5, 1), &[], &[], at(1)).await;
    assert_eq!(refused, Err(StoreError::NotFound("tenant")));
}

pub(crate) async fn a_fix_that_lies_ahead_gives_way_to_a_present_one(database: &TestDatabase) {
    const HOUR: i64 = 3_600_000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let parcel = add_parcel(&**store, &home, Some(5)).await;
    let record = async |ms, now_ms| {
        let fix = DriverFix { at: at(ms), ..fix(5, 0) };
        store.record_driver_fix(&home, &fix, &[], &[], at(now_ms)).await.unwrap()
    };
    assert_eq!(record(HOUR, HOUR).await, FixOutcome::Newest, "the clock is an hour ahead");
    assert_eq!(record(10, 10).await, FixOutcome::Newest);
    assert_eq!(record(5, 20).await, FixOutcome::Late);
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap().map(|fix| fix.at), Some(at(10)));
    // A phone's own clock may be ahead by minutes.
    assert_eq!(record(20 + 299_000, 20).await, FixOutcome::Newest);
    assert_eq!(record(20, 20).await, FixOutcome::Late);
    assert_eq!(path(&**store, parcel.id).await.len(), 5);
}

pub(crate) async fn fix_marks_no_parcel_of_another_driver_or_tenant(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let others = add_parcel(&**store, &home, Some(6)).await;
    let acmes = add_parcel(&**store, &acme, Some(5)).await;
    let inside = [others.id, acmes.id].map(|id| (id, ZonesInside { pickup: true, destination: true }));
    store.record_driver_fix(&home, &fix(5, 1), &inside, &[], at(1)).await.unwrap();
    for parcel in [others, acmes] {
        assert_eq!(store.get_parcel(&parcel.tenant, parcel.id).await.unwrap(), Some(parcel));
    }
}

pub(crate) async fn fixes_by_two_nodes_at_once_end_in_the_newest(database: &TestDatabase) {
    const FIXES: i64 = 60;
    let home = TenantId::default_tenant();
    let parcel = add_parcel(&*database.store, &home, Some(5)).await;
    let other = database.another_node().await;
    // Both nodes store every fix, one of them in reverse order.
    let record_all = |store: std::sync::Arc<dyn Store>, reversed: bool| {
        let home = home.clone();
        tokio::spawn(async move {
            let mut stored = 0;
            for number in 1..=FIXES {
                let ms = if reversed { FIXES + 1 - number } else { number };
                stored += i64::from(record(&*store, &home, 5, ms).await != FixOutcome::Duplicate);
            }
            stored
        })
    };
    let (one, two) = (record_all(database.store.clone(), false), record_all(other.clone(), true));
    assert_eq!(one.await.unwrap() + two.await.unwrap(), FIXES);
    assert_eq!(database.store.last_driver_fix(&home, user(5)).await.unwrap(), Some(fix(5, FIXES)));
    assert_eq!(path(&*database.store, parcel.id).await.len(), usize::try_from(FIXES).unwrap());
    other.close().await;
}

pub(crate) async fn path_has_the_fixes_of_each_driver_during_the_delivery(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let id = add_parcel(&**store, &home, None).await.id;
    change(&**store, id, 10, Some(5), ParcelStatus::Assigned).await;
    change(&**store, id, 15, Some(5), ParcelStatus::PickedUp).await;
    change(&**store, id, 20, Some(6), ParcelStatus::PickedUp).await;
    change(&**store, id, 30, None, ParcelStatus::Pending).await;
    change(&**store, id, 40, Some(5), ParcelStatus::InTransit).await;
    change(&**store, id, 50, Some(5), ParcelStatus::Delivered).await;
    change(&**store, id, 55, Some(5), ParcelStatus::Delivered).await;
    for ms in [9, 10, 14, 15, 19, 20, 25, 29, 30, 35, 40, 49, 50, 60] {
        record(&**store, &home, 5, ms).await;
        record(&**store, &home, 6, ms).await;
        record(&**store, &acme, 5, ms + 1).await;
    }
    let expected = [(5, 10), (5, 14), (5, 15), (5, 19), (6, 20), (6, 25), (6, 29), (5, 40), (5, 49)];
    assert_eq!(path(&**store, id).await, expected);
    let other = add_parcel(&**store, &home, Some(9)).await.id;
    assert!(path(&**store, other).await.is_empty());
}

pub(crate) async fn legs_do_not_overlap_when_the_clocks_of_two_nodes_differ(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let id = add_parcel(&**store, &home, None).await.id;
    change(&**store, id, 100, Some(5), ParcelStatus::Assigned).await;
    // A node whose clock is 50 ms behind.
    change(&**store, id, 50, Some(6), ParcelStatus::Assigned).await;
    change(&**store, id, 60, None, ParcelStatus::Pending).await;
    change(&**store, id, 70, Some(7), ParcelStatus::Assigned).await;
    for ms in [60, 80, 100, 110] {
        for driver in [5, 6, 7] {
            record(&**store, &home, driver, ms).await;
        }
    }
    assert_eq!(path(&**store, id).await, [(7, 100), (7, 110)]);
}

pub(crate) async fn old_fixes_of_drivers_are_forgotten_but_for_the_newest(database: &TestDatabase) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let retention = Retention { positions_ms: 5 * DAY_MS, ..Retention::default() };
    let ended = add_parcel(&**store, &home, Some(5)).await;
    record(&**store, &home, 5, 1).await;
    record(&**store, &home, 5, 2).await;
    // The fix is old by its own clock, but it arrived late.
    store.record_driver_fix(&home, &fix(6, 3), &[], &[], at(DAY_MS)).await.unwrap();
    let ended = change(&**store, ended.id, 10, Some(5), ParcelStatus::Delivered).await;
    let kept = add_parcel(&**store, &home, Some(6)).await;
    let pruned = store.prune(at(5 * DAY_MS + 3), &retention).await.unwrap();
    assert_eq!(pruned, Pruned { driver_fixes: 2, ..Pruned::default() });
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap(), Some(fix(5, 2)));
    assert!(path(&**store, ended.id).await.is_empty());
    assert_eq!(path(&**store, kept.id).await, [(6, 3)]);
    assert_eq!(store.get_parcel(&home_tenant(), ended.id).await.unwrap(), Some(ended), "parcels stay");
}

pub(crate) async fn held_fix_is_stored_and_never_the_newest(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    store.record_driver_fix(&home, &fix(5, 100), &[], &[], at(100)).await.unwrap();
    assert!(store.hold_driver_fix(&home, &fix(5, 200), at(200)).await.unwrap());
    assert!(!store.hold_driver_fix(&home, &fix(5, 200), at(201)).await.unwrap());
    assert_eq!(store.last_driver_fix(&home, user(5)).await.unwrap(), Some(fix(5, 100)));
    assert_eq!(record(&**store, &home, 5, 300).await, FixOutcome::Newest);
    let all = store.driver_fixes(&home, user(5), at(100), 10).await.unwrap();
    assert_eq!(all, [fix(5, 200), fix(5, 300)]);
    assert_eq!(store.driver_fixes(&home, user(5), at(0), 1).await.unwrap(), [fix(5, 100)]);
    assert_eq!(store.driver_fixes(&home, user(6), at(0), 10).await.unwrap(), []);
}
