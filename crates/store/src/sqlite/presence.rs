//! Checks that the database's file is still the one that was opened, and that only SQLite has written into it.
//!
//! A process can go on writing to a file that was removed, and would lose everything that it acknowledged. A new file at
//! the same place, or another content in the same file, would be mixed with the log of the old one, which destroys it.
//!
//! In WAL mode the file itself is written only by checkpoints, and every checkpoint first notes in the index of the log
//! (`-shm`) how far it goes. A file that has changed without that was written by something else.

use crate::{Result, StoreError};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::checkpointer::LogPages;
use super::position_writer::connect;

/// The message for the operator when the file was replaced.
const REPLACED: &str = "its file was replaced while in use: put the old one back, or restart the server on the new one";
/// The message for the operator when the file was overwritten.
const OVERWRITTEN: &str =
    "its file was overwritten while in use: stop the server, and bring a backup back with `milepost restore`";

/// The name of the log of a file that was replaced, after the name of the database.
const SET_ASIDE: &str = ".of-replaced-file";

/// The bytes of the index of the log that are read: two headers, and the state of the checkpoints.
const INDEX_BYTES: usize = 136;

/// A file's identity in the file system, which does not depend on its name.
type Identity = (u64, u64);

/// The database's file, its log and the log's index, as they were when the database was opened.
pub(super) struct Presence {
    file: PathBuf,
    log: PathBuf,
    index_path: PathBuf,
    identity: Identity,
    log_identity: Identity,
    index_identity: Identity,
    /// Never closed: closing a file ends all locks that this process has on it, SQLite's too.
    index: &'static File,
    state: Mutex<State>,
    /// Whether the last check failed. Reads look at this alone.
    is_gone: AtomicBool,
    /// Keeps the log and its index while other connections come and go. A std mutex: locked at the start and the end.
    keeper: Mutex<Option<Connection>>,
}

enum State {
    Present(Seen),
    /// Another file is at its place, or none. The log was set aside, so that nobody applies it to another file.
    Replaced,
    /// Something else wrote into the file. Only a restart ends this.
    Overwritten,
}

/// The file and the checkpoints, as they were seen last.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    checkpoints: Checkpoints,
    /// The file's size and the time of its last change.
    content: (u64, i64, i64),
}

/// How far the log was copied into the file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Checkpoints {
    /// Changes when the log begins anew.
    salt: [u8; 8],
    copied: u32,
    attempted: u32,
}

impl Presence {
    /// Opens the log, and notes what is there.
    pub(super) fn of(file: &Path, busy_timeout: Duration) -> Result<Self> {
        let keeper = connect(file, busy_timeout)?;
        // The first read opens the log and its index.
        keeper.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
        let beside = |ending: &str| {
            let mut path = file.as_os_str().to_owned();
            path.push(ending);
            PathBuf::from(path)
        };
        let (log, index_path) = (beside("-wal"), beside("-shm"));
        let index = File::open(&index_path).map_err(|error| unavailable(&index_path, &error))?;
        let index: &'static File = Box::leak(Box::new(index));
        let checkpoints = IndexHead::read(index)?.checkpoints;
        let metadata = metadata(file)?;
        Ok(Self {
            file: file.to_owned(),
            identity: identity(&metadata),
            log_identity: identity(&self::metadata(&log)?),
            index_identity: identity(&self::metadata(&index_path)?),
            log,
            index_path,
            index,
            state: Mutex::new(State::Present(Seen { checkpoints, content: content(&metadata) })),
            is_gone: AtomicBool::new(false),
            keeper: Mutex::new(Some(keeper)),
        })
    }

    /// Checks the file before it is written: with the write lock held, or before the log is copied into it.
    pub(super) fn check(&self) -> Result<()> {
        let mut state = self.state();
        let checked = self.check_state(&mut state);
        self.is_gone.store(checked.is_err(), Ordering::Relaxed);
        checked
    }

    /// Checks the file before it is read: only whether it is the same, unless it was found to be gone.
    pub(super) fn check_for_read(&self) -> Result<()> {
        let is_same = !self.is_gone.load(Ordering::Relaxed)
            && metadata(&self.file).is_ok_and(|metadata| identity(&metadata) == self.identity);
        if is_same { Ok(()) } else { self.check() }
    }

    /// Notes what a transaction has left, before the write lock is released, or a copy of the log.
    pub(super) fn note(&self) {
        let mut state = self.state();
        if let State::Present(seen) = &mut *state
            && let Ok(now) = self.see()
        {
            *seen = now;
        }
    }

    /// How much the log holds.
    pub(super) fn log_pages(&self) -> Result<LogPages> {
        let index = IndexHead::read(self.index)?;
        let (in_log, copied) = (index.in_log, index.checkpoints.copied);
        Ok(LogPages { all: u64::from(in_log), uncopied: u64::from(in_log.saturating_sub(copied)) })
    }

    /// Why the database can't be used until somebody acts, in words for the operator.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match *self.state() {
            State::Present(_) => None,
            State::Replaced => Some(REPLACED),
            State::Overwritten => Some(OVERWRITTEN),
        }
    }

    /// Closes the last connection, which copies the log into the file, unless it is another file.
    pub(super) fn close(&self) {
        let is_ours = self.check().is_ok();
        let Some(keeper) = self.keeper.lock().expect("nothing panics while holding it").take() else { return };
        if !is_ours {
            let kept = keeper.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            if kept.is_err() {
                // Without this the log would be copied. The process ends soon, and with it the connection.
                std::mem::forget(keeper);
                return;
            }
        }
        drop(keeper);
    }

    fn check_state(&self, state: &mut State) -> Result<()> {
        if matches!(state, State::Overwritten) {
            return Err(self.lost(OVERWRITTEN));
        }
        let file = metadata(&self.file).ok();
        if file.as_ref().is_none_or(|file| identity(file) != self.identity) {
            if !matches!(state, State::Replaced) {
                *state = State::Replaced;
                self.set_log_aside();
            }
            return Err(self.lost(REPLACED));
        }
        let State::Present(seen) = state else {
            self.bring_log_back()?;
            // The old file is back. What it is now can't be compared with what it was.
            *state = State::Present(self.see()?);
            return Ok(());
        };
        let is_log_there = metadata(&self.log).is_ok_and(|log| identity(&log) == self.log_identity)
            && metadata(&self.index_path).is_ok_and(|index| identity(&index) == self.index_identity);
        if !is_log_there {
            return Err(self.lost("its log was removed or replaced while in use: stop the server"));
        }
        let content_now = file.as_ref().map(content);
        if content_now == Some(seen.content) {
            return Ok(());
        }
        // Read after the content, as a checkpoint notes it before.
        let checkpoints = IndexHead::read(self.index)?.checkpoints;
        if checkpoints == seen.checkpoints && checkpoints.copied == checkpoints.attempted {
            *state = State::Overwritten;
            self.set_log_aside();
            return Err(self.lost(OVERWRITTEN));
        }
        *seen = self.see()?;
        Ok(())
    }

    /// The checkpoints are read first: a checkpoint that begins meanwhile is then noticed as one.
    fn see(&self) -> Result<Seen> {
        let checkpoints = IndexHead::read(self.index)?.checkpoints;
        Ok(Seen { checkpoints, content: content(&metadata(&self.file)?) })
    }

    /// Moves the log away, so that neither a restart nor another program applies it to the file that is there now.
    /// Connections that have it open keep it.
    fn set_log_aside(&self) {
        tracing::error!(file = %self.file.display(), "the database's file was replaced or overwritten: nothing is written");
        for (path, identity) in [(&self.log, self.log_identity), (&self.index_path, self.index_identity)] {
            if metadata(path).is_ok_and(|there| self::identity(&there) == identity)
                && let Err(error) = std::fs::rename(path, aside(path))
            {
                tracing::error!(%error, path = %path.display(), "the old log could not be set aside: remove it before a restart");
            }
        }
    }

    /// Puts the log back beside its file, unless another log has been made there.
    fn bring_log_back(&self) -> Result<()> {
        for (path, identity) in [(&self.log, self.log_identity), (&self.index_path, self.index_identity)] {
            match metadata(path) {
                Ok(there) if self::identity(&there) == identity => {}
                Ok(_) => return Err(self.lost("another log was made beside its file: stop the server")),
                Err(_) => std::fs::rename(aside(path), path).map_err(|error| unavailable(path, &error))?,
            }
        }
        Ok(())
    }

    fn lost(&self, what: &str) -> StoreError {
        StoreError::Unavailable(format!("{}: {what}", self.file.display()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.close();
    }
}

/// The beginning of the index of the log.
struct IndexHead {
    /// Valid pages in the log.
    in_log: u32,
    checkpoints: Checkpoints,
}

impl IndexHead {
    /// Reads the index of the log, whose layout SQLite documents (walformat.html, section 2.1).
    fn read(index: &File) -> Result<Self> {
        let mut bytes = [0; INDEX_BYTES];
        index
            .read_exact_at(&mut bytes, 0)
            .map_err(|error| StoreError::Unavailable(format!("the index of the database's log: {error}")))?;
        let number = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let salt = bytes[32..40].try_into().expect("eight bytes");
        let checkpoints = Checkpoints { salt, copied: number(96), attempted: number(128) };
        Ok(Self { in_log: number(16), checkpoints })
    }
}

fn metadata(path: &Path) -> Result<Metadata> {
    std::fs::metadata(path).map_err(|error| unavailable(path, &error))
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("database file {}: {error}", path.display()))
}

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

fn content(metadata: &Metadata) -> (u64, i64, i64) {
    (metadata.size(), metadata.mtime(), metadata.mtime_nsec())
}

fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(SET_ASIDE);
    aside.into()
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").field("file", &self.file).finish_non_exhaustive()
    }
}
