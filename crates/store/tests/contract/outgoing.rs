//! Outgoing calls and webhooks: stored with their cause, leased by one node at a time, and kept until they are settled.

use crate::database::TestDatabase;
use crate::deliveries::{add, advanced, call, delivery, plain};
use crate::samples::{add_tenant, at, vehicle};
use milepost_domain::{Delivery, Fact, OutgoingCall, Target, TenantId, Webhook, WebhookId};
use milepost_store::{
    CallNo, CallOutcome, CallState, DeliveryChange, DueCall, DueWebhook, NewWebhook, Once, Pruned, Retention, Store,
};
use std::collections::HashSet;

/// The time at which a lease ends.
pub(crate) const LEASE_MS: i64 = 60_000;

pub(crate) async fn add_webhook(store: &dyn Store, tenant: &TenantId, kinds: &[&str]) -> Webhook {
    let new = NewWebhook {
        tenant: tenant.clone(),
        url: "https://shop.example/hook".to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        secret: vec![0, 255, 7],
    };
    store.add_webhook(&new, 1_000, at(1), &Once::unclaimed()).await.unwrap().unwrap()
}

/// A fact that webhooks get, and one that they don't get.
pub(crate) fn public_fact(tenant: &TenantId) -> Fact {
    advanced(&delivery("TRK-1", tenant))
}

fn internal_fact() -> Fact {
    Fact::VehicleChanged { vehicle_id: vehicle("bus").id }
}

async fn store_calls(store: &dyn Store, delivery: &Delivery, calls: &[OutgoingCall], ms: i64) {
    store.add_delivery(&DeliveryChange { calls, ..plain(delivery) }, at(ms), &Once::unclaimed()).await.unwrap();
}

/// Takes up to eight calls of each queue, as far as `limit` goes.
pub(crate) async fn take(store: &dyn Store, ms: i64, limit: u32) -> Vec<DueCall> {
    let mut left = limit;
    let mut wanted = Vec::new();
    for due in store.due_queues(at(ms), 100).await.unwrap() {
        let count = left.min(8);
        left -= count;
        wanted.push((due.queue, count));
    }
    store.take_due_calls(&wanted, at(ms), at(ms + LEASE_MS)).await.unwrap()
}

fn keys(calls: &[DueCall]) -> Vec<&str> {
    calls.iter().map(|call| call.key.as_str()).collect()
}

pub(crate) async fn webhook_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let picky = add_webhook(&**store, &home, &["parcel.added", "delivery.started"]).await;
    let greedy = add_webhook(&**store, &home, &[]).await;
    let acmes = add_webhook(&**store, &acme, &[]).await;
    assert_eq!(picky.kinds, ["parcel.added", "delivery.started"]);
    assert_eq!((picky.created_at, picky.secret.as_slice()), (at(1), &[0, 255, 7][..]));
    for (tenant, webhook) in [(&home, &picky), (&home, &greedy), (&acme, &acmes)] {
        assert_eq!(store.get_webhook(tenant, webhook.id).await.unwrap().as_ref(), Some(webhook));
    }
    let number = greedy.id;
    assert_eq!(store.get_webhook(&acme, number).await.unwrap(), None);
    assert_eq!(store.list_webhooks(&home, None, 1).await.unwrap(), std::slice::from_ref(&picky));
    assert_eq!(store.list_webhooks(&home, Some(picky.id), 10).await.unwrap(), [greedy]);
    let nowhere = NewWebhook {
        tenant: TenantId::new("nowhere").unwrap(),
        url: String::new(),
        kinds: Vec::new(),
        secret: Vec::new(),
    };
    assert!(store.add_webhook(&nowhere, 1_000, at(0), &Once::unclaimed()).await.is_err());
    assert!(!store.remove_webhook(&acme, number, None).await.unwrap());
    assert!(store.remove_webhook(&home, picky.id, None).await.unwrap());
    assert!(!store.remove_webhook(&home, picky.id, None).await.unwrap());
    assert_eq!(store.get_webhook(&home, picky.id).await.unwrap(), None);
}

pub(crate) async fn facts_call_the_webhooks_that_want_their_kind(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let wanting = add_webhook(&**store, &home, &["parcel.added", "delivery.status_changed"]).await;
    let greedy = add_webhook(&**store, &home, &[]).await;
    add_webhook(&**store, &home, &["delivery.started"]).await;
    // Names that are only similar.
    add_webhook(&**store, &home, &["delivery.status", "delivery.statusXchanged"]).await;
    add_webhook(&**store, &acme, &[]).await;
    let last =
        store.append_facts(&home, &[internal_fact(), public_fact(&home)], at(5), &Once::unclaimed()).await.unwrap();
    let calls = take(&**store, 5, 10).await;
    let targets: Vec<_> = calls.iter().map(|call| call.target).collect();
    assert_eq!(targets, [Target::Webhook(wanting.id), Target::Webhook(greedy.id)]);
    for (call, webhook) in calls.iter().zip([&wanting, &greedy]) {
        let expected = DueWebhook {
            url: webhook.url.clone(),
            secret: webhook.secret.clone(),
            old_secrets: Vec::new(),
            is_disabled: false,
        };
        assert_eq!(call.webhook, Some(expected));
        let random = call.key.strip_prefix("msg_").unwrap();
        assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", call.key);
        assert_eq!((call.tenant.clone(), call.created_at, call.attempts), (home.clone(), at(5), 0));
        let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
        let expected = serde_json::json!({
            "type": "delivery.status_changed",
            "timestamp": "2026-11-20T00:00:00.005Z",
            "data": { "tracking_id": "TRK-1", "order_id": "ORD-1", "status": "ASSIGNED", "event_id": last },
        });
        assert_eq!(body, expected);
    }
}

pub(crate) async fn change_that_failed_calls_nobody(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_webhook(&**store, &home, &[]).await;
    add(&**store, &delivery("TRK-1", &home)).await;
    let facts = [public_fact(&home)];
    let again = delivery("TRK-1", &home);
    assert!(
        store
            .add_delivery(&DeliveryChange { facts: &facts, ..plain(&again) }, at(0), &Once::unclaimed())
            .await
            .is_err()
    );
    let stale = Delivery { version: 5, ..again };
    assert!(
        !store
            .change_delivery(&DeliveryChange { facts: &facts, ..plain(&stale) }, at(0), &Once::unclaimed())
            .await
            .unwrap()
    );
    assert!(store.list_calls(&home, None, None, 10).await.unwrap().is_empty());
}

pub(crate) async fn webhooks_that_come_and_go_fail_no_change(database: &TestDatabase) {
    const ROUNDS: usize = 40;
    let home = TenantId::default_tenant();
    let other = database.another_node().await;
    let facts = [public_fact(&home), public_fact(&home)];
    let come_and_go = async {
        for _ in 0..ROUNDS {
            let webhook = add_webhook(&*other, &home, &[]).await;
            tokio::task::yield_now().await;
            assert!(other.remove_webhook(&home, webhook.id, None).await.unwrap());
        }
    };
    let change = async {
        for _ in 0..ROUNDS {
            database.store.append_facts(&home, &facts, at(0), &Once::unclaimed()).await.unwrap();
        }
    };
    tokio::join!(come_and_go, change);
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), 2 * i64::try_from(ROUNDS).unwrap());
    assert!(database.store.list_calls(&home, None, None, 10).await.unwrap().is_empty());
    other.close().await;
}

pub(crate) async fn removed_webhook_takes_its_calls_along(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let goes = add_webhook(&**store, &home, &[]).await;
    let stays = add_webhook(&**store, &home, &[]).await;
    store.append_facts(&home, &vec![public_fact(&home); 10], at(0), &Once::unclaimed()).await.unwrap();
    let taken = take(&**store, 0, 3).await;
    assert!(!store.remove_webhook(&acme, goes.id, None).await.unwrap());
    assert_eq!(store.list_calls(&home, None, None, 100).await.unwrap().len(), 20, "not another tenant's to remove");
    assert!(store.remove_webhook(&home, goes.id, None).await.unwrap());
    let left = store.list_calls(&home, None, None, 100).await.unwrap();
    assert_eq!(left.len(), 10);
    assert!(left.iter().all(|call| call.target == Target::Webhook(stays.id)));
    // A node that was sending in the meantime settles calls that do not exist any more.
    for call in taken {
        store.settle_call(call.no, &CallOutcome::Delivered { status: 200 }, at(1)).await.unwrap();
    }
}

pub(crate) async fn webhook_with_thousands_of_calls_can_be_removed(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let webhook = add_webhook(&**store, &home, &[]).await;
    let waiting = format!(
        "insert into outgoing_calls (tenant_no, target, webhook_no, path, body, key, created_ms, next_attempt_ms, id)
         with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 12000)
         select tenant_no, 'webhook/' || tenant_no || '/{id}', {id}, '', '', 'key-' || n, 0, 0, n from numbers, tenants",
        id = webhook.id
    );
    database.run(&waiting).await;
    assert!(store.next_call_due().await.unwrap().is_some());
    assert!(store.remove_webhook(&home, webhook.id, None).await.unwrap());
    assert!(store.list_calls(&home, None, None, 10).await.unwrap().is_empty());
    assert_eq!(store.next_call_due().await.unwrap(), None);
}

pub(crate) async fn call_comes_back_as_it_was_stored(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let sms = OutgoingCall {
        target: Target::Notifications,
        path: "/notify/sms".to_owned(),
        body: r#"{"message":"«ü»"}"#.to_owned(),
        key: "b".to_owned(),
    };
    assert_eq!(store.next_call_due().await.unwrap(), None);
    assert!(take(&**store, 0, 10).await.is_empty());
    store_calls(&**store, &delivery("TRK-1", &home), &[call("a"), sms.clone()], 5).await;
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(5)));
    assert!(take(&**store, 4, 10).await.is_empty(), "not due yet");
    let taken = take(&**store, 5, 10).await;
    let expected: Vec<_> = [call("a"), sms]
        .into_iter()
        .zip(&taken)
        .map(|(call, taken)| DueCall {
            no: taken.no,
            queue: taken.queue.clone(),
            tenant: home.clone(),
            target: call.target,
            webhook: None,
            push: None,
            mail: None,
            path: call.path,
            body: call.body,
            key: call.key,
            created_at: at(5),
            attempts: 0,
            lease_until: at(5 + LEASE_MS),
        })
        .collect();
    assert_eq!(taken, expected);
}

pub(crate) async fn call_left_unsettled_is_due_again_when_its_lease_ends(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    store_calls(&**store, &delivery("TRK-1", &home), &[call("a")], 0).await;
    assert_eq!(keys(&take(&**store, 0, 10).await), ["a"]);
    assert!(take(&**store, LEASE_MS - 1, 10).await.is_empty());
    assert_eq!(store.next_call_due().await.unwrap(), Some(at(LEASE_MS)));
    assert_eq!(keys(&take(&**store, LEASE_MS, 10).await), ["a"]);
}

pub(crate) async fn taken_and_waiting_calls_can_be_released(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    store_calls(&**store, &delivery("TRK-1", &home), &[call("a"), call("b")], 0).await;
    let taken = take(&**store, 0, 10).await;
    let later = CallOutcome::Retry { at: at(LEASE_MS * 9), status: None, error: "refused".to_owned() };
    store.settle_call(taken[1].no, &later, at(1)).await.unwrap();
    assert!(take(&**store, 10, 10).await.is_empty());
    assert_eq!(store.release_calls(at(10)).await.unwrap(), 2);
    assert_eq!(keys(&take(&**store, 10, 10).await), ["a", "b"]);
    store.settle_call(taken[0].no, &CallOutcome::Delivered { status: 200 }, at(11)).await.unwrap();
    assert_eq!(store.release_calls(at(12)).await.unwrap(), 1, "what is settled stays so");
}

pub(crate) async fn call_is_settled_once(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    store_calls(&**store, &delivery("TRK-1", &home), &[call("a")], 0).await;
    let no = take(&**store, 0, 1).await[0].no;
    let now = async || store.list_calls(&home, None, None, 10).await.unwrap().pop().unwrap();
    let error = format!("connection refused\0{}", "x".repeat(10_000));
    store.settle_call(no, &CallOutcome::Retry { at: at(50), status: Some(503), error }, at(10)).await.unwrap();
    let retried = now().await;
    assert_eq!((retried.attempts, retried.last_status), (1, Some(503)));
    assert_eq!(retried.state, CallState::Pending { next_attempt_at: at(50) });
    let error = retried.last_error.unwrap();
    assert!(error.starts_with("connection refused x") && error.len() < 1_000, "{error}");
    let again = take(&**store, 50, 1).await;
    assert_eq!((again[0].no, again[0].attempts), (no, 1));
    let dead = CallOutcome::Dead { status: None, error: "timed out".to_owned() };
    store.settle_call(no, &dead, at(60)).await.unwrap();
    assert_eq!((now().await.state, now().await.attempts), (CallState::Dead { at: at(60) }, 2));
    assert_eq!(now().await.last_status, None);
    // A node whose lease has ended settles the call late.
    store.settle_call(no, &CallOutcome::Delivered { status: 200 }, at(70)).await.unwrap();
    assert_eq!(now().await.state, CallState::Dead { at: at(60) });
    assert_eq!(store.next_call_due().await.unwrap(), None);
    let id = now().await.id;
    assert!(!store.revive_call(&acme, id, at(80), &Once::unclaimed()).await.unwrap());
    assert!(store.revive_call(&home, id, at(80), &Once::unclaimed()).await.unwrap());
    assert!(!store.revive_call(&home, id, at(81), &Once::unclaimed()).await.unwrap(), "it is not dead any more");
    let revived = take(&**store, 80, 1).await;
    assert_eq!((revived[0].attempts, revived[0].created_at), (0, at(0)));
    store.settle_call(no, &CallOutcome::Delivered { status: 204 }, at(90)).await.unwrap();
    store.settle_call(no, &dead, at(91)).await.unwrap();
    let delivered = now().await;
    assert_eq!(delivered.state, CallState::Delivered { at: at(90) });
    assert_eq!((delivered.attempts, delivered.last_status, delivered.last_error), (1, Some(204), None));
    assert!(!store.revive_call(&home, id, at(95), &Once::unclaimed()).await.unwrap(), "delivered is no dead letter");
}

pub(crate) async fn dead_receiver_does_not_hold_up_the_others(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let slow = add_webhook(&**store, &home, &["delivery.status_changed"]).await;
    store.append_facts(&home, &vec![public_fact(&home); 100], at(0), &Once::unclaimed()).await.unwrap();
    let calls: Vec<_> = (0..3).map(|number| call(&number.to_string())).collect();
    store_calls(&**store, &delivery("TRK-1", &home), &calls, 10).await;
    let taken = take(&**store, 20, 20).await;
    let of = |target| taken.iter().filter(|call| call.target == target).count();
    assert_eq!((of(Target::Webhook(slow.id)), of(Target::Orders)), (8, 3));
    // Of one queue, the calls that waited longest come first.
    let next = take(&**store, 20, 5).await;
    assert_eq!(next.len(), 5);
    assert!(next.iter().all(|call| call.target == Target::Webhook(slow.id)));
    assert!(next[0].no > taken.iter().map(|call| call.no).filter(|no| *no < next[0].no).max().unwrap());
}

pub(crate) async fn no_call_is_taken_by_two_nodes(database: &TestDatabase) {
    const CALLS: usize = 200;
    let home = TenantId::default_tenant();
    for _ in 0..4 {
        add_webhook(&*database.store, &home, &[]).await;
    }
    database.store.append_facts(&home, &vec![public_fact(&home); CALLS / 4], at(0), &Once::unclaimed()).await.unwrap();
    let other = database.another_node().await;
    let nodes = [database.store.clone(), other.clone(), database.store.clone(), other.clone()].map(|store| {
        tokio::spawn(async move {
            let mut mine = Vec::new();
            // A lease may return fewer calls than exist while another node locks the rest.
            while store.next_call_due().await.unwrap().is_some_and(|due| due <= at(0)) {
                mine.extend(take(&*store, 0, 10).await.into_iter().map(|call| call.no));
            }
            mine
        })
    });
    let mut taken: Vec<CallNo> = Vec::new();
    for node in nodes {
        taken.extend(node.await.unwrap());
    }
    assert_eq!(taken.len(), CALLS);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), CALLS);
    other.close().await;
}

pub(crate) async fn calls_are_listed_newest_first_by_tenant_and_target(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let webhook = add_webhook(&**store, &home, &[]).await;
    store_calls(&**store, &delivery("TRK-1", &home), &[call("a"), call("b")], 0).await;
    store_calls(&**store, &delivery("TRK-2", &acme), &[call("c")], 0).await;
    store.append_facts(&home, &[public_fact(&home)], at(0), &Once::unclaimed()).await.unwrap();
    let list = async |tenant: &TenantId, target, before, limit| {
        let calls = store.list_calls(tenant, target, before, limit).await.unwrap();
        calls.into_iter().map(|call| call.key).collect::<Vec<_>>()
    };
    let all = store.list_calls(&home, None, None, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|call| call.target).collect::<Vec<_>>(),
        [Target::Webhook(webhook.id), Target::Orders, Target::Orders]
    );
    assert_eq!(list(&home, None, Some(all[0].id), 1).await, ["b"]);
    assert_eq!(list(&home, Some(Target::Orders), None, 10).await, ["b", "a"]);
    assert_eq!(list(&acme, Some(Target::Orders), None, 10).await, ["c"]);
    assert_eq!(list(&home, Some(Target::Webhook(webhook.id)), None, 10).await, [all[0].key.clone()]);
    assert!(list(&acme, Some(Target::Webhook(webhook.id)), None, 10).await.is_empty());
    assert!(list(&home, Some(Target::Notifications), None, 10).await.is_empty());
    assert!(list(&home, Some(Target::Webhook(WebhookId(999))), None, 10).await.is_empty());
}

pub(crate) async fn settled_calls_are_forgotten_and_waiting_ones_never(database: &TestDatabase) {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let keys = ["delivered", "dead", "delivered-later", "waiting"];
    store_calls(&**store, &delivery("TRK-1", &home), &keys.map(call), 0).await;
    let taken = take(&**store, 0, 10).await;
    let delivered = CallOutcome::Delivered { status: 200 };
    let dead = CallOutcome::Dead { status: None, error: String::new() };
    store.settle_call(taken[0].no, &delivered, at(10)).await.unwrap();
    store.settle_call(taken[1].no, &dead, at(10)).await.unwrap();
    store.settle_call(taken[2].no, &delivered, at(11)).await.unwrap();
    // Calls are kept for a week even if events are kept for a shorter time.
    let short = Retention { events_ms: 0, ..Retention::default() };
    assert_eq!(store.prune(at(7 * DAY_MS + 10), &short).await.unwrap(), Pruned::default());
    let long = Retention { events_ms: 8 * DAY_MS, ..Retention::default() };
    assert_eq!(store.prune(at(8 * DAY_MS + 10), &long).await.unwrap(), Pruned::default());
    let pruned = store.prune(at(7 * DAY_MS + 11), &short).await.unwrap();
    assert_eq!(pruned, Pruned { outgoing_calls: 2, ..Pruned::default() });
    store.prune(at(80 * DAY_MS), &short).await.unwrap();
    let left = store.list_calls(&home, None, None, 10).await.unwrap();
    assert_eq!(left.iter().map(|call| call.key.as_str()).collect::<Vec<_>>(), ["waiting"]);
}
