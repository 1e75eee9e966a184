//! Copies a SQLite database while it is in use, and puts such a copy in its place.

use crate::{Result, StoreError, migrations};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages that are copied at once, between two reports of the progress.
const STEP_PAGES: i32 = 2_000;
/// How long the copy waits when somebody keeps the database locked.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// How long to wait before a locked page is asked for again.
const RETRY_WAIT: Duration = Duration::from_millis(50);

/// Reports how much is done, of how much.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Copies the database at `source` to a new file, as it is at one moment, while others go on writing. The file appears at
/// `target` when it is whole, checked and on disk.
///
/// # Errors
/// `Refused` when `target` exists or `source` does not, `Unavailable` when reading or writing failed.
pub fn back_up(source: &Path, target: &Path, progress: Progress<'_>) -> Result<()> {
    if !source.exists() {
        return Err(refused(source, "is not there"));
    }
    if target.exists() {
        return Err(refused(target, "exists already: name another file, or remove it"));
    }
    let partial = beside(target, ".partial");
    let copied = copy_pages(source, &partial, progress).and_then(|()| check(&partial));
    if let Err(error) = copied {
        let _ = std::fs::remove_file(&partial);
        return Err(error);
    }
    flush(&partial)?;
    std::fs::rename(&partial, target).map_err(|error| failed(target, &error))?;
    flush_folder(target)
}

/// Puts a backup in the place of the database, which nobody may have open. Returns where the old one is kept, if there was
/// one. At each moment the database is wholly the old one or wholly the new one. `label` is the end of the kept file's
/// name.
///
/// # Errors
/// `Refused` when the backup is damaged, of a newer version, or no whole copy, or when a log without its file lies where
/// the database belongs. Nothing is changed then.
pub fn restore(backup: &Path, database: &Path, label: &str, progress: Progress<'_>) -> Result<Option<PathBuf>> {
    if same_file(backup, database) {
        return Err(refused(backup, "is the database itself"));
    }
    if has_content(&beside(backup, "-wal")) {
        let what = "has a log beside it (-wal), so it is a file that was in use and not a backup: make one with `milepost backup`";
        return Err(refused(backup, what));
    }
    check(backup)?;
    let log = beside(database, "-wal");
    if !database.exists() && has_content(&log) {
        return Err(refused(&log, "was left behind by another file: move it away"));
    }
    let fresh = beside(database, ".restoring");
    copy_file(backup, &fresh, progress)?;
    rename_feed(&fresh)?;
    let kept = if database.exists() { Some(keep_old(database, label)?) } else { None };
    std::fs::rename(&fresh, database).map_err(|error| failed(database, &error))?;
    flush_folder(database)?;
    Ok(kept)
}

/// Gives the event log of a restored database a new name: the ids that clients hold may be of events that it does not have. A
/// database of an older version gets a name when it is migrated.
fn rename_feed(database: &Path) -> Result<()> {
    let connection = Connection::open(database)?;
    let has_name = "select count(*) from sqlite_schema where name = 'feed'";
    if connection.query_row(has_name, [], |row| row.get::<_, i64>(0))? > 0 {
        connection.execute("update feed set name = lower(hex(randomblob(5)))", [])?;
    }
    connection.close().map_err(|(_, error)| error)?;
    flush(database)
}

/// Checks that a file is a whole database that this version can read. Writes nothing, not even beside the file.
fn check(file: &Path) -> Result<()> {
    if !file.exists() {
        return Err(refused(file, "is not there"));
    }
    let connection = open_unchanging(file)?;
    let unreadable = |error: rusqlite::Error| refused(file, &format!("is damaged, or no database: {error}"));
    let verdict: String =
        connection.query_row("pragma integrity_check(1)", [], |row| row.get(0)).map_err(unreadable)?;
    if verdict != "ok" {
        return Err(refused(file, &format!("is damaged: {verdict}")));
    }
    let is_ours = "select count(*) from sqlite_schema where name = '_sqlx_migrations'";
    if connection.query_row(is_ours, [], |row| row.get::<_, i64>(0)).map_err(unreadable)? == 0 {
        return Err(refused(file, "is not a database of milepost"));
    }
    let newest = "select coalesce(max(version), 0) from _sqlx_migrations";
    let newest: i64 = connection.query_row(newest, [], |row| row.get(0)).map_err(unreadable)?;
    if migrations::SQLITE.iter().all(|(number, ..)| *number < newest) {
        let what =
            format!("was made by a newer version of milepost (migration {newest}): restore it with that version");
        return Err(refused(file, &what));
    }
    Ok(())
}

/// Opens a file that nobody writes. SQLite makes no files beside it.
fn open_unchanging(file: &Path) -> Result<Connection> {
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri, flags)?)
}

fn copy_pages(source: &Path, target: &Path, progress: Progress<'_>) -> Result<()> {
    // What an earlier copy left behind.
    let _ = std::fs::remove_file(target);
    let source =
        Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    source.busy_timeout(BUSY_WAIT)?;
    // One transaction, so that all steps see the same moment. Without it a write in between would begin the copy anew.
    source.execute_batch("begin; select count(*) from sqlite_schema;")?;
    let mut target = Connection::open(target)?;
    let copy = Backup::new(&source, &mut target)?;
    loop {
        let step = copy.step(STEP_PAGES)?;
        let now = copy.progress();
        let (all, left) = (now.pagecount.unsigned_abs(), now.remaining.unsigned_abs());
        progress(u64::from(all.saturating_sub(left)), u64::from(all));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(RETRY_WAIT),
        }
    }
    drop(copy);
    // One file, with no log beside it.
    target.pragma_update(None, "journal_mode", "delete")?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Gives the old database a second name, with everything that its log holds.
fn keep_old(database: &Path, label: &str) -> Result<PathBuf> {
    let kept = unused_name(database, label);
    let log = beside(database, "-wal");
    if has_content(&log) && empty_log(database).is_err() {
        // Damaged, or not its own: kept beside it, as it was.
        std::fs::rename(&log, beside(&kept, "-wal")).map_err(|error| failed(&log, &error))?;
    }
    for rest in [log, beside(database, "-shm")] {
        if rest.exists() {
            std::fs::remove_file(&rest).map_err(|error| failed(&rest, &error))?;
        }
    }
    // File systems without links have only a rename.
    std::fs::hard_link(database, &kept)
        .or_else(|_| std::fs::rename(database, &kept))
        .map_err(|error| failed(&kept, &error))?;
    Ok(kept)
}

/// The name under which the old database is kept: another one for each restore, also within a second. A name that is in use can't be
/// a second name, and then the database would have none for a moment.
fn unused_name(database: &Path, label: &str) -> PathBuf {
    let plain = beside(database, &format!(".before-restore-{label}"));
    let numbered = (2..).map(|number| beside(database, &format!(".before-restore-{label}-{number}")));
    std::iter::once(plain).chain(numbered).find(|name| !name.exists()).expect("there is no last number")
}

/// Copies the log into the database. Closing the last connection then removes it.
fn empty_log(database: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    let busy: bool = connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
    if busy {
        return Err(StoreError::Unavailable(format!("{} is in use", database.display())));
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn copy_file(from: &Path, to: &Path, progress: Progress<'_>) -> Result<()> {
    use std::io::{Read, Write};
    let mut source = File::open(from).map_err(|error| failed(from, &error))?;
    let mut target = File::create(to).map_err(|error| failed(to, &error))?;
    let all = source.metadata().map_err(|error| failed(from, &error))?.len();
    let (mut done, mut piece) = (0, vec![0; 1024 * 1024]);
    loop {
        let read = source.read(&mut piece).map_err(|error| failed(from, &error))?;
        if read == 0 {
            break;
        }
        target.write_all(&piece[..read]).map_err(|error| failed(to, &error))?;
        done += read as u64;
        progress(done, all);
    }
    target.sync_all().map_err(|error| failed(to, &error))
}

fn flush(file: &Path) -> Result<()> {
    File::open(file).and_then(|file| file.sync_all()).map_err(|error| failed(file, &error))
}

/// A new name is on disk when its folder is.
fn flush_folder(file: &Path) -> Result<()> {
    flush(file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn has_content(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)
}

fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |file: &Path| std::fs::metadata(file).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

fn refused(file: &Path, what: &str) -> StoreError {
    StoreError::Refused(format!("{} {what}", file.display()))
}

fn failed(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", file.display()))
}
