//! Outgoing calls of several tenants and receivers: which come first, and what a pause holds back.

use crate::database::TestDatabase;
use crate::deliveries::{call, delivery, plain};
use crate::outgoing::{LEASE_MS, add_webhook, public_fact, take};
use crate::samples::{add_tenant, at};
use milepost_domain::{Target, TenantId};
use milepost_store::{CallOutcome, DeliveryChange, DueReceiver, Once, Store};
use std::collections::HashSet;

async fn append(store: &dyn Store, tenant: &TenantId, count: usize, ms: i64) {
    store.append_facts(tenant, &vec![public_fact(tenant); count], at(ms), &Once::unclaimed()).await.unwrap();
}

pub(crate) async fn tenants_take_turns_however_many_receivers_one_has(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    for _ in 0..20 {
        add_webhook(&**store, &home, &[]).await;
    }
    let theirs = add_webhook(&**store, &acme, &[]).await;
    append(&**store, &home, 50, 0).await;
    append(&**store, &acme, 1, 10).await;
    let calls = [call("order")];
    let change = delivery("TRK-1", &acme);
    store.add_delivery(&DeliveryChange { calls: &calls, ..plain(&change) }, at(11), &Once::unclaimed()).await.unwrap();
    let due = store.due_queues(at(20), 4).await.unwrap();
    let tenants: Vec<&str> = due.iter().map(|due| due.tenant.as_str()).collect();
    assert_eq!(tenants, ["default", "acme", "default", "acme"], "each one's first queue, then each one's second");
    assert!(matches!(&due[1].receiver, DueReceiver::Webhook { url } if *url == theirs.url));
    assert!(matches!(&due[3].receiver, DueReceiver::Orders));
    assert_eq!(store.due_queues(at(20), 100).await.unwrap().len(), 22);
    assert_eq!(store.due_queues(at(9), 100).await.unwrap().len(), 20, "the others are not due yet");
    // So many of each, and of no other queue.
    let wanted = [(due[0].queue.clone(), 3), (due[1].queue.clone(), 3)];
    let taken = store.take_due_calls(&wanted, at(20), at(20 + LEASE_MS)).await.unwrap();
    let of = |tenant: &TenantId| taken.iter().filter(|call| call.tenant == *tenant).count();
    assert_eq!((of(&home), of(&acme)), (3, 1));
    assert!(taken.iter().all(|call| wanted.iter().any(|(queue, _)| *queue == call.queue)));
}

pub(crate) async fn paused_receiver_gets_nothing_until_its_pause_ends(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let (asks, other) = (add_webhook(&**store, &home, &[]).await, add_webhook(&**store, &home, &[]).await);
    append(&**store, &home, 3, 0).await;
    let taken = take(&**store, 0, 1).await;
    assert_eq!(taken[0].target, Target::Webhook(asks.id));
    store.pause_queues(&[taken[0].queue.clone()], at(1_000), at(0)).await.unwrap();
    let later = CallOutcome::Retry { at: at(1_000), status: Some(429), error: "answered 429".to_owned() };
    store.settle_call(taken[0].no, &later, at(0)).await.unwrap();
    // A shorter pause does not end a longer one.
    store.pause_queues(&[taken[0].queue.clone()], at(500), at(0)).await.unwrap();
    append(&**store, &home, 1, 10).await;
    let others = take(&**store, 999, 100).await;
    assert_eq!(others.len(), 4);
    assert!(others.iter().all(|call| call.target == Target::Webhook(other.id)));
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(1_000)));
    // A server that starts anew makes all calls due, and keeps the pause.
    store.release_calls(at(999)).await.unwrap();
    assert!(take(&**store, 999, 100).await.iter().all(|call| call.target == Target::Webhook(other.id)));
    let after = take(&**store, 1_000, 100).await;
    assert_eq!(after.iter().filter(|call| call.target == Target::Webhook(asks.id)).count(), 4);
    // A sibling is named by its number.
    store.pause_queues(&[taken[0].queue.of_webhook(other.id)], at(9_000_000), at(1_001)).await.unwrap();
    append(&**store, &home, 1, 8_000_000).await;
    assert!(take(&**store, 8_000_000, 100).await.iter().all(|call| call.target == Target::Webhook(asks.id)));
}

pub(crate) async fn calls_that_were_not_tried_are_given_back_by_their_leaseholder_alone(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_webhook(&**store, &home, &[]).await;
    append(&**store, &home, 2, 0).await;
    let taken: Vec<_> = take(&**store, 0, 10).await.iter().map(|call| call.no).collect();
    store.give_back_calls(&[(taken[0], at(LEASE_MS))], at(7)).await.unwrap();
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(7)));
    let again = take(&**store, 7, 10).await;
    assert_eq!(again.iter().map(|call| (call.no, call.attempts)).collect::<Vec<_>>(), [(taken[0], 0)]);
    // The first holder's lease has ended meanwhile.
    store.give_back_calls(&[(taken[0], at(LEASE_MS))], at(8)).await.unwrap();
    assert!(take(&**store, 100, 10).await.is_empty());
}

pub(crate) async fn keys_are_random_and_stay_the_same_over_tries(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    for _ in 0..3 {
        add_webhook(&**store, &home, &[]).await;
    }
    append(&**store, &home, 100, 0).await;
    let listed = store.list_calls(&home, None, None, 1_000).await.unwrap();
    let keys: HashSet<&str> = listed.iter().map(|call| call.key.as_str()).collect();
    assert_eq!((listed.len(), keys.len()), (300, 300));
    let first = take(&**store, 0, 1).await.remove(0);
    let failed = CallOutcome::Retry { at: at(1), status: Some(500), error: "answered 500".to_owned() };
    store.settle_call(first.no, &failed, at(0)).await.unwrap();
    store.release_calls(at(2)).await.unwrap();
    let wanted = [(first.queue.clone(), 1_000)];
    let again = store.take_due_calls(&wanted, at(2), at(2 + LEASE_MS)).await.unwrap();
    assert_eq!(again.iter().find(|call| call.no == first.no).map(|call| &call.key), Some(&first.key));
}
