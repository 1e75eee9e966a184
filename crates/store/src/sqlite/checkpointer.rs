//! Copies the log into the database's file beside the writers, on a thread and a connection of its own.
//!
//! SQLite would do it in the commit that fills the log: its writer, and all who wait for their turn, would wait for
//! thousands of scattered pages and for the disk. A copy beside them (a passive checkpoint) waits for nobody. But the log begins
//! anew only when all of it is copied, which never happens while others write. Above a ceiling the rest is therefore copied in a
//! turn of its own: that is what was written during the copy before.

use super::log_flusher::Log;
use super::position_writer::connect;
use super::presence::Presence;
use super::turns::Turns;
use crate::{LogStats, Result, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pages of 4 KiB in the log that are not copied yet: 8 MiB. A page that changes often is copied once for many changes.
const COPY_PAGES: u64 = 2_048;

/// Pages of the log above which it begins anew: 64 MiB.
const CEILING_PAGES: u64 = 16_384;

/// The size of a page of the databases that we make.
const PAGE_BYTES: u64 = 4_096;

/// A handle of the thread.
#[derive(Debug)]
pub(super) struct Checkpointer {
    copy_pages: u64,
    counters: Arc<Counters>,
    thread: Mutex<Option<(mpsc::SyncSender<()>, JoinHandle<()>)>>,
}

#[derive(Debug, Default)]
struct Counters {
    checkpoints: AtomicU64,
    took_us: AtomicU64,
}

/// The pages in the log, and those of them that are not in the database's file yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LogPages {
    pub(super) all: u64,
    pub(super) uncopied: u64,
}

impl Checkpointer {
    /// Starts the thread. It connects when it is first needed.
    pub(super) fn start(file: &Path, presence: Arc<Presence>, turns: Arc<Turns>, log: Arc<Log>) -> Result<Self> {
        Self::start_at((COPY_PAGES, CEILING_PAGES), file, presence, turns, log)
    }

    fn start_at(
        (copy_pages, ceiling_pages): (u64, u64),
        file: &Path,
        presence: Arc<Presence>,
        turns: Arc<Turns>,
        log: Arc<Log>,
    ) -> Result<Self> {
        let counters = Arc::<Counters>::default();
        // One that waits stands for all.
        let (asks, asked) = mpsc::sync_channel(1);
        let copier = Copier {
            file: file.to_owned(),
            presence,
            turns,
            log,
            counters: Arc::clone(&counters),
            copy_pages,
            ceiling_pages,
            next_turn_pages: ceiling_pages,
            open: None,
        };
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn(move || copier.run(&asked))
            .map_err(|error| StoreError::Unavailable(format!("no thread for the database: {error}")))?;
        Ok(Self { copy_pages, counters, thread: Mutex::new(Some((asks, thread))) })
    }

    /// Copies the log soon, if there is enough of it.
    pub(super) fn note(&self, pages: LogPages) {
        if pages.uncopied >= self.copy_pages
            && let Some((asks, _)) = &*self.thread.lock().expect("nothing panics while holding it")
        {
            // Full: it is asked already.
            let _ = asks.try_send(());
        }
    }

    pub(super) fn stats(&self, pages: LogPages) -> LogStats {
        LogStats {
            log_bytes: pages.all * PAGE_BYTES,
            uncopied_bytes: pages.uncopied * PAGE_BYTES,
            checkpoints: self.counters.checkpoints.load(Ordering::Relaxed),
            checkpoints_took: Duration::from_micros(self.counters.took_us.load(Ordering::Relaxed)),
        }
    }

    /// Whether the thread has ended by a fault. Closed, it counts as running.
    pub(super) fn has_ended(&self) -> bool {
        let thread = self.thread.lock().expect("nothing panics while holding it");
        thread.as_ref().is_some_and(|(_, thread)| thread.is_finished())
    }

    /// Ends the thread after the copy under way, and closes its connection.
    pub(super) async fn close(&self) {
        let Some((asks, thread)) = self.thread.lock().expect("nothing panics while holding it").take() else { return };
        drop(asks);
        // It catches what could panic.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

struct Copier {
    file: PathBuf,
    presence: Arc<Presence>,
    turns: Arc<Turns>,
    log: Arc<Log>,
    counters: Arc<Counters>,
    copy_pages: u64,
    ceiling_pages: u64,
    /// The size of the log at which the rest is copied in a turn. It grows while a reader keeps the log from beginning anew.
    next_turn_pages: u64,
    open: Option<Connection>,
}

impl Copier {
    fn run(mut self, asked: &mpsc::Receiver<()>) {
        while asked.recv().is_ok() {
            // Without the thread the log would grow for ever.
            let copied = catch_unwind(AssertUnwindSafe(|| self.copy()))
                .unwrap_or_else(|_| Err(StoreError::Unavailable("a fault while the log was copied".to_owned())));
            if let Err(error) = copied {
                self.open = None;
                tracing::warn!("the database's log could not be copied, trying again later: {error}");
            }
        }
    }

    fn copy(&mut self) -> Result<()> {
        self.checkpoint()?;
        let pages = self.presence.log_pages()?;
        if pages.all <= self.ceiling_pages {
            self.next_turn_pages = self.ceiling_pages;
        } else if pages.all > self.next_turn_pages {
            // The next writer begins the log anew, unless somebody reads an older state from it.
            let turn = self.turns.wait_blocking();
            let copied = self.checkpoint();
            drop(turn);
            copied?;
            self.next_turn_pages = pages.all + self.copy_pages;
        }
        Ok(())
    }

    /// Copies what can be copied without waiting for anybody.
    fn checkpoint(&mut self) -> Result<()> {
        // A log whose flush failed is copied and emptied by the flusher alone.
        if self.log.has_failed() {
            return Ok(());
        }
        self.presence.check()?;
        let begun = Instant::now();
        let connection = match &mut self.open {
            Some(open) => open,
            none => none.insert(connect(&self.file, Duration::ZERO)?),
        };
        // Another process may be copying just now.
        let _busy: bool = connection.query_row("pragma wal_checkpoint(passive)", [], |row| row.get(0))?;
        self.presence.note();
        self.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counters.took_us.fetch_add(took_us, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    struct Database {
        writer: Connection,
        presence: Arc<Presence>,
        turns: Arc<Turns>,
        checkpointer: Checkpointer,
        file: PathBuf,
        _folder: tempfile::TempDir,
    }

    impl Database {
        /// Copies from 10 pages on, and begins the log anew above 40.
        fn make() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("test.db");
            let first = Connection::open(&file).unwrap();
            first.pragma_update(None, "journal_mode", "wal").unwrap();
            first.execute_batch("create table t (n integer, text blob)").unwrap();
            let presence = Arc::new(Presence::of(&file, PATIENCE).unwrap());
            let (turns, log) = (Arc::<Turns>::default(), Arc::new(Log::of(&file, PATIENCE)));
            let parts = (Arc::clone(&presence), Arc::clone(&turns));
            let checkpointer = Checkpointer::start_at((10, 40), &file, parts.0, parts.1, log).unwrap();
            let writer = connect(&file, PATIENCE).unwrap();
            Self { writer, presence, turns, checkpointer, file, _folder: folder }
        }

        /// Writes about five pages in a turn.
        fn write(&self) {
            let turn = self.turns.wait_blocking();
            self.presence.check().unwrap();
            self.writer.execute("insert into t values (1, zeroblob(16000))", []).unwrap();
            self.presence.note();
            self.checkpointer.note(self.presence.log_pages().unwrap());
            drop(turn);
        }

        fn until(&self, is_so: impl Fn(LogPages) -> bool) {
            let begun = Instant::now();
            while !is_so(self.presence.log_pages().unwrap()) {
                assert!(begun.elapsed() < PATIENCE, "{:?}", self.presence.log_pages());
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    #[test]
    fn the_log_is_copied_beside_the_writers_and_begins_anew() {
        let database = Database::make();
        let mut most = 0;
        for _ in 0..60 {
            database.write();
            database.until(|pages| pages.uncopied < 10);
            most = most.max(database.presence.log_pages().unwrap().all);
        }
        assert!(most < 100, "{most} of more than 300 pages written");
        let stats = database.checkpointer.stats(database.presence.log_pages().unwrap());
        assert!(stats.checkpoints > 10 && stats.checkpoints_took > Duration::ZERO, "{stats:?}");
        let count = "select count(*) from t where length(text) = 16000";
        let rows: i64 = Connection::open(&database.file).unwrap().query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 60);
        database.presence.check().unwrap();
    }

    #[test]
    fn a_reader_that_stays_keeps_the_log_and_holds_up_no_writer() {
        let database = Database::make();
        let reader = Connection::open(&database.file).unwrap();
        reader.execute_batch("begin; select count(*) from t").unwrap();
        for _ in 0..40 {
            database.write();
        }
        database.until(|pages| pages.all > 150);
        reader.execute_batch("commit").unwrap();
        let begun = Instant::now();
        while database.presence.log_pages().unwrap().all > 100 {
            assert!(begun.elapsed() < PATIENCE);
            database.write();
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[tokio::test]
    async fn a_closed_checkpointer_leaves_no_connection() {
        let database = Database::make();
        database.write();
        database.write();
        database.checkpointer.close().await;
        let Database { writer, presence, file, .. } = &database;
        writer.execute_batch("select 1").unwrap();
        presence.close();
        let path = file.clone();
        let Database { writer, _folder, .. } = database;
        writer.close().unwrap();
        assert!(!path.with_extension("db-wal").exists(), "the last connection removes the log");
    }
}
