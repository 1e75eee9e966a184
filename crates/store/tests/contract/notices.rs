//! Notifications and messages.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, new_user};
use milepost_domain::{
    Event, Fact, JsonObject, Notice, NoticeContent, NoticeId, NotificationKind, NotificationText, TenantId, UserId,
};
use milepost_store::{NoticeFilter, Once, ReadOutcome, Retention, Store, StoreError};

const NOTIFICATIONS: NoticeFilter = NoticeFilter { messages: false, unread: false };
const MESSAGES: NoticeFilter = NoticeFilter { messages: true, unread: false };

pub(crate) fn user(number: i64) -> UserId {
    UserId::new(number).unwrap()
}

fn users(numbers: &[i64]) -> Vec<UserId> {
    numbers.iter().map(|number| user(*number)).collect()
}

pub(crate) fn notification(text: &str) -> NoticeContent {
    NoticeContent::Notification {
        message: NotificationText::new(text).unwrap(),
        kind: NotificationKind::new("admin_message").unwrap(),
    }
}

fn message(sender_id: Option<UserId>, fields: &str) -> NoticeContent {
    NoticeContent::Message { sender_id, fields: JsonObject::of_parsed(fields.to_owned(), "fields").unwrap() }
}

async fn send(store: &dyn Store, tenant: &TenantId, numbers: &[i64], content: &NoticeContent, ms: i64) -> Vec<Notice> {
    store.send_notices(tenant, &users(numbers), content, at(ms), &Once::unclaimed()).await.unwrap()
}

async fn list(store: &dyn Store, tenant: &TenantId, number: i64, filter: NoticeFilter) -> Vec<Notice> {
    store.list_notices(tenant, user(number), filter, None, 1_000).await.unwrap()
}

pub(crate) async fn notice_comes_back_as_it_was_sent(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    // Digits, field order and an escape that a parser would lose.
    let fields = "{\"z\":1.00000000000000000001,\"a\":\"\\u0000 «ü»\",\"z\":2}";
    let contents = [
        notification("Parade at 08:00\nBring \"boots\"\t'; drop table notices; --"),
        message(None, "{}"),
        message(Some(user(5)), fields),
    ];
    for (expected_id, content) in (1..).zip(&contents) {
        let sent = send(&**store, &home, &[7], content, expected_id).await;
        let expected = Notice {
            id: NoticeId::new(expected_id).unwrap(),
            user_id: user(7),
            content: content.clone(),
            created_at: at(expected_id),
            read_at: None,
        };
        assert_eq!(sent, std::slice::from_ref(&expected));
        let filter = NoticeFilter { messages: content.is_message(), unread: false };
        assert_eq!(list(&**store, &home, 7, filter).await[0], expected);
        let stored = store.events_after(&home, expected_id - 1, 10).await.unwrap();
        let fact = Fact::NoticeSent(Box::new(expected));
        assert_eq!(stored, [Event { id: expected_id, at: at(expected_id), fact }]);
    }
    let nowhere = TenantId::new("nowhere").unwrap();
    let refused = store.send_notices(&nowhere, &users(&[7]), &contents[0], at(0), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::NotFound("tenant")));
}

pub(crate) async fn each_user_gets_one_in_the_order_of_users(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let sent = send(&**store, &home, &[9, 3, 9, 12, 3], &notification("x"), 1).await;
    assert_eq!(sent.iter().map(|notice| notice.user_id.get()).collect::<Vec<_>>(), [9, 3, 12]);
    // More notices than one statement stores, so that the last statement has fewer.
    let many: Vec<i64> = (1..=250).rev().collect();
    let sent = send(&**store, &home, &many, &notification("y"), 2).await;
    assert_eq!(sent.iter().map(|notice| notice.user_id.get()).collect::<Vec<_>>(), many);
    let stored = store.events_after(&home, 3, 1_000).await.unwrap();
    let stored: Vec<_> = stored.into_iter().map(|event| (event.id, event.fact)).collect();
    let expected: Vec<_> = (4..).zip(&sent).map(|(id, one)| (id, Fact::NoticeSent(Box::new(one.clone())))).collect();
    assert_eq!(stored, expected);
    for notice in &sent {
        assert_eq!(list(&**store, &home, notice.user_id.get(), NOTIFICATIONS).await[0], *notice);
    }
    assert!(send(&**store, &home, &[], &notification("z"), 3).await.is_empty());
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 253);
}

pub(crate) async fn notices_are_listed_newest_first_to_their_user_alone(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut expected = Vec::new();
    for round in 0..3 {
        expected.insert(0, send(&**store, &home, &[7], &notification("for 7"), round).await.remove(0));
        send(&**store, &home, &[7], &message(None, "{}"), round).await;
        send(&**store, &home, &[8], &notification("for 8"), round).await;
        send(&**store, &acme, &[7], &notification("for 7 of acme"), round).await;
    }
    assert_eq!(list(&**store, &home, 7, NOTIFICATIONS).await, expected);
    assert_eq!(list(&**store, &home, 7, MESSAGES).await.len(), 3);
    let page = async |filter, before, limit| store.list_notices(&home, user(7), filter, before, limit).await.unwrap();
    assert_eq!(page(NOTIFICATIONS, None, 2).await, expected[..2]);
    assert_eq!(page(NOTIFICATIONS, Some(expected[1].id), 2).await, expected[2..]);
    let middle = expected.remove(1);
    store.read_notice(&home, user(7), middle.id, false, at(9), &Once::unclaimed()).await.unwrap().unwrap();
    let unread = NoticeFilter { unread: true, ..NOTIFICATIONS };
    assert_eq!(page(unread, None, 10).await, expected);
    assert_eq!(page(unread, Some(middle.id), 10).await, expected[1..]);
}

pub(crate) async fn notice_is_marked_read_once_by_its_user(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let notice = send(&**store, &home, &[7], &message(Some(user(5)), "{\"a\":1}"), 0).await.remove(0);
    for (tenant, number, is_message) in [(&acme, 7, true), (&home, 8, true), (&home, 7, false)] {
        let outcome =
            store.read_notice(tenant, user(number), notice.id, is_message, at(1), &Once::unclaimed()).await.unwrap();
        assert_eq!(outcome, None, "{tenant:?} {number} {is_message}");
    }
    let nothing =
        store.read_notice(&home, user(7), NoticeId::new(999).unwrap(), true, at(1), &Once::unclaimed()).await.unwrap();
    assert_eq!(nothing, None);
    let other_node = database.another_node().await;
    let readers: Vec<_> = (0..6)
        .map(|reader| {
            let store = if reader % 2 == 0 { store.clone() } else { other_node.clone() };
            let (home, id) = (home.clone(), notice.id);
            tokio::spawn(async move {
                store.read_notice(&home, user(7), id, true, at(10 + reader), &Once::unclaimed()).await.unwrap()
            })
        })
        .collect();
    let (mut marked, mut was_read) = (Vec::new(), Vec::new());
    for reader in readers {
        match reader.await.unwrap().unwrap() {
            ReadOutcome::Marked(notice) => marked.push(notice),
            ReadOutcome::WasRead(notice) => was_read.push(notice),
        }
    }
    let [marked] = marked.try_into().expect("one of them marks it");
    assert_eq!(was_read, vec![marked.clone(); 5]);
    assert_eq!(marked, Notice { read_at: marked.read_at, ..notice });
    let read = Fact::NoticeRead {
        notice_id: marked.id,
        user_id: user(7),
        is_message: true,
        read_at: marked.read_at.expect("it was read"),
    };
    let stored: Vec<_> = store.events_after(&home, 1, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    assert_eq!(stored, [read]);
    other_node.close().await;
}

pub(crate) async fn notices_of_a_removed_user_are_forgotten_and_all_others_kept(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let ann = store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await.unwrap().id;
    let bob = store.add_user(&new_user("bob", &home), at(0), &Once::unclaimed()).await.unwrap().id;
    for _ in 0..2 {
        // Ann belonged to acme before.
        for tenant in [&home, &acme] {
            store.send_notices(tenant, &[ann, bob], &notification("x"), at(0), &Once::unclaimed()).await.unwrap();
        }
    }
    store.remove_user(ann, None, at(1)).await.unwrap();
    let retention = Retention { events_ms: i64::MAX, positions_ms: i64::MAX, ..Retention::default() };
    assert_eq!(store.prune(at(2), &retention).await.unwrap().notices, 4);
    for tenant in [&home, &acme] {
        assert!(list(&**store, tenant, ann.get(), NOTIFICATIONS).await.is_empty());
        assert_eq!(list(&**store, tenant, bob.get(), NOTIFICATIONS).await.len(), 2);
    }
    assert_eq!(store.prune(at(3), &retention).await.unwrap().notices, 0);
}
