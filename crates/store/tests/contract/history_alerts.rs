//! Alerts that the fold raises and later takes back or moves.

use crate::alerts::{alert, alert_id};
use crate::database::TestDatabase;
use crate::history::{fold_of, write};
use crate::notices::user;
use crate::samples::{add_vehicles, at};
use milepost_domain::{AlertSubject, Fact, FleetViewer, TenantId};
use milepost_store::HistoryChange;

fn subject(name: &str) -> AlertSubject {
    AlertSubject::new(name).unwrap()
}

fn raised(name: &str, about: &str) -> HistoryChange {
    let tenant = TenantId::default_tenant();
    let alert = milepost_domain::Alert { subject: Some(subject(about)), ..alert(name, &tenant, None, 0) };
    HistoryChange::Alert { known_at: alert.at, alert: Box::new(alert) }
}

fn taken_back(about: &str) -> HistoryChange {
    HistoryChange::NoAlert { subject: subject(about) }
}

fn moved(moves: &[(&str, &str)]) -> HistoryChange {
    HistoryChange::MovedAlerts(moves.iter().map(|(from, to)| (subject(from), subject(to))).collect())
}

/// The events of one write after another: `+` for an alert raised, `-` for one deleted.
async fn events_of(database: &TestDatabase, changes: Vec<HistoryChange>) -> String {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let before = store.newest_event_id(&home).await.unwrap();
    let known = fold_of(&**store, &home, "bus").await;
    assert_eq!(store.write_history(&[write(&known, 1, changes)], at(10)).await.unwrap().stale, []);
    let stored = store.events_after(&home, before, 100).await.unwrap();
    let words = stored.iter().map(|event| match &event.fact {
        Fact::AlertRaised(alert) => format!("+{}", alert.id),
        Fact::AlertDeleted { alert_id, user_id: None } => format!("-{alert_id}"),
        other => panic!("{other:?}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

pub(crate) async fn alerts_go_over_to_other_subjects_all_at_once(database: &TestDatabase) {
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["bus"]).await;
    let all = vec![raised("a", "s1"), raised("b", "s2"), raised("c", "s3"), raised("d", "s4")];
    assert_eq!(events_of(database, all).await, "+a +b +c +d");
    // Along a chain, in a circle, and from a subject without an alert.
    assert_eq!(events_of(database, vec![moved(&[("s1", "s2"), ("s2", "s5"), ("s9", "s6")])]).await, "");
    assert_eq!(events_of(database, vec![moved(&[("s3", "s4"), ("s4", "s3")])]).await, "");
    let again = ["s2", "s3", "s4", "s5"].map(|about| raised("again", about)).to_vec();
    assert_eq!(events_of(database, again).await, "", "each has its alert");
    let none = ["s2", "s3", "s4", "s5"].map(taken_back).to_vec();
    assert_eq!(events_of(database, none).await, "-a -d -c -b");
    // The old subjects are free.
    assert_eq!(events_of(database, vec![raised("e", "s1"), raised("f", "s6")]).await, "+e +f");
    // If two alerts get one subject, one is deleted.
    assert_eq!(events_of(database, vec![moved(&[("s1", "s6")])]).await, "-e");
}

pub(crate) async fn what_was_taken_back_is_raised_anew_and_what_a_user_deleted_is_not(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    assert_eq!(events_of(database, vec![raised("a", "s1"), raised("b", "s2")]).await, "+a +b");
    let viewer = FleetViewer { company: true, user: Some(user(7)), driver: None };
    assert!(store.delete_alert(&home, viewer, &alert_id("b"), at(10)).await.unwrap());
    let before = store.newest_event_id(&home).await.unwrap();
    let back_and_again = vec![taken_back("s1"), taken_back("s2"), raised("c", "s1"), raised("d", "s2")];
    assert_eq!(events_of(database, back_and_again).await, "-a +c");
    assert_eq!(store.newest_event_id(&home).await.unwrap(), before + 2);
    let standing = store.list_alerts(&home, viewer, false, None, 10, at(10)).await.unwrap();
    assert_eq!(standing.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), ["c"]);
}

pub(crate) async fn a_corrected_alert_keeps_what_is_its_own(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    assert_eq!(events_of(database, vec![raised("a", "s1"), raised("b", "s2")]).await, "+a +b");
    let viewer = FleetViewer { company: true, user: Some(user(7)), driver: None };
    let alert_of = async |name: &str| store.get_alert(&home, viewer, &alert_id(name), at(10)).await.unwrap().unwrap();
    let (known, untouched) = (alert_of("a").await, alert_of("b").await);
    let other = milepost_domain::Alert {
        id: alert_id("c"),
        message: milepost_domain::NotificationText::new("elsewhere").unwrap(),
        data: milepost_domain::JsonObject::of_parsed(r#"{"latitude":1.5}"#.to_owned(), "data").ok(),
        at: at(7),
        subject: Some(subject("s3")),
        expires_at: at(1_000_000_000),
        ..known.clone()
    };
    // It gets another subject first, as when its visit began at another time.
    let corrected = HistoryChange::CorrectedAlert(Box::new(other.clone()));
    assert_eq!(events_of(database, vec![moved(&[("s1", "s3")]), corrected.clone()]).await, "");
    let expected = milepost_domain::Alert { id: known.id.clone(), expires_at: known.expires_at, ..other };
    assert_eq!((alert_of("a").await, alert_of("b").await), (expected, untouched));
    // Where there is none, none is raised.
    assert_eq!(events_of(database, vec![taken_back("s3"), corrected]).await, "-a");
}
