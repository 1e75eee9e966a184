//! The data folder: made when missing, readable by its owner alone, the secret that it keeps, and who uses the database.

use anyhow::{Context, Result, bail};
use milepost_service::random_secret;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const SECRET_FILE: &str = "jwt-secret";

/// A database file, taken by one server; given back when dropped, however the process ends.
pub(crate) struct DatabaseLock(#[allow(dead_code, reason = "held, not read")] File);

/// Takes the SQLite file of a `sqlite:` URL for this process: two servers would not hear of each other's positions.
/// PostgreSQL may be shared and needs no lock.
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

/// `milepost.db.lock` beside `milepost.db`, the same whatever way leads to the file.
fn lock_file_of(database: &Path) -> PathBuf {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = database.canonicalize().or_else(|_| {
        // Before the very first start there is only the folder.
        folder.canonicalize().map(|folder| folder.join(database.file_name().unwrap_or_default()))
    });
    let mut name = real.unwrap_or_else(|_| database.to_owned()).into_os_string();
    name.push(".lock");
    name.into()
}

/// Files made from now on are readable by their owner alone: the database holds hashes and everybody's whereabouts.
pub(crate) fn keep_new_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Makes the folder, mode 0700, unless it exists.
pub(crate) fn make_data_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("can't make the data folder {}, see MILEPOST_DATA", folder.display()))
}

/// The configured secret, or the one in the data folder (mode 0600), made at the first start.
pub(crate) fn jwt_secret(configured: Option<&str>, folder: &Path) -> Result<Vec<u8>> {
    if let Some(secret) = configured {
        return Ok(secret.as_bytes().to_vec());
    }
    let path = folder.join(SECRET_FILE);
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others could read the secret; they no longer can");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))
            .with_context(|| format!("can't make {} private", path.display()))?;
    }
    match std::fs::read(&path) {
        Ok(secret) if secret.trim_ascii().len() >= 32 => Ok(secret.trim_ascii().to_vec()),
        Ok(_) => bail!("{} is damaged: it must hold at least 32 bytes; delete it to get a new one", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => make_secret(&path),
        Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
    }
}

/// Has a server made its secret in this folder?
pub(crate) fn has_secret(folder: &Path) -> bool {
    folder.join(SECRET_FILE).exists()
}

fn make_secret(path: &Path) -> Result<Vec<u8>> {
    make_data_folder(path.parent().unwrap_or(Path::new(".")))?;
    let secret = random_secret("");
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(secret.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(secret.into_bytes()),
        // Another process of this folder was quicker: its secret counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            jwt_secret(None, path.parent().unwrap_or(Path::new(".")))
        }
        Err(error) => Err(error).with_context(|| format!("can't write {}", path.display())),
    }
}
