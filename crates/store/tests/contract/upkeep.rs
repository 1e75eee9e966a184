//! Migrations and pruning.

use crate::database::{TestDatabase, options};
use crate::samples::{add_tenant, add_vehicles, at, batch, history, id, new_user, opened, position, tenant};
use milepost_domain::{Position, TenantId};
use milepost_store::{
    Committer, IDEMPOTENCY_KEEP_MS, Idempotency, IdempotencyKey, KeptAnswer, Once, PositionBatch, Pruned, Retention,
    StoreError, StoredEvents, Unsent, migrate, open, pending_migrations,
};
use std::sync::Arc;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(crate) async fn migrations_run_twice_change_nothing(database: &TestDatabase) {
    assert!(pending_migrations(&database.url, &options()).await.unwrap().is_empty());
    assert!(migrate(&database.url, &options()).await.unwrap().is_empty());
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["bus"]).await;
    let again = database.another_node().await;
    assert_eq!(again.newest_event_id(&TenantId::default_tenant()).await.unwrap(), 1);
    again.close().await;
}

pub(crate) async fn newer_database_is_refused(database: &TestDatabase) {
    let insert = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                  values (9999, 'from the future', true, '', 0)";
    database.run(insert).await;
    let Err(StoreError::Refused(reason)) = open(&database.url, &options(), Arc::new(Unsent)).await.map(|_| ()) else {
        panic!("a newer database was opened");
    };
    assert!(reason.contains("newer version") && reason.contains("9999"), "{reason}");
    assert!(matches!(pending_migrations(&database.url, &options()).await, Err(StoreError::Refused(_))));
}

pub(crate) async fn positions_are_forgotten_to_the_millisecond(database: &TestDatabase) {
    const STEP_MS: i64 = 7_001;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &home, &["bus", "upload", "sold"]).await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    // Four minutes of arrivals: of the bus in order, and of the upload from the newest to the oldest, several in each
    // minute.
    for count in 0..40 {
        let received_at = at(count * STEP_MS);
        let upload = (0..5).map(|part| position("upload", DAY_MS - count * 10_000 - part * 1_000));
        let points = upload.chain([position("bus", count * STEP_MS), position("sold", count)]).collect();
        committer.record(PositionBatch { received_at, ..batch(&home, points) }).await.unwrap();
        let points = vec![position("bus", count * STEP_MS)];
        committer.record(PositionBatch { received_at, ..batch(&acme, points) }).await.unwrap();
    }
    assert!(store.remove_vehicle(&home, &id("sold"), None, at(0)).await.unwrap());
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    let mut kept = 40;
    // Cutoffs within a minute, at its end, at an arrival, a millisecond later, and after all arrivals.
    for cutoff_ms in [30_000, 60_000, 10 * STEP_MS, 10 * STEP_MS + 1, 200_000, 39 * STEP_MS + 1] {
        let arrived_before = (cutoff_ms + STEP_MS - 1) / STEP_MS;
        let pruned = store.prune(at(cutoff_ms), &retention).await.unwrap();
        let sold = if kept == 40 { 40 } else { 0 };
        assert_eq!(pruned.positions as i64 - sold, (kept - (40 - arrived_before)) * 7, "{cutoff_ms}");
        assert!(!pruned.more);
        kept = 40 - arrived_before;
        for (tenant, vehicle, times) in [(&home, "bus", 1), (&home, "upload", 5), (&acme, "bus", 1)] {
            assert_eq!(history(&**store, tenant, vehicle).await.len() as i64, kept * times, "{cutoff_ms} {vehicle}");
        }
        let arrived = store.recent_positions(&home, None, at(0), None, 1_000).await.unwrap();
        assert_eq!(arrived.len() as i64, kept * 6);
        assert!(arrived.iter().all(|one| one.received_at >= at(cutoff_ms)));
    }
    assert_eq!(kept, 0);
}

/// More positions than one step deletes: of many minutes, and of one.
pub(crate) async fn many_positions_are_forgotten_in_steps(database: &TestDatabase) {
    const MINUTE_MS: i64 = 60_000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["slow", "quick", "new"]).await;
    let committer = Committer::start(store.clone(), None);
    let slow = (0..2_500).map(|minute| position("slow", minute * MINUTE_MS)).collect();
    committer.record(PositionBatch { received_at: at(0), ..batch(&home, slow) }).await.unwrap();
    let quick = (0..6_000).map(|ms| position("quick", ms)).collect();
    committer.record(PositionBatch { received_at: at(MINUTE_MS), ..batch(&home, quick) }).await.unwrap();
    // These arrived in the minute of the cutoff, and are kept.
    let new = vec![position("new", 0), position("slow", 2_500 * MINUTE_MS)];
    committer.record(PositionBatch { received_at: at(2 * MINUTE_MS), ..batch(&home, new) }).await.unwrap();
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    let pruned = store.prune(at(2 * MINUTE_MS), &retention).await.unwrap();
    assert_eq!((pruned.positions, pruned.more), (8_500, false));
    assert!(history(&**store, &home, "quick").await.is_empty());
    assert_eq!(history(&**store, &home, "slow").await, [position("slow", 2_500 * MINUTE_MS)]);
    assert_eq!(store.recent_positions(&home, None, at(0), None, 1_000).await.unwrap().len(), 2);
}

pub(crate) async fn old_positions_are_forgotten_by_arrival(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "import"]).await;
    let committer = Committer::start(store.clone(), None);
    // One point for each day, which arrives as it happens.
    for day in 0..10 {
        store.prepare(at(day * DAY_MS)).await.unwrap();
        let points = vec![Position { at: at(day * DAY_MS), ..position("bus", 0) }];
        committer.record(PositionBatch { received_at: at(day * DAY_MS), ..batch(&home, points) }).await.unwrap();
    }
    // Old points that arrived just now: one on a day of its own, and one on a day with other rows.
    let points = vec![Position { at: at(-400 * DAY_MS), ..position("import", 0) }, position("import", DAY_MS)];
    committer.record(PositionBatch { received_at: at(9 * DAY_MS), ..batch(&home, points) }).await.unwrap();
    let retention = Retention { positions_ms: 5 * DAY_MS, ..Retention::default() };
    let pruned = store.prune(at(9 * DAY_MS + 1), &retention).await.unwrap();
    // Days 0 to 4 are too old. PostgreSQL drops the days that are entirely old. It deletes single rows from the day of
    // the import, and from the newest day, which positions could have reached until the cutoff.
    assert_eq!(pruned.positions + pruned.partitions, 5);
    assert_eq!(pruned.partitions > 0, database.is_postgres());
    let days = |points: Vec<Position>| points.iter().map(|one| one.at.ms_since(at(0)) / DAY_MS).collect::<Vec<_>>();
    assert_eq!(days(history(&**store, &home, "bus").await), [5, 6, 7, 8, 9]);
    assert_eq!(days(history(&**store, &home, "import").await), [-400, 1]);
    store.prepare(at(9 * DAY_MS)).await.unwrap();
    let nothing = store.prune(at(9 * DAY_MS + 1), &retention).await.unwrap();
    assert_eq!(nothing, Pruned::default());
    // A dropped day can be written again.
    let points = vec![Position { at: at(0), ..position("bus", 0) }];
    let back = committer.record(PositionBatch { received_at: at(9 * DAY_MS), ..batch(&home, points) }).await.unwrap();
    assert_eq!(back.accepted, 1);
}

pub(crate) async fn old_events_are_forgotten_and_never_numbered_again(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let facts = vec![milepost_domain::Fact::VehicleChanged { vehicle_id: crate::samples::id("bus") }; 6_000];
    store.append_facts(&home, &facts, at(0), &Once::unclaimed()).await.unwrap();
    store.append_facts(&home, &facts[..2], at(DAY_MS), &Once::unclaimed()).await.unwrap();
    let retention = Retention { events_ms: DAY_MS, ..Retention::default() };
    let pruned = store.prune(at(DAY_MS + 1), &retention).await.unwrap();
    assert_eq!((pruned.events, pruned.more), (6_000, false));
    let stored = store.stored_events(&home).await.unwrap();
    assert_eq!(stored, StoredEvents { removed_to: 6_000, newest: 6_002 });
    assert!(!stored.has_all_after(5_999) && stored.has_all_after(6_000) && stored.has_all_after(6_002));
    assert!(!stored.has_all_after(6_003), "no event of this database had that id");
    let kept = store.events_after(&home, 0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|event| event.id).collect::<Vec<_>>(), [6_001, 6_002]);
    store.prune(at(9 * DAY_MS), &retention).await.unwrap();
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 6_002);
    assert_eq!(store.stored_events(&home).await.unwrap(), StoredEvents { removed_to: 6_002, newest: 6_002 });
    assert_eq!(store.append_facts(&home, &facts[..1], at(0), &Once::unclaimed()).await.unwrap(), 6_003);
}

pub(crate) async fn expired_sessions_and_keys_are_forgotten(database: &TestDatabase) {
    let store = &database.store;
    let user = store.add_user(&new_user("ann", &TenantId::default_tenant()), at(0), &Once::unclaimed()).await.unwrap();
    store.add_session(&opened([1; 32], user.id, at(10))).await.unwrap();
    store.add_session(&opened([2; 32], user.id, at(i64::from(u32::MAX)))).await.unwrap();
    let key = |key: &str| IdempotencyKey { tenant: tenant("a"), caller: "c".to_owned(), key: key.to_owned() };
    let old = store.begin_idempotent(&key("old"), &[1; 32], at(0)).await.unwrap();
    let Idempotency::New(old) = old else { panic!("the key is not free: {old:?}") };
    assert!(store.finish_idempotent(&old, &KeptAnswer { status: 200, body: Vec::new(), version: None }).await.unwrap());
    store.begin_idempotent(&key("young"), &[1; 32], at(IDEMPOTENCY_KEEP_MS)).await.unwrap();
    let pruned = store.prune(at(IDEMPOTENCY_KEEP_MS + 1), &Retention::default()).await.unwrap();
    assert_eq!((pruned.sessions, pruned.idempotency_keys), (1, 1));
    let again = store.begin_idempotent(&key("old"), &[2; 32], at(IDEMPOTENCY_KEEP_MS + 1)).await.unwrap();
    assert!(matches!(again, Idempotency::New(_)), "{again:?}");
    assert!(store.find_session(&[2; 32], at(20)).await.unwrap().is_some());
}

pub(crate) async fn one_node_leads_upkeep_until_it_is_gone(database: &TestDatabase) {
    let first = &database.store;
    for _ in 0..3 {
        assert!(first.lead_upkeep().await.unwrap(), "it goes on");
    }
    if !database.is_postgres() {
        return;
    }
    let [second, third] = [database.another_node().await, database.another_node().await];
    assert!(!second.lead_upkeep().await.unwrap());
    first.prune(at(1), &Retention::default()).await.unwrap();
    assert!(!second.lead_upkeep().await.unwrap(), "work does not end it");
    // The leader's connection is cut. It may have been the first to notice, so any one may lead now, and only one.
    let cut = "select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
               where l.locktype = 'advisory' and a.datname = current_database()";
    database.run(cut).await;
    until(async || second.lead_upkeep().await.unwrap()).await;
    assert!(!first.lead_upkeep().await.unwrap() && !third.lead_upkeep().await.unwrap());
    // The leader ends.
    second.close().await;
    until(async || third.lead_upkeep().await.unwrap()).await;
    assert!(!first.lead_upkeep().await.unwrap());
    third.close().await;
}

/// Waits until it is so: the server notices the end of a connection a moment later.
async fn until(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(milepost_test_support::PATIENCE, wait).await.expect("in time");
}
