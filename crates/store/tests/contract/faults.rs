//! Databases that fail and recover without a restart.

use crate::database::TestDatabase;
use crate::samples::{add_vehicles, at, batch, full_position, history, new_user, position};
use milepost_domain::TenantId;
use milepost_store::{Committer, Once, StoreError};
use sqlx::{Connection, SqliteConnection};
use std::time::Duration;

fn is_unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}

/// A committer that has written, so that its cache is filled.
async fn running(database: &TestDatabase) -> (Committer, TenantId) {
    let home = TenantId::default_tenant();
    add_vehicles(&*database.store, &home, &["bus"]).await;
    let committer = Committer::start(database.store.clone(), None);
    committer.record(batch(&home, vec![position("bus", 1)])).await.unwrap();
    (committer, home)
}

/// Checks that everything works again, and that nothing of the failed batch at 2 ms was stored.
async fn recovers(database: &TestDatabase, committer: &Committer, home: &TenantId) {
    let recorded = committer.record(batch(home, vec![position("bus", 2), position("bus", 3)])).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (2, 0));
    assert_eq!(history(&*database.store, home, "bus").await.len(), 3);
    database.store.ping().await.unwrap();
    let before = database.store.newest_event_id(home).await.unwrap();
    database.store.add_user(&new_user("ann", home), at(0), &Once::unclaimed()).await.unwrap();
    let events = database.store.events_after(home, before, 10).await.unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [before + 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_sqlite_refuses_in_time_and_recovers() {
    let database = TestDatabase::impatient_sqlite().await;
    let (committer, home) = running(&database).await;
    let mut other = SqliteConnection::connect(&database.url).await.unwrap();
    sqlx::raw_sql("begin exclusive").execute(&mut other).await.unwrap();
    let begun = std::time::Instant::now();
    assert!(is_unavailable(committer.record(batch(&home, vec![position("bus", 2)])).await));
    assert!(is_unavailable(database.store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await));
    assert!(begun.elapsed() < Duration::from_secs(5));
    // Readers do not wait for a writer.
    assert_eq!(history(&*database.store, &home, "bus").await.len(), 1);
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    recovers(&database, &committer, &home).await;
    other.close().await.unwrap();
    database.remove().await;
}

/// The variable that marks the child process with the limit.
const LIMITED: &str = "MILEPOST_TEST_LIMITED";

#[cfg(unix)]
#[test]
fn full_sqlite_writes_nothing_of_a_batch_and_recovers() {
    if std::env::var_os(LIMITED).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(write_more_than_fits());
    }
    // Runs this test again in a process whose files can't grow past 4 MiB, which acts like a full disk.
    let status = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg("faults::full_sqlite_writes_nothing_of_a_batch_and_recovers")
        .env(LIMITED, "1")
        .status()
        .unwrap();
    assert!(status.success(), "the limited process failed");
}

#[cfg(unix)]
async fn write_more_than_fits() {
    let database = TestDatabase::impatient_sqlite().await;
    let (committer, home) = running(&database).await;
    let many: Vec<_> = (10..60_010).map(|ms| full_position("bus", ms)).collect();
    for _ in 0..3 {
        let refused = committer.record(batch(&home, many.clone())).await;
        assert!(is_unavailable(refused));
        assert_eq!(history(&*database.store, &home, "bus").await.len(), 1);
    }
    recovers(&database, &committer, &home).await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vanished_sqlite_file_is_noticed_and_recovers_when_it_is_back() {
    let database = TestDatabase::impatient_sqlite().await;
    let (committer, home) = running(&database).await;
    let (file, away) = (database.file(), database.file().with_extension("away"));
    std::fs::rename(&file, &away).unwrap();
    assert!(is_unavailable(committer.record(batch(&home, vec![position("bus", 2)])).await));
    assert!(is_unavailable(database.store.ping().await));
    assert!(is_unavailable(database.store.get_tenant(&home).await));
    assert!(!file.exists(), "a vanished database must not be made anew, empty");
    std::fs::rename(&away, &file).unwrap();
    recovers(&database, &committer, &home).await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_postgres_connections_are_replaced() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let (committer, home) = running(&database).await;
    let mut other = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let break_all = "select pg_terminate_backend(pid) from pg_stat_activity
                     where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::raw_sql(break_all).execute(&mut other).await.unwrap();
    recovers(&database, &committer, &home).await;
    // The transaction waits for this row when its connection breaks.
    sqlx::raw_sql("begin; select * from vehicle_states for update").execute(&mut other).await.unwrap();
    let waiting = tokio::spawn({
        let (committer, home) = (committer.clone(), home.clone());
        async move { committer.record(batch(&home, vec![position("bus", 4)])).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    sqlx::raw_sql(break_all).execute(&mut other).await.unwrap();
    assert!(is_unavailable(waiting.await.unwrap()));
    // The lock lasted too long.
    assert!(is_unavailable(committer.record(batch(&home, vec![position("bus", 4)])).await));
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    assert_eq!(committer.record(batch(&home, vec![position("bus", 4)])).await.unwrap().accepted, 1);
    other.close().await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_postgres_refuses_and_recovers() {
    let Some(database) = TestDatabase::postgres().await else {
        return;
    };
    let (committer, home) = running(&database).await;
    let mut other = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let name = database.url.rsplit_once('/').unwrap().1;
    let set = async |connection: &mut sqlx::PgConnection, value: &str| {
        let alter = format!("alter database {name} set default_transaction_read_only = {value}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("set default_transaction_read_only = off; {alter}")))
            .execute(&mut *connection)
            .await
            .unwrap();
        // New sessions have the setting. The pool's connections are broken, so that it opens new ones.
        sqlx::raw_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .execute(connection)
        .await
        .unwrap();
    };
    set(&mut other, "on").await;
    assert!(is_unavailable(committer.record(batch(&home, vec![position("bus", 2)])).await));
    assert_eq!(history(&*database.store, &home, "bus").await.len(), 1);
    set(&mut other, "off").await;
    recovers(&database, &committer, &home).await;
    other.close().await.unwrap();
    database.remove().await;
}
