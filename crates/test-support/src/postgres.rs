//! Databases for single tests, on the PostgreSQL that `scripts/with-databases.sh` started.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::io::Write as _;

/// The variable with the server's URL.
const SERVER: &str = "MILEPOST_TEST_POSTGRES";

/// Whether a PostgreSQL is running. Without one a test is skipped with a message; with `CI=true` it fails.
pub fn has_postgres() -> bool {
    let has = std::env::var(SERVER).is_ok();
    if !has {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{SERVER} is not set");
        // Written past the test harness, which captures output. It names each test's thread after the test.
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let left_out = format!("LEFT OUT: {test} on PostgreSQL, {SERVER} is not set\n");
        std::io::stderr().write_all(left_out.as_bytes()).unwrap();
    }
    has
}

/// Creates a database and returns its URL, or `None` without PostgreSQL.
pub async fn fresh_postgres() -> Option<String> {
    if !has_postgres() {
        return None;
    }
    let name = format!("milepost_{}", uuid::Uuid::new_v4().simple());
    run_on_server(format!("create database {name}")).await;
    let server = std::env::var(SERVER).unwrap();
    let (address, query) = server.split_once('?').map_or((server.as_str(), None), |(a, query)| (a, Some(query)));
    let address = address.rsplit_once('/').unwrap().0;
    Some(query.map_or_else(|| format!("{address}/{name}"), |query| format!("{address}/{name}?{query}")))
}

/// Removes a database that [`fresh_postgres`] created, and disconnects its clients.
pub async fn remove_postgres(url: &str) {
    let name = url.split('?').next().unwrap().rsplit_once('/').unwrap().1;
    run_on_server(format!("drop database {name} with (force)")).await;
}

/// Runs statements on the database of a URL.
pub async fn run_on_postgres(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn run_on_server(sql: String) {
    let mut connection = PgConnection::connect(&std::env::var(SERVER).unwrap()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
