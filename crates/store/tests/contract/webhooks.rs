//! Webhooks whose receivers have unsubscribed.

use crate::database::TestDatabase;
use crate::outgoing::{LEASE_MS, add_webhook, public_fact, take};
use crate::samples::{add_tenant, at};
use milepost_domain::{Target, TenantId, Webhook, WebhookId};
use milepost_store::{CallOutcome, CallState, DueCall, NewWebhook, Once, WebhookChange};
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

    let listed = store.list_calls(&home, None, None, 100).await.unwrap();
    let dead = listed.iter().find(|call| call.key == of_gone[0].key).unwrap().id;
    assert!(!store.revive_call(&acme, dead, at(7), &Once::unclaimed()).await.unwrap());
    assert_eq!(disabled_at(&gone).await, Some(at(4)));
    assert!(store.revive_call(&home, dead, at(7), &Once::unclaimed()).await.unwrap());
    assert_eq!(disabled_at(&gone).await, None);
    store.settle_call(of_gone[0].no, &CallOutcome::Delivered { status: 200 }, at(8)).await.unwrap();
    store.settle_call(of_gone[0].no, &unwanted(), at(9)).await.unwrap();
    assert!(!store.revive_call(&home, dead, at(9), &Once::unclaimed()).await.unwrap());
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

pub(crate) async fn webhook_can_be_changed_stopped_and_started(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let webhook = add_webhook(&**store, &home, &[]).await;
    let change = async |change: WebhookChange, ms| {
        store.change_webhook(&home, webhook.id, &change, at(ms)).await.unwrap().unwrap()
    };
    let nothing = WebhookChange::default();
    assert_eq!(change(nothing.clone(), 2).await, webhook);
    assert_eq!(store.change_webhook(&acme, webhook.id, &nothing, at(2)).await.unwrap(), None);
    store.append_facts(&home, &[public_fact(&home)], at(3), &Once::unclaimed()).await.unwrap();
    let moved = WebhookChange {
        url: Some("https://shop.example/new".to_owned()),
        kinds: Some(vec!["parcel.added".to_owned()]),
        active: None,
    };
    let (url, kinds) = (moved.url.clone().unwrap(), moved.kinds.clone().unwrap());
    assert_eq!(change(moved, 4).await, Webhook { url: url.clone(), kinds, ..webhook.clone() });
    // What waits goes to the new URL, whose receiver has asked for no pause.
    let waits = take(&**store, 5, 10).await.remove(0);
    assert_eq!(waits.webhook.as_ref().unwrap().url, url);
    store.pause_queues(std::slice::from_ref(&waits.queue), at(9_000_000), at(5)).await.unwrap();
    change(WebhookChange { url: Some(url), ..nothing.clone() }, 6).await;
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(5 + LEASE_MS)));
    store.append_facts(&home, &[public_fact(&home)], at(7), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.list_calls(&home, None, None, 10).await.unwrap().len(), 1, "it does not select the kind any more");

    let active = |active| WebhookChange { active: Some(active), kinds: Some(Vec::new()), ..nothing.clone() };
    assert_eq!(change(active(false), 8).await.disabled_at, Some(at(8)));
    assert_eq!(change(active(false), 9).await.disabled_at, Some(at(8)), "since when it is so");
    store.append_facts(&home, &[public_fact(&home)], at(9), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.list_calls(&home, None, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.test_webhook(&home, webhook.id, at(9), &Once::unclaimed()).await.unwrap(), None);
    assert_eq!(change(active(true), 10).await.disabled_at, None);
    store.append_facts(&home, &[public_fact(&home)], at(11), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.list_calls(&home, None, None, 10).await.unwrap().len(), 2);
}

pub(crate) async fn test_call_goes_to_its_webhook_alone(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_webhook(&**store, &home, &[]).await;
    let picky = add_webhook(&**store, &home, &["parcel.added"]).await;
    assert_eq!(store.test_webhook(&acme, picky.id, at(5), &Once::unclaimed()).await.unwrap(), None);
    assert_eq!(store.test_webhook(&home, WebhookId(999), at(5), &Once::unclaimed()).await.unwrap(), None);
    let stored = store.test_webhook(&home, picky.id, at(5), &Once::unclaimed()).await.unwrap().unwrap();
    assert_eq!(
        (stored.target, &stored.state),
        (Target::Webhook(picky.id), &CallState::Pending { next_attempt_at: at(5) })
    );
    let taken = take(&**store, 5, 10).await;
    assert_eq!(taken.iter().map(|call| &call.key).collect::<Vec<_>>(), [&stored.key]);
    let body: serde_json::Value = serde_json::from_str(&taken[0].body).unwrap();
    let expected = serde_json::json!({
        "type": "webhook.test", "timestamp": "2026-11-20T00:00:00.005Z", "data": { "webhook_id": picky.id.0 },
    });
    assert_eq!(body, expected);
}

pub(crate) async fn replaced_secrets_sign_until_their_time_is_over(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let webhook = add_webhook(&**store, &home, &[]).await;
    let replace = async |secret: u8, until, now| {
        let once = Once::unclaimed();
        store.replace_webhook_secret(&home, webhook.id, &[secret], at(until), at(now), &once).await.unwrap().unwrap()
    };
    let once = Once::unclaimed();
    assert_eq!(store.replace_webhook_secret(&acme, webhook.id, &[1], at(9), at(2), &once).await.unwrap(), None);
    let shown = |webhook: &Webhook| {
        let old = webhook.old_secrets.iter().map(|old| (old.secret.clone(), old.valid_until));
        (webhook.secret.clone(), old.collect::<Vec<_>>())
    };
    assert_eq!(shown(&replace(1, 100, 2).await), (vec![1], vec![(webhook.secret.clone(), at(100))]));
    // A second replacement by mistake leaves the one that the receiver has.
    let twice = replace(2, 200, 3).await;
    assert_eq!(shown(&twice), (vec![2], vec![(vec![1], at(200)), (webhook.secret.clone(), at(100))]));
    assert_eq!(store.get_webhook(&home, webhook.id).await.unwrap(), Some(twice.clone()));
    store.append_facts(&home, &[public_fact(&home)], at(4), &Once::unclaimed()).await.unwrap();
    let call = take(&**store, 4, 1).await.remove(0).webhook.unwrap();
    assert_eq!((call.secret, call.old_secrets), (twice.secret, twice.old_secrets));
    assert_eq!(shown(&replace(3, 300, 150).await), (vec![3], vec![(vec![2], at(300)), (vec![1], at(200))]));
    // Without an overlap all old ones end at once.
    assert_eq!(shown(&replace(4, 160, 160).await), (vec![4], vec![]));
    for secret in 5..20 {
        replace(secret, 1_000, 170).await;
    }
    assert_eq!(shown(&replace(20, 1_000, 170).await).1.len(), 4);
}

pub(crate) async fn two_nodes_add_no_more_webhooks_than_allowed(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let other = database.another_node().await;
    let adding = [database.store.clone(), other.clone()].into_iter().cycle().take(20).map(|store| {
        let new = NewWebhook {
            tenant: home.clone(),
            url: "https://shop.example/hook".to_owned(),
            kinds: Vec::new(),
            secret: vec![7],
        };
        tokio::spawn(async move { store.add_webhook(&new, 5, at(1), &Once::unclaimed()).await.unwrap().is_some() })
    });
    let mut added = 0;
    for one in adding.collect::<Vec<_>>() {
        added += usize::from(one.await.unwrap());
    }
    assert_eq!((added, database.store.list_webhooks(&home, None, 100).await.unwrap().len()), (5, 5));
    other.close().await;
}
