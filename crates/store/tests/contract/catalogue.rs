//! The catalogue: entries are numbered within tenant and kind, found by name, linked, and gone with what they add to.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, home_tenant, id};
use milepost_domain::{Entry, EntryBody, EntryKind, EntryRef, Fact, Link, TenantId};
use milepost_store::{NewEntry, Store, StoreError};

fn body(text: &str) -> EntryBody {
    EntryBody::of_parsed(text.to_owned()).unwrap()
}

fn new(kind: EntryKind, name: Option<&str>) -> NewEntry {
    NewEntry { kind, id: None, name: name.map(str::to_owned), body: body(r#"{"a":1}"#) }
}

async fn put(store: &dyn Store, tenant: &TenantId, entry: &NewEntry) -> Entry {
    store.put_entry(tenant, entry, at(0)).await.unwrap().unwrap()
}

fn link(owner: (EntryKind, i64), member: (EntryKind, i64)) -> Link {
    let end = |(kind, id)| EntryRef { kind, id };
    Link { owner: end(owner), member: end(member) }
}

pub(crate) async fn entries_are_numbered_within_tenant_and_kind(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let first = put(store, &home, &new(EntryKind::Group, None)).await;
    assert_eq!((first.id, &first.body), (1, &body(r#"{"a":1}"#)));
    assert_eq!(put(store, &home, &new(EntryKind::Group, None)).await.id, 2);
    assert_eq!(put(store, &home, &new(EntryKind::Driver, Some("d"))).await.id, 1);
    assert_eq!(put(store, &acme, &new(EntryKind::Driver, Some("d"))).await.id, 1);
    let taken = store.put_entry(&home, &new(EntryKind::Driver, Some("d")), at(0)).await;
    assert_eq!(taken.unwrap_err(), StoreError::Conflict("catalogue entry"));
    let listed = store.list_entries(&home, EntryKind::Group, 1, 10).await.unwrap();
    assert_eq!(listed.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2]);
    assert!(store.remove_entry(&home, EntryRef { kind: EntryKind::Group, id: 2 }, at(0)).await.unwrap());
    assert!(!store.remove_entry(&home, EntryRef { kind: EntryKind::Group, id: 2 }, at(0)).await.unwrap());
    assert_eq!(put(store, &home, &new(EntryKind::Group, None)).await.id, 3, "a number is not given again");
    let changed = Entry { name: Some("x".to_owned()), body: body("{}"), ..first };
    assert!(store.update_entry(&home, &changed, at(0)).await.unwrap());
    assert!(!store.update_entry(&acme, &changed, at(0)).await.unwrap());
    let read = store.get_entry(&home, EntryRef { kind: EntryKind::Group, id: 1 }).await.unwrap();
    assert_eq!(read, Some(changed));
    let last = store.events_after(&home, 0, 1000).await.unwrap().pop().unwrap();
    assert_eq!(last.fact, Fact::CatalogueChanged { kind: EntryKind::Group });
}

pub(crate) async fn names_get_a_number_once(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let names = |range: std::ops::Range<u32>| range.map(|number| format!("v{number}")).collect::<Vec<_>>();
    store.ensure_entries(&home, EntryKind::Vehicle, &names(0..150), at(0)).await.unwrap();
    store.ensure_entries(&home, EntryKind::Vehicle, &names(100..250), at(0)).await.unwrap();
    let entries = store.list_entries(&home, EntryKind::Vehicle, 0, 1000).await.unwrap();
    assert_eq!(entries.len(), 250);
    assert_eq!((entries[0].id, entries[249].id), (1, 250));
    assert_eq!(entries[199].name.as_deref(), Some("v199"));
}

pub(crate) async fn links_go_with_either_end(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let group = put(store, &home, &new(EntryKind::Group, None)).await.id;
    let note = put(store, &home, &new(EntryKind::Notification, None)).await.id;
    let (has, other) = (
        link((EntryKind::Group, group), (EntryKind::Notification, note)),
        link((EntryKind::User, 7), (EntryKind::Group, group)),
    );
    for one in [has, has, other] {
        assert!(store.add_link(&home, one, at(0)).await.unwrap());
    }
    assert_eq!(store.list_links(&home).await.unwrap(), [has, other]);
    store.remove_link(&home, other, at(0)).await.unwrap();
    store.remove_link(&home, other, at(0)).await.unwrap();
    assert_eq!(store.list_links(&home).await.unwrap(), [has]);
    assert!(store.remove_entry(&home, has.member, at(0)).await.unwrap());
    assert_eq!(store.list_links(&home).await.unwrap(), []);
}

pub(crate) async fn a_vehicle_that_is_made_anew_inherits_no_entry(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1"]).await;
    store.ensure_entries(&home, EntryKind::Vehicle, &["bus-1".to_owned()], at(0)).await.unwrap();
    let number = store.list_entries(&home, EntryKind::Vehicle, 0, 10).await.unwrap()[0].id;
    let has = link((EntryKind::Vehicle, number), (EntryKind::Driver, 1));
    assert!(store.add_link(&home, has, at(0)).await.unwrap());
    put(store, &home, &NewEntry { id: Some(1), ..new(EntryKind::Picture, Some("bus-1")) }).await;
    assert!(store.remove_vehicle(&home, &id("bus-1"), None, at(0)).await.unwrap());
    assert_eq!(store.list_entries(&home, EntryKind::Vehicle, 0, 10).await.unwrap(), []);
    assert_eq!(store.list_links(&home).await.unwrap(), []);
    assert_eq!(store.list_entries(&home, EntryKind::Picture, 0, 9).await.unwrap(), []);
}
