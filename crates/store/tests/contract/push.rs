//! Push subscriptions: each belongs to one user, their number is bounded, and notices call them.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, new_user};
use milepost_domain::{
    JsonObject, Notice, NoticeContent, NotificationKind, NotificationText, PushId, PushKeys, PushSubscription, Target,
    TenantId, UserId,
};
use milepost_store::{
    CallOutcome, CallState, DueCall, DuePush, MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, Once, Store, StoreError,
};
use std::sync::Arc;

const LEASE_MS: i64 = 60_000;

fn user(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

pub(crate) fn keys(number: u8) -> PushKeys {
    let mut point = [number; 65];
    point[0] = 4;
    PushKeys::new(&point, &[number; 16]).unwrap()
}

fn endpoint(name: &str) -> String {
    format!("https://Push.example:8443/p/{name}?x=1")
}

pub(crate) async fn subscribe(
    store: &dyn Store,
    tenant: &TenantId,
    number: i64,
    name: &str,
    ms: i64,
) -> PushSubscription {
    let new =
        NewPushSubscription { tenant: tenant.clone(), user_id: user(number), endpoint: endpoint(name), keys: keys(1) };
    let (added, is_new) = store.add_push_subscription(&new, at(ms), &Once::unclaimed()).await.unwrap();
    assert!(is_new);
    added
}

async fn list(store: &dyn Store, tenant: &TenantId, number: i64) -> Vec<PushId> {
    let listed = store.list_push_subscriptions(tenant, user(number)).await.unwrap();
    listed.iter().map(|subscription| subscription.id).collect()
}

fn notification(text: &str) -> NoticeContent {
    NoticeContent::Notification {
        message: NotificationText::new(text).unwrap(),
        kind: NotificationKind::new("admin_message").unwrap(),
    }
}

async fn send(store: &dyn Store, tenant: &TenantId, users: &[i64], content: &NoticeContent, ms: i64) -> Vec<Notice> {
    let users: Vec<UserId> = users.iter().map(|&number| user(number)).collect();
    store.send_notices(tenant, &users, content, at(ms), &Once::unclaimed()).await.unwrap()
}

pub(crate) async fn take(store: &dyn Store, ms: i64) -> Vec<DueCall> {
    let due = store.due_queues(at(ms), 100).await.unwrap();
    let wanted: Vec<_> = due.into_iter().map(|due| (due.queue, 100)).collect();
    store.take_due_calls(&wanted, at(ms), at(ms + LEASE_MS)).await.unwrap()
}

pub(crate) async fn subscription_is_its_users_and_can_be_refreshed(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    let anns = subscribe(store, &home, 1, "a", 5).await;
    let expected = PushSubscription {
        id: anns.id,
        tenant: home.clone(),
        user_id: user(1),
        endpoint: endpoint("a"),
        keys: keys(1),
        created_at: at(5),
    };
    assert_eq!(anns, expected);
    assert_eq!(store.list_push_subscriptions(&home, user(1)).await.unwrap(), std::slice::from_ref(&anns));
    let again = NewPushSubscription { tenant: home.clone(), user_id: user(1), endpoint: endpoint("a"), keys: keys(2) };
    let (refreshed, is_new) = store.add_push_subscription(&again, at(9), &Once::unclaimed()).await.unwrap();
    assert_eq!((&refreshed, is_new), (&PushSubscription { keys: keys(2), ..anns.clone() }, false));
    assert_eq!(store.list_push_subscriptions(&home, user(1)).await.unwrap(), [refreshed]);

    for (tenant, number) in [(&home, 2), (&acme, 1)] {
        assert!(list(store, tenant, number).await.is_empty());
        assert!(!store.remove_push_subscription(tenant, user(number), anns.id).await.unwrap());
    }
    assert!(store.remove_push_subscription(&home, user(1), anns.id).await.unwrap());
    assert!(!store.remove_push_subscription(&home, user(1), anns.id).await.unwrap());
    let nowhere = NewPushSubscription { tenant: TenantId::new("nowhere").unwrap(), ..again };
    assert!(matches!(
        store.add_push_subscription(&nowhere, at(0), &Once::unclaimed()).await,
        Err(StoreError::NotFound("tenant"))
    ));
}

pub(crate) async fn browser_of_another_user_now_forgets_the_first_ones_pushes(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    subscribe(store, &home, 1, "shared", 0).await;
    send(store, &home, &[1], &notification("for the first user alone"), 1).await;
    let second = subscribe(store, &home, 2, "shared", 2).await;
    assert!(list(store, &home, 1).await.is_empty());
    assert_eq!(list(store, &home, 2).await, [second.id]);
    assert!(take(store, 3).await.is_empty());
    let elsewhere = subscribe(store, &acme, 2, "shared", 4).await;
    assert!(list(store, &home, 2).await.is_empty());
    assert_eq!(list(store, &acme, 2).await, [elsewhere.id]);
}

pub(crate) async fn user_keeps_the_browsers_refreshed_last(database: &TestDatabase) {
    let (store, home) = (Arc::clone(&database.store), TenantId::default_tenant());
    let others = subscribe(&*store, &home, 2, "other", 0).await;
    // From several nodes at once: the bound is kept.
    let mut adding = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (store, home) = (Arc::clone(&store), home.clone());
        adding.spawn(async move {
            for number in 0..5 {
                subscribe(&*store, &home, 1, &format!("{writer}-{number}"), number).await;
            }
        });
    }
    while let Some(ended) = adding.join_next().await {
        ended.unwrap();
    }
    let most = usize::try_from(MAX_PUSH_SUBSCRIPTIONS).unwrap();
    // Two at a time. The number of calls shows how many there are, because a list is cut at the bound.
    for round in 0..10 {
        let [first, second] = ["a", "b"].map(|name| async move {
            subscribe(&*database.store, &TenantId::default_tenant(), 1, &format!("{round}{name}"), round).await
        });
        tokio::join!(first, second);
        send(&*store, &home, &[1], &notification("how many?"), round).await;
        let called = store.list_calls(&home, None, None, 100).await.unwrap();
        assert_eq!(called.iter().filter(|call| call.created_at == at(round)).count(), most, "{round}");
    }
    let kept = store.list_push_subscriptions(&home, user(1)).await.unwrap();
    assert_eq!(kept.len(), most);
    assert_eq!(list(&*store, &home, 2).await, [others.id]);
    let oldest = &kept[3];
    let refresh = |subscription: &PushSubscription| NewPushSubscription {
        tenant: home.clone(),
        user_id: user(1),
        endpoint: subscription.endpoint.clone(),
        keys: subscription.keys,
    };
    for subscription in kept.iter().filter(|one| one.id != oldest.id) {
        assert!(!store.add_push_subscription(&refresh(subscription), at(100), &Once::unclaimed()).await.unwrap().1);
    }
    // By a clock that is behind.
    let newest = subscribe(&*store, &home, 1, "newest", -100).await;
    let now: Vec<PushId> = list(&*store, &home, 1).await;
    assert!(now.contains(&newest.id) && !now.contains(&oldest.id) && now.len() == most, "{now:?}");
}

pub(crate) async fn notice_calls_every_browser_of_its_user_and_no_other(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    let phone = subscribe(store, &home, 1, "phone", 0).await;
    let laptop = subscribe(store, &home, 1, "laptop", 0).await;
    let bobs = subscribe(store, &home, 2, "bob", 0).await;
    subscribe(store, &home, 3, "other", 0).await;
    subscribe(store, &acme, 1, "elsewhere", 0).await;

    let sent = send(store, &home, &[1, 2, 9], &notification("fall «in»\n\"now\""), 5).await;
    let calls = take(store, 6).await;
    let targets: Vec<Target> = calls.iter().map(|call| call.target).collect();
    assert_eq!(targets, [phone.id, laptop.id, bobs.id].map(Target::Push));
    for (call, (subscription, notice)) in calls.iter().zip([(&phone, &sent[0]), (&laptop, &sent[0]), (&bobs, &sent[1])])
    {
        let expected = DuePush {
            endpoint: subscription.endpoint.clone(),
            keys: subscription.keys,
            is_urgent: false,
            expires_at: None,
        };
        assert_eq!(call.push, Some(expected));
        assert_eq!((&call.tenant, &call.webhook, call.created_at), (&home, &None, at(5)));
        assert!(call.key.starts_with("msg_") && call.key.len() == 36, "{}", call.key);
        let shown: serde_json::Value = serde_json::from_str(&call.body).unwrap();
        let expected = serde_json::json!({
            "id": notice.id.get(), "message": "fall «in»\n\"now\"", "type": "admin_message", "is_read": false,
            "created_at": "2026-11-20T00:00:00.005Z",
        });
        assert_eq!(shown, expected);
    }

    let fields = JsonObject::of_parsed(r#"{"subject":"for the page"}"#.to_owned(), "fields").unwrap();
    let message = NoticeContent::Message { sender_id: None, fields };
    let sent = send(store, &home, &[2], &message, 7).await;
    let call = take(store, 8).await.remove(0);
    assert_eq!(call.body, format!(r#"{{"id":{},"type":"message"}}"#, sent[0].id));

    // They are listed among the tenant's calls, and settled like others.
    store.settle_call(call.no, &CallOutcome::Delivered { status: 201 }, at(9)).await.unwrap();
    let listed = store.list_calls(&home, Some(Target::Push(bobs.id)), None, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0].key, &listed[0].state), (&call.key, &CallState::Delivered { at: at(9) }));
    assert_eq!(store.list_calls(&home, None, None, 10).await.unwrap().len(), 4);
    assert!(store.list_calls(&acme, Some(Target::Push(bobs.id)), None, 10).await.unwrap().is_empty());
    assert!(store.list_calls(&acme, None, None, 10).await.unwrap().is_empty());
}

pub(crate) async fn long_text_is_cut_to_what_a_push_service_takes(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    subscribe(store, &home, 1, "phone", 0).await;
    for text in ["x".repeat(2_000), "\"".repeat(2_000), "🎖".repeat(2_000), "é\n".repeat(1_000)] {
        let (now, content) = (1, notification(&text));
        send(store, &home, &[1], &content, now).await;
        let call = take(store, now).await.remove(0);
        store.settle_call(call.no, &CallOutcome::Delivered { status: 201 }, at(now)).await.unwrap();
        let shown: serde_json::Value = serde_json::from_str(&call.body).unwrap();
        let shown = shown["message"].as_str().unwrap();
        if shown == text {
            assert!(call.body.len() <= 3_000);
        } else {
            assert!(text.starts_with(shown.strip_suffix('…').unwrap()));
            assert!((2_990..=3_000).contains(&call.body.len()), "{}", call.body.len());
        }
    }
}

pub(crate) async fn gone_browser_goes_with_all_its_calls(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let gone = subscribe(store, &home, 1, "gone", 0).await;
    let stays = subscribe(store, &home, 1, "stays", 0).await;
    for ms in 1..4 {
        send(store, &home, &[1], &notification("hello"), ms).await;
    }
    let calls = take(store, 5).await;
    let of_gone: Vec<_> = calls.iter().filter(|call| call.target == Target::Push(gone.id)).collect();
    assert_eq!((calls.len(), of_gone.len()), (6, 3));
    store.settle_call(of_gone[1].no, &CallOutcome::Gone, at(6)).await.unwrap();
    assert_eq!(list(store, &home, 1).await, [stays.id]);
    let left = store.list_calls(&home, None, None, 10).await.unwrap();
    assert!(left.len() == 3 && left.iter().all(|call| call.target == Target::Push(stays.id)));
    // Other tries of the same browser end later, and find no call.
    store.settle_call(of_gone[0].no, &CallOutcome::Gone, at(7)).await.unwrap();
    store.settle_call(of_gone[2].no, &CallOutcome::Delivered { status: 201 }, at(7)).await.unwrap();
    // A try that was settled in the meantime changes nothing.
    let of_stays = calls.iter().find(|call| call.target == Target::Push(stays.id)).unwrap();
    store.settle_call(of_stays.no, &CallOutcome::Delivered { status: 201 }, at(8)).await.unwrap();
    store.settle_call(of_stays.no, &CallOutcome::Gone, at(9)).await.unwrap();
    assert_eq!(list(store, &home, 1).await, [stays.id]);
}

pub(crate) async fn user_that_may_not_enter_loses_its_browsers(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    let mut added = Vec::new();
    for name in ["removed", "locked", "unapproved", "moved", "renamed", "password"] {
        let user = store.add_user(&new_user(name, &home), at(0), &Once::unclaimed()).await.unwrap();
        subscribe(store, &home, user.id.get(), name, 0).await;
        added.push(user);
    }
    store.remove_user(added[0].id, at(1)).await.unwrap();
    added[1].active = false;
    added[2].approved = false;
    added[3].tenant = acme.clone();
    added[4].vehicle_ids.clear();
    for user in &added[1..5] {
        assert!(store.update_user(user, None, at(1)).await.unwrap());
    }
    assert!(store.update_user(&added[5], Some("$argon2id$new"), at(1)).await.unwrap());
    for (place, user) in added.iter().enumerate() {
        for tenant in [&home, &acme] {
            let left = list(store, tenant, user.id.get()).await.len();
            assert_eq!(left, usize::from(place == 4 && *tenant == home), "{place} {tenant}");
        }
    }
    // A user that subscribed while it was being locked out is skipped.
    subscribe(store, &home, added[1].id.get(), "too late", 2).await;
    send(store, &home, &[added[1].id.get(), added[4].id.get()], &notification("x"), 3).await;
    assert_eq!(take(store, 4).await.len(), 1);
}

pub(crate) async fn browsers_that_come_and_go_fail_no_notice(database: &TestDatabase) {
    let (store, home) = (Arc::clone(&database.store), TenantId::default_tenant());
    let ann = store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    let (rounds, number) = (40, ann.id.get());
    for writer in 0..2 {
        let (store, home) = (Arc::clone(&store), home.clone());
        tasks.spawn(async move {
            for round in 0..rounds {
                let sent =
                    send(&*store, &home, &[number, 999], &notification(&format!("{writer} {round}")), round).await;
                assert_eq!(sent.len(), 2);
            }
        });
        let (store, home) = (Arc::clone(&database.store), TenantId::default_tenant());
        tasks.spawn(async move {
            for round in 0..rounds {
                let added = subscribe(&*store, &home, number, &format!("{writer}-{round}"), round).await;
                if round % 2 == 0 {
                    store.remove_push_subscription(&home, added.user_id, added.id).await.unwrap();
                }
            }
        });
    }
    // Locking out locks the same rows in another order.
    let ends = Arc::clone(&store);
    tasks.spawn(async move {
        for round in 0..rounds {
            ends.update_user(&ann, Some(&format!("$argon2id${round}")), at(round)).await.unwrap();
        }
    });
    // A sender finds some of the calls removed.
    let settles = Arc::clone(&store);
    tasks.spawn(async move {
        for round in 0..rounds {
            for call in take(&*settles, round + 1).await {
                settles.settle_call(call.no, &CallOutcome::Gone, at(round + 1)).await.unwrap();
            }
        }
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let filter = milepost_store::NoticeFilter { messages: false, unread: false };
    let notices = store.list_notices(&home, user(number), filter, None, 1_000).await.unwrap();
    assert_eq!(notices.len(), usize::try_from(rounds).unwrap() * 2);
}
