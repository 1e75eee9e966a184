//! The numbers of what a tenant enters count up within the tenant.

use crate::cadets::{add_cadet, attended, day, merit};
use crate::database::TestDatabase;
use crate::deliveries::{call, delivery, plain};
use crate::notices::notification;
use crate::parcels::new_parcel;
use crate::samples::{add_tenant, at, home_tenant};
use crate::{geofences, outgoing, push};
use milepost_domain::{
    AttendanceStatus, CadetId, ExpectedVersion, GeofenceId, GradeId, ParcelId, TenantId, UserId, WebhookId,
};
use milepost_store::{CallId, DeliveryChange, Once, Store, StoreError};

/// Adds one of each kind, and returns their numbers: a parcel, a cadet, a grade, the two notices of a text, a geofence, a webhook, a
/// browser, and the newest outgoing call.
async fn add_each(store: &dyn Store, tenant: &TenantId, round: i64) -> [i64; 9] {
    let name = format!("{}-{round}", tenant.as_str());
    let parcel = store.add_parcel(&new_parcel(tenant, Some(5)), at(0), &Once::unclaimed()).await.unwrap();
    let cadet = add_cadet(store, tenant).await;
    let grade = store.add_grade(tenant, cadet.id, &merit(1), at(0), &Once::unclaimed()).await.unwrap();
    let users = [UserId::new(7).unwrap(), UserId::new(8).unwrap()];
    let notices = store.send_notices(tenant, &users, &notification("x"), at(0), &Once::unclaimed()).await.unwrap();
    let fence = geofences::add(store, tenant, &geofences::square("x")).await;
    let webhook = outgoing::add_webhook(store, tenant, &["trip.changed"]).await;
    let browser = push::subscribe(store, tenant, 70 + round, &name, 0).await;
    let (sent, calls) = (delivery(&format!("TRK-{name}"), tenant), [call(&name)]);
    let change = DeliveryChange { calls: &calls, ..plain(&sent) };
    store.add_delivery(&change, at(0), &Once::unclaimed()).await.unwrap();
    let newest = store.list_calls(tenant, None, None, 1).await.unwrap()[0].id;
    let [first, second] = [notices[0].id.get(), notices[1].id.get()];
    let things = [parcel.id.get(), cadet.id.get(), grade.id.get(), first, second, fence.id.get()];
    let [a, b, c, d, e, f] = things;
    [a, b, c, d, e, f, webhook.id.0, browser.id.get(), newest.0]
}

pub(crate) async fn each_tenant_counts_what_it_enters(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    assert_eq!(add_each(store, &home, 1).await, [1, 1, 1, 1, 2, 1, 1, 1, 1]);
    assert_eq!(add_each(store, &home, 2).await, [2, 2, 2, 3, 4, 2, 2, 2, 2]);
    assert_eq!(add_each(store, &acme, 1).await, [1, 1, 1, 1, 2, 1, 1, 1, 1], "nothing of another tenant's volume");
    assert_eq!(add_each(store, &home, 3).await, [3, 3, 3, 5, 6, 3, 3, 3, 3]);
    // The number names the tenant's own thing.
    let (parcel, cadet) = (ParcelId::new(1).unwrap(), CadetId::new(1).unwrap());
    for tenant in [&home, &acme] {
        assert_eq!(store.get_parcel(tenant, parcel).await.unwrap().unwrap().tenant, *tenant);
        assert_eq!(store.get_cadet(tenant, cadet).await.unwrap().unwrap().tenant, *tenant);
        assert_eq!(store.get_webhook(tenant, WebhookId(1)).await.unwrap().unwrap().tenant, *tenant);
        let fence = store.get_geofence(tenant, GeofenceId::new(1).unwrap()).await.unwrap().unwrap();
        assert_eq!(fence.tenant, *tenant);
    }
    assert_eq!(store.get_parcel(&acme, ParcelId::new(2).unwrap()).await.unwrap(), None);
    let present = attended(AttendanceStatus::Present);
    assert!(store.set_attendance(&acme, cadet, &ExpectedVersion::Any, day(1), &present, at(1)).await.unwrap());
    assert!(store.list_attendance(&home, cadet, None, 9).await.unwrap().is_empty());
    assert!(
        store
            .remove_grade(&acme, cadet, &ExpectedVersion::Any, GradeId::new(1).unwrap(), at(1))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.list_grades(&home, cadet, None, 9).await.unwrap().len(), 1);
    assert!(store.remove_webhook(&acme, WebhookId(1), None).await.unwrap());
    assert!(store.get_webhook(&home, WebhookId(1)).await.unwrap().is_some());
    // A number is never given twice, and a refused change takes none.
    assert!(store.remove_geofence(&acme, GeofenceId::new(1).unwrap(), None, at(1)).await.unwrap());
    let refused = store.add_grade(&acme, CadetId::new(9).unwrap(), &merit(1), at(1), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::NotFound("cadet")));
    assert_eq!(add_each(store, &acme, 2).await, [2, 2, 2, 3, 4, 2, 2, 2, 2]);
}

pub(crate) async fn numbers_given_by_two_nodes_at_once_are_unique_and_without_a_gap(database: &TestDatabase) {
    const EACH: usize = 20;
    let home = home_tenant();
    let nodes = [database.another_node().await, database.another_node().await];
    let mut tasks = tokio::task::JoinSet::new();
    for node in nodes.iter().cycle().take(4) {
        let (node, home) = (std::sync::Arc::clone(node), home.clone());
        tasks.spawn(async move {
            let mut numbers = Vec::new();
            while numbers.len() < EACH {
                let parcel = node.add_parcel(&new_parcel(&home, None), at(0), &Once::unclaimed()).await;
                // A busy database is tried again.
                numbers.extend(parcel.ok().map(|parcel| parcel.id.get()));
            }
            numbers
        });
    }
    let mut numbers = tasks.join_all().await.concat();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..).take(4 * EACH).collect::<Vec<_>>());
    for node in nodes {
        node.close().await;
    }
}

pub(crate) async fn calls_of_several_receivers_are_numbered_one_by_one(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    for _ in 0..3 {
        outgoing::add_webhook(store, &home, &[]).await;
    }
    push::subscribe(store, &home, 7, "phone", 0).await;
    push::subscribe(store, &home, 7, "laptop", 0).await;
    for _ in 0..2 {
        store.append_facts(&home, &[outgoing::public_fact(&home)], at(0), &Once::unclaimed()).await.unwrap();
        let users = [UserId::new(7).unwrap()];
        store.send_notices(&home, &users, &notification("x"), at(0), &Once::unclaimed()).await.unwrap();
    }
    let calls = store.list_calls(&home, None, None, 100).await.unwrap();
    assert_eq!(calls.iter().map(|call| call.id.0).collect::<Vec<_>>(), (1..=10).rev().collect::<Vec<_>>());
    let page = store.list_calls(&home, None, Some(CallId(4)), 2).await.unwrap();
    assert_eq!(page.iter().map(|call| call.id.0).collect::<Vec<_>>(), [3, 2]);
}
