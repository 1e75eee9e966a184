//! Those who write: one at a time, in turns, and each waits for the disk when its turn is over.

use super::Db;
use super::checkpointer::Checkpointer;
use super::log_flusher::{Log, LogFlusher};
use super::presence::Presence;
use super::turns::{Turn, Turns};
use crate::{OpenOptions, Result, StoreError};
use milepost_domain::TenantId;
use sqlx::Pool;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Grants the write lock in turns. SQLite's own lock is not fair.
#[derive(Clone)]
pub(super) struct Writers {
    pub(super) pool: Pool<Db>,
    turns: Arc<Turns>,
    most_wait: Duration,
    presence: Arc<Presence>,
    pub(super) checkpointer: Arc<Checkpointer>,
    pub(super) log_flusher: Arc<LogFlusher>,
}

/// The write lock, held until it is dropped. Everything that is written is written under it, so that the database's file
/// is checked before every transaction.
pub(super) struct WriteLock {
    _turn: Turn,
    presence: Arc<Presence>,
    checkpointer: Arc<Checkpointer>,
    log_flusher: Arc<LogFlusher>,
}

/// A committed transaction.
pub(super) struct Committed(Arc<LogFlusher>);

impl Committed {
    /// Returns when it is on disk.
    pub(super) async fn flush(self) -> Result<()> {
        self.0.flush().await
    }
}

impl Writers {
    /// `pool` has one connection, which does not wait for the disk.
    pub(super) fn start(
        pool: Pool<Db>,
        file: &Path,
        options: &OpenOptions,
        presence: Arc<Presence>,
        log: Arc<Log>,
    ) -> Result<Self> {
        let log_flusher = Arc::new(LogFlusher::start(Arc::clone(&log), Arc::clone(&presence))?);
        let turns = Arc::<Turns>::default();
        let checkpointer = Arc::new(Checkpointer::start(file, Arc::clone(&presence), Arc::clone(&turns), log)?);
        Ok(Self { pool, turns, most_wait: options.acquire_timeout, presence, checkpointer, log_flusher })
    }

    /// For a tenant's request, or without one for the server's own work.
    pub(super) async fn lock(&self, tenant: Option<&TenantId>) -> Result<WriteLock> {
        self.lock_in_turn(self.turns.wait(tenant)).await
    }

    /// For the committer, on which every caller with positions waits.
    pub(super) async fn lock_first(&self) -> Result<WriteLock> {
        self.lock_in_turn(self.turns.wait_first()).await
    }

    async fn lock_in_turn(&self, turn: impl Future<Output = Turn>) -> Result<WriteLock> {
        let busy = |_| StoreError::Unavailable(format!("others wrote for {:?}", self.most_wait));
        let turn = tokio::time::timeout(self.most_wait, turn).await.map_err(busy)?;
        self.presence.check()?;
        let (presence, checkpointer) = (Arc::clone(&self.presence), Arc::clone(&self.checkpointer));
        Ok(WriteLock { _turn: turn, presence, checkpointer, log_flusher: Arc::clone(&self.log_flusher) })
    }
}

impl WriteLock {
    /// Gives the turn to the next writer after a commit, which is not on disk yet.
    pub(super) fn committed(self) -> Committed {
        self.log_flusher.note_commit();
        Committed(Arc::clone(&self.log_flusher))
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        self.presence.note();
        if let Ok(pages) = self.presence.log_pages() {
            self.checkpointer.note(pages);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::connect_options;
    use super::super::sql::transaction::Transaction;
    use super::*;
    use sqlx::sqlite::SqlitePoolOptions;
    use std::time::Instant;
    use tokio::runtime::Runtime;

    const PATIENCE: Duration = Duration::from_secs(60);

    struct Database {
        writers: Writers,
        log: Arc<Log>,
        reader: rusqlite::Connection,
        _folder: tempfile::TempDir,
    }

    impl Database {
        fn make() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("test.db");
            let reader = rusqlite::Connection::open(&file).unwrap();
            reader.pragma_update(None, "journal_mode", "wal").unwrap();
            reader.execute_batch("create table t (n integer)").unwrap();
            let options = OpenOptions { acquire_timeout: PATIENCE, ..OpenOptions::default() };
            let connect = connect_options(&file, &options).pragma("synchronous", "normal");
            let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(connect);
            let presence = Arc::new(Presence::of(&file, PATIENCE).unwrap());
            let log = Arc::new(Log::of(&file, PATIENCE));
            let writers = Writers::start(pool, &file, &options, presence, Arc::clone(&log)).unwrap();
            Self { writers, log, reader, _folder: folder }
        }

        async fn insert(writers: &Writers) -> Transaction {
            let mut transaction = Transaction::begin(writers, None).await.unwrap();
            sqlx::raw_sql("insert into t values (1)").execute(transaction.connection()).await.unwrap();
            transaction
        }

        fn until_it_has(&self, rows: i64) {
            let begun = Instant::now();
            while self.reader.query_row("select count(*) from t", [], |row| row.get::<_, i64>(0)).unwrap() < rows {
                assert!(begun.elapsed() < PATIENCE);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    #[test]
    fn others_write_while_a_commit_waits_for_the_disk() {
        let runtime = Runtime::new().unwrap();
        let _entered = runtime.enter();
        let database = Database::make();
        let hanging = database.log.flushing();
        let commits: Vec<_> = (0..3)
            .map(|_| {
                let writers = database.writers.clone();
                runtime.spawn(async move { Database::insert(&writers).await.finish(Ok(())).await })
            })
            .collect();
        database.until_it_has(3);
        assert!(commits.iter().all(|commit| !commit.is_finished()), "nobody is answered before it is on disk");
        drop(hanging);
        for commit in commits {
            runtime.block_on(tokio::time::timeout(PATIENCE, commit)).unwrap().unwrap().unwrap();
        }
        assert!(database.log.is_flushed());
    }

    #[test]
    fn what_may_be_lost_with_the_power_does_not_wait_for_the_disk() {
        let runtime = Runtime::new().unwrap();
        let _entered = runtime.enter();
        let database = Database::make();
        let hanging = database.log.flushing();
        let written = async { Database::insert(&database.writers).await.finish_unflushed(Ok(())).await };
        runtime.block_on(tokio::time::timeout(PATIENCE, written)).unwrap().unwrap();
        database.until_it_has(1);
        assert!(!database.log.is_flushed(), "the next flush is for it too");
        drop(hanging);
    }
}
