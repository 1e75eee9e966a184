//! The audit: each change adds a row in its transaction, and a row that somebody touches is found.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, device, home_tenant, id, new_user, vehicle};
use milepost_domain::{Author, Label, Tenant, TenantId, Timestamp, UserId};
use milepost_store::{AuditEntry, AuditFilter, AuditNote, Once, Retention, Store, StoreError};
use serde_json::{Value, json};
use std::sync::Arc;

fn author(ms: i64) -> Author {
    Author { at: at(ms), user: UserId::new(5).ok(), access_token: None, address: "192.0.2.7".parse().ok() }
}

fn everything() -> AuditFilter {
    let (from, to) = (Timestamp::from_unix_ms(0).unwrap(), at(i64::from(i32::MAX)));
    AuditFilter { from, to, actor: None, subject: None, action: None }
}

async fn list(store: &dyn Store, tenant: &TenantId, filter: &AuditFilter) -> Vec<AuditEntry> {
    store.list_audit(tenant, filter, None, 100).await.unwrap()
}

fn parsed(text: &Option<String>) -> Value {
    text.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

/// Adds rows 1 to `count`, a second apart.
async fn add_rows(store: &dyn Store, tenant: &TenantId, count: i64) {
    for number in 1..=count {
        let after = json!({ "number": number });
        let note = AuditNote { after: Some(after), ..AuditNote::of("test.noted", Some(format!("test:{number}"))) };
        store.note_audit(tenant, &author(number * 1_000), &note).await.unwrap();
    }
}

async fn verdict(store: &dyn Store, tenant: &TenantId) -> (u64, Option<i64>) {
    let verdict = store.verify_audit(tenant).await.unwrap();
    (verdict.rows, verdict.bad.map(|(id, _)| id))
}

async fn lower_the_guard(database: &TestDatabase) {
    let sql = if database.is_postgres() {
        "alter table audit disable trigger all"
    } else {
        "drop trigger audit_rows_stay; drop trigger audit_rows_are_kept"
    };
    database.run(sql).await;
}

pub(crate) async fn a_change_adds_its_row_with_before_and_after(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let by = store.by(author(1));
    let user = by.add_user(&new_user("ann", &home), at(1), &Once::unclaimed()).await.unwrap();
    let changed = milepost_domain::User { active: false, version: 2, ..user.clone() };
    assert!(by.update_user(&changed, Some("$new$hash"), at(2)).await.unwrap());
    assert!(!by.update_user(&changed, None, at(2)).await.unwrap(), "an old version changes nothing");
    assert!(by.remove_user(user.id, None, at(3)).await.unwrap());
    let rows = list(store, &home, &everything()).await;
    let told: Vec<_> = rows.iter().map(|row| (row.id, row.action.as_str(), row.subject.as_deref().unwrap())).collect();
    let subject = format!("user:{}", user.id);
    let subject = subject.as_str();
    assert_eq!(told, [(3, "user.delete", subject), (2, "user.update", subject), (1, "user.create", subject)]);
    assert_eq!((rows[1].actor, rows[1].at, rows[1].address.as_deref()), (author(1).user, at(1), Some("192.0.2.7")));
    let (before, after) = (parsed(&rows[1].before), parsed(&rows[1].after));
    assert_eq!(
        (&before["active"], &after["active"], &after["password_changed"]),
        (&json!(true), &json!(false), &json!(true))
    );
    assert_eq!((&rows[2].before, &rows[0].after), (&None, &None));
    let all: String = rows.iter().flat_map(|row| [&row.before, &row.after]).flatten().cloned().collect();
    assert!(!all.contains("hash") && !all.contains("argon2"), "{all}");
    assert_eq!(verdict(store, &home).await, (3, None));
}

pub(crate) async fn every_kind_of_thing_is_audited_in_its_tenant(database: &TestDatabase) {
    let (store, acme) = (&*database.store, TenantId::new("acme").unwrap());
    let by = store.by(author(1));
    by.add_tenant(&Tenant { id: acme.clone(), name: Label::new("Acme").unwrap() }, &Once::unclaimed()).await.unwrap();
    by.add_vehicle(&acme, &vehicle("bus-1"), at(1), &Once::unclaimed()).await.unwrap();
    by.add_device(&device("d1", &acme, "bus-1"), &[1; 32], &Once::unclaimed()).await.unwrap();
    let stored = store.get_vehicle(&acme, &id("bus-1")).await.unwrap().unwrap().vehicle;
    let renamed = milepost_domain::Vehicle { label: Label::new("new").unwrap(), version: stored.version + 1, ..stored };
    by.update_vehicle(&acme, &renamed, at(2)).await.unwrap().unwrap();
    assert!(by.remove_device(&acme, &device("d1", &acme, "bus-1").id, None, at(3)).await.unwrap());
    assert!(by.remove_vehicle(&acme, &id("bus-1"), None, at(3)).await.unwrap());
    let rows = list(store, &acme, &everything()).await;
    let actions: Vec<_> = rows.iter().rev().map(|row| row.action.as_str()).collect();
    let expected =
        ["tenant.create", "vehicle.create", "device.create", "vehicle.update", "device.delete", "vehicle.delete"];
    assert_eq!(actions, expected);
    assert_eq!(parsed(&rows[2].before)["label"], "bus-1");
    assert_eq!(parsed(&rows[2].after)["label"], "new");
    assert_eq!(list(store, &home_tenant(), &everything()).await, []);
}

pub(crate) async fn a_change_without_an_author_or_that_fails_adds_no_row(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1"]).await;
    let again = store.by(author(1)).add_vehicle(&home, &vehicle("bus-1"), at(1), &Once::unclaimed()).await;
    assert!(matches!(again, Err(StoreError::Conflict("vehicle"))));
    assert_eq!(list(store, &home, &everything()).await, []);
    assert_eq!(verdict(store, &home).await, (0, None));
    let missing = store.verify_audit(&TenantId::new("missing").unwrap()).await;
    assert!(matches!(missing, Err(StoreError::NotFound("tenant"))));
}

pub(crate) async fn filters_are_exact_and_pages_follow_each_other(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_rows(store, &home, 5).await;
    let ids =
        async |filter: AuditFilter| list(store, &home, &filter).await.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(everything()).await, [5, 4, 3, 2, 1]);
    assert_eq!(ids(AuditFilter { from: at(2_000), to: at(4_000), ..everything() }).await, [3, 2]);
    assert_eq!(ids(AuditFilter { subject: Some("test:3".to_owned()), ..everything() }).await, [3]);
    assert_eq!(ids(AuditFilter { subject: Some("test:%".to_owned()), ..everything() }).await, [0; 0]);
    assert_eq!(ids(AuditFilter { actor: UserId::new(6).ok(), ..everything() }).await, [0; 0]);
    assert_eq!(ids(AuditFilter { action: Some("TEST.noted".to_owned()), ..everything() }).await, [0; 0]);
    let page = store.list_audit(&home, &everything(), Some(4), 2).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [3, 2]);
}

pub(crate) async fn many_at_once_add_one_chain(database: &TestDatabase) {
    let home = home_tenant();
    let nodes = [Arc::clone(&database.store), database.another_node().await];
    let mut tasks = Vec::new();
    for number in 0..8 {
        let (store, home) = (Arc::clone(&nodes[number % 2]), home.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..5 {
                let name = format!("bus-{number}-{round}");
                store.by(author(1)).add_vehicle(&home, &vehicle(&name), at(1), &Once::unclaimed()).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(verdict(&*database.store, &home).await, (40, None));
    nodes[1].close().await;
}

pub(crate) async fn the_database_refuses_to_change_or_remove_a_row(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_rows(store, &home, 3).await;
    for sql in [
        "update audit set actor = 9 where id = 2",
        "update audit set before = '{}' where id = 2",
        "update audit set action = 'x', before = null, after = null, salt = null",
        "delete from audit where id = 2",
        "delete from audit",
    ] {
        assert!(database.try_run(sql).await.is_err(), "{sql}");
    }
    assert_eq!(verdict(store, &home).await, (3, None));
    // What a person's erasure does: the contents go, the chain holds.
    database.run("update audit set before = null, after = null, salt = null where id = 2").await;
    let found = store.verify_audit(&home).await.unwrap();
    assert_eq!((found.rows, found.emptied, found.bad), (3, 1, None));
}

pub(crate) async fn a_row_that_was_changed_removed_or_inserted_is_named(database: &TestDatabase) {
    let (store, acme) = (&*database.store, add_tenant(&*database.store, "acme").await);
    lower_the_guard(database).await;
    add_rows(store, &home_tenant(), 2).await;
    add_rows(store, &acme, 6).await;
    let of_acme = "tenant_no = (select tenant_no from tenants where id = 'acme')";
    let copy = "actor, access_token, action, subject, before, after, salt, content_hash, address, hash";
    for (what, spoil, mend, bad) in [
        ("its actor", "update audit set actor = 6 where id = 3 and", "update audit set actor = 5 where id = 3 and", 3),
        (
            "what it is now",
            "update audit set after = '{}' where id = 4 and",
            r#"update audit set after = '{"number":4}' where id = 4 and"#,
            4,
        ),
        (
            "its time",
            "update audit set at_ms = at_ms + 1 where id = 1 and",
            "update audit set at_ms = at_ms - 1 where id = 1 and",
            1,
        ),
        ("its number", "update audit set id = 60 where id = 6 and", "update audit set id = 6 where id = 60 and", 6),
    ] {
        database.run(&format!("{spoil} {of_acme}")).await;
        assert_eq!(verdict(store, &acme).await.1, Some(bad), "{what}");
        database.run(&format!("{mend} {of_acme}")).await;
        assert_eq!(verdict(store, &acme).await, (6, None), "{what}");
    }
    database.run(&format!("insert into audit (tenant_no, id, at_ms, {copy}) select tenant_no, 7, at_ms, {copy} from audit where id = 6 and {of_acme}")).await;
    assert_eq!(verdict(store, &acme).await.1, Some(7), "one was inserted at the end");
    database.run(&format!("delete from audit where id = 7 and {of_acme}")).await;
    database.run(&format!("insert into audit (tenant_no, id, at_ms, {copy}) select tenant_no, -1, at_ms, {copy} from audit where id = 6 and {of_acme}")).await;
    assert_eq!(verdict(store, &acme).await.1, Some(-1), "one was inserted before the first");
    database.run(&format!("delete from audit where id = -1 and {of_acme}")).await;
    database.run(&format!("delete from audit where id = 6 and {of_acme}")).await;
    assert_eq!(verdict(store, &acme).await, (5, Some(6)), "the last one was removed");
    database.run(&format!("delete from audit where id = 2 and {of_acme}")).await;
    assert_eq!(verdict(store, &acme).await, (1, Some(2)));
    assert_eq!(verdict(store, &home_tenant()).await, (2, None), "the other tenant's chain is whole");
}

pub(crate) async fn old_rows_are_removed_and_the_rest_can_be_checked(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_rows(store, &home, 5).await;
    let retention = |audit_ms| Retention { audit_ms, ..Retention::default() };
    let pruned = store.prune(at(10_000), &retention(7_000)).await.unwrap();
    assert_eq!(pruned.audit, 2, "those of before 3 s");
    let ids: Vec<_> = list(store, &home, &everything()).await.iter().map(|row| row.id).collect();
    assert_eq!(ids, [5, 4, 3]);
    assert_eq!(verdict(store, &home).await, (3, None));
    assert_eq!(store.prune(at(10_000), &retention(0)).await.unwrap().audit, 3);
    assert_eq!(verdict(store, &home).await, (0, None));
    add_rows(store, &home, 1).await;
    assert_eq!(list(store, &home, &everything()).await[0].id, 6, "numbers go on");
    assert_eq!(verdict(store, &home).await, (1, None));
}
