//! What was brought over from other servers is noted once, and many links are added at once.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, home_tenant, new_user, tenant};
use milepost_domain::{EntryKind, EntryRef, Fact, Link};
use milepost_store::{ImportedObject, Once, StoreError};

const fn imported(kind: EntryKind, foreign_id: i64, id: i64) -> ImportedObject {
    ImportedObject { kind, foreign_id, id }
}

pub(crate) async fn an_object_is_noted_once_for_each_source(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let many: Vec<_> = (1..=250).map(|id| imported(EntryKind::Vehicle, id, id + 1000)).collect();
    store.note_imported(&home, "a", &many).await.unwrap();
    store
        .note_imported(&home, "a", &[imported(EntryKind::Vehicle, 1, 7), imported(EntryKind::Group, 1, 8)])
        .await
        .unwrap();
    store.note_imported(&home, "b", &[imported(EntryKind::Vehicle, 1, 9)]).await.unwrap();
    let listed = store.list_imported(&home, "a").await.unwrap();
    assert_eq!(listed.len(), 251);
    assert_eq!(listed[..2], [imported(EntryKind::Group, 1, 8), imported(EntryKind::Vehicle, 1, 1001)]);
    assert_eq!(store.list_imported(&home, "b").await.unwrap(), [imported(EntryKind::Vehicle, 1, 9)]);
    assert_eq!(store.list_imported(&acme, "a").await.unwrap(), []);
    let nowhere = store.note_imported(&tenant("nowhere"), "a", &many).await;
    assert_eq!(nowhere.unwrap_err(), StoreError::NotFound("tenant"));
}

pub(crate) async fn progress_is_that_of_a_source(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    assert_eq!(store.import_progress(&home, "a").await.unwrap(), None);
    for progress in ["{}", "{\"done\":5}"] {
        store.set_import_progress(&home, "a", progress).await.unwrap();
        assert_eq!(store.import_progress(&home, "a").await.unwrap().as_deref(), Some(progress));
    }
    assert_eq!(store.import_progress(&home, "b").await.unwrap(), None);
    assert_eq!(store.import_progress(&acme, "a").await.unwrap(), None);
    assert!(store.set_import_progress(&tenant("nowhere"), "a", "{}").await.is_err());
}

pub(crate) async fn links_are_added_at_once_and_stay(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let end = |kind, id| EntryRef { kind, id };
    let link = |id| Link { owner: end(EntryKind::User, 1), member: end(EntryKind::Notification, id) };
    assert!(store.add_link(&home, link(1), at(0)).await.unwrap());
    let links: Vec<Link> = (1..=250).chain([3, 3]).map(link).collect();
    assert_eq!(store.add_links(&home, &links, at(0)).await.unwrap(), Some(249));
    assert_eq!(store.add_links(&home, &links, at(0)).await.unwrap(), Some(0));
    assert_eq!(store.list_links(&home).await.unwrap().len(), 250);
    let events = store.events_after(&home, 0, 1000).await.unwrap();
    let changes = events.iter().filter(|event| event.fact == Fact::CatalogueChanged { kind: EntryKind::Notification });
    assert_eq!(changes.count(), 2, "one for all that came together");
    let many: Vec<Link> = (0..=i64::from(milepost_domain::MAX_LINKS)).map(link).collect();
    assert_eq!(store.add_links(&home, &many, at(0)).await.unwrap(), None);
    assert_eq!(store.list_links(&home).await.unwrap().len(), 250, "none of them");
}

pub(crate) async fn a_hash_is_replaced_while_it_is_the_same(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let user = store.add_user(&new_user("ada", &home), at(0), &Once::unclaimed()).await.unwrap();
    let before = store.get_login(user.id).await.unwrap().unwrap().password_hash.unwrap();
    assert!(store.replace_password_hash(user.id, &before, "$new", at(1)).await.unwrap());
    assert!(!store.replace_password_hash(user.id, &before, "$other", at(1)).await.unwrap());
    let login = store.get_login(user.id).await.unwrap().unwrap();
    assert_eq!((login.password_hash.as_deref(), login.user.version), (Some("$new"), user.version));
    let last = store.events_after(&home, 0, 1000).await.unwrap().pop().unwrap();
    assert_eq!(last.fact, Fact::UserChanged { user_id: user.id });
}
