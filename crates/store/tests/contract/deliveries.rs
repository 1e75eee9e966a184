//! Deliveries: sessions, their fixes, and the rows that are written with them.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, latitude, longitude};
use milepost_domain::{
    Delivery, DeliveryFix, DeliveryStatus, Fact, OrderId, OutgoingCall, Phone, RiderId, Target, TenantId, TrackingId,
};
use milepost_store::{
    DeliveryChange, DeliveryCount, DeliveryListing, DeliveryMove, Gatherer, Once, Pruned, Retention, Ride, Store,
    StoreError,
};
use std::sync::Arc;

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

pub(crate) fn tracking_id(id: &str) -> TrackingId {
    TrackingId::new(id).unwrap()
}

fn rider(id: &str) -> RiderId {
    RiderId::new(id).unwrap()
}

pub(crate) fn fix(ms: i64, east: f64) -> DeliveryFix {
    DeliveryFix { at: at(ms), latitude: latitude(5.6037), longitude: longitude(east) }
}

/// A session with only the required fields, started at 0 and valid for a day.
pub(crate) fn delivery(id: &str, tenant: &TenantId) -> Delivery {
    Delivery {
        tracking_id: tracking_id(id),
        tenant: tenant.clone(),
        order_id: OrderId::new("ORD-1").unwrap(),
        rider_id: rider("R-1"),
        started_by: "5".to_owned(),
        phone: None,
        status: DeliveryStatus::Assigned,
        dropoff: (latitude(5.6037), longitude(-0.1869)),
        last: None,
        first: None,
        driven_m: 0.0,
        created_at: at(0),
        updated_at: at(0),
        expires_at: at(24 * HOUR_MS),
        version: 1,
    }
}

pub(crate) fn advanced(delivery: &Delivery) -> Fact {
    Fact::DeliveryAdvanced {
        proofs: Vec::new(),
        tracking_id: delivery.tracking_id.clone(),
        order_id: delivery.order_id.clone(),
        status: delivery.status,
    }
}

pub(crate) fn call(key: &str) -> OutgoingCall {
    OutgoingCall {
        target: Target::Orders,
        path: "/orders/ORD-1/status".to_owned(),
        body: r#"{"status":"DELIVERED"}"#.to_owned(),
        key: key.to_owned(),
    }
}

pub(crate) fn plain(delivery: &Delivery) -> DeliveryChange<'_> {
    DeliveryChange { delivery, fix: None, facts: &[], calls: &[] }
}

pub(crate) async fn add(store: &dyn Store, delivery: &Delivery) {
    store.add_delivery(&plain(delivery), at(0), &Once::unclaimed()).await.unwrap();
}

pub(crate) async fn delivery_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let bare = delivery("TRK-bare", &home);
    let full = Delivery {
        order_id: OrderId::new("ORD/12 «ü»").unwrap(),
        started_by: "dispatcher@example".to_owned(),
        phone: Some(Phone::new("+233501234567").unwrap()),
        status: DeliveryStatus::InTransit,
        last: Some(fix(20, 179.999_999)),
        first: Some(fix(10, -180.0)),
        driven_m: 0.1 + 0.2,
        version: 7,
        ..delivery("TRK-full", &home)
    };
    for delivery in [&bare, &full] {
        add(&**store, delivery).await;
        assert_eq!(store.get_delivery(&delivery.tracking_id).await.unwrap().as_ref(), Some(delivery));
    }
    assert_eq!(store.get_delivery(&tracking_id("TRK-none")).await.unwrap(), None);
}

pub(crate) async fn tracking_id_is_taken_once_over_all_tenants(database: &TestDatabase) {
    let store = &database.store;
    let acme = add_tenant(&**store, "acme").await;
    let first = delivery("TRK-1", &TenantId::default_tenant());
    add(&**store, &first).await;
    let again = delivery("TRK-1", &acme);
    let refused = store.add_delivery(&plain(&again), at(0), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::Conflict("tracking_id")));
    let nowhere = delivery("TRK-2", &TenantId::new("nowhere").unwrap());
    assert_eq!(
        store.add_delivery(&plain(&nowhere), at(0), &Once::unclaimed()).await,
        Err(StoreError::NotFound("tenant"))
    );
    assert_eq!(store.get_delivery(&first.tracking_id).await.unwrap(), Some(first));
}

fn moved(before: &Delivery, ms: i64, east: f64) -> DeliveryMove {
    let fix = fix(ms, east);
    let first = before.first.or(Some(fix));
    let delivery = Delivery {
        first,
        last: Some(fix),
        driven_m: 12.5,
        updated_at: at(ms),
        version: before.version + 1,
        ..before.clone()
    };
    DeliveryMove { delivery, fix: Some(fix) }
}

pub(crate) async fn moves_of_many_riders_are_stored_together_and_each_has_its_own_outcome(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let gatherer = Gatherer::start(Arc::clone(store));
    let mut moves = Vec::new();
    for n in 0..40 {
        let tenant = if n % 2 == 0 { &home } else { &acme };
        let before = delivery(&format!("TRK-{n}"), tenant);
        add(&**store, &before).await;
        moves.push(moved(&before, 1_000 + n, n as f64));
    }
    // The store knows none of these: an older version, a session that does not exist, and a number that no database can count on.
    let mut bad = [moves[0].clone(), moves[1].clone(), moves[2].clone()];
    bad[0].delivery.version = 1;
    bad[1].delivery.tracking_id = tracking_id("TRK-none");
    bad[2].delivery.version = i64::MIN;
    let bad = bad.map(|one| {
        tokio::spawn({
            let gatherer = gatherer.clone();
            async move { gatherer.carry_out(one).await }
        })
    });
    let stored: Vec<_> = moves
        .iter()
        .cloned()
        .map(|one| {
            tokio::spawn({
                let gatherer = gatherer.clone();
                async move { gatherer.carry_out(one).await }
            })
        })
        .collect();
    for outcome in stored {
        assert_eq!(outcome.await.unwrap(), Ok(true));
    }
    for outcome in bad {
        assert_ne!(outcome.await.unwrap(), Ok(true));
    }
    for DeliveryMove { delivery, fix } in &moves {
        assert_eq!(store.get_delivery(&delivery.tracking_id).await.unwrap().as_ref(), Some(delivery));
        assert_eq!(store.delivery_fixes(&delivery.tracking_id, None, 10).await.unwrap(), Vec::from_iter(*fix));
    }
    // Without a fix, and with one that replaces that of the same millisecond.
    let mut still = moved(&moves[0].delivery, 5_000, 8.0);
    (still.delivery.last, still.fix) = (moves[0].delivery.last, None);
    let again = moved(&moves[1].delivery, 1_001, 9.0);
    assert_eq!(store.move_deliveries([still.clone(), again.clone()].into()).await, Ok(vec![true, true]));
    assert_eq!(store.move_deliveries([still.clone(), again.clone()].into()).await, Ok(vec![false, false]));
    assert_eq!(store.get_delivery(&still.delivery.tracking_id).await.unwrap(), Some(still.delivery));
    assert_eq!(store.delivery_fixes(&again.delivery.tracking_id, None, 10).await.unwrap(), Vec::from_iter(again.fix));
    assert_eq!(store.newest_event_id(&acme).await.unwrap(), 0);
}

pub(crate) async fn only_the_next_version_of_a_delivery_is_written(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let first = delivery("TRK-1", &home);
    add(&**store, &first).await;
    let moved = fix(5, 1.0);
    let second = Delivery { status: DeliveryStatus::PickedUp, last: Some(moved), version: 2, ..first.clone() };
    let facts = [advanced(&second)];
    let calls = [call("a")];
    let change = DeliveryChange { delivery: &second, fix: Some(&moved), facts: &facts, calls: &calls };
    for (version, tenant) in [(1, &home), (3, &home), (2, &acme)] {
        let stale = Delivery { version, tenant: tenant.clone(), ..second.clone() };
        let written = store
            .change_delivery(&DeliveryChange { delivery: &stale, ..change }, at(5), &Once::unclaimed())
            .await
            .unwrap();
        assert!(!written, "version {version} of {tenant:?}");
    }
    assert_eq!(store.get_delivery(&first.tracking_id).await.unwrap(), Some(first.clone()));
    assert!(store.delivery_fixes(&first.tracking_id, None, 10).await.unwrap().is_empty());
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 0);
    assert_eq!(store.next_call_due().await.unwrap(), None);
    assert!(store.change_delivery(&change, at(5), &Once::unclaimed()).await.unwrap());
    assert!(!store.change_delivery(&change, at(5), &Once::unclaimed()).await.unwrap(), "the same change twice");
    assert_eq!(store.get_delivery(&first.tracking_id).await.unwrap(), Some(second));
    assert_eq!(store.delivery_fixes(&first.tracking_id, None, 10).await.unwrap(), [moved]);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 1);
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(5)));
}

pub(crate) async fn two_nodes_never_overwrite_each_others_delivery(database: &TestDatabase) {
    const ROUNDS: i64 = 20;
    let home = TenantId::default_tenant();
    let first = delivery("TRK-1", &home);
    add(&*database.store, &first).await;
    let other = database.another_node().await;
    let writers = [database.store.clone(), other.clone()].map(|store| {
        let id = first.tracking_id.clone();
        tokio::spawn(async move {
            let mut written = 0;
            while written < ROUNDS {
                let read = store.get_delivery(&id).await.unwrap().unwrap();
                let next = Delivery { driven_m: read.driven_m + 1.0, version: read.version + 1, ..read };
                let facts = [advanced(&next)];
                let change = DeliveryChange { facts: &facts, ..plain(&next) };
                written += i64::from(store.change_delivery(&change, at(0), &Once::unclaimed()).await.unwrap());
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let last = database.store.get_delivery(&first.tracking_id).await.unwrap().unwrap();
    assert_eq!((last.version, last.driven_m), (1 + 2 * ROUNDS, 2.0 * ROUNDS as f64));
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), 2 * ROUNDS);
    other.close().await;
}

pub(crate) async fn call_that_exists_undoes_the_whole_change(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let first = delivery("TRK-1", &home);
    let calls = [call("taken")];
    store.add_delivery(&DeliveryChange { calls: &calls, ..plain(&first) }, at(0), &Once::unclaimed()).await.unwrap();
    let moved = fix(5, 1.0);
    let second = Delivery { status: DeliveryStatus::Delivered, version: 2, ..first.clone() };
    let facts = [advanced(&second)];
    let calls = [call("new"), call("taken")];
    let change = DeliveryChange { delivery: &second, fix: Some(&moved), facts: &facts, calls: &calls };
    let refused = store.change_delivery(&change, at(5), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::Conflict("outgoing call")));
    let third = delivery("TRK-3", &home);
    let refused = store.add_delivery(&DeliveryChange { delivery: &third, ..change }, at(5), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::Conflict("outgoing call")));
    assert_eq!(store.get_delivery(&first.tracking_id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.get_delivery(&third.tracking_id).await.unwrap(), None);
    assert!(store.delivery_fixes(&first.tracking_id, None, 10).await.unwrap().is_empty());
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 0);
    assert_eq!(store.list_calls(&home, None, None, 10).await.unwrap().len(), 1);
}

pub(crate) async fn fixes_are_read_page_by_page_and_the_last_of_a_millisecond_counts(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let mut one = delivery("TRK-1", &home);
    let start = fix(0, 0.0);
    store.add_delivery(&DeliveryChange { fix: Some(&start), ..plain(&one) }, at(0), &Once::unclaimed()).await.unwrap();
    add(&**store, &delivery("TRK-2", &home)).await;
    for (ms, east) in [(10, 1.0), (20, 2.0), (20, 2.5), (30, 3.0)] {
        one.version += 1;
        let moved = fix(ms, east);
        assert!(
            store
                .change_delivery(&DeliveryChange { fix: Some(&moved), ..plain(&one) }, at(ms), &Once::unclaimed())
                .await
                .unwrap()
        );
    }
    let page = store.delivery_fixes(&one.tracking_id, None, 2).await.unwrap();
    assert_eq!(page, [start, fix(10, 1.0)]);
    let rest = store.delivery_fixes(&one.tracking_id, Some(page[1].at), 10).await.unwrap();
    assert_eq!(rest, [fix(20, 2.5), fix(30, 3.0)]);
    assert!(store.delivery_fixes(&tracking_id("TRK-2"), None, 10).await.unwrap().is_empty());
}

pub(crate) async fn current_delivery_is_the_last_started_or_else_the_last_delivered(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let current = async |now: i64| {
        let found = store.current_delivery(&home, &rider("R-1"), at(now)).await.unwrap();
        found.map(|one| one.tracking_id.as_str().to_owned())
    };
    assert_eq!(current(0).await, None);
    let delivered = |id: &str, created: i64, updated: i64| Delivery {
        status: DeliveryStatus::Delivered,
        created_at: at(created),
        updated_at: at(updated),
        expires_at: at(updated + HOUR_MS),
        ..delivery(id, &home)
    };
    // Started before the others, and delivered after them.
    add(&**store, &delivered("done-late", 100, 900)).await;
    add(&**store, &delivered("done-early", 200, 800)).await;
    assert_eq!(current(1_000).await.as_deref(), Some("done-late"));
    let short = Delivery { created_at: at(500), expires_at: at(2_000), ..delivery("short", &home) };
    add(&**store, &short).await;
    let older = Delivery { created_at: at(400), updated_at: at(950), ..delivery("older", &home) };
    add(&**store, &older).await;
    add(&**store, &Delivery { created_at: at(990), ..delivery("acme-s", &acme) }).await;
    add(&**store, &Delivery { created_at: at(990), rider_id: rider("R-2"), ..delivery("anothers", &home) }).await;
    assert_eq!(current(1_999).await.as_deref(), Some("short"));
    assert_eq!(current(2_000).await.as_deref(), Some("older"), "the instant of expiry is past it");
    assert_eq!(current(24 * HOUR_MS).await, None);
}

pub(crate) async fn finished_rides_are_listed_newest_first(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let ridden = |id: &str, ms: i64, tenant: &TenantId| Delivery {
        status: DeliveryStatus::Delivered,
        first: Some(fix(ms - 10, 0.0)),
        last: Some(fix(ms, 1.0)),
        driven_m: ms as f64,
        updated_at: at(ms),
        expires_at: at(ms + HOUR_MS),
        ..delivery(id, tenant)
    };
    for (id, ms) in [("b", 200), ("a", 100), ("c", 300)] {
        add(&**store, &ridden(id, ms, &home)).await;
    }
    add(&**store, &ridden("acme-s", 400, &acme)).await;
    add(&**store, &Delivery { rider_id: rider("R-2"), ..ridden("anothers", 400, &home) }).await;
    add(&**store, &Delivery { status: DeliveryStatus::InTransit, ..ridden("under-way", 400, &home) }).await;
    add(&**store, &Delivery { first: None, last: None, ..ridden("never-seen", 400, &home) }).await;
    let rides = store.finished_rides(&home, &rider("R-1"), 2).await.unwrap();
    let ride = |ms: i64| Ride { driven_m: ms as f64, first: fix(ms - 10, 0.0), last: fix(ms, 1.0) };
    assert_eq!(rides, [ride(300), ride(200)]);
    let ended = async |after, limit| -> Vec<String> {
        let found = store.finished_deliveries(&home, after, limit).await.unwrap();
        found.iter().map(|delivery| delivery.tracking_id.to_string()).collect()
    };
    assert_eq!(ended(None, 3).await, ["anothers", "c", "b"]);
    assert_eq!(ended(Some(at(200 + HOUR_MS)), 9).await, ["anothers", "c"], "what expires at that instant is known");
    assert_eq!(ended(Some(at(400 + HOUR_MS)), 9).await, [""; 0]);
}

pub(crate) async fn deliveries_are_counted_by_status_and_freshness(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let now = 2 * HOUR_MS;
    let ages_ms = [0, 5 * MINUTE_MS, 5 * MINUTE_MS + 1, HOUR_MS, HOUR_MS + 1];
    for (index, age_ms) in ages_ms.into_iter().enumerate() {
        let one = Delivery { updated_at: at(now - age_ms), ..delivery(&format!("TRK-{index}"), &home) };
        add(&**store, &one).await;
    }
    let done = Delivery { status: DeliveryStatus::Delivered, updated_at: at(now), ..delivery("done", &acme) };
    add(&**store, &done).await;
    add(&**store, &Delivery { expires_at: at(now), updated_at: at(now), ..delivery("expired", &home) }).await;
    let assigned = DeliveryCount { status: DeliveryStatus::Assigned, sessions: 5, last_5_min: 2, last_hour: 2 };
    let delivered = DeliveryCount { status: DeliveryStatus::Delivered, sessions: 1, last_5_min: 1, last_hour: 0 };
    assert_eq!(store.count_deliveries(Some(&home), at(now)).await.unwrap(), [assigned]);
    assert_eq!(store.count_deliveries(Some(&acme), at(now)).await.unwrap(), [delivered]);
    let mut all = store.count_deliveries(None, at(now)).await.unwrap();
    all.sort_by_key(|count| count.status);
    assert_eq!(all, [assigned, delivered]);
}

pub(crate) async fn deliveries_are_listed_newest_first_a_page_at_a_time(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let delivered = DeliveryStatus::Delivered;
    for one in [
        Delivery { created_at: at(1), ..delivery("a", &home) },
        Delivery { created_at: at(3), rider_id: rider("R-2"), ..delivery("b", &home) },
        Delivery { created_at: at(2), status: delivered, ..delivery("c", &home) },
        Delivery { created_at: at(2), started_by: "6".to_owned(), ..delivery("d", &home) },
        Delivery { created_at: at(9), expires_at: at(10), ..delivery("expired", &home) },
        Delivery { created_at: at(9), ..delivery("foreign", &acme) },
    ] {
        add(&**store, &one).await;
    }
    let all = DeliveryListing { tenant: home, rider: None, started_by: None, status: None, after: None, limit: 10 };
    let listed = async |listing: DeliveryListing| -> String {
        let found = store.list_deliveries(&listing, at(10)).await.unwrap();
        found.iter().map(|delivery| delivery.tracking_id.as_str()).collect()
    };
    assert_eq!(listed(all.clone()).await, "bdca");
    assert_eq!(listed(DeliveryListing { limit: 2, ..all.clone() }).await, "bd");
    let after = Some((at(2), tracking_id("d")));
    assert_eq!(listed(DeliveryListing { after, ..all.clone() }).await, "ca");
    assert_eq!(
        listed(DeliveryListing { after: Some((at(2), tracking_id("cc"))), ..all.clone() }).await,
        "ca",
        "one that is gone"
    );
    assert_eq!(listed(DeliveryListing { rider: Some(rider("R-2")), ..all.clone() }).await, "b");
    assert_eq!(listed(DeliveryListing { started_by: Some("6".to_owned()), ..all.clone() }).await, "d");
    assert_eq!(listed(DeliveryListing { status: Some(delivered), ..all }).await, "c");
}

pub(crate) async fn long_expired_deliveries_are_forgotten_with_their_fixes(database: &TestDatabase) {
    const DAY_MS: i64 = 24 * HOUR_MS;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let retention = Retention { positions_ms: 5 * DAY_MS, ..Retention::default() };
    let fixes = [fix(1, 0.0), fix(2, 1.0), fix(3, 2.0)];
    for (id, tenant, expires_ms) in [("old", &home, 0), ("old-too", &acme, 10), ("young", &home, DAY_MS)] {
        let mut one = Delivery { expires_at: at(expires_ms), ..delivery(id, tenant) };
        add(&**store, &one).await;
        for fix in &fixes {
            one.version += 1;
            assert!(
                store
                    .change_delivery(&DeliveryChange { fix: Some(fix), ..plain(&one) }, at(0), &Once::unclaimed())
                    .await
                    .unwrap()
            );
        }
    }
    assert_eq!(store.prune(at(5 * DAY_MS), &retention).await.unwrap(), Pruned::default());
    let pruned = store.prune(at(5 * DAY_MS + 11), &retention).await.unwrap();
    assert_eq!((pruned.deliveries, pruned.delivery_fixes, pruned.more), (2, 6, false));
    assert_eq!(store.get_delivery(&tracking_id("old")).await.unwrap(), None);
    assert!(store.get_delivery(&tracking_id("young")).await.unwrap().is_some());
    assert_eq!(store.delivery_fixes(&tracking_id("young"), None, 10).await.unwrap(), fixes);
}
