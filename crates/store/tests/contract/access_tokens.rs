//! Access tokens: each belongs to one tenant, is found by its digest, and is gone for good once it is removed.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, home_tenant, id};
use milepost_domain::{AccessTokenId, Fact, Label, Scopes, TenantId, UserId};
use milepost_store::{Digest, NewAccessToken, Once, Store, StoreError};

fn new_token(tenant: &TenantId, secret: u8) -> NewAccessToken {
    NewAccessToken {
        tenant: tenant.clone(),
        name: Label::new("nightly export").unwrap(),
        hash: digest(secret),
        scopes: Scopes::parse(["read"]).unwrap(),
        vehicle_ids: None,
        created_by: UserId::new(5).ok(),
        expires_at: None,
    }
}

fn digest(secret: u8) -> Digest {
    [secret; 32]
}

fn number(id: i64) -> AccessTokenId {
    AccessTokenId::new(id).unwrap()
}

async fn add(store: &dyn Store, new: &NewAccessToken) -> AccessTokenId {
    store.add_access_token(new, 100, at(0), &Once::unclaimed()).await.unwrap().unwrap().id
}

pub(crate) async fn a_token_comes_back_as_it_was_made(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let new = NewAccessToken {
        scopes: Scopes::parse(["manage", "ingest"]).unwrap(),
        vehicle_ids: Some(vec![id("bus-1"), id("Bus 2")]),
        expires_at: Some(at(60_000)),
        ..new_token(&home, 1)
    };
    let made = store.add_access_token(&new, 100, at(7), &Once::unclaimed()).await.unwrap().unwrap();
    assert_eq!((made.id, &made.tenant, made.created_at, made.last_used_at), (number(1), &home, at(7), None));
    assert_eq!((&made.name, &made.scopes, &made.vehicle_ids), (&new.name, &new.scopes, &new.vehicle_ids));
    assert_eq!((made.created_by, made.expires_at), (new.created_by, new.expires_at));
    assert_eq!(store.find_access_token(&digest(1)).await.unwrap(), Some(made.clone()));
    assert_eq!(store.find_access_token(&digest(2)).await.unwrap(), None);
    // Numbers count up within the tenant, and a user's tokens of another tenant are not its own.
    let bare = add(store, &NewAccessToken { created_by: None, ..new_token(&home, 2) }).await;
    let others = add(store, &new_token(&acme, 3)).await;
    assert_eq!((bare, others), (number(2), number(1)));
    let listed = store.list_access_tokens(&home, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [number(1), number(2)]);
    assert_eq!(store.list_access_tokens(&home, Some(number(1)), 10).await.unwrap(), &listed[1..]);
    let made_by = store.access_tokens_made_by(&home, UserId::new(5).unwrap(), 10).await.unwrap();
    assert_eq!(made_by, [made]);
}

pub(crate) async fn a_tenant_has_a_bounded_number_of_tokens(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    for secret in 1..=2 {
        assert!(
            store.add_access_token(&new_token(&home, secret), 2, at(0), &Once::unclaimed()).await.unwrap().is_some()
        );
    }
    assert_eq!(store.add_access_token(&new_token(&home, 3), 2, at(0), &Once::unclaimed()).await.unwrap(), None);
    let missing = new_token(&TenantId::new("missing").unwrap(), 4);
    let refused = store.add_access_token(&missing, 2, at(0), &Once::unclaimed()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound("tenant")), "{refused}");
}

pub(crate) async fn a_removed_token_is_found_no_more_and_its_number_is_not_given_again(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let removed = add(store, &new_token(&home, 1)).await;
    assert!(!store.remove_access_token(&acme, removed, at(1)).await.unwrap(), "another tenant's");
    assert!(store.remove_access_token(&home, removed, at(1)).await.unwrap());
    assert!(!store.remove_access_token(&home, removed, at(1)).await.unwrap());
    assert_eq!(store.find_access_token(&digest(1)).await.unwrap(), None);
    let events = store.events_after(&home, 0, 10).await.unwrap();
    let facts: Vec<_> = events.into_iter().map(|event| event.fact).collect();
    assert_eq!(facts, [Fact::AccessTokenChanged { access_token_id: removed }]);
    assert_eq!(add(store, &new_token(&home, 1)).await, number(2));
}

pub(crate) async fn the_last_use_of_a_token_only_moves_on(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let token = add(store, &new_token(&home, 1)).await;
    for (used, last) in [(5, 5), (9, 9), (7, 9)] {
        store.note_access_token_use(&home, token, at(used)).await.unwrap();
        let found = store.find_access_token(&digest(1)).await.unwrap().unwrap();
        assert_eq!(found.last_used_at, Some(at(last)));
    }
    store.note_access_token_use(&home, number(9), at(1)).await.unwrap();
}

pub(crate) async fn a_removed_vehicle_leaves_the_lists_of_tokens(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    let listed = |ids: &[&str]| Some(ids.iter().map(|name| id(name)).collect());
    let one = add(store, &NewAccessToken { vehicle_ids: listed(&["bus-1"]), ..new_token(&home, 1) }).await;
    add(store, &NewAccessToken { vehicle_ids: listed(&["bus-2"]), ..new_token(&home, 2) }).await;
    add(store, &new_token(&home, 3)).await;
    let before = store.newest_event_id(&home).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus-1"), None, at(1)).await.unwrap());
    let lists = store.list_access_tokens(&home, None, 10).await.unwrap();
    let lists: Vec<_> = lists.into_iter().map(|token| token.vehicle_ids).collect();
    // One without a vehicle is not one for all of them.
    assert_eq!(lists, [listed(&[]), listed(&["bus-2"]), None]);
    let events = store.events_after(&home, before, 10).await.unwrap();
    let changed: Vec<_> = events.iter().filter(|event| matches!(event.fact, Fact::AccessTokenChanged { .. })).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].fact, Fact::AccessTokenChanged { access_token_id: one });
}
