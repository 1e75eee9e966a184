//! A connection's session: its settings, and whether it is one.
//!
//! Settings, prepared statements and advisory locks live in a session. A pooler that gives each transaction to another
//! session (PgBouncer with `pool_mode = transaction` or `statement`) would lose them silently: a lock would stay with a session
//! that serves others, and a commit might not be on disk. So it is refused at the start.

use crate::{OpenOptions, Result, StoreError};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// How often two connections are compared. A busy pooler may give them different sessions by chance.
const ROUNDS: usize = 3;

const POOLED: &str = "a pooler before it gives each transaction to another session (PgBouncer: pool_mode = transaction or \
    statement), where settings, prepared statements and locks would be lost: connect to PostgreSQL itself, or to a pool \
    with pool_mode = session";

/// The statements that begin a session. They are no startup parameters, because PgBouncer takes none of these.
pub(super) fn settings(options: &OpenOptions) -> String {
    settings_with(options.statement_timeout, options.busy_timeout)
}

/// The same for migrations, whose statements may take any time, and wait a minute for locks.
pub(super) fn migration_settings() -> String {
    settings_with(Duration::ZERO, Duration::from_secs(60))
}

fn settings_with(statement_timeout: Duration, lock_timeout: Duration) -> String {
    // A node whose machine or network is gone must not hold locks for the two hours that keepalives wait by default.
    // A 2xx answer means on disk, and every statement is written for `read committed`, whatever the server's defaults are.
    format!(
        "set statement_timeout = {}; set lock_timeout = {}; set idle_in_transaction_session_timeout = 30000; \
         set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; \
         set synchronous_commit = on; set default_transaction_isolation = 'read committed'",
        statement_timeout.as_millis(),
        lock_timeout.as_millis()
    )
}

/// Checks that two connections are two sessions, and stay the same ones.
///
/// # Errors
/// `Refused` if a pooler changes them from one transaction to the next.
pub(super) async fn check(first: &mut PgConnection, mut second: PgConnection) -> Result<()> {
    let expected = session_of(first).await?;
    let mut pooled = false;
    for _ in 0..ROUNDS {
        pooled |= session_of(&mut second).await? == expected;
        pooled |= session_of(first).await? != expected;
    }
    second.close().await?;
    if pooled { Err(StoreError::Refused(POOLED.to_owned())) } else { Ok(()) }
}

/// The process that serves the session. Not prepared: a statement of that name may be in the session that a pooler gives.
async fn session_of(connection: &mut PgConnection) -> Result<String> {
    use sqlx::Row as _;
    let row = sqlx::raw_sql("select pg_backend_pid()::text").fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
