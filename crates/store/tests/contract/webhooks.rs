//! Webhooks whose receivers have unsubscribed.

use crate::database::TestDatabase;
use crate::outgoing::{LEASE_MS, add_webhook, public_fact, take};
use crate::samples::{add_tenant, at};
use milepost_domain::{Target, TenantId, Webhook};
use milepost_store::{CallOutcome, DueCall, Once};
use std::sync::Arc;

/// The answer of a receiver that has unsubscribed.
fn unwanted() -> CallOutcome {
    CallOutcome::Unwanted { status: 410, error: "answered 410".to_owned() }
}

pub(crate) async fn webhook_whose_receiver_wants_no_more_is_disabled_until_a_call_is_retried(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let gone = add_webhook(&**store, &home, &[]).await;
    let stays = add_webhook(&**store, &home, &[]).await;
    let disabled_at =
        async |webhook: &Webhook| store.get_webhook(&webhook.tenant, webhook.id).await.unwrap().unwrap().disabled_at;
    store.append_facts(&home, &[public_fact(&home), public_fact(&home)], at(2), &Once::unclaimed()).await.unwrap();
    let calls = take(&**store, 3, 10).await;
    let of_gone: Vec<&DueCall> = calls.iter().filter(|call| call.target == Target::Webhook(gone.id)).collect();
    assert_eq!((calls.len(), of_gone.len()), (4, 2));
    store.settle_call(of_gone[0].no, &unwanted(), at(4)).await.unwrap();
    assert_eq!((disabled_at(&gone).await, disabled_at(&stays).await), (Some(at(4)), None));
    let listed = store.list_webhooks(&home, None, 10).await.unwrap();
    assert_eq!(listed, [Webhook { disabled_at: Some(at(4)), ..gone.clone() }, stays.clone()]);
    // No more calls are stored for it, and waiting ones are leased with a mark.
    store.append_facts(&home, &[public_fact(&home)], at(5), &Once::unclaimed()).await.unwrap();
    let calls = take(&**store, 5 + LEASE_MS, 10).await;
    let marked = calls.iter().filter(|call| call.webhook.as_ref().unwrap().is_disabled).map(|call| call.no);
    assert_eq!(marked.collect::<Vec<_>>(), [of_gone[1].no]);
    assert_eq!(calls.iter().filter(|call| call.target == Target::Webhook(stays.id)).count(), 3);
    // The first such answer counts, and one to a settled call does not.
    store.settle_call(of_gone[1].no, &unwanted(), at(6)).await.unwrap();
    assert_eq!(disabled_at(&gone).await, Some(at(4)));

    assert!(!store.revive_call(&acme, of_gone[0].no, at(7), &Once::unclaimed()).await.unwrap());
    assert_eq!(disabled_at(&gone).await, Some(at(4)));
    assert!(store.revive_call(&home, of_gone[0].no, at(7), &Once::unclaimed()).await.unwrap());
    assert_eq!(disabled_at(&gone).await, None);
    store.settle_call(of_gone[0].no, &CallOutcome::Delivered { status: 200 }, at(8)).await.unwrap();
    store.settle_call(of_gone[0].no, &unwanted(), at(9)).await.unwrap();
    assert!(!store.revive_call(&home, of_gone[0].no, at(9), &Once::unclaimed()).await.unwrap());
    assert_eq!(disabled_at(&gone).await, None);
    store.append_facts(&home, &[public_fact(&home)], at(10), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.list_calls(&home, Some(Target::Webhook(gone.id)), None, 10).await.unwrap().len(), 3);
}

pub(crate) async fn webhooks_that_are_disabled_and_removed_at_once_fail_nobody(database: &TestDatabase) {
    let (store, home) = (Arc::clone(&database.store), TenantId::default_tenant());
    let other_node = database.another_node().await;
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..20 {
        let webhook = add_webhook(&*store, &home, &[]).await;
        store
            .append_facts(&home, &[public_fact(&home), public_fact(&home)], at(round), &Once::unclaimed())
            .await
            .unwrap();
        for call in take(&*store, round, 10).await {
            let settles = Arc::clone(if call.no.0 % 2 == 0 { &store } else { &other_node });
            tasks.spawn(async move { settles.settle_call(call.no, &unwanted(), at(1)).await.unwrap() });
        }
        let (appends, removes, home) = (Arc::clone(&store), Arc::clone(&other_node), home.clone());
        let tenant = home.clone();
        tasks.spawn(async move {
            assert!(
                appends.append_facts(&tenant, &[public_fact(&tenant)], at(2), &Once::unclaimed()).await.unwrap() > 0
            )
        });
        tasks.spawn(async move { assert!(removes.remove_webhook(&home, webhook.id).await.unwrap()) });
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    }
    assert_eq!(store.list_webhooks(&home, None, 10).await.unwrap(), []);
    other_node.close().await;
}
