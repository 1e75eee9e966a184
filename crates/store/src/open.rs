//! Opens a store from a database's URL.

use crate::{AnswerQuota, Renderer, Result, Store, StoreError, migrations, postgres, sqlite};
use sqlx::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// How long a statement waits for a locked SQLite database.
    pub busy_timeout: Duration,
    /// How long a call waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL may work on one statement.
    pub statement_timeout: Duration,
    /// Connections that everybody shares: to PostgreSQL, or readers of SQLite (which also has one writer). Those of
    /// [`INGEST_CONNECTIONS`], [`FRONT_CONNECTIONS`] and [`UPKEEP_CONNECTIONS`] are kept apart.
    pub connections: u32,
    /// What the keys and answers of requests with an Idempotency-Key may take.
    pub answers: AnswerQuota,
}

/// Connections for the committer alone. It uses one at a time; the other stands in for one that hangs. Nothing else waits
/// for them, so that positions are stored however busy the others are.
pub(crate) const INGEST_CONNECTIONS: u32 = 2;

/// Connections for authentication and `/ready` alone. Their reads take less than a millisecond each.
pub(crate) const FRONT_CONNECTIONS: u32 = 2;

/// PostgreSQL: connections for the removal of old data and for partitions. What they wait for delays nobody.
pub(crate) const UPKEEP_CONNECTIONS: u32 = 1;

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(3),
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            connections: 8,
            answers: AnswerQuota::default(),
        }
    }
}

/// The database of a URL.
enum Place<'u> {
    Sqlite(&'u Path),
    Postgres(&'u str),
}

fn place(url: &str) -> Result<Place<'_>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Place::Postgres(url));
    }
    sqlite::file_of(url)
        .map(Place::Sqlite)
        .ok_or_else(|| StoreError::Refused("a database's URL is sqlite://PATH or postgres://…".to_owned()))
}

/// The file of a `sqlite:` URL; `None` for other databases.
pub fn sqlite_file(url: &str) -> Option<&Path> {
    sqlite::file_of(url)
}

/// Opens `sqlite://PATH` (created if missing) or `postgres://…`, and updates its tables. `renderer` writes the bodies
/// of outgoing calls.
///
/// # Errors
/// `Unavailable` if the database can't be reached. `Refused` if waiting won't help: it is newer than this program, the
/// URL is of an unknown kind, or the server refuses the login, the database, a parameter or TLS.
pub async fn open(url: &str, options: &OpenOptions, renderer: Arc<dyn Renderer>) -> Result<Arc<dyn Store>> {
    migrate(url, options).await?;
    match place(url)? {
        Place::Sqlite(file) => sqlite::open(file, options, renderer),
        Place::Postgres(url) => postgres::open(url, options, renderer),
    }
}

/// Updates a database's tables and the form of its names, and returns the names of the applied migrations.
///
/// # Errors
/// The same as for [`open`].
pub async fn migrate(url: &str, options: &OpenOptions) -> Result<Vec<String>> {
    match place(url)? {
        Place::Sqlite(file) => {
            let mut connection = sqlite::connect(file, options, true).await?;
            let applied = migrations::run(&mut connection, migrations::SQLITE).await?;
            sqlite::rewrite_normal_forms(&mut connection).await?;
            connection.close().await?;
            Ok(applied)
        }
        Place::Postgres(url) => {
            let mut connection = postgres::connect(url, options).await?;
            let applied = migrations::run(&mut connection, migrations::POSTGRES).await?;
            postgres::rewrite_normal_forms(&mut connection).await?;
            connection.close().await?;
            Ok(applied)
        }
    }
}

/// The names of the migrations that a database is missing.
///
/// # Errors
/// The same as for [`open`]. A SQLite file that does not exist is missing all of them.
pub async fn pending_migrations(url: &str, options: &OpenOptions) -> Result<Vec<String>> {
    match place(url)? {
        Place::Sqlite(file) if !file.exists() => {
            Ok(migrations::SQLITE.iter().map(|(_, name, _)| (*name).to_owned()).collect())
        }
        Place::Sqlite(file) => {
            let mut connection = sqlite::connect(file, options, false).await?;
            let pending = migrations::pending(&mut connection, migrations::SQLITE).await;
            connection.close().await?;
            pending
        }
        Place::Postgres(url) => {
            let mut connection = postgres::connect(url, options).await?;
            let pending = migrations::pending(&mut connection, migrations::POSTGRES).await;
            connection.close().await?;
            pending
        }
    }
}
