//! Event ids: gapless, in the order of commit.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, id, new_user, position, vehicle};
use milepost_domain::{
    AlertId, CadetId, Event, EventType, Fact, FleetViewer, JsonObject, ManualEvent, ParcelId, ParcelStatus,
    RecordViewer, TenantId,
};
use milepost_store::{Committer, NewWebhook, Once, StoreError};
use std::time::Duration;

const WRITERS: usize = 8;
const ROUNDS: usize = 25;

pub(crate) async fn event_ids_have_no_gap_and_no_inversion_under_concurrent_writers(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let other = database.another_node().await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        // Half of the writers use another node, and every second one writes positions between its events.
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
    // If a writer fails, the reader would wait for ever.
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
    assert_eq!(database.store.count_events_ever().await.unwrap(), 3);
    let mut newest = database.store.newest_event_ids().await.unwrap();
    newest.sort();
    let newest: Vec<_> = newest.iter().map(|(tenant, id)| (tenant.as_str(), *id)).collect();
    assert_eq!(newest, [("acme", 2), ("default", 1), ("quiet", 0)]);
}

pub(crate) async fn the_log_keeps_its_name(database: &TestDatabase) {
    let name = database.store.feed_name().await.unwrap();
    assert!(name.len() >= 8 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["a"]).await;
    assert_eq!(database.store.feed_name().await.unwrap(), name);
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

/// The same for unknown values: readers skip the row and still get the rows around it.
pub(crate) async fn value_of_a_newer_version_blocks_neither_feed_nor_replay_nor_webhooks(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let url = "https://example.org/".to_owned();
    let webhook = NewWebhook { tenant: home.clone(), url, kinds: Vec::new(), secret: vec![7; 32] };
    store.add_webhook(&webhook, 50, at(0), &Once::unclaimed()).await.unwrap();
    let cadet = CadetId::new(1).unwrap();
    let drill = |event_type: &str| {
        let payload = JsonObject::of_parsed("{}".to_owned(), "payload").unwrap();
        let event_type = EventType::new(event_type).unwrap();
        Fact::ManualEvent(Box::new(ManualEvent { event_type, cadet_id: Some(cadet), payload }))
    };
    let parcel_id = ParcelId::new(12).unwrap();
    let changed = Fact::ParcelChanged { parcel_id, status: ParcelStatus::Assigned, driver_id: None };
    let alert_id = AlertId::new("0193a1f2-7c2b-7e11-9d5c-0a1b2c3d4e60").unwrap();
    let facts = [drill("a"), changed.clone(), drill("b"), drill("c"), Fact::AlertDeleted { alert_id, user_id: None }];
    store.append_facts(&home, &facts, at(0), &Once::unclaimed()).await.unwrap();
    let newer = "update events set kind = 'parcel.changed', for_fleet = 0,
                 payload = '{\"parcel_id\":12,\"status\":\"teleported\",\"driver_id\":null}' where id in (2, 3);
                 update events set payload = '[1]' where id = 4";
    database.run(newer).await;
    store.append_facts(&home, &[drill("d"), changed], at(1), &Once::unclaimed()).await.unwrap();

    let events = store.events_after(&home, 0, 10).await.unwrap();
    let known = |event: &Event| !matches!(event.fact, Fact::Unknown { .. });
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events.iter().filter(|event| known(event)).map(|event| event.id).collect::<Vec<_>>(), [1, 5, 6, 7]);
    let staff = RecordViewer { staff: true, cadet: None, user: None };
    let company = FleetViewer { company: true, user: None, driver: None };
    for limit in [1, 2, 10] {
        let seen = store.visible_events(&home, staff, 0, 7, limit).await.unwrap();
        let ids: Vec<_> = seen.iter().map(|event| event.id).collect();
        assert_eq!(ids, [1, 6][..ids.len()]);
        assert_eq!(ids.len(), usize::try_from(limit).unwrap().min(2));
        let seen = store.fleet_events(&home, company, 0, 7, limit).await.unwrap();
        assert_eq!(seen.iter().map(|event| event.id).collect::<Vec<_>>(), [5]);
    }
    let calls = store.list_calls(&home, None, None, 10).await.unwrap();
    assert_eq!(calls.len(), 2, "one for each event that was public when it was stored");
}
