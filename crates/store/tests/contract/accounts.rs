//! Tenants, users and sessions.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, new_user, opened, tenant};
use milepost_domain::{Fact, Label, Role, Tenant, TenantId, User, UserId, Username, VehicleId};
use milepost_store::{Login, Once, Store, StoreError};

/// The only login with this name.
async fn find_login(store: &dyn Store, name: &str) -> Option<Login> {
    let mut found = store.find_logins(None, [name, name]).await.unwrap();
    assert!(found.len() < 2, "{found:?}");
    found.pop()
}

pub(crate) async fn default_tenant_exists_from_the_start(database: &TestDatabase) {
    let found = database.store.get_tenant(&TenantId::default_tenant()).await.unwrap().unwrap();
    assert_eq!(found.id.as_str(), "default");
    assert_eq!(database.store.newest_event_id(&found.id).await.unwrap(), 0);
    assert_eq!(database.store.count_users().await.unwrap(), 0);
    database.store.ping().await.unwrap();
}

pub(crate) async fn tenant_ids_are_taken_once(database: &TestDatabase) {
    let acme = Tenant { id: tenant("acme"), name: Label::new("Acme & Söhne").unwrap() };
    database.store.add_tenant(&acme, &Once::unclaimed()).await.unwrap();
    assert_eq!(database.store.add_tenant(&acme, &Once::unclaimed()).await, Err(StoreError::Conflict("tenant")));
    assert!(!database.store.ensure_tenant(&acme).await.unwrap());
    assert_eq!(database.store.get_tenant(&acme.id).await.unwrap(), Some(acme));
    let other = Tenant { id: tenant("other"), name: Label::new("Other").unwrap() };
    assert!(database.store.ensure_tenant(&other).await.unwrap());
}

pub(crate) async fn tenants_are_listed_page_by_page(database: &TestDatabase) {
    for id in ["b", "a", "Z"] {
        add_tenant(&*database.store, id).await;
    }
    let first = database.store.list_tenants(None, 2).await.unwrap();
    let rest = database.store.list_tenants(Some(&first[1].id), 10).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&rest).map(|tenant| tenant.id.as_str()).collect();
    assert_eq!(ids, ["Z", "a", "b", "default"]);
}

pub(crate) async fn user_comes_back_as_it_was_added(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let new = new_user("Åsa Öberg", &home);
    let added = database.store.add_user(&new, at(0), &Once::unclaimed()).await.unwrap();
    let expected = User {
        id: added.id,
        username: new.username.clone(),
        role: new.role,
        tenant: home.clone(),
        approved: true,
        active: true,
        cadet_id: Some(3),
        vehicle_ids: new.vehicle_ids.clone(),
        contact: new.contact.clone(),
        version: 1,
    };
    assert_eq!(added, expected);
    assert_eq!(database.store.get_user(added.id).await.unwrap(), Some(expected.clone()));
    let login = find_login(&*database.store, "Åsa Öberg").await.unwrap();
    assert_eq!((login.user, login.password_hash), (expected, new.password_hash));
    assert_eq!(find_login(&*database.store, "nobody").await, None);
    assert_eq!(database.store.count_users().await.unwrap(), 1);
    let events = database.store.events_after(&home, 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].fact, Fact::UserChanged { user_id: added.id });
    assert_eq!((events[0].id, events[0].at), (1, at(0)));
}

pub(crate) async fn username_is_taken_once_in_its_tenant(database: &TestDatabase) {
    let acme = add_tenant(&*database.store, "acme").await;
    let ann = database.store.add_user(&new_user("ann", &acme), at(0), &Once::unclaimed()).await.unwrap();
    let again = database.store.add_user(&new_user("ann", &acme), at(0), &Once::unclaimed()).await;
    assert_eq!(again, Err(StoreError::Conflict("username")));
    let namesake = new_user("ann", &TenantId::default_tenant());
    let namesake = database.store.add_user(&namesake, at(0), &Once::unclaimed()).await.unwrap();
    assert_ne!(namesake.id, ann.id);
    let nowhere = database.store.add_user(&new_user("bob", &tenant("nowhere")), at(0), &Once::unclaimed()).await;
    assert_eq!(nowhere, Err(StoreError::NotFound("tenant")));
    let mut bob = database.store.add_user(&new_user("bob", &acme), at(0), &Once::unclaimed()).await.unwrap();
    bob.username = Username::new("ann").unwrap();
    bob.version += 1;
    assert_eq!(database.store.update_user(&bob, None, at(0)).await, Err(StoreError::Conflict("username")));
    let mut moved = namesake;
    moved.tenant = acme;
    moved.version += 1;
    assert_eq!(database.store.update_user(&moved, None, at(0)).await, Err(StoreError::Conflict("username")));
}

pub(crate) async fn logins_of_a_name_are_found_in_one_tenant_or_in_all(database: &TestDatabase) {
    let store = &database.store;
    let mut tenants = Vec::new();
    for name in ["a", "b", "c", "d"] {
        tenants.push(add_tenant(&**store, name).await);
        store.add_user(&new_user("ann", &tenants[tenants.len() - 1]), at(0), &Once::unclaimed()).await.unwrap();
    }
    store.add_user(&new_user("bob", &tenants[1]), at(0), &Once::unclaimed()).await.unwrap();
    let found = async |tenant: Option<&TenantId>, forms: [&str; 2]| {
        let found = store.find_logins(tenant, forms).await.unwrap();
        found
            .into_iter()
            .map(|login| (login.user.tenant.to_string(), login.user.username.to_string()))
            .collect::<Vec<_>>()
    };
    let text = |tenant: &str, name: &str| (tenant.to_owned(), name.to_owned());
    assert_eq!(found(Some(&tenants[1]), ["ann", "ann"]).await, [text("b", "ann")]);
    assert_eq!(found(Some(&tenants[0]), ["bob", "bob"]).await, []);
    assert_eq!(found(Some(&tenant("nowhere")), ["ann", "ann"]).await, []);
    assert_eq!(found(None, ["bob", "bob"]).await, [text("b", "bob")]);
    assert_eq!(found(None, ["ann", "ann"]).await.len(), 3);
    assert_eq!(found(Some(&tenants[1]), ["bob", "ann"]).await.len(), 2, "both forms");
}

pub(crate) async fn stored_names_get_the_form_that_is_compared(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    for name in ["jose", "taken", "Bjoern"] {
        database.store.add_user(&new_user(name, &home), at(0), &Once::unclaimed()).await.unwrap();
    }
    add_vehicles(&*database.store, &home, &["bus-1"]).await;
    // As older versions stored them.
    database.run("update users set username = 'Jose\u{301}' where username = 'jose'").await;
    database.run("update users set username = 'Bjo\u{308}rn' where username = 'taken'").await;
    database.run("update users set username = 'Björn' where username = 'Bjoern'").await;
    database.run("update vehicles set id = '\u{958}-1' where id = 'bus-1'").await;
    let node = database.another_node().await;
    assert!(find_login(&*node, "José").await.is_some());
    assert!(find_login(&*node, "Björn").await.is_some());
    assert!(find_login(&*node, "Bjo\u{308}rn").await.is_some(), "its form is another user's name");
    let id = VehicleId::new("\u{958}-1").unwrap();
    assert!(node.get_vehicle(&home, &id).await.unwrap().is_some());
    node.close().await;
}

pub(crate) async fn names_of_older_rules_can_be_read(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let user = database.store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await.unwrap();
    add_vehicles(&*database.store, &home, &["bus-1"]).await;
    database.run("update users set username = '\u{202e}nna \u{2665}'").await;
    database.run("update vehicles set id = 'bus\u{3164}', label = '\u{200b}'").await;
    assert!(find_login(&*database.store, "\u{202e}nna \u{2665}").await.is_some());
    assert_eq!(database.store.get_user(user.id).await.unwrap().unwrap().username.as_str(), "\u{202e}nna \u{2665}");
    let vehicle = database.store.get_vehicle(&home, &VehicleId::stored("bus\u{3164}").unwrap()).await.unwrap().unwrap();
    assert_eq!(vehicle.vehicle.label.as_str(), "\u{200b}");
}

pub(crate) async fn changed_user_is_published_to_both_tenants(database: &TestDatabase) {
    let (acme, home) = (add_tenant(&*database.store, "acme").await, TenantId::default_tenant());
    let mut user = database.store.add_user(&new_user("ann", &acme), at(0), &Once::unclaimed()).await.unwrap();
    user.tenant = home.clone();
    user.role = Role::TrainingStaff;
    user.active = false;
    user.cadet_id = None;
    user.vehicle_ids.clear();
    user.version += 1;
    assert!(database.store.update_user(&user, None, at(1)).await.unwrap());
    assert_eq!(database.store.get_user(user.id).await.unwrap(), Some(user.clone()));
    let kept = find_login(&*database.store, "ann").await.unwrap().password_hash;
    assert_eq!(kept.as_deref(), Some("$argon2id$sample"));
    user.version += 1;
    assert!(database.store.update_user(&user, Some("$new"), at(2)).await.unwrap());
    assert_eq!(find_login(&*database.store, "ann").await.unwrap().password_hash.as_deref(), Some("$new"));
    assert_eq!(database.store.newest_event_id(&acme).await.unwrap(), 2);
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), 2);
    user.id = UserId::new(999).unwrap();
    user.version += 1;
    assert!(!database.store.update_user(&user, None, at(3)).await.unwrap());
}

pub(crate) async fn removed_user_loses_its_sessions(database: &TestDatabase) {
    let home = TenantId::default_tenant();
    let user = database.store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await.unwrap();
    database.store.add_session(&opened([1; 32], user.id, at(1000))).await.unwrap();
    assert!(database.store.remove_user(user.id, None, at(0)).await.unwrap());
    assert!(!database.store.remove_user(user.id, None, at(0)).await.unwrap());
    assert_eq!(database.store.find_session(&[1; 32], at(0)).await.unwrap(), None);
    assert_eq!(database.store.newest_event_id(&home).await.unwrap(), 2);
    let next = database.store.add_user(&new_user("bob", &home), at(0), &Once::unclaimed()).await.unwrap();
    assert!(next.id > user.id, "a number is never used twice");
}

pub(crate) async fn locked_out_user_or_new_password_ends_sessions(database: &TestDatabase) {
    let store = &database.store;
    let mut user =
        store.add_user(&new_user("ann", &TenantId::default_tenant()), at(0), &Once::unclaimed()).await.unwrap();
    let session = [1; 32];
    store.add_session(&opened(session, user.id, at(1000))).await.unwrap();
    user.role = Role::Manager;
    user.version += 1;
    assert!(store.update_user(&user, None, at(1)).await.unwrap());
    assert!(store.find_session(&session, at(1)).await.unwrap().is_some());
    user.version += 1;
    assert!(store.update_user(&user, Some("$new"), at(2)).await.unwrap());
    assert_eq!(store.find_session(&session, at(2)).await.unwrap(), None);
    let login = store.get_login(user.id).await.unwrap().unwrap();
    assert_eq!((&login.user, login.password_hash.as_deref()), (&user, Some("$new")));
    for lock_out in [|user: &mut User| user.active = false, |user: &mut User| user.approved = false] {
        let mut out = store.get_user(user.id).await.unwrap().unwrap();
        lock_out(&mut out);
        out.version += 1;
        store.add_session(&opened(session, user.id, at(1000))).await.unwrap();
        assert!(store.update_user(&out, None, at(3)).await.unwrap());
        assert_eq!(store.find_session(&session, at(3)).await.unwrap(), None);
    }
    assert_eq!(store.get_login(UserId::new(999).unwrap()).await.unwrap(), None);
}

pub(crate) async fn users_are_listed_page_by_page(database: &TestDatabase) {
    let acme = add_tenant(&*database.store, "acme").await;
    for name in ["c", "a", "b"] {
        database.store.add_user(&new_user(name, &acme), at(0), &Once::unclaimed()).await.unwrap();
        database
            .store
            .add_user(&new_user(&format!("{name}2"), &TenantId::default_tenant()), at(0), &Once::unclaimed())
            .await
            .unwrap();
    }
    let names = |users: Vec<User>| users.iter().map(|user| user.username.to_string()).collect::<Vec<_>>();
    let first = database.store.list_users(Some(&acme), None, 2).await.unwrap();
    let rest = database.store.list_users(Some(&acme), Some(first[1].id), 2).await.unwrap();
    assert_eq!((names(first), names(rest)), (vec!["c".into(), "a".into()], vec!["b".into()]));
    assert_eq!(database.store.list_users(None, None, 100).await.unwrap().len(), 6);
}

pub(crate) async fn session_ends_when_it_expires(database: &TestDatabase) {
    let user = database
        .store
        .add_user(&new_user("ann", &TenantId::default_tenant()), at(0), &Once::unclaimed())
        .await
        .unwrap();
    database.store.add_session(&opened([1; 32], user.id, at(1000))).await.unwrap();
    database.store.add_session(&opened([2; 32], user.id, at(1000))).await.unwrap();
    database.store.add_session(&opened([3; 32], user.id, at(1000))).await.unwrap();
    assert_eq!(database.store.find_session(&[1; 32], at(999)).await.unwrap(), Some(opened([1; 32], user.id, at(1000))));
    assert_eq!(database.store.find_session(&[1; 32], at(1000)).await.unwrap(), None);
    assert_eq!(database.store.remove_session(&[2; 32], at(5)).await.unwrap(), Some(user.id));
    assert_eq!(database.store.remove_session(&[2; 32], at(5)).await.unwrap(), None);
    let events = database.store.events_after(&user.tenant, 1, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].at, &events[0].fact), (at(5), &Fact::SessionEnded { user_id: user.id }));
    assert_eq!(database.store.remove_user_sessions(user.id).await.unwrap(), 2);
    let again = database.store.add_session(&opened([4; 32], UserId::new(999).unwrap(), at(1))).await;
    assert_eq!(again, Err(StoreError::NotFound("user")));
}
