//! Events of a fleet that a viewer may see.

use crate::alerts::{alert, alert_id};
use crate::database::TestDatabase;
use crate::notices::{notification, user};
use crate::samples::{add_tenant, at, id, latitude, longitude};
use crate::trips::started;
use crate::visible_events::manual;
use fastrand::Rng;
use milepost_domain::{
    DrivingEvent, DrivingKind, Event, Fact, FenceCrossing, FenceEvent, FleetViewer, GeofenceId, Label, Notice,
    NoticeId, NotificationText, RecordViewer, Revision, ServiceBasis, ServiceDue, Severity, TenantId, Trip, TripUpdate,
    UserId,
};
use milepost_store::Once;
use std::time::Duration;

/// A fact of any kind, for the company or one of five users.
fn any_fact(dice: &mut Rng, tenant: &TenantId) -> Fact {
    let to = [None, UserId::new(dice.i64(1..=5)).ok()][usize::try_from(dice.u64(..2)).unwrap()];
    let vehicle_id = id("bus");
    let revision = [Revision::New, Revision::Reassigned][usize::try_from(dice.u64(..2)).unwrap()];
    let description = NotificationText::new("x").unwrap();
    match dice.u64(..11) {
        0 => Fact::VehicleChanged { vehicle_id },
        1 => Fact::GeofenceChanged { geofence_id: GeofenceId::new(1).unwrap() },
        2 => manual("drill", None, "{}"),
        3 => Fact::NoticeSent(Box::new(Notice {
            id: NoticeId::new(1).unwrap(),
            user_id: to.unwrap_or(user(1)),
            content: notification("x"),
            created_at: at(0),
            read_at: None,
        })),
        4 => {
            let trip = Trip { driver_id: to, ..started("trip", tenant, "bus", 0) };
            Fact::TripChanged(Box::new(TripUpdate { trip, revision }))
        }
        5 => Fact::FenceCrossed(Box::new(FenceCrossing {
            vehicle_id,
            driver_id: to,
            geofence_id: GeofenceId::new(1).unwrap(),
            geofence_name: Label::new("depot").unwrap(),
            event: FenceEvent::Exit,
            latitude: latitude(1.0),
            longitude: longitude(2.0),
            at: at(0),
            revision,
            visit: None,
            corrects: None,
        })),
        6 => Fact::DrivingNoted(Box::new(DrivingEvent {
            vehicle_id,
            driver_id: to,
            kind: DrivingKind::HarshBraking,
            severity: Severity::Medium,
            description,
            at: at(0),
            revision,
            corrects: None,
        })),
        7 => {
            let (basis, severity) = (ServiceBasis::Odometer, Severity::Medium);
            Fact::ServiceDue(Box::new(ServiceDue {
                vehicle_id,
                basis,
                severity,
                description,
                at: at(0),
                revision,
                corrects: None,
            }))
        }
        8 => Fact::AlertRaised(Box::new(alert("a", tenant, to, 0))),
        9 => Fact::AlertRead { alert_id: alert_id("a"), user_id: to, read_by: None, read_at: at(0) },
        _ => Fact::AlertDeleted { alert_id: alert_id("a"), user_id: to },
    }
}

fn may_see(viewer: FleetViewer, event: &Event) -> bool {
    event.fact.fleet_audience().is_some_and(|audience| viewer.may_see(audience))
}

pub(crate) async fn fleet_events_are_those_that_may_be_seen(database: &TestDatabase) {
    const EVENTS: i64 = 500;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut dice = Rng::with_seed(9);
    for tenant in [&home, &acme] {
        let facts: Vec<Fact> = (0..EVENTS).map(|_| any_fact(&mut dice, tenant)).collect();
        store.append_facts(tenant, &facts, at(0), &Once::unclaimed()).await.unwrap();
        let all = store.events_after(tenant, 0, u32::MAX).await.unwrap();
        assert_eq!(all.iter().map(|event| event.fact.clone()).collect::<Vec<_>>(), facts);
        for _ in 0..150 {
            let mut anybody = || (dice.u64(..2) == 0).then(|| user(dice.i64(1..=6)));
            let (user, driver) = (anybody(), anybody());
            let viewer = FleetViewer { company: dice.u64(..2) == 0, user, driver };
            let (after, up_to) = (dice.i64(-1..=EVENTS), dice.i64(0..=EVENTS + 10));
            let limit = if dice.u64(..4) == 0 { u32::MAX } else { u32::try_from(dice.u64(..40)).unwrap() };
            let seen = |event: &&Event| event.id > after && event.id <= up_to && may_see(viewer, event);
            let expected: Vec<Event> = all.iter().filter(seen).take(usize::try_from(limit).unwrap()).cloned().collect();
            let stored = store.fleet_events(tenant, viewer, after, up_to, limit).await.unwrap();
            assert_eq!(stored, expected, "{viewer:?} after {after} up to {up_to}, {limit}");
        }
        // No event of the fleet is a record.
        let staff = RecordViewer { staff: true, cadet: None, user: Some(user(3)) };
        let records = store.visible_events(tenant, staff, 0, EVENTS, u32::MAX).await.unwrap();
        assert!(records.iter().all(|event| event.fact.fleet_audience().is_none()) && !records.is_empty());
    }
}

pub(crate) async fn few_are_found_among_any_number_of_others(database: &TestDatabase) {
    /// Reading this many events takes some 20 ms each time, and reading along the index less than one.
    const OTHERS: i64 = 200_000;
    const LOOKS: i64 = 400;
    const PATIENCE: Duration = Duration::from_secs(8);
    let (store, home) = (&database.store, TenantId::default_tenant());
    let own = Fact::AlertDeleted { alert_id: alert_id("a"), user_id: Some(user(7)) };
    let trip = Trip { driver_id: Some(user(7)), ..started("trip", &home, "bus", 0) };
    let driven = Fact::TripChanged(Box::new(TripUpdate { trip, revision: Revision::New }));
    store.append_facts(&home, &[own], at(0), &Once::unclaimed()).await.unwrap();
    // Events of another user, of another driver, and internal ones.
    database
        .run(&format!(
            "insert into events (tenant_no, id, at_ms, kind, payload, for_fleet, for_driver)
             with recursive n (id) as (select 2 union all select id + 1 from n where id <= {OTHERS})
             select tenant_no, n.id, 0, case when n.id % 2 = 0 then 'alert_deleted' else 'rules_changed' end,
             '{{\"alert_id\":\"a\",\"user_id\":8,\"version\":1}}', case when n.id % 2 = 0 then 8 end,
             case when n.id % 2 = 1 then 8 end
             from n cross join event_counters;
             update event_counters set last = {OTHERS} + 1"
        ))
        .await;
    store.append_facts(&home, &[driven], at(0), &Once::unclaimed()).await.unwrap();
    let viewer = FleetViewer { company: false, user: Some(user(7)), driver: Some(user(7)) };
    let manager = FleetViewer { company: true, driver: None, ..viewer };
    // Tested with and without the database's statistics.
    for statements in ["", "analyze"] {
        database.run(statements).await;
        let look = async {
            for after in 0..LOOKS {
                let viewer = [viewer, manager][usize::try_from(after / 2 % 2).unwrap()];
                let stored = store.fleet_events(&home, viewer, after % 2, i64::MAX, 100).await.unwrap();
                let ids: Vec<_> = stored.iter().map(|event| event.id).collect();
                assert_eq!(ids, [1, OTHERS + 2][usize::try_from(after % 2).unwrap()..]);
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("every look goes along the index");
    }
}
