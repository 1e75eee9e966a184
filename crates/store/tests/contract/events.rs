//! Event ids: gapless, in the order of commit.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, id, new_user, position, vehicle};
use milepost_domain::{Fact, TenantId};
use milepost_store::{Committer, Once, StoreError};
use std::time::Duration;

const WRITERS: usize = 8;
const ROUNDS: usize = 25;

pub(crate) async fn event_ids_have_no_gap_and_no_inversion_under_concurrent_writers(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let other = database.another_node().await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        // Half of them on another node, every second with positions between its events.
        let store = if writer % 4 < 2 { database.store.clone() } else { other.clone() };
        let home = home.clone();
        writers.push(tokio::spawn(async move {
            let name = format!("bus-{writer}");
            store.add_vehicle(&home, &vehicle(&name), at(0), &Once::unclaimed()).await.unwrap();
            let committer = Committer::start(store.clone(), None);
            let fact = Fact::VehicleChanged { vehicle_id: id(&name) };
            for round in 0..ROUNDS {
                store.append_facts(&home, &[fact.clone(), fact.clone()], at(0), &Once::unclaimed()).await.unwrap();
                if writer % 2 != 0 {
                    let batch = batch(&home, vec![position(&name, i64::try_from(round).unwrap())]);
                    committer.record(batch).await.unwrap();
                }
            }
        }));
    }
    let total = i64::try_from(WRITERS + WRITERS * ROUNDS * 2).unwrap();
    let read_all = async {
        let mut last = 0;
        while last < total {
            for event in database.store.events_after(&home, last, 100).await.unwrap() {
                assert_eq!(event.id, last + 1, "a reader that saw {last} may never see a gap after it");
                last = event.id;
            }
            tokio::task::yield_now().await;
        }
    };
    // A writer that failed leaves the reader waiting for ever.
    tokio::time::timeout(Duration::from_secs(120), read_all).await.expect("every writer writes all of its events");
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), total);
    assert!(database.store.events_after(&home, total, 100).await.unwrap().is_empty());
    other.close().await;
}

pub(crate) async fn each_tenant_counts_for_itself(database: &TestDatabase) {
    let acme = add_tenant(&*database.store, "acme").await;
    add_vehicles(&*database.store, &acme, &["a", "b"]).await;
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["a"]).await;
    assert_eq!(database.store.newest_event_id(&acme).await.unwrap(), 2);
    assert_eq!(database.store.newest_event_id(&TenantId::default_tenant()).await.unwrap(), 1);
    add_tenant(&*database.store, "quiet").await;
    let mut newest = database.store.newest_event_ids().await.unwrap();
    newest.sort();
    let newest: Vec<_> = newest.iter().map(|(tenant, id)| (tenant.as_str(), *id)).collect();
    assert_eq!(newest, [("acme", 2), ("default", 1), ("quiet", 0)]);
}

pub(crate) async fn failed_change_leaves_no_event(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let user = new_user("ann", &home);
    database.store.add_user(&user, at(0), &Once::unclaimed()).await.unwrap();
    assert_eq!(database.store.add_user(&user, at(0), &Once::unclaimed()).await, Err(StoreError::Conflict("username")));
    add_vehicles(&*database.store, &home, &["a"]).await;
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), 2);
    assert_eq!(database.store.events_after(&home, 0, 10).await.unwrap().len(), 2);
}

pub(crate) async fn event_of_a_newer_version_does_not_stop_this_ones_readers(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let known = Fact::VehicleChanged { vehicle_id: id("a") };
    let unknown = Fact::Unknown { kind: "moon.landed".to_owned(), payload: r#"{"eagle":true}"#.to_owned() };
    let facts = [known.clone(), unknown.clone(), unknown, known];
    store.append_facts(&home, &facts, at(0), &Once::unclaimed()).await.unwrap();
    let events = store.events_after(&home, 1, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(events.into_iter().map(|event| event.fact).collect::<Vec<_>>(), facts[1..]);
}
