//! Nodes whose clocks differ by minutes share the database's.

use crate::database::TestDatabase;
use crate::deliveries::{add, call, delivery, plain};
use crate::outgoing::LEASE_MS;
use milepost_domain::{TenantId, Timestamp};
use milepost_store::{DeliveryChange, DueCall, IDEMPOTENCY_ABANDONED_MS, Idempotency, IdempotencyKey, Once, Store};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const MINUTE_MS: i64 = 60_000;
/// Longer than a query may take here, and far shorter than the clocks differ.
const SLACK_MS: i64 = 20_000;

/// A node, and how far its clock is ahead.
struct Node {
    store: Arc<dyn Store>,
    ahead_ms: i64,
}

fn machine(ahead_ms: i64) -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_ms(i64::try_from(since.as_millis()).unwrap() + ahead_ms).unwrap()
}

impl Node {
    async fn compare(&self) {
        let ahead_ms = self.ahead_ms;
        let measured = self.store.compare_clocks(&move || machine(ahead_ms)).await.unwrap();
        assert!((measured - ahead_ms).abs() < SLACK_MS, "{measured} and not {ahead_ms}");
    }

    /// Its clock's time, `later_ms` from now.
    fn now(&self, later_ms: i64) -> Timestamp {
        machine(self.ahead_ms + later_ms)
    }

    async fn take(&self, later_ms: i64) -> Vec<DueCall> {
        let now = self.now(later_ms);
        let due = self.store.due_queues(now, 10).await.unwrap();
        let queues: Vec<_> = due.into_iter().map(|due| (due.queue, 8)).collect();
        self.store.take_due_calls(&queues, now, now.plus_ms(LEASE_MS)).await.unwrap()
    }

    async fn begin(&self, later_ms: i64) -> Idempotency {
        let key = IdempotencyKey { tenant: TenantId::default_tenant(), caller: "user:1".into(), key: "k".into() };
        self.store.begin_idempotent(&key, &[7; 32], self.now(later_ms)).await.unwrap()
    }
}

/// Two nodes whose clocks differ by two minutes, on a database between them. SQLite's file has one node.
async fn nodes(database: &TestDatabase) -> Option<[Node; 2]> {
    if !database.is_postgres() {
        return None;
    }
    let ahead = Node { store: Arc::clone(&database.store), ahead_ms: MINUTE_MS };
    let behind = Node { store: database.another_node().await, ahead_ms: -MINUTE_MS };
    ahead.compare().await;
    behind.compare().await;
    Some([ahead, behind])
}

pub(crate) async fn calls_are_taken_once_and_in_time_by_nodes_whose_clocks_differ(database: &TestDatabase) {
    let Some([ahead, behind]) = nodes(database).await else { return };
    for (number, (storing, other)) in [(&ahead, &behind), (&behind, &ahead)].into_iter().enumerate() {
        let new = delivery(&format!("TRK-{number}"), &TenantId::default_tenant());
        let calls = [call(&format!("key-{number}"))];
        let change = DeliveryChange { calls: &calls, ..plain(&new) };
        storing.store.add_delivery(&change, storing.now(0), &Once::unclaimed()).await.unwrap();
        let taken = other.take(0).await;
        assert_eq!(taken.len(), 1, "not a minute late");
        for node in [storing, other] {
            assert!(node.take(0).await.is_empty(), "not twice");
            assert!(node.take(LEASE_MS - SLACK_MS).await.is_empty(), "the lease lasts");
            let next = node.store.next_call_due().await.unwrap().unwrap();
            let left_ms = next.ms_since(node.now(0));
            assert!((LEASE_MS - SLACK_MS..=LEASE_MS + SLACK_MS).contains(&left_ms), "{left_ms}");
        }
        // What was not tried is given back, and taken by the other node at once, but for the milliseconds by which the nodes
        // measured their clocks differently.
        let given_back = [(taken[0].no, taken[0].lease_until)];
        other.store.give_back_calls(&given_back, other.now(0)).await.unwrap();
        let again = storing.take(1_000).await;
        assert_eq!(again.len(), 1);
        // A node that died: its calls are taken when the lease has ended, and not before.
        assert_eq!(other.take(LEASE_MS + SLACK_MS).await.len(), 1);
        let outcome = milepost_store::CallOutcome::Delivered { status: 200 };
        other.store.settle_call(again[0].no, &outcome, other.now(0)).await.unwrap();
    }
    behind.store.close().await;
}

pub(crate) async fn claims_are_abandoned_by_the_clock_that_nodes_share(database: &TestDatabase) {
    let Some([ahead, behind]) = nodes(database).await else { return };
    for (first, second) in [(&behind, &ahead), (&ahead, &behind)] {
        let Idempotency::New(claim) = first.begin(0).await else { panic!("it is new") };
        assert_eq!(second.begin(0).await, Idempotency::InProgress, "not a minute too early");
        let taken_over = second.begin(IDEMPOTENCY_ABANDONED_MS + SLACK_MS).await;
        let Idempotency::New(newer) = taken_over else { panic!("not a minute late: {taken_over:?}") };
        assert_ne!(newer, claim);
        second.store.abandon_idempotent(&newer).await.unwrap();
    }
    behind.store.close().await;
}

pub(crate) async fn a_clock_that_a_test_turned_counts_as_turned(database: &TestDatabase) {
    let store = &database.store;
    store.compare_clocks(&|| machine(0)).await.unwrap();
    let node = Node { store: Arc::clone(store), ahead_ms: 0 };
    add(&**store, &delivery("TRK-1", &TenantId::default_tenant())).await;
    let new = delivery("TRK-2", &TenantId::default_tenant());
    let change = DeliveryChange { calls: &[call("a")], ..plain(&new) };
    store.add_delivery(&change, node.now(10 * MINUTE_MS), &Once::unclaimed()).await.unwrap();
    assert_eq!(node.take(10 * MINUTE_MS).await.len(), 1);
    node.compare().await;
    assert!(node.take(10 * MINUTE_MS + LEASE_MS - SLACK_MS).await.is_empty());
    assert_eq!(node.take(11 * MINUTE_MS + LEASE_MS).await.len(), 1);
}
