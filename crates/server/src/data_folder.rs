//! The data folder: its permissions, the secrets in it, and the lock of its database.

use crate::config::Config;
use anyhow::{Context, Result, bail};
use milepost_access::random_secret;
use milepost_outbox::{Vapid, new_vapid_key};
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const SECRET_FILE: &str = "jwt-secret";
const VAPID_FILE: &str = "vapid-key";
const MQTT_CLIENT_FILE: &str = "mqtt-client-id";

/// Locks a database file for one server. The lock ends with the process, however the process ends.
pub(crate) struct DatabaseLock(#[allow(dead_code, reason = "held, not read")] File);

/// Locks the SQLite file of a `sqlite:` URL for this process, because two servers would not see each other's positions.
/// PostgreSQL can be shared and needs no lock.
pub(crate) fn lock_database(url: &str) -> Result<Option<DatabaseLock>> {
    let Some(database) = milepost_store::sqlite_file(url) else { return Ok(None) };
    let path = lock_file_of(database);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("can't open {}, see MILEPOST_DATA and DATABASE_URL", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(DatabaseLock(file))),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another server uses the database {}; stop it, or choose another with MILEPOST_DATA or DATABASE_URL",
                database.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("can't lock {}", path.display())),
    }
}

/// Refuses an SQLite file that does not exist, so that a command that reads makes none in a wrong folder.
pub(crate) fn check_database_exists(url: &str) -> Result<()> {
    let Some(file) = milepost_store::sqlite_file(url) else { return Ok(()) };
    if file.try_exists().with_context(|| format!("can't look at {}", file.display()))? {
        return Ok(());
    }
    bail!("there is no database {}, see MILEPOST_DATA and DATABASE_URL", file.display())
}

/// The lock file `milepost.db.lock` beside `milepost.db`, the same for every path to the file.
fn lock_file_of(database: &Path) -> PathBuf {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = database.canonicalize().or_else(|_| {
        // Before the first start only the folder exists.
        folder.canonicalize().map(|folder| folder.join(database.file_name().unwrap_or_default()))
    });
    let mut name = real.unwrap_or_else(|_| database.to_owned()).into_os_string();
    name.push(".lock");
    name.into()
}

/// Makes new files readable only by their owner: the database holds password hashes and people's positions.
pub(crate) fn keep_new_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Makes the folder with mode 0700, unless it exists.
pub(crate) fn make_data_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("can't make the data folder {}, see MILEPOST_DATA", folder.display()))
}

/// Shorter secrets of HS256 can be found by trying.
const MIN_SECRET_BYTES: usize = 32;

/// The configured secret, or the one in the data folder (mode 0600), which the first start makes.
pub(crate) fn jwt_secret(config: &Config) -> Result<Vec<u8>> {
    if let Some(secret) = &config.jwt_secret {
        return Ok(secret.as_bytes().to_vec());
    }
    match &config.jwt_secret_file {
        Some(path) => read_secret_file(path),
        None => {
            kept_secret(&config.data.join(SECRET_FILE), |secret| secret.len() >= MIN_SECRET_BYTES, || random_secret(""))
        }
    }
}

/// Reads `JWT_SECRET_FILE`. White space around the secret, such as a line's end, does not belong to it.
pub(crate) fn read_secret_file(path: &Path) -> Result<Vec<u8>> {
    let text = std::fs::read(path).with_context(|| format!("JWT_SECRET_FILE: can't read {}", path.display()))?;
    let secret = text.trim_ascii();
    if secret.len() < MIN_SECRET_BYTES {
        bail!("JWT_SECRET_FILE: {} must hold at least 32 bytes", path.display());
    }
    Ok(secret.to_vec())
}

/// Whether a token can be signed without making a new secret.
pub(crate) fn can_sign(config: &Config) -> bool {
    config.jwt_secret.is_some() || config.jwt_secret_file.is_some() || config.data.join(SECRET_FILE).exists()
}

/// The configured private key of Web Push, or the one in the data folder.
pub(crate) fn vapid_key(configured: Option<&str>, folder: &Path) -> Result<String> {
    let is_key = |key: &[u8]| std::str::from_utf8(key).is_ok_and(|key| Vapid::new(key, None).is_ok());
    let key = match configured {
        Some(key) => return Ok(key.to_owned()),
        None => kept_secret(&folder.join(VAPID_FILE), is_key, new_vapid_key)?,
    };
    String::from_utf8(key).context("a key is text")
}

/// The name of this node's session at an MQTT broker: the same after a restart, and no other node's.
pub(crate) fn mqtt_client_id(folder: &Path) -> Result<String> {
    // 23 letters and digits: every broker takes that (MQTT 3.1.1, 3.1.3.1).
    let new_id = || "milepost".chars().chain((0..15).map(|_| fastrand::alphanumeric())).collect();
    let is_id = |id: &[u8]| id.len() == 23 && id.is_ascii();
    String::from_utf8(kept_secret(&folder.join(MQTT_CLIENT_FILE), is_id, new_id)?).context("an id is text")
}

/// Reads the secret in a file, and makes the file if it does not exist.
fn kept_secret(path: &Path, is_good: fn(&[u8]) -> bool, make: fn() -> String) -> Result<Vec<u8>> {
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "other users could read the secret file; its mode was corrected");
        std::fs::set_permissions(path, Permissions::from_mode(0o600))
            .with_context(|| format!("can't make {} private", path.display()))?;
    }
    match std::fs::read(path) {
        Ok(secret) if is_good(secret.trim_ascii()) => Ok(secret.trim_ascii().to_vec()),
        Ok(_) => bail!("{} is damaged: bring it back from a backup, or delete it to get a new one", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            write_secret(path, &make()).with_context(|| format!("can't write {}", path.display()))?;
            // Another process may have made the file first: its secret counts.
            kept_secret(path, is_good, make)
        }
        Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
    }
}

/// Writes a secret unless the file exists. A reader finds the whole secret or none.
fn write_secret(path: &Path, secret: &str) -> Result<()> {
    make_data_folder(path.parent().unwrap_or(Path::new(".")))?;
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    // A hard link never replaces a file. File systems without links have only a rename.
    match std::fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Ok(std::fs::rename(&unfinished, path)?),
        _ => Ok(std::fs::remove_file(&unfinished)?),
    }
}
