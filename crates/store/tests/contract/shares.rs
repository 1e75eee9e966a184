//! Shares: their vehicles are those that were there, and no other of the same name.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, home_tenant, id};
use milepost_domain::{Fact, Label, Share, ShareId, ShareState, TenantId};
use milepost_store::{Digest, NewShare, Once, Store, StoreError};

const DAY_MS: i64 = 86_400_000;

const fn digest(secret: u8) -> Digest {
    [secret; 32]
}

fn new_share(tenant: &TenantId, secret: u8, vehicles: &[&str]) -> NewShare {
    NewShare {
        tenant: tenant.clone(),
        name: Label::new("guests").unwrap(),
        hash: digest(secret),
        vehicle_ids: vehicles.iter().map(|name| id(name)).collect(),
        created_by: None,
        expires_at: at(DAY_MS),
    }
}

async fn add(store: &dyn Store, new: &NewShare) -> Share {
    store.add_share(new, 10, at(0), &Once::unclaimed()).await.unwrap().unwrap()
}

pub(crate) async fn a_share_is_found_by_its_secret_and_listed_with_its_vehicles(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    add_vehicles(store, &acme, &["bus-1"]).await;
    let both = add(store, &new_share(&home, 1, &["bus-2", "bus-1"])).await;
    let one = add(store, &new_share(&home, 2, &["bus-2"])).await;
    add(store, &new_share(&acme, 3, &["bus-1"])).await;
    assert_eq!((both.id.get(), one.id.get()), (1, 2));
    assert_eq!(both.vehicle_ids, [id("bus-1"), id("bus-2")]);
    assert_eq!(store.list_shares(&home, None, 10).await.unwrap(), [both.clone(), one.clone()]);
    assert_eq!(store.list_shares(&home, Some(both.id), 10).await.unwrap(), [one]);
    assert_eq!(store.find_share(&digest(1)).await.unwrap(), Some(both));
    assert_eq!(store.find_share(&digest(9)).await.unwrap(), None);
    let missing = store.add_share(&new_share(&home, 4, &["bus-9"]), 10, at(0), &Once::unclaimed()).await;
    assert_eq!(missing.unwrap_err(), StoreError::NotFound("vehicle"));
    assert_eq!(store.list_shares(&home, None, 10).await.unwrap().len(), 2, "nothing of it was stored");
}

pub(crate) async fn shares_that_have_ended_do_not_count_and_go_after_a_month(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1"]).await;
    let mut new = new_share(&home, 1, &["bus-1"]);
    let mut add = async |secret: u8, now: i64| {
        new.hash = digest(secret);
        new.expires_at = at(now + DAY_MS);
        store.add_share(&new, 1, at(now), &Once::unclaimed()).await.unwrap().map(|share| share.id.get())
    };
    assert_eq!((add(1, 0).await, add(2, 0).await), (Some(1), None));
    assert_eq!(add(3, DAY_MS).await, Some(2));
    let listed = async || store.list_shares(&home, None, 10).await.unwrap().len();
    assert_eq!(listed().await, 2);
    assert_eq!(add(4, 32 * DAY_MS).await, Some(3));
    assert_eq!(listed().await, 2);
}

pub(crate) async fn a_recalled_share_is_kept_as_such_and_does_not_count(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    add_vehicles(store, &home, &["bus-1"]).await;
    let share = add(store, &new_share(&home, 1, &["bus-1"])).await.id;
    let before = store.newest_event_id(&home).await.unwrap();
    assert!(!store.recall_share(&acme, share, at(1)).await.unwrap(), "another tenant's");
    assert!(store.recall_share(&home, share, at(1)).await.unwrap());
    assert!(!store.recall_share(&home, share, at(1)).await.unwrap());
    let recalled = store.find_share(&digest(1)).await.unwrap().unwrap();
    assert_eq!((recalled.recalled_at, recalled.state(at(2))), (Some(at(1)), ShareState::Recalled));
    let facts: Vec<_> =
        store.events_after(&home, before, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    assert_eq!(facts, [Fact::ShareChanged { share_id: share }]);
    let again = store.add_share(&new_share(&home, 2, &["bus-1"]), 1, at(1), &Once::unclaimed()).await.unwrap();
    assert_eq!(again.unwrap().id, ShareId::new(2).unwrap());
    assert_eq!(store.list_shares(&home, None, 10).await.unwrap().len(), 2);
    let mut later = new_share(&home, 3, &["bus-1"]);
    later.expires_at = at(60 * DAY_MS);
    store.add_share(&later, 10, at(32 * DAY_MS), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.find_share(&digest(1)).await.unwrap(), None, "a month later");
}

pub(crate) async fn openings_of_a_share_are_counted(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    add_vehicles(store, &home, &["bus-1"]).await;
    let share = add(store, &new_share(&home, 1, &["bus-1"])).await;
    assert_eq!((share.opened_count, share.opened_at), (0, None));
    store.count_opening(&acme, share.id, at(1)).await.unwrap();
    for now in [5, 7] {
        store.count_opening(&home, share.id, at(now)).await.unwrap();
    }
    let found = store.find_share(&digest(1)).await.unwrap().unwrap();
    assert_eq!((found.opened_count, found.opened_at), (2, Some(at(7))));
}

pub(crate) async fn a_vehicle_that_is_made_anew_is_in_no_share(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    let share = add(store, &new_share(&home, 1, &["bus-1", "bus-2"])).await;
    add(store, &new_share(&home, 2, &["bus-2"])).await;
    let before = store.newest_event_id(&home).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus-1"), None, at(1)).await.unwrap());
    let events = store.events_after(&home, before, 10).await.unwrap();
    let changed: Vec<_> = events.iter().filter(|event| matches!(event.fact, Fact::ShareChanged { .. })).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].fact, Fact::ShareChanged { share_id: share.id });
    add_vehicles(store, &home, &["bus-1"]).await;
    assert_eq!(store.find_share(&digest(1)).await.unwrap().unwrap().vehicle_ids, [id("bus-2")]);
}
