//! Sessions as their user sees them, and links with which a password is set.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, new_user, opened};
use milepost_domain::{Contact, EmailAddress, Fact, TenantId, User, UserId};
use milepost_store::{
    Digest, MAX_PASSWORD_LINKS, MAX_SESSIONS, NewLogin, Once, PasswordLink, Session, SessionKind, Store, StoreError,
};

fn digest(number: u32) -> Digest {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.to_be_bytes());
    digest
}

async fn add_user(store: &dyn Store, name: &str) -> User {
    store.add_user(&new_user(name, &TenantId::default_tenant()), at(0), &Once::unclaimed()).await.unwrap()
}

async fn add_link(store: &dyn Store, number: u32, user: UserId, ms: i64) {
    let link = PasswordLink { secret_hash: digest(number), user, email: None, expires_at: at(ms) };
    store.add_password_link(&link, &Once::unclaimed()).await.unwrap();
}

pub(crate) async fn sessions_of_a_user_are_listed_newest_first(database: &TestDatabase) {
    let store = &database.store;
    let (ann, bob) = (add_user(&**store, "ann").await, add_user(&**store, "bob").await);
    let browser = opened(digest(1), ann.id, at(1_000));
    let app = Session {
        kind: SessionKind::App,
        address: None,
        created_at: at(5),
        last_seen_at: at(5),
        ..opened(digest(2), ann.id, at(500))
    };
    for session in [&browser, &app, &opened(digest(3), bob.id, at(1_000))] {
        store.add_session(session).await.unwrap();
    }
    assert_eq!(store.list_sessions(ann.id, at(499)).await.unwrap(), [app, browser.clone()]);
    assert_eq!(store.list_sessions(ann.id, at(500)).await.unwrap(), std::slice::from_ref(&browser));
    store.note_session_seen(&digest(1), at(300)).await.unwrap();
    store.note_session_seen(&digest(1), at(200)).await.unwrap();
    let seen = store.find_session(&digest(1), at(500)).await.unwrap().unwrap();
    assert_eq!(seen, Session { last_seen_at: at(300), ..browser }, "it never goes back");
}

pub(crate) async fn too_many_sessions_end_the_one_that_was_not_seen_for_the_longest(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    for number in 0..MAX_SESSIONS {
        let session = Session { last_seen_at: at(i64::from(number)), ..opened(digest(number), ann.id, at(10_000)) };
        store.add_session(&session).await.unwrap();
    }
    store.note_session_seen(&digest(0), at(9_000)).await.unwrap();
    let before = store.newest_event_id(&ann.tenant).await.unwrap();
    let next = Session { last_seen_at: at(9_001), ..opened(digest(MAX_SESSIONS), ann.id, at(10_000)) };
    store.add_session(&next).await.unwrap();
    let left = store.list_sessions(ann.id, at(0)).await.unwrap();
    assert_eq!(left.len(), MAX_SESSIONS as usize);
    assert_eq!(store.find_session(&digest(1), at(0)).await.unwrap(), None);
    let events = store.events_after(&ann.tenant, before, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| &event.fact).collect::<Vec<_>>(), [&Fact::SessionEnded { user_id: ann.id }]);
}

pub(crate) async fn a_password_link_is_used_once_and_ends_all_logins(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    store.add_session(&opened(digest(9), ann.id, at(1_000))).await.unwrap();
    add_link(&**store, 1, ann.id, 100).await;
    add_link(&**store, 2, ann.id, 100).await;
    assert_eq!(store.find_password_link(&digest(1), at(0)).await.unwrap(), Some(ann.id));
    let link = digest(1);
    let (one, other) = tokio::join!(
        store.redeem_password_link(&link, "$one", at(1)),
        store.redeem_password_link(&link, "$other", at(1)),
    );
    let redeemed = [one.unwrap(), other.unwrap()];
    assert_eq!(redeemed.iter().flatten().collect::<Vec<_>>(), [&ann.id], "one of two finds it");
    let login = store.get_login(ann.id).await.unwrap().unwrap();
    assert_eq!(login.password_hash.as_deref(), Some(if redeemed[0].is_some() { "$one" } else { "$other" }));
    assert_eq!(login.user.version, ann.version + 1);
    assert_eq!(store.find_session(&digest(9), at(1)).await.unwrap(), None);
    for number in [1, 2, 7] {
        assert_eq!(store.redeem_password_link(&digest(number), "$late", at(2)).await.unwrap(), None, "{number}");
    }
    let events = store.events_after(&ann.tenant, 1, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| &event.fact).collect::<Vec<_>>(), [&Fact::UserChanged { user_id: ann.id }]);
}

pub(crate) async fn a_password_link_ends_with_its_hour_or_with_what_it_was_made_for(database: &TestDatabase) {
    let store = &database.store;
    let mut ann = add_user(&**store, "ann").await;
    add_link(&**store, 1, ann.id, 100).await;
    assert_eq!(store.find_password_link(&digest(1), at(100)).await.unwrap(), None);
    assert_eq!(store.redeem_password_link(&digest(1), "$late", at(100)).await.unwrap(), None);
    let other_address = Contact { email: Some(EmailAddress::new("other@example.org").unwrap()), ..ann.contact.clone() };
    let changes = [
        (User { username: milepost_domain::Username::new("anna").unwrap(), ..ann.clone() }, None, true),
        (User { contact: other_address, ..ann.clone() }, None, false),
        (ann.clone(), Some("$new"), false),
        (User { active: false, ..ann.clone() }, None, false),
    ];
    for (number, (changed, hash, stays)) in (10..).zip(changes) {
        add_link(&**store, number, ann.id, 100).await;
        let changed = User { version: ann.version + 1, ..changed };
        assert!(store.update_user(&changed, hash, at(1)).await.unwrap());
        let found = store.find_password_link(&digest(number), at(1)).await.unwrap();
        assert_eq!(found.is_some(), stays, "{changed:?}");
        ann.version += 1;
    }
    assert!(store.remove_user(ann.id, None, at(2)).await.unwrap());
    let link = PasswordLink { secret_hash: digest(3), user: ann.id, email: None, expires_at: at(100) };
    assert_eq!(store.add_password_link(&link, &Once::unclaimed()).await, Err(StoreError::NotFound("user")));
}

pub(crate) async fn a_user_has_a_bounded_number_of_password_links(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    for number in 0..=MAX_PASSWORD_LINKS {
        add_link(&**store, number, ann.id, 100 + i64::from(number)).await;
    }
    assert_eq!(store.find_password_link(&digest(0), at(0)).await.unwrap(), None);
    assert_eq!(store.find_password_link(&digest(1), at(0)).await.unwrap(), Some(ann.id));
    let pruned = store.prune(at(102), &milepost_store::Retention::default()).await.unwrap();
    assert_eq!(pruned.password_links, 2);
}

pub(crate) async fn users_are_found_by_their_address(database: &TestDatabase) {
    let store = &database.store;
    let acme = add_tenant(&**store, "acme").await;
    let with = |name: &str, email: Option<&str>| NewLogin {
        contact: Contact { email: email.map(|email| EmailAddress::new(email).unwrap()), ..Contact::default() },
        ..new_user(name, &acme)
    };
    for (name, email) in [("a", Some("Ann@example.org")), ("b", Some("ann@EXAMPLE.org")), ("c", None)] {
        store.add_user(&with(name, email), at(0), &Once::unclaimed()).await.unwrap();
    }
    add_user(&**store, "d").await;
    let found = async |email: &str, limit| {
        let found = store.find_logins_by_email(&EmailAddress::new(email).unwrap(), limit).await.unwrap();
        found.into_iter().map(|login| login.user.username.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found("aNN@example.org", 9).await, ["a", "b", "d"]);
    assert_eq!(found("ann@example.org", 2).await, ["a", "b"]);
    assert_eq!(found("nobody@example.org", 9).await, Vec::<String>::new());
}

pub(crate) async fn a_grant_is_taken_once_when_it_is_due_and_goes_with_its_session(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    for number in 1..=3 {
        store.add_session(&opened(digest(number), ann.id, at(100_000))).await.unwrap();
        store.set_grant(&digest(number), &[7, number as u8], at(i64::from(number) * 1_000)).await.unwrap();
    }
    store.set_grant(&digest(9), b"of nobody", at(0)).await.unwrap();
    assert!(store.take_grants(at(999), at(50_000), 10).await.unwrap().is_empty());
    let taken = store.take_grants(at(2_500), at(50_000), 1).await.unwrap();
    assert_eq!((taken.len(), taken[0].session, taken[0].user, &taken[0].sealed), (1, digest(1), ann.id, &vec![7, 1]));
    let (one, other) =
        tokio::join!(store.take_grants(at(2_500), at(50_000), 10), store.take_grants(at(2_500), at(50_000), 10));
    let taken: Vec<Digest> = [one.unwrap(), other.unwrap()].concat().iter().map(|grant| grant.session).collect();
    assert_eq!(taken, [digest(2)], "one of two takes it");
    store.set_grant_due(&digest(2), at(3_000)).await.unwrap();
    store.remove_grant(&digest(3)).await.unwrap();
    store.remove_session(&digest(1), at(1)).await.unwrap();
    let left = store.take_grants(at(60_000), at(60_001), 10).await.unwrap();
    assert_eq!(left.iter().map(|grant| grant.session).collect::<Vec<_>>(), [digest(2)]);
}
