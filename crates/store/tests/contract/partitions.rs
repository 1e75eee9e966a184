//! PostgreSQL's partitions: made ahead by upkeep, so that no commit needs a lock that somebody else may hold.

use crate::database::TestDatabase;
use crate::samples::{NOON_MS, add_vehicles, at, batch, history, position};
use milepost_domain::{Position, TenantId};
use milepost_store::{Committer, PositionBatch, StoreError};
use sqlx::{Connection, PgConnection};
use std::time::Duration;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The number of the day of `at(0)`.
const TODAY: i64 = NOON_MS / DAY_MS;
const PATIENCE: Duration = Duration::from_secs(30);

async fn days(connection: &mut PgConnection) -> Vec<i64> {
    let days = "select substring(relname::text from 12)::bigint from pg_inherits join pg_class on oid = inhrelid
        where inhparent = 'positions'::regclass and relname ~ '^positions_d' order by 1";
    sqlx::query_scalar(days).fetch_all(connection).await.unwrap()
}

async fn count_rest(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from positions_other").fetch_one(connection).await.unwrap()
}

/// Records a position of a day on that day.
async fn drive(committer: &Committer, day: i64) {
    let points = vec![Position { at: at(day * DAY_MS), ..position("bus", 0) }];
    let batch = PositionBatch { received_at: at(day * DAY_MS), ..batch(&TenantId::default_tenant(), points) };
    let recorded = tokio::time::timeout(PATIENCE, committer.record(batch)).await.unwrap();
    assert_eq!(recorded.unwrap().accepted, 1, "day {day}");
}

async fn started() -> Option<(TestDatabase, Committer, PgConnection)> {
    let database = TestDatabase::postgres().await?;
    add_vehicles(&*database.store, &TenantId::default_tenant(), &["bus"]).await;
    let committer = Committer::start(database.store.clone(), None);
    let other = PgConnection::connect(&database.url).await.unwrap();
    Some((database, committer, other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_days_have_partitions_before_they_begin() {
    let Some((database, committer, mut other)) = started().await else { return };
    for now in 0..3 {
        database.store.prepare(at(now * DAY_MS)).await.unwrap();
        assert_eq!(days(&mut other).await, (TODAY..=TODAY + 4 + now).collect::<Vec<_>>());
        drive(&committer, now).await;
    }
    assert_eq!(count_rest(&mut other).await, 0);
    let checks: i64 = sqlx::query_scalar(
        "select count(*) from pg_constraint where conrelid = 'positions_other'::regclass and contype = 'c'",
    )
    .fetch_one(&mut other)
    .await
    .unwrap();
    assert_eq!(checks, 0, "a check that is left would refuse positions");
    other.close().await.unwrap();
    database.remove().await;
}

/// `pg_dump` locks every table like this from its beginning to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_that_runs_over_midnight_stops_no_position() {
    let Some((database, committer, mut dump)) = started().await else { return };
    database.store.prepare(at(0)).await.unwrap();
    sqlx::raw_sql("begin; lock table positions in access share mode").execute(&mut dump).await.unwrap();
    // Longer than the partitions that were made ahead last.
    for day in 0..8 {
        let preparing = tokio::spawn({
            let store = database.store.clone();
            async move { store.prepare(at(day * DAY_MS)).await }
        });
        drive(&committer, day).await;
        let prepared = preparing.await.unwrap();
        assert_eq!(prepared.is_ok(), day == 0, "the dump holds the tables: {prepared:?}");
    }
    assert_eq!(history(&*database.store, &TenantId::default_tenant(), "bus").await.len(), 8);
    assert_eq!(count_rest(&mut dump).await, 3, "days 5, 6 and 7 had no partition");
    sqlx::raw_sql("commit").execute(&mut dump).await.unwrap();
    database.store.prepare(at(7 * DAY_MS)).await.unwrap();
    // The days that have begun without a partition stay as they are.
    let expected: Vec<i64> = (TODAY..=TODAY + 4).chain(TODAY + 8..=TODAY + 11).collect();
    assert_eq!(days(&mut dump).await, expected);
    drive(&committer, 8).await;
    assert_eq!(count_rest(&mut dump).await, 3);
    dump.close().await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_a_dead_process_left_is_removed() {
    let Some((database, committer, mut other)) = started().await else { return };
    let check = format!(
        "alter table positions_other add constraint positions_other_not_d{TODAY} check (at_ms < {NOON_MS}) not valid"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(check)).execute(&mut other).await.unwrap();
    database.store.prepare(at(0)).await.unwrap();
    drive(&committer, 0).await;
    drive(&committer, 20).await;
    other.close().await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_make_partitions_at_the_same_time() {
    let Some((database, _committer, mut other)) = started().await else { return };
    let second = database.another_node().await;
    for day in 0..5 {
        let (one, two) = tokio::join!(database.store.prepare(at(day * DAY_MS)), second.prepare(at(day * DAY_MS)));
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    }
    database.store.prepare(at(4 * DAY_MS)).await.unwrap();
    assert_eq!(days(&mut other).await.len(), 9);
    second.close().await;
    other.close().await.unwrap();
    database.remove().await;
}

/// PostgreSQL undoes one of two transactions that wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_loses_a_deadlock_is_tried_again() {
    let Some((database, committer, mut other)) = started().await else { return };
    let home = TenantId::default_tenant();
    add_vehicles(&*database.store, &home, &["car"]).await;
    let hold = async |connection: &mut PgConnection, vehicle: &str| {
        sqlx::query("update vehicle_states set version = version where vehicle_no = (select vehicle_no from vehicles where id = $1)")
            .bind(vehicle)
            .execute(connection)
            .await
            .unwrap();
    };
    // This one looks for deadlocks much later, so that the committer's transaction is the one that is undone.
    sqlx::raw_sql("set deadlock_timeout = '60s'; begin").execute(&mut other).await.unwrap();
    hold(&mut other, "car").await;
    let recording = tokio::spawn({
        let (committer, home) = (committer.clone(), home.clone());
        async move { committer.record(batch(&home, vec![position("bus", 1), position("car", 1)])).await }
    });
    let mut watcher = PgConnection::connect(&database.url).await.unwrap();
    let waits = "select exists (select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut watcher).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::timeout(PATIENCE, hold(&mut other, "bus")).await.unwrap();
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert_eq!(recording.await.unwrap().unwrap().accepted, 2);
    assert!(!matches!(database.store.ping().await, Err(StoreError::Contended(_))));
    for connection in [other, watcher] {
        connection.close().await.unwrap();
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_servers_own_isolation_level_changes_nothing() {
    let Some((database, committer, other)) = started().await else { return };
    let name = database.url.rsplit_once('/').unwrap().1;
    database.run(&format!("alter database {name} set default_transaction_isolation = serializable")).await;
    let second = database.another_node().await;
    let again = Committer::start(second.clone(), None);
    let home = TenantId::default_tenant();
    for ms in 0..50 {
        let (one, two) = tokio::join!(
            committer.record(batch(&home, vec![position("bus", 2 * ms)])),
            again.record(batch(&home, vec![position("bus", 2 * ms + 1)])),
        );
        assert_eq!(one.unwrap().accepted + two.unwrap().accepted, 2);
    }
    drop(again);
    second.close().await;
    other.close().await.unwrap();
    database.remove().await;
}
