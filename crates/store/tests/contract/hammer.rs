//! Many writers on several tenants and two nodes, some of which give up halfway, while readers follow: there is no gap,
//! no inversion and no loss.
//!
//! `MILEPOST_HAMMER_ROUNDS` makes the test longer, and lets it print what it did.

use crate::cadets::{attended, day, given, new_cadet, score};
use crate::database::TestDatabase;
use crate::notices::{notification, user};
use crate::samples::{add_tenant, at};
use crate::visible_events::{NOTHING, manual};
use fastrand::Rng;
use milepost_domain::{
    AttendanceStatus, CadetId, Event, ExpectedVersion, Fact, GradeKind, NoticeContent, RecordViewer, ScoreChange,
    TenantId,
};
use milepost_store::{Once, Store, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const TENANTS: usize = 3;
/// Writers of each tenant.
const WRITERS: u64 = 8;
/// Fewer rounds for SQLite, which flushes every commit, and where two processes wait for each other's lock.
const SQLITE_ROUNDS: u64 = 12;
const POSTGRES_ROUNDS: u64 = 40;

/// What a writer works on.
#[derive(Clone)]
struct Field {
    nodes: [Arc<dyn Store>; 2],
    tenant: TenantId,
    cadets: [CadetId; 2],
}

/// One write: a unique mark, and the number of events with this mark if it was stored.
struct Write {
    mark: String,
    events: usize,
    /// Whether the store answered that it is stored.
    acknowledged: bool,
}

/// Writes one marked thing; how many events it should have.
async fn write(store: &dyn Store, field: &Field, dice: &mut Rng, mark: &str) -> Result<usize, StoreError> {
    let cadet = field.cadets[usize::try_from(dice.u64(..2)).unwrap()];
    match dice.u64(..5) {
        0 => {
            let text = notification(mark);
            let users = [user(1), user(2), user(dice.i64(3..=500))];
            Ok(store.send_notices(&field.tenant, &users, &text, at(0), &Once::unclaimed()).await?.len())
        }
        1 => {
            let facts = vec![manual("drill", Some(cadet), &format!("{{\"mark\":\"{mark}\"}}")); 2];
            store.append_facts(&field.tenant, &facts, at(0), &Once::unclaimed()).await.map(|_| 2)
        }
        2 => {
            let facts = [manual("drill", None, &format!("{{\"mark\":\"{mark}\"}}"))];
            store.append_facts(&field.tenant, &facts, at(0), &Once::unclaimed()).await.map(|_| 1)
        }
        _ => {
            let kind = if dice.u64(..2) == 0 { GradeKind::Merit } else { GradeKind::Demerit };
            store
                .add_grade(&field.tenant, cadet, &given(kind, dice.i64(1..=9), mark), at(0), &Once::unclaimed())
                .await
                .map(|_| 1)
        }
    }
}

/// Writes without a mark: changes that may make no difference, and one that is refused and undone.
async fn disturb(store: &dyn Store, field: &Field, dice: &mut Rng) {
    let cadet = field.cadets[usize::try_from(dice.u64(..2)).unwrap()];
    let status = AttendanceStatus::ALL[usize::try_from(dice.u64(..4)).unwrap()];
    let _ = store
        .set_attendance(&field.tenant, cadet, &ExpectedVersion::Any, day(dice.i64(1..=3)), &attended(status), at(0))
        .await;
    let change = ScoreChange { midterm: Some(score(dice.i64(0..=2) as f64)), ..ScoreChange::default() };
    let _ = store.change_scores(&field.tenant, cadet, &ExpectedVersion::Any, change, at(0)).await;
    // The first of all writers adds this cadet. The others take no event id when they are refused.
    let _ = store.add_cadet(&new_cadet(&field.tenant, Some("S-1")), at(0), &Once::unclaimed()).await;
}

async fn run_writer(field: Field, seed: u64, rounds: u64) -> Vec<Write> {
    let mut dice = Rng::with_seed(seed);
    let mut writes = Vec::new();
    for round in 0..rounds {
        let store = &*field.nodes[usize::try_from(dice.u64(..2)).unwrap()];
        let mark = format!("w{seed}r{round}");
        // One in eight loses patience: nobody knows whether it was stored.
        let patience_us = if dice.u64(..8) == 0 { dice.u64(..3_000) } else { 60_000_000 };
        let outcome =
            tokio::time::timeout(Duration::from_micros(patience_us), write(store, &field, &mut dice, &mark)).await;
        match outcome {
            Ok(Ok(events)) => writes.push(Write { mark, events, acknowledged: true }),
            // SQLite's file is locked by one of the many writers.
            Ok(Err(StoreError::Unavailable(_))) | Err(_) => {
                writes.push(Write { mark, events: 0, acknowledged: false });
            }
            Ok(Err(error)) => panic!("{error}"),
        }
        disturb(store, &field, &mut dice).await;
    }
    writes
}

/// The newest event id, and whether `done` was set before it was read.
async fn newest(field: &Field, node: usize, done: &AtomicBool) -> (i64, bool) {
    let was_done = done.load(Ordering::SeqCst);
    (field.nodes[node].newest_event_id(&field.tenant).await.unwrap(), was_done)
}

/// Follows all events: in every read each id is the one after the last.
async fn follow_all(field: Field, node: usize, done: Arc<AtomicBool>) -> Vec<Event> {
    let mut dice = Rng::with_seed(1_000 + u64::try_from(node).unwrap());
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let (newest, was_done) = newest(&field, node, &done).await;
        let last = seen.last().map_or(0, |event| event.id);
        if was_done && last >= newest {
            return seen;
        }
        let limit = u32::try_from(dice.i64(1..=100)).unwrap();
        let page = field.nodes[node].events_after(&field.tenant, last, limit).await.unwrap();
        for (expected, event) in (last + 1..).zip(&page) {
            assert_eq!(event.id, expected, "a reader that saw {last} may never see a gap after it");
        }
        seen.extend(page);
    }
}

/// Follows the events that a viewer may see, up to the newest id that was read before.
async fn follow_visible(field: Field, node: usize, viewer: RecordViewer, done: Arc<AtomicBool>) -> Vec<i64> {
    let mut dice = Rng::with_seed(2_000 + u64::try_from(node).unwrap());
    let (mut seen, mut complete_up_to) = (Vec::new(), 0);
    loop {
        let (newest, was_done) = newest(&field, node, &done).await;
        let mut after = complete_up_to;
        loop {
            let limit = u32::try_from(dice.i64(1..=20)).unwrap();
            let store = &field.nodes[node];
            let page = store.visible_events(&field.tenant, viewer, after, newest, limit).await.unwrap();
            seen.extend(page.iter().map(|event| event.id));
            if page.len() < usize::try_from(limit).unwrap() {
                break;
            }
            after = page.last().expect("the page is full").id;
        }
        complete_up_to = newest;
        if was_done {
            return seen;
        }
    }
}

/// The mark of an event, if it has one.
fn mark(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::GradeUpdated(update) => Some(update.given.reason.as_str()),
        Fact::NoticeSent(notice) => match &notice.content {
            NoticeContent::Notification { message, .. } => Some(message.as_str()),
            NoticeContent::Message { .. } => None,
        },
        Fact::ManualEvent(event) => event.payload.as_str().split('"').nth(3),
        _ => None,
    }
}

/// Checks that every acknowledged write is there once, and that none of the others is there in part.
fn check_marks(all: &[Event], writes: &[Write]) {
    let mut ids: HashMap<&str, Vec<i64>> = HashMap::new();
    for event in all {
        if let Some(mark) = mark(&event.fact) {
            ids.entry(mark).or_default().push(event.id);
        }
    }
    for write in writes {
        let stored = ids.remove(write.mark.as_str()).unwrap_or_default();
        if write.acknowledged {
            assert_eq!(stored.len(), write.events, "{} was acknowledged", write.mark);
        }
        assert!(stored.len() <= 3 && stored.is_sorted_by(|one, next| one + 1 == *next), "{} {stored:?}", write.mark);
    }
    assert!(ids.is_empty(), "nobody wrote {ids:?}");
}

pub(crate) async fn events_have_no_gap_no_inversion_and_no_loss_under_the_hammer(database: &TestDatabase) {
    let rounds = if database.is_postgres() { POSTGRES_ROUNDS } else { SQLITE_ROUNDS };
    let longer = std::env::var("MILEPOST_HAMMER_ROUNDS").ok();
    let rounds = longer.as_ref().map_or(rounds, |rounds| rounds.parse().unwrap());
    let nodes = [database.store.clone(), database.another_node().await];
    let done = Arc::new(AtomicBool::new(false));
    let mut fields = Vec::new();
    for number in 0..TENANTS {
        let tenant = add_tenant(&*nodes[0], &format!("unit-{number}")).await;
        let first = nodes[0].add_cadet(&new_cadet(&tenant, None), at(0), &Once::unclaimed()).await.unwrap().id;
        let second = nodes[0].add_cadet(&new_cadet(&tenant, None), at(0), &Once::unclaimed()).await.unwrap().id;
        fields.push(Field { nodes: nodes.clone(), tenant, cadets: [first, second] });
    }
    let viewers = |field: &Field| {
        [
            RecordViewer { staff: true, user: Some(user(1)), ..NOTHING },
            RecordViewer { cadet: Some(field.cadets[0]), user: Some(user(2)), ..NOTHING },
        ]
    };
    let (mut writers, mut followers, mut watchers) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    for (number, field) in fields.iter().enumerate() {
        for writer in 0..WRITERS {
            let seed = u64::try_from(number).unwrap() * 100 + writer;
            let field = field.clone();
            writers.spawn(async move { (number, run_writer(field, seed, rounds).await) });
        }
        for node in 0..2 {
            let (of, done_here) = (field.clone(), done.clone());
            followers.spawn(async move { (number, follow_all(of, node, done_here).await) });
            let (of, done_here, viewer) = (field.clone(), done.clone(), viewers(field)[node]);
            watchers.spawn(async move { (number, viewer, follow_visible(of, node, viewer, done_here).await) });
        }
    }
    let mut writes: Vec<Vec<Write>> = (0..TENANTS).map(|_| Vec::new()).collect();
    while let Some(writer) = writers.join_next().await {
        let (number, written) = writer.unwrap();
        writes[number].extend(written);
    }
    // An abandoned write is rolled back when its connection is closed, which may be later.
    tokio::time::sleep(Duration::from_millis(200)).await;
    done.store(true, Ordering::SeqCst);
    let mut all: Vec<Vec<Event>> = (0..TENANTS).map(|_| Vec::new()).collect();
    while let Some(follower) = followers.join_next().await {
        let (number, seen) = follower.unwrap();
        assert!(all[number].is_empty() || all[number] == seen, "two readers saw different events");
        all[number] = seen;
    }
    while let Some(watcher) = watchers.join_next().await {
        let (number, viewer, seen) = watcher.unwrap();
        let visible = all[number].iter().filter(|event| viewer.may_see(event.fact.audience()));
        assert_eq!(seen, visible.map(|event| event.id).collect::<Vec<_>>(), "{viewer:?}");
    }
    for (number, field) in fields.iter().enumerate() {
        let newest = nodes[0].newest_event_id(&field.tenant).await.unwrap();
        assert_eq!(newest, i64::try_from(all[number].len()).unwrap());
        check_marks(&all[number], &writes[number]);
        let acknowledged = writes[number].iter().filter(|write| write.acknowledged).count();
        assert!(acknowledged * 2 > writes[number].len(), "only {acknowledged} writes got through");
        if longer.is_some() {
            let (of, tenant) = (writes[number].len(), &field.tenant);
            eprintln!("{tenant:?}: {newest} events, {acknowledged} of {of} marked writes acknowledged");
        }
        for cadet in field.cadets {
            check_sums(&*nodes[0], &field.tenant, cadet).await;
        }
    }
    nodes[1].close().await;
}

/// Checks that the totals are those of the stored grades.
async fn check_sums(store: &dyn Store, tenant: &TenantId, cadet: CadetId) {
    let standing = store.get_cadet(tenant, cadet).await.unwrap().unwrap().standing;
    let grades = store.list_grades(tenant, cadet, None, u32::MAX).await.unwrap();
    let sum =
        |kind| -> i64 { grades.iter().filter(|one| one.given.kind == kind).map(|one| one.given.points.get()).sum() };
    assert_eq!((standing.merit_points, standing.demerit_points), (sum(GradeKind::Merit), sum(GradeKind::Demerit)));
}
