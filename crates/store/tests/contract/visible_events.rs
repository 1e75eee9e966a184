//! Events that a viewer of records may see.

use crate::cadets::{attended, merit};
use crate::database::TestDatabase;
use crate::notices::{notification, user};
use crate::samples::{add_tenant, at, id};
use fastrand::Rng;
use milepost_domain::{
    AttendanceStatus, AttendanceUpdate, CadetId, Event, EventType, Fact, GradeId, GradeUpdate, JsonObject, ManualEvent,
    Notice, NoticeId, RecordViewer, ScoreChange, Scores, ScoresUpdate, Standing, TenantId, TrainingDayId,
};
use milepost_store::Once;
use std::time::Duration;

pub(crate) const NOTHING: RecordViewer = RecordViewer { staff: false, cadet: None, user: None };

pub(crate) fn cadet(number: i64) -> CadetId {
    CadetId::new(number).unwrap()
}

pub(crate) fn manual(event_type: &str, cadet_id: Option<CadetId>, payload: &str) -> Fact {
    Fact::ManualEvent(Box::new(ManualEvent {
        event_type: EventType::new(event_type).unwrap(),
        cadet_id,
        payload: JsonObject::of_parsed(payload.to_owned(), "payload").unwrap(),
    }))
}

/// A fact of any kind, of one of five cadets or users.
fn any_fact(dice: &mut Rng) -> Fact {
    let (cadet_id, user_id) = (cadet(dice.i64(1..=5)), user(dice.i64(1..=5)));
    match dice.u64(..10) {
        0 => Fact::VehicleChanged { vehicle_id: id("bus") },
        1 => Fact::CadetAdded { cadet_id },
        2 => Fact::GradeUpdated(Box::new(GradeUpdate {
            cadet_id,
            grade_id: GradeId::new(1).unwrap(),
            given: merit(5),
            removed: false,
            standing: Standing::default(),
        })),
        3 => Fact::AttendanceUpdated(Box::new(AttendanceUpdate {
            cadet_id,
            training_day_id: TrainingDayId::new(1).unwrap(),
            attendance: attended(AttendanceStatus::Late),
            attendance_present: 0,
        })),
        4 => Fact::ScoresUpdated(Box::new(ScoresUpdate {
            cadet_id,
            scores: Scores::default(),
            changed: ScoreChange { prelim: Some(None), ..ScoreChange::default() },
        })),
        5 => Fact::NoticeSent(Box::new(Notice {
            id: NoticeId::new(1).unwrap(),
            user_id,
            content: notification("x"),
            created_at: at(0),
            read_at: None,
        })),
        6 => Fact::NoticeRead { notice_id: NoticeId::new(1).unwrap(), user_id, is_message: false, read_at: at(0) },
        7 => manual("drill", Some(cadet_id), "{}"),
        8 => manual("drill", None, "{}"),
        _ => Fact::Unknown { kind: "moon.landed".to_owned(), payload: "{}".to_owned() },
    }
}

fn any_viewer(dice: &mut Rng) -> RecordViewer {
    RecordViewer {
        staff: dice.u64(..2) == 0,
        cadet: (dice.u64(..2) == 0).then(|| cadet(dice.i64(1..=6))),
        user: (dice.u64(..2) == 0).then(|| user(dice.i64(1..=6))),
    }
}

pub(crate) async fn visible_events_are_those_that_may_be_seen(database: &TestDatabase) {
    const EVENTS: i64 = 600;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut dice = Rng::with_seed(4);
    let mut stored = 0;
    while stored < EVENTS {
        // Of each tenant, so that their ids are the same and their events are not.
        let count = dice.i64(1..=150).min(EVENTS - stored);
        for tenant in [&home, &acme] {
            let facts: Vec<Fact> = (0..count).map(|_| any_fact(&mut dice)).collect();
            store.append_facts(tenant, &facts, at(stored), &Once::unclaimed()).await.unwrap();
        }
        stored += count;
    }
    for tenant in [&home, &acme] {
        let all = store.events_after(tenant, 0, u32::MAX).await.unwrap();
        assert_eq!(all.len(), usize::try_from(EVENTS).unwrap());
        for _ in 0..150 {
            let viewer = any_viewer(&mut dice);
            let (after, up_to) = (dice.i64(-1..=EVENTS), dice.i64(0..=EVENTS + 10));
            let limit = if dice.u64(..4) == 0 { u32::MAX } else { u32::try_from(dice.u64(..40)).unwrap() };
            let expected: Vec<Event> = all
                .iter()
                .filter(|event| event.id > after && event.id <= up_to && viewer.may_see(event.fact.audience()))
                .take(usize::try_from(limit).unwrap())
                .cloned()
                .collect();
            let seen = store.visible_events(tenant, viewer, after, up_to, limit).await.unwrap();
            assert_eq!(seen, expected, "{viewer:?} after {after} up to {up_to}, {limit}");
        }
    }
    let nowhere = TenantId::new("nowhere").unwrap();
    let everyone = RecordViewer { staff: true, cadet: None, user: Some(user(1)) };
    assert!(store.visible_events(&nowhere, everyone, 0, i64::MAX, 10).await.unwrap().is_empty());
}

/// A newer version on the same database may know more kinds and their audiences.
pub(crate) async fn events_of_unknown_kind_are_seen_by_nobody_and_hide_nothing(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let unknown = Fact::Unknown { kind: "medal.given".to_owned(), payload: "{}".to_owned() };
    let mut facts = vec![unknown; 30];
    for place in [7, 15, 29] {
        facts[place] = manual("drill", Some(cadet(1)), "{}");
    }
    store.append_facts(&home, &facts, at(0), &Once::unclaimed()).await.unwrap();
    database.run("update events set for_staff = true, for_cadet = 1, for_user = 1").await;
    for viewer in [RecordViewer { staff: true, ..NOTHING }, RecordViewer { cadet: Some(cadet(1)), ..NOTHING }] {
        for limit in [2, 3, 10] {
            let seen = store.visible_events(&home, viewer, 0, 30, limit).await.unwrap();
            let ids: Vec<_> = seen.iter().map(|event| event.id).collect();
            assert_eq!(ids, [8, 16, 30][..ids.len()], "{viewer:?} {limit}");
            assert_eq!(ids.len(), usize::try_from(limit).unwrap().min(3));
        }
    }
}

pub(crate) async fn few_are_found_among_any_number_of_others(database: &TestDatabase) {
    /// Reading this many events takes some 20 ms each time, and reading along the index less than one.
    const OTHERS: i64 = 200_000;
    const LOOKS: i64 = 400;
    const PATIENCE: Duration = Duration::from_secs(8);
    let (store, home) = (&database.store, TenantId::default_tenant());
    let own = [manual("drill", Some(cadet(1)), "{}"), manual("drill", Some(cadet(1)), "{}")];
    store.append_facts(&home, &own[..1], at(0), &Once::unclaimed()).await.unwrap();
    // Events of another cadet, and internal ones.
    database
        .run(&format!(
            "insert into events (tenant_no, id, at_ms, kind, payload, for_staff, for_cadet)
             with recursive n (id) as (select 2 union all select id + 1 from n where id <= {OTHERS})
             select tenant_no, n.id, 0, case when n.id % 2 = 0 then 'manual_event' else 'vehicle_changed' end,
             '{{\"event_type\":\"drill\",\"cadet_id\":2,\"payload\":\"{{}}\",\"vehicle_id\":\"bus\"}}',
             case when n.id % 2 = 0 then true end, case when n.id % 2 = 0 then 2 end
             from n cross join event_counters;
             update event_counters set last = {OTHERS} + 1"
        ))
        .await;
    store.append_facts(&home, &own[1..], at(0), &Once::unclaimed()).await.unwrap();
    let ids = async |viewer, after| -> Vec<i64> {
        let events = store.visible_events(&home, viewer, after, i64::MAX, 100).await.unwrap();
        events.iter().map(|event| event.id).collect()
    };
    let ends = [1, OTHERS + 2];
    let mine = RecordViewer { cadet: Some(cadet(1)), user: Some(user(9)), ..NOTHING };
    let staff = RecordViewer { staff: true, user: Some(user(9)), ..NOTHING };
    // Tested with and without the database's statistics.
    for statements in ["", "analyze"] {
        database.run(statements).await;
        let look = async {
            for after in 0..LOOKS {
                assert_eq!(ids(mine, 0).await, ends);
                assert!(ids(RecordViewer { user: Some(user(9)), ..NOTHING }, after).await.is_empty());
                assert_eq!(ids(staff, after * 2).await.len(), 100);
                assert_eq!(ids(RecordViewer { staff: true, ..NOTHING }, OTHERS - 1).await, [OTHERS, OTHERS + 2]);
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("every look goes along an index");
    }
}
