//! Cadets and the totals of their records.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, home_tenant};
use milepost_domain::{
    Attendance, AttendanceStatus, AttendanceUpdate, Cadet, CadetId, CadetName, Event, ExpectedVersion, Fact, Grade,
    GradeGiven, GradeId, GradeKind, GradeUpdate, Points, Reason, Score, ScoreChange, Scores, ScoresUpdate, Standing,
    StudentId, TenantId, TimeOfDay, TrainingDayId,
};
use milepost_store::{NewCadet, Once, Store, StoreError};

pub(crate) fn new_cadet(tenant: &TenantId, student_id: Option<&str>) -> NewCadet {
    NewCadet {
        tenant: tenant.clone(),
        name: CadetName::new("Zoë O'Neill «ü»").unwrap(),
        student_id: student_id.map(|id| StudentId::new(id).unwrap()),
    }
}

pub(crate) async fn add_cadet(store: &dyn Store, tenant: &TenantId) -> Cadet {
    store.add_cadet(&new_cadet(tenant, None), at(0), &Once::unclaimed()).await.unwrap()
}

pub(crate) fn given(kind: GradeKind, points: i64, reason: &str) -> GradeGiven {
    GradeGiven { kind, points: Points::new(points).unwrap(), reason: Reason::new(reason).unwrap() }
}

pub(crate) fn merit(points: i64) -> GradeGiven {
    given(GradeKind::Merit, points, "outstanding")
}

pub(crate) fn demerit(points: i64) -> GradeGiven {
    given(GradeKind::Demerit, points, "late")
}

pub(crate) fn day(number: i64) -> TrainingDayId {
    TrainingDayId::new(number).unwrap()
}

pub(crate) fn attended(status: AttendanceStatus) -> Attendance {
    Attendance { status, time_in: None, time_out: None }
}

pub(crate) fn score(points: f64) -> Option<Score> {
    Some(Score::new(points).unwrap())
}

/// Lists the events after `after`.
async fn events(store: &dyn Store, tenant: &TenantId, after: i64) -> Vec<Event> {
    store.events_after(tenant, after, 10_000).await.unwrap()
}

async fn standing(store: &dyn Store, id: CadetId) -> Standing {
    store.get_cadet(&home_tenant(), id).await.unwrap().unwrap().standing
}

pub(crate) async fn cadet_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = store.add_cadet(&new_cadet(&home, Some("2026-Ä 1")), at(3), &Once::unclaimed()).await.unwrap();
    let expected = Cadet {
        id: cadet.id,
        tenant: home.clone(),
        name: CadetName::new("Zoë O'Neill «ü»").unwrap(),
        student_id: Some(StudentId::new("2026-Ä 1").unwrap()),
        standing: Standing::default(),
        created_at: at(3),
        version: 1,
    };
    assert_eq!(cadet, expected);
    assert_eq!(store.get_cadet(&home_tenant(), cadet.id).await.unwrap(), Some(expected));
    let stored = events(&**store, &home, 0).await;
    assert_eq!(stored, [Event { id: 1, at: at(3), fact: Fact::CadetAdded { cadet_id: cadet.id } }]);
    let nowhere = TenantId::new("nowhere").unwrap();
    assert_eq!(
        store.add_cadet(&new_cadet(&nowhere, None), at(0), &Once::unclaimed()).await,
        Err(StoreError::NotFound("tenant"))
    );
    assert_eq!(store.get_cadet(&home_tenant(), CadetId::new(999).unwrap()).await.unwrap(), None);
}

pub(crate) async fn student_id_is_taken_once_in_its_tenant(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    store.add_cadet(&new_cadet(&home, Some("S-1")), at(0), &Once::unclaimed()).await.unwrap();
    let again = store.add_cadet(&new_cadet(&home, Some("S-1")), at(0), &Once::unclaimed()).await;
    assert_eq!(again, Err(StoreError::Conflict("student_id")));
    store.add_cadet(&new_cadet(&acme, Some("S-1")), at(0), &Once::unclaimed()).await.unwrap();
    // Any number of cadets may have no student id.
    store.add_cadet(&new_cadet(&home, None), at(0), &Once::unclaimed()).await.unwrap();
    store.add_cadet(&new_cadet(&home, None), at(0), &Once::unclaimed()).await.unwrap();
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 3);
}

pub(crate) async fn cadets_are_listed_page_by_page(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.push(add_cadet(&**store, &home).await.id);
        add_cadet(&**store, &acme).await;
    }
    let page = async |after, limit| -> Vec<CadetId> {
        store.list_cadets(&home, after, limit).await.unwrap().iter().map(|cadet| cadet.id).collect()
    };
    assert_eq!(page(None, 2).await, expected[..2]);
    assert_eq!(page(Some(expected[1]), 2).await, expected[2..]);
    assert!(page(Some(expected[2]), 2).await.is_empty());
}

pub(crate) async fn grade_counts_until_it_is_taken_back(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await.id;
    let other = add_cadet(&**store, &home).await.id;
    let praise = store.add_grade(&home_tenant(), cadet, &merit(5), at(1), &Once::unclaimed()).await.unwrap();
    assert_eq!(praise, Grade { id: praise.id, cadet_id: cadet, given: merit(5), created_at: at(1) });
    let blame = store.add_grade(&home_tenant(), cadet, &demerit(3), at(2), &Once::unclaimed()).await.unwrap();
    store.add_grade(&home_tenant(), cadet, &merit(1000), at(3), &Once::unclaimed()).await.unwrap();
    let sums = |merit_points, demerit_points| Standing { merit_points, demerit_points, ..Standing::default() };
    assert_eq!(standing(&**store, cadet).await, sums(1005, 3));
    assert_eq!(
        store.remove_grade(&home_tenant(), other, &ExpectedVersion::Any, praise.id, at(4)).await.unwrap(),
        None,
        "another cadet's grade"
    );
    assert_eq!(
        store.remove_grade(&home_tenant(), cadet, &ExpectedVersion::Any, praise.id, at(4)).await.unwrap(),
        Some(praise.clone())
    );
    assert_eq!(
        store.remove_grade(&home_tenant(), cadet, &ExpectedVersion::Any, praise.id, at(5)).await.unwrap(),
        None,
        "taken back twice"
    );
    assert_eq!(
        store.remove_grade(&home_tenant(), cadet, &ExpectedVersion::Any, blame.id, at(6)).await.unwrap(),
        Some(blame.clone())
    );
    assert_eq!(standing(&**store, cadet).await, sums(1000, 0));
    assert_eq!(standing(&**store, other).await, Standing::default());
    // An event for each of the two cadets, and one for each change.
    let stored = events(&**store, &home, 2).await;
    assert_eq!(stored.len(), 5);
    let update = |grade: &Grade, removed, standing| {
        let given = grade.given.clone();
        Fact::GradeUpdated(Box::new(GradeUpdate { cadet_id: cadet, grade_id: grade.id, given, removed, standing }))
    };
    assert_eq!(stored[0].fact, update(&praise, false, sums(5, 0)));
    assert_eq!(stored[1].fact, update(&blame, false, sums(5, 3)));
    assert_eq!(stored[3].fact, update(&praise, true, sums(1000, 3)));
    assert_eq!(stored[4], Event { id: 7, at: at(6), fact: update(&blame, true, sums(1000, 0)) });
}

pub(crate) async fn grades_are_listed_newest_first(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let (cadet, other) = (add_cadet(&**store, &home).await.id, add_cadet(&**store, &home).await.id);
    let mut grades = Vec::new();
    for points in 1..=3 {
        grades.insert(
            0,
            store.add_grade(&home_tenant(), cadet, &merit(points), at(points), &Once::unclaimed()).await.unwrap(),
        );
        store.add_grade(&home_tenant(), other, &merit(7), at(0), &Once::unclaimed()).await.unwrap();
    }
    assert_eq!(store.list_grades(&home_tenant(), cadet, None, 2).await.unwrap(), grades[..2]);
    assert_eq!(store.list_grades(&home_tenant(), cadet, Some(grades[1].id), 2).await.unwrap(), grades[2..]);
    assert!(store.list_grades(&home_tenant(), CadetId::new(999).unwrap(), None, 2).await.unwrap().is_empty());
}

pub(crate) async fn only_present_days_count(database: &TestDatabase) {
    use AttendanceStatus::{Absent, Excused, Late, Present};
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await.id;
    let steps = [
        (1, Absent, 0),
        (1, Present, 1),
        (2, Present, 2),
        (2, Late, 1),
        (2, Excused, 1),
        (2, Present, 2),
        (1, Absent, 1),
        (i64::MAX, Present, 2),
    ];
    for (number, status, present) in steps {
        assert!(
            store
                .set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(number), &attended(status), at(9))
                .await
                .unwrap()
        );
        assert_eq!(standing(&**store, cadet).await.attendance_present, present, "{number} {status:?}");
        let update = AttendanceUpdate {
            cadet_id: cadet,
            training_day_id: day(number),
            attendance: attended(status),
            attendance_present: present,
        };
        let newest = events(&**store, &home, 1).await.pop().unwrap();
        assert_eq!(newest.fact, Fact::AttendanceUpdated(Box::new(update)));
    }
}

pub(crate) async fn attendance_that_is_so_already_stores_no_event(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await.id;
    let time = |seconds| Some(TimeOfDay::from_seconds(seconds).unwrap());
    let came = Attendance { time_in: time(0), ..attended(AttendanceStatus::Present) };
    let left = Attendance { time_out: time(86_399), ..came };
    assert!(store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(5), &came, at(0)).await.unwrap());
    assert!(!store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(5), &came, at(1)).await.unwrap());
    assert!(store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(5), &left, at(2)).await.unwrap());
    assert!(!store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(5), &left, at(3)).await.unwrap());
    assert_eq!(standing(&**store, cadet).await.attendance_present, 1);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 3);
    store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(9), &came, at(4)).await.unwrap();
    store.set_attendance(&home_tenant(), cadet, &ExpectedVersion::Any, day(i64::MAX), &came, at(5)).await.unwrap();
    let all = [(day(i64::MAX), came), (day(9), came), (day(5), left)];
    assert_eq!(store.list_attendance(&home_tenant(), cadet, None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.list_attendance(&home_tenant(), cadet, Some(day(9)), 2).await.unwrap(), all[2..]);
    assert!(store.list_attendance(&home_tenant(), cadet, Some(day(1)), 2).await.unwrap().is_empty());
}

pub(crate) async fn scores_publish_only_what_differs(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await.id;
    let first = ScoreChange { prelim: Some(score(85.5)), midterm: Some(score(0.0)), r#final: Some(None) };
    let after_first = Scores { prelim: score(85.5), midterm: score(0.0), r#final: None };
    let (changed, differs) =
        store.change_scores(&home_tenant(), cadet, &ExpectedVersion::Any, first, at(1)).await.unwrap();
    assert_eq!((changed.standing.scores, differs), (after_first, true));
    let (_, differs) = store.change_scores(&home_tenant(), cadet, &ExpectedVersion::Any, first, at(2)).await.unwrap();
    assert!(!differs, "the same again");
    let (_, differs) =
        store.change_scores(&home_tenant(), cadet, &ExpectedVersion::Any, ScoreChange::default(), at(2)).await.unwrap();
    assert!(!differs, "nothing");
    let second = ScoreChange { prelim: Some(score(85.5)), midterm: Some(None), r#final: Some(score(99.99)) };
    let (changed, _) = store.change_scores(&home_tenant(), cadet, &ExpectedVersion::Any, second, at(3)).await.unwrap();
    let after_second = Scores { prelim: score(85.5), midterm: None, r#final: score(99.99) };
    assert_eq!(changed.standing.scores, after_second);
    assert_eq!(store.get_cadet(&home_tenant(), cadet).await.unwrap(), Some(changed));
    let stored: Vec<Fact> = events(&**store, &home, 1).await.into_iter().map(|event| event.fact).collect();
    let update = |scores, changed| Fact::ScoresUpdated(Box::new(ScoresUpdate { cadet_id: cadet, scores, changed }));
    let expected = [
        update(after_first, ScoreChange { r#final: None, ..first }),
        update(after_second, ScoreChange { prelim: None, ..second }),
    ];
    assert_eq!(stored, expected);
}

pub(crate) async fn records_of_no_cadet_are_refused(database: &TestDatabase) {
    let (store, nobody) = (&database.store, CadetId::new(1).unwrap());
    let refused = StoreError::NotFound("cadet");
    assert_eq!(
        store.add_grade(&home_tenant(), nobody, &merit(1), at(0), &Once::unclaimed()).await,
        Err(refused.clone())
    );
    assert_eq!(
        store.remove_grade(&home_tenant(), nobody, &ExpectedVersion::Any, GradeId::new(1).unwrap(), at(0)).await,
        Ok(None)
    );
    let present = attended(AttendanceStatus::Present);
    assert_eq!(
        store.set_attendance(&home_tenant(), nobody, &ExpectedVersion::Any, day(1), &present, at(0)).await,
        Err(refused.clone())
    );
    let change = ScoreChange { prelim: Some(score(1.0)), ..ScoreChange::default() };
    assert_eq!(store.change_scores(&home_tenant(), nobody, &ExpectedVersion::Any, change, at(0)).await, Err(refused));
    assert_eq!(store.newest_event_id(&TenantId::default_tenant()).await.unwrap(), 0);
}

pub(crate) async fn totals_are_right_under_many_writers(database: &TestDatabase) {
    const WRITERS: i64 = 8;
    const ROUNDS: i64 = 12;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let other_node = database.another_node().await;
    let cadet = add_cadet(&**store, &home).await.id;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = if writer % 2 == 0 { store.clone() } else { other_node.clone() };
            tokio::spawn(async move {
                for round in 1..=ROUNDS {
                    let praise =
                        store.add_grade(&home_tenant(), cadet, &merit(round), at(0), &Once::unclaimed()).await.unwrap();
                    store.add_grade(&home_tenant(), cadet, &demerit(round), at(0), &Once::unclaimed()).await.unwrap();
                    if round % 3 == 0 {
                        store
                            .remove_grade(&home_tenant(), cadet, &ExpectedVersion::Any, praise.id, at(0))
                            .await
                            .unwrap()
                            .expect("it is there");
                    }
                    let status = AttendanceStatus::ALL[usize::try_from((writer + round) % 4).unwrap()];
                    // All writers set the attendance of the same twelve days.
                    store
                        .set_attendance(
                            &home_tenant(),
                            cadet,
                            &ExpectedVersion::Any,
                            day(round),
                            &attended(status),
                            at(0),
                        )
                        .await
                        .unwrap();
                    let points = Some(score((writer * ROUNDS + round) as f64 / 2.0));
                    let change = ScoreChange { prelim: points, ..ScoreChange::default() };
                    store.change_scores(&home_tenant(), cadet, &ExpectedVersion::Any, change, at(0)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let kept = (1..=ROUNDS).filter(|round| round % 3 != 0).sum::<i64>() * WRITERS;
    let now = standing(&**store, cadet).await;
    assert_eq!((now.merit_points, now.demerit_points), (kept, (1..=ROUNDS).sum::<i64>() * WRITERS));
    let days = store.list_attendance(&home_tenant(), cadet, None, 100).await.unwrap();
    let present = days.iter().filter(|(_, day)| day.status == AttendanceStatus::Present).count();
    assert_eq!(now.attendance_present, i64::try_from(present).unwrap());
    // Each event has the totals of all events up to it.
    let mut sums = Standing::default();
    for (expected_id, event) in (2..).zip(events(&**store, &home, 1).await) {
        assert_eq!(event.id, expected_id);
        match event.fact {
            Fact::GradeUpdated(update) => {
                let points = update.given.points.get() * if update.removed { -1 } else { 1 };
                match update.given.kind {
                    GradeKind::Merit => sums.merit_points += points,
                    GradeKind::Demerit => sums.demerit_points += points,
                }
                assert_eq!(update.standing, sums);
            }
            Fact::AttendanceUpdated(update) => sums.attendance_present = update.attendance_present,
            Fact::ScoresUpdated(update) => {
                assert_eq!(update.changed.against(sums.scores), update.changed, "only what differs");
                sums.scores = update.changed.applied_to(sums.scores);
                assert_eq!(update.scores, sums.scores);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sums, now);
    other_node.close().await;
}
