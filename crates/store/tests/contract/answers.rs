//! What the answers of requests with an Idempotency-Key may take: nobody fills the disk, and no work is done twice for it.

use crate::cadets::new_cadet;
use crate::database::{TestDatabase, options};
use crate::samples::{add_tenant, at, tenant};
use milepost_domain::TenantId;
use milepost_store::{
    AnswerQuota, Claim, IDEMPOTENCY_KEEP_MS, Idempotency, IdempotencyKey, KeptAnswer, Once, OpenOptions, Retention,
    Store, Unsent, open,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::sync::Arc;

/// An answer of 644 bytes takes 1,000 with a key of 100.
const BODY: usize = 644;
const QUOTA: AnswerQuota = AnswerQuota { caller: 50_000, tenant: 100_000, few: 5_000 };

async fn small(database: &TestDatabase) -> Arc<dyn Store> {
    let options = OpenOptions { answers: QUOTA, ..options() };
    open(&database.url, &options, Arc::new(Unsent)).await.unwrap()
}

async fn begin(store: &dyn Store, tenant: &TenantId, caller: &str, number: i64) -> Idempotency {
    let key = IdempotencyKey { tenant: tenant.clone(), caller: caller.to_owned(), key: format!("{number:0100}") };
    store.begin_idempotent(&key, &[7; 32], at(number)).await.unwrap()
}

async fn claim(store: &dyn Store, tenant: &TenantId, caller: &str, number: i64) -> Claim {
    match begin(store, tenant, caller, number).await {
        Idempotency::New(claim) => claim,
        other => panic!("{caller} {number}: {other:?}"),
    }
}

fn answer() -> KeptAnswer {
    KeptAnswer { status: 422, body: vec![b'x'; BODY] }
}

async fn refuse(store: &dyn Store, tenant: &TenantId, caller: &str, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let claim = claim(store, tenant, caller, number).await;
        assert!(store.finish_idempotent(&claim, &answer()).await.unwrap());
    }
}

async fn work(store: &dyn Store, tenant: &TenantId, caller: &str, number: i64) {
    let once = Once::new(claim(store, tenant, caller, number).await, |_| answer());
    store.add_cadet(&new_cadet(tenant, None), at(number), &once).await.unwrap();
}

async fn is_kept(store: &dyn Store, tenant: &TenantId, caller: &str, number: i64) -> bool {
    match begin(store, tenant, caller, number).await {
        Idempotency::Done(kept) => kept == answer(),
        Idempotency::New(claim) => {
            store.abandon_idempotent(&claim).await.unwrap();
            false
        }
        Idempotency::Full => false,
        other => panic!("{other:?}"),
    }
}

/// The bytes of all keys, and of those that may be removed: as they are, and as they were counted.
async fn bytes(database: &TestDatabase) -> [i64; 4] {
    let length = if database.is_postgres() { "octet_length" } else { "length" };
    let row = format!("256 + {length}(key) + coalesce({length}(body), 0)");
    let sum = |what: &str, table: &str| format!("select cast(coalesce(sum({what}), 0) as bigint) from {table}");
    let mut found = [0; 4];
    for (place, sql) in [
        sum(&row, "idempotency_keys"),
        sum(&format!("case when is_repeatable then {row} else 0 end"), "idempotency_keys"),
        sum("bytes", "idempotency_usage"),
        sum("repeatable_bytes", "idempotency_usage"),
    ]
    .into_iter()
    .enumerate()
    {
        let sql = AssertSqlSafe(sql);
        found[place] = if database.is_postgres() {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        };
    }
    found
}

pub(crate) async fn a_callers_oldest_refusals_leave_and_nobody_elses(database: &TestDatabase) {
    let (store, acme) = (small(database).await, tenant("acme"));
    refuse(&*store, &acme, "other", 0..5).await;
    refuse(&*store, &acme, "greedy", 0..500).await;
    let [real, repeatable, counted, counted_repeatable] = bytes(database).await;
    assert_eq!((real, repeatable), (counted, counted_repeatable));
    assert!(real <= 55_000, "{real}");
    assert!(is_kept(&*store, &acme, "greedy", 499).await && !is_kept(&*store, &acme, "greedy", 0).await);
    for number in 0..5 {
        assert!(is_kept(&*store, &acme, "other", number).await);
    }
    store.close().await;
}

pub(crate) async fn answers_to_work_stay_and_more_of_it_is_refused(database: &TestDatabase) {
    let store = small(database).await;
    let acme = add_tenant(&*store, "acme").await;
    refuse(&*store, &acme, "busy", 0..10).await;
    for number in 10..60 {
        work(&*store, &acme, "busy", number).await;
    }
    assert!(!is_kept(&*store, &acme, "busy", 0).await, "refusals leave first");
    assert_eq!(begin(&*store, &acme, "busy", 60).await, Idempotency::Full);
    assert_eq!(begin(&*store, &acme, "busy", 61).await, Idempotency::Full, "a refused request takes nothing");
    for number in 10..60 {
        assert!(is_kept(&*store, &acme, "busy", number).await, "{number}");
    }
    refuse(&*store, &acme, "other", 0..1).await;
    let [real, repeatable, counted, counted_repeatable] = bytes(database).await;
    assert_eq!((real, repeatable), (counted, counted_repeatable));
    store.prune(at(IDEMPOTENCY_KEEP_MS + 100), &Retention::default()).await.unwrap();
    assert_eq!(bytes(database).await, [0; 4]);
    claim(&*store, &acme, "busy", 60).await;
    store.close().await;
}

pub(crate) async fn a_full_tenant_costs_its_greediest_caller(database: &TestDatabase) {
    let store = small(database).await;
    let (acme, other) = (tenant("acme"), tenant("other"));
    refuse(&*store, &other, "other", 0..5).await;
    for (caller, count) in [("a", 48), ("b", 40), ("c", 30)] {
        refuse(&*store, &acme, caller, 0..count).await;
    }
    let [real, ..] = bytes(database).await;
    assert!(real <= 5_000 + 101_000, "{real}");
    assert!(!is_kept(&*store, &acme, "a", 0).await);
    assert!(is_kept(&*store, &acme, "c", 0).await && is_kept(&*store, &acme, "c", 29).await);
    assert!(is_kept(&*store, &other, "other", 0).await);
    store.close().await;
}

pub(crate) async fn a_full_tenant_refuses_nobody_who_keeps_little(database: &TestDatabase) {
    let store = small(database).await;
    let acme = add_tenant(&*store, "acme").await;
    for (caller, first, count) in [("a", 0, 34), ("b", 100, 34), ("c", 200, 32)] {
        for number in first..first + count {
            work(&*store, &acme, caller, number).await;
        }
    }
    assert_eq!(begin(&*store, &acme, "a", 90).await, Idempotency::Full);
    work(&*store, &acme, "modest", 300).await;
    work(&*store, &acme, "modest", 301).await;
    store.close().await;
}
