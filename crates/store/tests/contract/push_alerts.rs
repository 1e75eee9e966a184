//! Push calls of alerts: who gets them, when an alert is fresh, and that they end when it is read, deleted or taken
//! back.

use crate::alerts::{about, alert, alert_id};
use crate::database::{TestDatabase, options};
use crate::history::{fold_of, write};
use crate::notices::user;
use crate::push::{keys, subscribe, take};
use crate::samples::{add_tenant, add_vehicles, at, id, new_user};
use milepost_domain::{
    Alert, AlertKind, AlertTitle, FleetViewer, JsonObject, NotificationText, Role, Severity, Target, TenantId, User,
};
use milepost_store::{
    CallOutcome, CallState, DueCall, DuePush, HistoryChange, NewLogin, Once, OpenOptions, Store, Unsent, open,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const COMPANY: FleetViewer = FleetViewer { company: true, user: None, driver: None };

async fn add_user(store: &dyn Store, name: &str, tenant: &TenantId, role: Role) -> User {
    store.add_user(&NewLogin { role, ..new_user(name, tenant) }, at(0), &Once::unclaimed()).await.unwrap()
}

async fn raise(store: &dyn Store, alert: &Alert, ms: i64) {
    assert!(store.raise_alert(alert, at(ms), &Once::unclaimed()).await.unwrap(), "{alert:?}");
}

/// The called browsers: the last parts of their endpoints, in order.
fn called(calls: &[DueCall]) -> Vec<String> {
    let name = |call: &DueCall| {
        let path = call.push.as_ref().unwrap().endpoint.rsplit_once('/').unwrap().1;
        path.trim_end_matches("?x=1").to_owned()
    };
    let mut names: Vec<String> = calls.iter().map(name).collect();
    names.sort();
    names
}

/// The ids of the alerts with waiting or running push calls, each with their number.
async fn waiting(store: &dyn Store, tenant: &TenantId) -> BTreeMap<String, usize> {
    let mut waiting = BTreeMap::new();
    for call in store.list_calls(tenant, None, None, 10_000).await.unwrap() {
        if matches!(call.state, CallState::Pending { .. }) {
            let shown: Value = serde_json::from_str(&call.body).unwrap();
            *waiting.entry(shown["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    waiting
}

pub(crate) async fn company_alert_calls_those_who_see_the_whole_fleet(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    for role in Role::ALL {
        let added = add_user(store, role.as_str(), &home, role).await;
        subscribe(store, &home, added.id.get(), role.as_str(), 0).await;
        let theirs = add_user(store, &format!("their {}", role.as_str()), &acme, role).await;
        subscribe(store, &acme, theirs.id.get(), &format!("their-{}", role.as_str()), 0).await;
    }
    let manager = add_user(store, "with two browsers", &home, Role::Manager).await;
    for name in ["phone", "laptop"] {
        subscribe(store, &home, manager.id.get(), name, 0).await;
    }
    // Users that get no call: locked out while subscribing, moved to another tenant, or known only to another issuer.
    for (name, approved, active) in [("locked", true, false), ("unapproved", false, true)] {
        let new = NewLogin { role: Role::Admin, approved, active, ..new_user(name, &home) };
        let added = store.add_user(&new, at(0), &Once::unclaimed()).await.unwrap();
        subscribe(store, &home, added.id.get(), name, 0).await;
    }
    let moved = add_user(store, "moved", &acme, Role::Admin).await;
    subscribe(store, &home, moved.id.get(), "moved", 0).await;
    subscribe(store, &home, 9_999, "unknown", 0).await;

    let raised = Alert {
        kind: AlertKind::FuelTheft,
        severity: Severity::Critical,
        vehicle_id: Some(id("bus 7")),
        driver_id: Some(user(5)),
        title: AlertTitle::new("Fuel «gone»").unwrap(),
        message: NotificationText::new("20 l\n\"while\" parked").unwrap(),
        data: Some(JsonObject::of_parsed("{\"litres\":20}".to_owned(), "data").unwrap()),
        ..about("fuel:bus 7:1", alert("a", &home, None, 2))
    };
    add_vehicles(store, &home, &["bus 7"]).await;
    raise(store, &raised, 5).await;
    let calls = take(store, 6).await;
    assert_eq!(called(&calls), ["admin", "laptop", "manager", "phone", "superadmin"]);
    let expected = json!({
        "type": "alert", "id": "a", "alert_type": "fuel_theft", "company_id": "default", "severity": "critical",
        "title": "Fuel «gone»", "message": "20 l\n\"while\" parked", "vehicle_id": "bus 7", "driver_id": "5",
        "timestamp": "2026-11-20T00:00:00.002Z", "expires_at": "2026-11-20T00:00:01.002Z",
    });
    for call in &calls {
        assert!(matches!(call.target, Target::Push(_)), "{call:?}");
        assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap(), expected);
        assert_eq!((&call.tenant, call.created_at), (&home, at(5)));
        let push = call.push.clone().unwrap();
        let due = DuePush {
            endpoint: push.endpoint.clone(),
            keys: keys(1),
            is_urgent: true,
            expires_at: Some(raised.expires_at),
        };
        assert_eq!(push, due);
    }
    raise(store, &alert("theirs", &acme, None, 7), 7).await;
    assert_eq!(called(&take(store, 8).await), ["their-admin", "their-manager", "their-superadmin"]);
}

pub(crate) async fn users_alert_calls_that_user_alone(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    let admin = add_user(store, "admin", &home, Role::Admin).await;
    let driver = add_user(store, "driver", &home, Role::Driver).await;
    let locked = store
        .add_user(&NewLogin { active: false, ..new_user("locked", &home) }, at(0), &Once::unclaimed())
        .await
        .unwrap();
    for (name, number) in [
        ("admin", admin.id.get()),
        ("phone", driver.id.get()),
        ("laptop", driver.id.get()),
        ("locked", locked.id.get()),
    ] {
        subscribe(store, &home, number, name, 0).await;
    }
    // A user of another issuer, and another tenant's user with the same number.
    subscribe(store, &home, 9_999, "unknown", 0).await;
    subscribe(store, &acme, 9_999, "elsewhere", 0).await;
    for (name, addressee, expected) in [
        ("for the driver", driver.id, vec!["laptop", "phone"]),
        ("for the admin", admin.id, vec!["admin"]),
        ("for the unknown", user(9_999), vec!["unknown"]),
        ("for the locked out", locked.id, vec![]),
        ("for nobody who subscribed", user(10_000), vec![]),
    ] {
        raise(store, &alert(name, &home, Some(addressee), 1), 1).await;
        let calls = take(store, 2).await;
        assert_eq!(called(&calls), expected, "{name}");
        assert!(calls.iter().all(|call| !call.push.as_ref().unwrap().is_urgent), "low severity");
    }
}

pub(crate) async fn alert_that_is_not_recent_calls_nobody(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let admin = add_user(store, "admin", &home, Role::Admin).await;
    subscribe(store, &home, admin.id.get(), "phone", 0).await;
    let late = |name: &str, ms| Alert { expires_at: at(10_000_000), ..alert(name, &home, None, ms) };
    raise(store, &late("too old", -1), Alert::RECENT_MS).await;
    raise(store, &alert("expired", &home, None, 0), 1_000).await;
    assert_eq!(waiting(store, &home).await, BTreeMap::new());
    raise(store, &late("just new enough", 0), Alert::RECENT_MS).await;
    assert_eq!(waiting(store, &home).await, BTreeMap::from([("just new enough".to_owned(), 1)]));
    // One alert of a subject is pushed once.
    raise(store, &about("speed:bus:1", late("first", Alert::RECENT_MS)), Alert::RECENT_MS).await;
    let again = about("speed:bus:1", late("second", Alert::RECENT_MS));
    assert!(!store.raise_alert(&again, at(Alert::RECENT_MS), &Once::unclaimed()).await.unwrap());
    assert_eq!(waiting(store, &home).await.len(), 2);
    // They are still listed and published.
    assert_eq!(store.list_alerts(&home, COMPANY, false, None, 10, at(Alert::RECENT_MS)).await.unwrap().len(), 3);
}

pub(crate) async fn what_waits_of_an_alert_goes_when_it_is_read_or_deleted(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let admin = add_user(store, "admin", &home, Role::Admin).await;
    let driver = add_user(store, "driver", &home, Role::Driver).await;
    for (number, name) in [(admin.id, "phone"), (admin.id, "laptop"), (driver.id, "driver")] {
        subscribe(store, &home, number.get(), name, 0).await;
    }
    for name in ["read", "deleted", "stays", "pushed", "failing"] {
        raise(store, &alert(name, &home, None, 1), 1).await;
    }
    raise(store, &alert("own", &home, Some(driver.id), 1), 1).await;
    let of = |name: &str, times| (name.to_owned(), times);
    let all = [of("read", 2), of("deleted", 2), of("stays", 2), of("pushed", 2), of("failing", 2), of("own", 1)];
    assert_eq!(waiting(store, &home).await, BTreeMap::from(all));
    // Tries of all alerts are running, and some have ended.
    let mut taken = take(store, 2).await;
    taken.extend(take(store, 2).await);
    assert_eq!(taken.len(), 11);
    let of_alert = |name: &str| -> Vec<DueCall> {
        let is_of = |call: &&DueCall| serde_json::from_str::<Value>(&call.body).unwrap()["id"] == name;
        taken.iter().filter(is_of).cloned().collect()
    };
    for call in of_alert("pushed") {
        store.settle_call(call.no, &CallOutcome::Delivered { status: 201 }, at(3)).await.unwrap();
    }
    let failed = || CallOutcome::Retry { at: at(500), status: Some(500), error: "answered 500".to_owned() };
    for call in of_alert("failing") {
        store.settle_call(call.no, &failed(), at(3)).await.unwrap();
    }

    let read = async |name: &str| {
        store.read_alert(&home, COMPANY, &alert_id(name), Some(admin.id), at(4), &Once::unclaimed()).await.unwrap()
    };
    for name in ["read", "pushed", "failing"] {
        assert!(read(name).await.is_some());
    }
    assert!(store.delete_alert(&home, COMPANY, &alert_id("deleted"), at(4)).await.unwrap());
    let of_driver = FleetViewer { company: false, user: Some(driver.id), driver: Some(driver.id) };
    store
        .read_alert(&home, of_driver, &alert_id("own"), Some(driver.id), at(4), &Once::unclaimed())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(waiting(store, &home).await, BTreeMap::from([of("stays", 2)]));
    // A running try that fails is not repeated. Calls that were delivered are still listed.
    for call in of_alert("read").iter().chain(&of_alert("deleted")) {
        store.settle_call(call.no, &failed(), at(5)).await.unwrap();
    }
    assert_eq!(waiting(store, &home).await, BTreeMap::from([of("stays", 2)]));
    assert_eq!(store.list_calls(&home, None, None, 100).await.unwrap().len(), 4);
    // A viewer that may not see an alert does not end its calls.
    assert_eq!(
        store.read_alert(&home, of_driver, &alert_id("stays"), None, at(6), &Once::unclaimed()).await.unwrap(),
        None
    );
    assert_eq!(waiting(store, &home).await, BTreeMap::from([of("stays", 2)]));
}

pub(crate) async fn alerts_of_many_vehicles_are_pushed_with_their_history(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    let nobody = add_tenant(store, "without browsers").await;
    let tenants = [&home, &acme, &nobody];
    for tenant in tenants {
        let manager = add_user(store, &format!("manager of {tenant}"), tenant, Role::Manager).await;
        if tenant != &nobody {
            subscribe(store, tenant, manager.id.get(), tenant.as_str(), 0).await;
        }
        add_vehicles(store, tenant, &["bus", "car"]).await;
    }
    let found = |tenant: &TenantId, name: &str, known_ms: i64| {
        let alert = Alert { expires_at: at(90_000_000), ..about(name, alert(name, tenant, None, 0)) };
        HistoryChange::Alert { alert: Box::new(alert), known_at: at(known_ms) }
    };
    let taken_back = |name: &str| {
        let subject = about(name, alert(name, &home, None, 0)).subject.unwrap();
        HistoryChange::NoAlert { subject }
    };
    // More calls than one statement stores.
    let mut writes = Vec::new();
    for tenant in tenants {
        for vehicle in ["bus", "car"] {
            let name = |part: i64| format!("{tenant}:{vehicle}:{part}");
            let mut changes: Vec<_> = (0..70).map(|part| found(tenant, &name(part), 3_600_000)).collect();
            // An alert about a time long ago, and a silence that began long ago but could be known only now.
            changes.push(found(tenant, &name(100), 0));
            changes.push(found(tenant, &name(101), 3_000_000));
            // Found and taken back in one write.
            changes.push(found(tenant, &name(102), 3_600_000));
            changes.push(taken_back(&name(102)));
            // Its subject has an alert.
            changes.push(found(tenant, &name(5), 3_600_000));
            let known = fold_of(store, tenant, vehicle).await;
            writes.push(write(&known, 1, changes));
        }
    }
    assert_eq!(store.write_history(&writes, at(3_600_000)).await.unwrap().stale, []);
    for tenant in tenants {
        let mut expected = BTreeMap::new();
        for vehicle in ["bus", "car"] {
            let parts = (0..70).chain([101]).filter(|_| tenant != &nobody);
            expected.extend(parts.map(|part| (format!("{tenant}:{vehicle}:{part}"), 1)));
        }
        assert_eq!(waiting(store, tenant).await, expected, "{tenant}");
    }
    // An alert that late positions disprove is not pushed any more.
    let known = fold_of(store, &home, "bus").await;
    let changes = (0..60).map(|part| taken_back(&format!("default:bus:{part}"))).collect();
    assert_eq!(store.write_history(&[write(&known, 2, changes)], at(3_600_001)).await.unwrap().stale, []);
    assert_eq!((waiting(store, &home).await.len(), waiting(store, &acme).await.len()), (142 - 60, 142));
}

/// On PostgreSQL a deadlock would be an error of one of them.
pub(crate) async fn browsers_that_come_and_go_fail_no_alert(database: &TestDatabase) {
    // Waits are long enough for a busy machine. PostgreSQL reports a deadlock after a second.
    let patient = OpenOptions { busy_timeout: Duration::from_secs(10), ..options() };
    let store = open(&database.url, &patient, Arc::new(Unsent)).await.unwrap();
    let (other_node, home) =
        (open(&database.url, &patient, Arc::new(Unsent)).await.unwrap(), TenantId::default_tenant());
    let names: Vec<String> = (0..6).map(|number| format!("bus-{number}")).collect();
    add_vehicles(&*store, &home, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut managers = Vec::new();
    for number in 0..4 {
        managers.push(add_user(&*store, &format!("manager {number}"), &home, Role::Manager).await);
    }
    let rounds = 25;
    let mut tasks = tokio::task::JoinSet::new();
    for node in 0..2 {
        let (folds, raises) = if node == 0 { (&store, &other_node) } else { (&other_node, &store) };
        let (folds, raises) = (Arc::clone(folds), Arc::clone(raises));
        let tenant = home.clone();
        let mine = names[3 * node..3 * node + 3].to_vec();
        tasks.spawn(async move {
            for round in 0..rounds {
                let mut writes = Vec::new();
                for vehicle in &mine {
                    let name = |round| format!("{vehicle}-{round}");
                    let new = about(&name(round), alert(&name(round), &tenant, None, 0));
                    let new = Alert { expires_at: at(90_000), ..new };
                    let mut changes = vec![HistoryChange::Alert { alert: Box::new(new), known_at: at(0) }];
                    if round >= 2 {
                        let subject = about(&name(round - 2), alert("x", &tenant, None, 0)).subject.unwrap();
                        changes.push(HistoryChange::NoAlert { subject });
                    }
                    writes.push(write(&fold_of(&*folds, &tenant, vehicle).await, round, changes));
                }
                assert_eq!(folds.write_history(&writes, at(round)).await.unwrap().stale, []);
            }
        });
        let tenant = home.clone();
        let addressee = managers[node].id;
        tasks.spawn(async move {
            for round in 0..rounds {
                let name = format!("by hand {node} {round}");
                raise(&*raises, &alert(&name, &tenant, (round % 2 == 0).then_some(addressee), round), round).await;
                let viewer = FleetViewer { company: true, user: Some(addressee), driver: None };
                assert!(raises.delete_alert(&tenant, viewer, &alert_id(&name), at(round)).await.unwrap());
            }
        });
    }
    for (number, manager) in managers.into_iter().enumerate() {
        let (store, home) = (Arc::clone(&store), home.clone());
        tasks.spawn(async move {
            for round in 0..rounds {
                for name in 0..3 {
                    subscribe(&*store, &home, manager.id.get(), &format!("{number}-{round}-{name}"), round).await;
                }
                if round % 3 == 0 {
                    // Removes all of the user's subscriptions.
                    let password = format!("$argon2id${round}");
                    let version = manager.version + round / 3 + 1;
                    let changed = User { version, ..manager.clone() };
                    assert!(store.update_user(&changed, Some(&password), at(round)).await.unwrap());
                }
            }
        });
    }
    let settles = Arc::clone(&other_node);
    tasks.spawn(async move {
        for round in 0..rounds {
            for (place, call) in take(&*settles, round + 1).await.into_iter().enumerate() {
                let outcome = if place == 0 { CallOutcome::Gone } else { CallOutcome::Delivered { status: 201 } };
                settles.settle_call(call.no, &outcome, at(round + 1)).await.unwrap();
            }
        }
    });
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let standing = store.list_alerts(&home, COMPANY, false, None, 1_000, at(rounds)).await.unwrap();
    assert_eq!(standing.len(), names.len() * 2);
    other_node.close().await;
    store.close().await;
}

pub(crate) async fn long_message_of_an_alert_is_cut(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    subscribe(store, &home, 1, "phone", 0).await;
    add_vehicles(store, &home, &[&"ü".repeat(64)]).await;
    for (number, letter) in ["\"", "é", "🎖", "\n"].into_iter().enumerate() {
        let message = format!("x{}", letter.repeat(1_999));
        let long = Alert {
            title: AlertTitle::new(&"🎖".repeat(200)).unwrap(),
            message: NotificationText::new(&message).unwrap(),
            vehicle_id: Some(id(&"ü".repeat(64))),
            ..alert(&number.to_string(), &home, Some(user(1)), 0)
        };
        raise(store, &long, 0).await;
        let body = take(store, 1).await.remove(0).body;
        let shown: Value = serde_json::from_str(&body).unwrap();
        let shown = shown["message"].as_str().unwrap();
        assert!(message.starts_with(shown.strip_suffix('…').unwrap()), "{shown}");
        assert!((2_990..=3_000).contains(&body.len()), "{}", body.len());
    }
}
