//! Idempotency keys: one claim holds at a time, and the transaction that does the work stores its answer.

use crate::cadets::{add_cadet, merit, new_cadet};
use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, home_tenant, tenant};
use milepost_domain::{Cadet, Grade, Label, Tenant, TenantId};
use milepost_store::{
    Claim, IDEMPOTENCY_ABANDONED_MS, Idempotency, IdempotencyKey, KeptAnswer, Once, Store, StoreError,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Barrier;

const REQUEST: [u8; 32] = [7; 32];

fn key(caller: &str) -> IdempotencyKey {
    IdempotencyKey { tenant: tenant("acme"), caller: caller.to_owned(), key: "k".to_owned() }
}

/// The answer to a request that added this cadet.
fn shown(cadet: &Cadet) -> KeptAnswer {
    KeptAnswer { status: 201, body: format!("cadet {}", cadet.id).into_bytes() }
}

/// Stores that answer for a claim.
fn once(claim: &Claim) -> Once<'static, Cadet> {
    Once::new(claim.clone(), shown)
}

async fn begin(store: &dyn Store, ms: i64) -> Idempotency {
    store.begin_idempotent(&key("user:1"), &REQUEST, at(ms)).await.unwrap()
}

async fn claim(store: &dyn Store, ms: i64) -> Claim {
    match begin(store, ms).await {
        Idempotency::New(claim) => claim,
        other => panic!("the key is not free: {other:?}"),
    }
}

/// The number of cadets, and the newest event's id.
async fn written(store: &dyn Store, tenant: &TenantId) -> (usize, i64) {
    (store.list_cadets(tenant, None, 100).await.unwrap().len(), store.newest_event_id(tenant).await.unwrap())
}

pub(crate) async fn key_does_its_work_once(database: &TestDatabase) {
    let store = &database.store;
    let first = claim(&**store, 0).await;
    assert_eq!(begin(&**store, 1).await, Idempotency::InProgress);
    let mismatch = store.begin_idempotent(&key("user:1"), &[8; 32], at(1)).await.unwrap();
    assert_eq!(mismatch, Idempotency::Mismatch);
    let other = store.begin_idempotent(&key("user:2"), &[8; 32], at(1)).await.unwrap();
    let Idempotency::New(other) = other else { panic!("a key is its caller's own: {other:?}") };
    let second = claim(&**store, IDEMPOTENCY_ABANDONED_MS + 1).await;
    assert_ne!(first, second);
    let answer = KeptAnswer { status: 422, body: b"{\"detail\":\"no\"}".to_vec() };
    assert!(!store.finish_idempotent(&first, &answer).await.unwrap(), "it was taken over");
    assert!(store.finish_idempotent(&second, &answer).await.unwrap());
    assert!(!store.finish_idempotent(&second, &shown(&add_cadet_of(&**store).await)).await.unwrap(), "it has one");
    store.abandon_idempotent(&second).await.unwrap();
    assert_eq!(begin(&**store, 10_000_000).await, Idempotency::Done(answer));
    store.abandon_idempotent(&other).await.unwrap();
    let again = store.begin_idempotent(&key("user:2"), &REQUEST, at(2)).await.unwrap();
    assert!(matches!(again, Idempotency::New(_)), "{again:?}");
}

async fn add_cadet_of(store: &dyn Store) -> Cadet {
    add_cadet(store, &TenantId::default_tenant()).await
}

pub(crate) async fn work_stores_its_answer_in_its_own_transaction(database: &TestDatabase) {
    let store = &database.store;
    let claim = claim(&**store, 0).await;
    let new = new_cadet(&TenantId::default_tenant(), None);
    let added = store.add_cadet(&new, at(1), &once(&claim)).await.unwrap();
    assert!(claim.is_kept());
    // As if the process died here: the next request finds the answer.
    assert_eq!(begin(&**store, 2).await, Idempotency::Done(shown(&added)));
    store.abandon_idempotent(&claim).await.unwrap();
    assert_eq!(begin(&**store, IDEMPOTENCY_ABANDONED_MS * 2).await, Idempotency::Done(shown(&added)));
}

pub(crate) async fn the_answer_may_be_made_from_the_result_of_another_transaction(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await;
    let claim = claim(&**store, 0).await;
    let once = once(&claim);
    store
        .add_grade(&home_tenant(), cadet.id, &merit(3), at(1), &once.map(|_: &Grade| Some(cadet.clone())))
        .await
        .unwrap();
    assert!(claim.is_kept());
    assert_eq!(begin(&**store, 2).await, Idempotency::Done(shown(&cadet)));
}

pub(crate) async fn transactions_before_the_work_store_no_answer(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let cadet = add_cadet(&**store, &home).await;
    let claim = claim(&**store, 0).await;
    let acme = Tenant { id: tenant("acme"), name: Label::new("acme").unwrap() };
    assert!(store.ensure_tenant(&acme).await.unwrap());
    // A change that lost against another one, and will be computed again.
    let once = once(&claim);
    store.add_grade(&home_tenant(), cadet.id, &merit(3), at(1), &once.map(|_: &Grade| None)).await.unwrap();
    assert!(!claim.is_kept());
    assert_eq!(begin(&**store, 2).await, Idempotency::InProgress);
    // Without a claim the work is done too.
    store.add_cadet(&new_cadet(&home, None), at(1), &Once::unclaimed()).await.unwrap();
    assert_eq!(begin(&**store, 2).await, Idempotency::InProgress);
}

pub(crate) async fn only_the_first_work_of_a_claim_keeps_its_answer(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let claim = claim(&**store, 0).await;
    let once = once(&claim);
    let first = store.add_cadet(&new_cadet(&home, None), at(1), &once).await.unwrap();
    store.add_cadet(&new_cadet(&home, None), at(1), &once).await.unwrap();
    assert_eq!(begin(&**store, 2).await, Idempotency::Done(shown(&first)));
}

pub(crate) async fn work_that_failed_stores_no_answer(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let new = new_cadet(&home, Some("S-1"));
    store.add_cadet(&new, at(0), &Once::unclaimed()).await.unwrap();
    let refused = claim(&**store, 0).await;
    let outcome = store.add_cadet(&new, at(1), &once(&refused)).await;
    assert_eq!((outcome, refused.is_kept()), (Err(StoreError::Conflict("student_id")), false));
    store.abandon_idempotent(&refused).await.unwrap();
    claim(&**store, 2).await;
}

pub(crate) async fn work_of_a_claim_that_was_taken_over_is_undone(database: &TestDatabase) {
    let (store, other) = (&database.store, database.another_node().await);
    let home = add_tenant(&**store, "acme").await;
    let new = new_cadet(&home, None);
    let slow = claim(&**store, 0).await;
    let quick = claim(&*other, IDEMPOTENCY_ABANDONED_MS + 1).await;
    let before = written(&**store, &home).await;

    // Before the other request has done its work, and after.
    let outcome = store.add_cadet(&new, at(1), &once(&slow)).await;
    assert_eq!((outcome, slow.is_kept()), (Err(StoreError::Superseded), false));
    assert_eq!(written(&**store, &home).await, before);
    let added = other.add_cadet(&new, at(1), &once(&quick)).await.unwrap();
    assert!(quick.is_kept());
    let outcome = store.add_cadet(&new, at(1), &once(&slow)).await;
    assert_eq!((outcome, slow.is_kept()), (Err(StoreError::Superseded), false));
    store.abandon_idempotent(&slow).await.unwrap();

    // There is one cadet, and one event about it.
    assert_eq!(written(&**store, &home).await, (1, before.1 + 1));
    assert_eq!(begin(&**store, IDEMPOTENCY_ABANDONED_MS * 3).await, Idempotency::Done(shown(&added)));
    other.close().await;
}

pub(crate) async fn many_at_once_with_one_key_do_its_work_once(database: &TestDatabase) {
    let nodes = [Arc::clone(&database.store), database.another_node().await];
    let home = TenantId::default_tenant();
    let start = Arc::new(Barrier::new(16));
    let requests: Vec<_> = (0..16)
        .map(|n| {
            let (store, start, new) = (Arc::clone(&nodes[n % 2]), Arc::clone(&start), new_cadet(&home, None));
            tokio::spawn(async move {
                start.wait().await;
                // Each request treats the ones before it as abandoned.
                let now = i64::try_from(n).unwrap() * (IDEMPOTENCY_ABANDONED_MS + 1);
                let Idempotency::New(claim) = begin(&*store, now).await else { return false };
                let outcome = store.add_cadet(&new, at(1), &once(&claim)).await;
                assert!(matches!(outcome, Ok(_) | Err(StoreError::Superseded)), "{outcome:?}");
                assert_eq!(outcome.is_ok(), claim.is_kept());
                claim.is_kept()
            })
        })
        .collect();
    let mut kept = 0;
    for request in requests {
        kept += usize::from(request.await.unwrap());
    }
    let cadets = nodes[0].list_cadets(&home, None, 100).await.unwrap();
    assert_eq!((kept, cadets.len()), (1, 1));
    assert_eq!(begin(&*nodes[0], 0).await, Idempotency::Done(shown(&cadets[0])));
    nodes[1].close().await;
}

pub(crate) async fn claim_counts_in_another_task_only_if_it_is_passed_on(database: &TestDatabase) {
    let store = &database.store;
    let adding = |once: Once<'static, Cadet>| {
        let (store, new) = (Arc::clone(store), new_cadet(&TenantId::default_tenant(), None));
        tokio::spawn(async move { store.add_cadet(&new, at(1), &once).await.unwrap() })
    };
    let claim = claim(&**store, 0).await;
    adding(Once::unclaimed()).await.unwrap();
    assert!(!claim.is_kept());
    let added = adding(once(&claim)).await.unwrap();
    assert!(claim.is_kept());
    assert_eq!(begin(&**store, 2).await, Idempotency::Done(shown(&added)));
}

pub(crate) async fn claims_of_a_dead_process_are_released_and_answers_stay(database: &TestDatabase) {
    let store = &database.store;
    let keys: Vec<_> = (0..3).map(|n| key(&format!("user:{n}"))).collect();
    let mut free = BTreeSet::new();
    for key in &keys {
        let begun = store.begin_idempotent(key, &REQUEST, at(0)).await.unwrap();
        let Idempotency::New(claim) = begun else { panic!("{begun:?}") };
        if key == &keys[0] {
            let new = new_cadet(&TenantId::default_tenant(), None);
            store.add_cadet(&new, at(0), &once(&claim)).await.unwrap();
        }
    }
    assert_eq!(store.release_claims(at(1)).await.unwrap(), 2);
    assert_eq!(store.release_claims(at(1)).await.unwrap(), 0);
    for key in &keys {
        match store.begin_idempotent(key, &REQUEST, at(1)).await.unwrap() {
            Idempotency::New(claim) => assert!(free.insert(claim.key.caller)),
            Idempotency::Done(_) => assert_eq!(key, &keys[0]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(free.len(), 2);
}
