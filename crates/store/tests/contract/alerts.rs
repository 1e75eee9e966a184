//! Alerts.

use crate::database::TestDatabase;
use crate::notices::user;
use crate::samples::{add_tenant, add_vehicles, at, id};
use fastrand::Rng;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertRead, AlertSubject, AlertTitle, Event, Fact, FleetViewer, JsonObject,
    NotificationText, Severity, TenantId, UserId,
};
use milepost_store::{AlertCursor, AlertReadOutcome, Once, Retention, Store, StoreError};

const COMPANY: FleetViewer = FleetViewer { company: true, user: None, driver: None };

fn only(number: i64) -> FleetViewer {
    FleetViewer { company: false, user: Some(user(number)), driver: None }
}

pub(crate) fn alert_id(name: &str) -> AlertId {
    AlertId::new(name).unwrap()
}

/// An alert with only the required fields, which lasts for a thousand milliseconds.
pub(crate) fn alert(name: &str, tenant: &TenantId, user_id: Option<UserId>, ms: i64) -> Alert {
    Alert {
        id: alert_id(name),
        tenant: tenant.clone(),
        kind: AlertKind::SystemError,
        severity: Severity::Low,
        user_id,
        vehicle_id: None,
        driver_id: None,
        title: AlertTitle::new("Trouble").unwrap(),
        message: NotificationText::new("x").unwrap(),
        data: None,
        subject: None,
        at: at(ms),
        expires_at: at(ms + 1_000),
        read: None,
    }
}

pub(crate) fn about(subject: &str, alert: Alert) -> Alert {
    Alert { subject: Some(AlertSubject::new(subject).unwrap()), ..alert }
}

async fn raise(store: &dyn Store, alert: &Alert) {
    assert!(store.raise_alert(alert, alert.at, &Once::unclaimed()).await.unwrap(), "{alert:?}");
}

async fn list(store: &dyn Store, tenant: &TenantId, viewer: FleetViewer, unread: bool, ms: i64) -> Vec<String> {
    let alerts = store.list_alerts(tenant, viewer, unread, None, 100, at(ms)).await.unwrap();
    alerts.iter().map(|alert| alert.id.to_string()).collect()
}

async fn facts(store: &dyn Store, tenant: &TenantId, after: i64) -> Vec<Fact> {
    store.events_after(tenant, after, 100).await.unwrap().into_iter().map(|event| event.fact).collect()
}

pub(crate) async fn alert_comes_back_as_it_was_raised(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let whole = Alert {
        kind: AlertKind::FuelTheft,
        severity: Severity::Critical,
        vehicle_id: Some(id("MTA NYCT_2782")),
        driver_id: Some(user(5)),
        title: AlertTitle::new("Fuel \"gone\" «ü»").unwrap(),
        message: NotificationText::new("20 l\nwhile parked'; drop table alerts; --").unwrap(),
        data: Some(JsonObject::of_parsed("{\"z\":1.00000000000000000001,\"a\":{}}".to_owned(), "data").unwrap()),
        ..about("fuel:MTA NYCT_2782:1", alert("b", &home, Some(user(7)), 2))
    };
    assert_eq!(store.raise_alert(&whole, at(0), &Once::unclaimed()).await, Err(StoreError::NotFound("vehicle")));
    add_vehicles(&**store, &home, &["MTA NYCT_2782"]).await;
    for (number, raised) in (1..).zip([alert("a", &home, None, 1), whole]) {
        assert!(store.raise_alert(&raised, at(number), &Once::unclaimed()).await.unwrap());
        let viewer = FleetViewer { company: raised.user_id.is_none(), user: raised.user_id, driver: None };
        assert_eq!(store.get_alert(&home, viewer, &raised.id, at(number)).await.unwrap().as_ref(), Some(&raised));
        let stored = store.events_after(&home, number, 10).await.unwrap();
        assert_eq!(stored, [Event { id: number + 1, at: at(number), fact: Fact::AlertRaised(Box::new(raised)) }]);
    }
    let again = store.raise_alert(&alert("a", &home, None, 3), at(3), &Once::unclaimed()).await;
    assert_eq!(again, Err(StoreError::Conflict("alert")));
    let nowhere = TenantId::new("nowhere").unwrap();
    let refused = store.raise_alert(&alert("c", &nowhere, None, 3), at(3), &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::NotFound("tenant")));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 3);
}

pub(crate) async fn alerts_of_one_subject_are_raised_once_while_the_first_lasts(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let streak = |name: &str, tenant: &TenantId, ms| about("speed:bus:1", alert(name, tenant, None, ms));
    raise(&**store, &streak("first", &home, 0)).await;
    raise(&**store, &streak("theirs", &acme, 0)).await;
    raise(&**store, &about("speed:bus:2", alert("another streak", &home, None, 0))).await;
    // Alerts without a subject are never duplicates.
    raise(&**store, &alert("x", &home, None, 0)).await;
    raise(&**store, &alert("y", &home, None, 0)).await;
    let not_raised = async |name, ms| {
        assert!(!store.raise_alert(&streak(name, &home, ms), at(ms), &Once::unclaimed()).await.unwrap())
    };
    not_raised("second", 1).await;
    store.read_alert(&home, COMPANY, &alert_id("first"), None, at(2), &Once::unclaimed()).await.unwrap().unwrap();
    not_raised("after it was read", 3).await;
    assert!(store.delete_alert(&home, COMPANY, &alert_id("first"), at(4)).await.unwrap());
    not_raised("after it was deleted", 5).await;
    not_raised("just before it expires", 999).await;
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 6);
    raise(&**store, &streak("after it expired", &home, 1_000)).await;
    assert_eq!(list(&**store, &home, COMPANY, false, 1_000).await, ["after it expired"]);
}

pub(crate) async fn many_nodes_raise_an_alert_of_one_subject_once(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let other_node = database.another_node().await;
    // An expired alert that is not pruned yet does not block a new one.
    raise(&**store, &about("offline:bus", alert("old", &home, None, 0))).await;
    let writers: Vec<_> = (0..10)
        .map(|writer| {
            let store = if writer % 2 == 0 { store.clone() } else { other_node.clone() };
            let alert = about("offline:bus", alert(&format!("new {writer}"), &home, None, 2_000));
            tokio::spawn(async move { store.raise_alert(&alert, at(2_000), &Once::unclaimed()).await.unwrap() })
        })
        .collect();
    let mut raised = 0;
    for writer in writers {
        raised += i32::from(writer.await.unwrap());
    }
    assert_eq!(raised, 1);
    assert_eq!(list(&**store, &home, COMPANY, false, 2_000).await.len(), 1);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 2);
    other_node.close().await;
}

pub(crate) async fn alerts_are_listed_newest_first_to_those_who_may_see_them(database: &TestDatabase) {
    const ALERTS: i64 = 120;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut dice = Rng::with_seed(5);
    let mut all = Vec::new();
    for number in 0..ALERTS {
        let to = [None, None, Some(user(7)), Some(user(8))][usize::try_from(dice.u64(..4)).unwrap()];
        // Many alerts of one instant, and some that expired long ago.
        let one = alert(&format!("{:02x}-{number}", dice.u64(..256)), &home, to, dice.i64(-30..=10) * 100);
        raise(&**store, &one).await;
        raise(&**store, &alert(&format!("theirs {number}"), &acme, to, 500)).await;
        all.push(one);
    }
    let now = 1_001;
    for one in &mut all {
        if dice.u64(..3) == 0 {
            let viewer = FleetViewer { company: true, user: one.user_id, driver: None };
            let read = store.read_alert(&home, viewer, &one.id, None, at(now), &Once::unclaimed()).await.unwrap();
            one.read = read.map(|_| AlertRead { at: at(now), by: None });
        }
    }
    all.sort_by(|a, b| (b.at, b.id.as_str()).cmp(&(a.at, a.id.as_str())));
    let nobody = FleetViewer { company: false, user: None, driver: None };
    for viewer in [COMPANY, only(7), only(9), nobody, FleetViewer { company: true, user: Some(user(8)), driver: None }]
    {
        for unread in [false, true] {
            let seen = |one: &&Alert| {
                viewer.may_see(one.audience()) && one.expires_at > at(now) && !(unread && one.read.is_some())
            };
            let expected: Vec<&Alert> = all.iter().filter(seen).collect();
            let (mut listed, mut before) = (Vec::new(), None);
            loop {
                let page = store.list_alerts(&home, viewer, unread, before.as_ref(), 7, at(now)).await.unwrap();
                let Some(last) = page.last() else { break };
                before = Some(AlertCursor { at: last.at, id: last.id.clone() });
                listed.extend(page);
            }
            assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{viewer:?} {unread}");
        }
    }
}

pub(crate) async fn alert_is_marked_read_once(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let raised = alert("a", &home, Some(user(7)), 0);
    raise(&**store, &raised).await;
    for (tenant, viewer, name, ms) in [
        (&acme, only(7), "a", 1),
        (&home, only(8), "a", 1),
        (&home, COMPANY, "a", 1),
        (&home, only(7), "b", 1),
        (&home, only(7), "a", 1_000),
    ] {
        let id = alert_id(name);
        let read = store.read_alert(tenant, viewer, &id, Some(user(7)), at(ms), &Once::unclaimed()).await.unwrap();
        assert_eq!(read, None, "{tenant:?} {viewer:?} {name} {ms}");
        assert!(!store.delete_alert(tenant, viewer, &id, at(ms)).await.unwrap(), "{tenant:?} {viewer:?} {name} {ms}");
        assert_eq!(store.get_alert(tenant, viewer, &id, at(ms)).await.unwrap(), None);
    }
    let other_node = database.another_node().await;
    let readers: Vec<_> = (0..6)
        .map(|reader| {
            let store = if reader % 2 == 0 { store.clone() } else { other_node.clone() };
            let (home, id) = (home.clone(), raised.id.clone());
            let by = Some(user(reader + 1));
            tokio::spawn(async move {
                store.read_alert(&home, only(7), &id, by, at(10 + reader), &Once::unclaimed()).await.unwrap()
            })
        })
        .collect();
    let (mut marked, mut was_read) = (Vec::new(), Vec::new());
    for reader in readers {
        match reader.await.unwrap().unwrap() {
            AlertReadOutcome::Marked(alert) => marked.push(alert),
            AlertReadOutcome::WasRead(alert) => was_read.push(alert),
        }
    }
    let [marked] = marked.try_into().expect("one of them marks it");
    assert_eq!(was_read, vec![marked.clone(); 5]);
    let AlertRead { at: read_at, by: read_by } = marked.read.expect("it was marked");
    assert_eq!(marked, Alert { read: marked.read, ..raised.clone() });
    let read = Fact::AlertRead { alert_id: raised.id, user_id: Some(user(7)), read_by, read_at };
    assert_eq!(facts(&**store, &home, 1).await, [read]);
    other_node.close().await;
}

pub(crate) async fn deleted_alert_is_visible_to_nobody_and_published_once(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    raise(&**store, &alert("a", &home, None, 0)).await;
    raise(&**store, &alert("b", &home, None, 0)).await;
    let a = alert_id("a");
    assert!(store.delete_alert(&home, COMPANY, &a, at(1)).await.unwrap());
    assert!(!store.delete_alert(&home, COMPANY, &a, at(2)).await.unwrap());
    assert_eq!(store.read_alert(&home, COMPANY, &a, None, at(2), &Once::unclaimed()).await.unwrap(), None);
    assert_eq!(store.get_alert(&home, COMPANY, &a, at(2)).await.unwrap(), None);
    assert_eq!(list(&**store, &home, COMPANY, false, 2).await, ["b"]);
    assert_eq!(list(&**store, &home, COMPANY, true, 2).await, ["b"]);
    assert_eq!(facts(&**store, &home, 2).await, [Fact::AlertDeleted { alert_id: a, user_id: None }]);
}

pub(crate) async fn expired_alerts_are_forgotten_and_all_others_kept(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    raise(&**store, &alert("short", &home, None, 0)).await;
    raise(&**store, &alert("deleted", &home, None, 0)).await;
    raise(&**store, &alert("long", &home, None, 1)).await;
    store.delete_alert(&home, COMPANY, &alert_id("deleted"), at(1)).await.unwrap();
    let retention = Retention { events_ms: i64::MAX, positions_ms: i64::MAX, ..Retention::default() };
    assert_eq!(store.prune(at(999), &retention).await.unwrap().alerts, 0);
    assert_eq!(store.prune(at(1_000), &retention).await.unwrap().alerts, 2);
    assert_eq!(list(&**store, &home, COMPANY, false, 1_000).await, ["long"]);
    // Its id is free again, because the expired alert is gone.
    raise(&**store, &alert("short", &home, None, 1_000)).await;
}
