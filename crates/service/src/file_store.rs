//! Keeps the pictures of proofs and the results of jobs: in a folder.

use crate::ServiceError;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// The folder within the store in which files are written that are no whole ones yet.
const SPOOL: &str = ".spool";
/// What a process that died left in it is removed after this time.
const LEFT_AFTER: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// The store of files. A key is a path within it.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    spool: PathBuf,
}

impl FileStore {
    /// Keeps the files in a folder, which is made if it is missing. What is written is on disk.
    ///
    /// # Errors
    /// Why the folder can't be used.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, String> {
        let refused = |error: &dyn std::fmt::Display| format!("PROOF_STORE: {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(|error| refused(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| refused(&error))?;
        let spool = folder.join(SPOOL);
        std::fs::create_dir_all(&spool).map_err(|error| refused(&error))?;
        for left in std::fs::read_dir(&spool).map_err(|error| refused(&error))?.flatten() {
            let is_old = left
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LEFT_AFTER));
            if is_old {
                // The next start tries again.
                let _ = std::fs::remove_file(left.path());
            }
        }
        Ok(Self { store: Arc::new(store.with_fsync(true)), spool })
    }

    /// An empty file to write into, which is removed when it is dropped.
    pub(crate) fn new_file(&self) -> Result<tempfile::NamedTempFile, ServiceError> {
        tempfile::NamedTempFile::new_in(&self.spool).map_err(|error| {
            tracing::warn!(%error, "the store of files is unavailable");
            ServiceError::Unavailable
        })
    }

    /// Stores a file that was written.
    pub(crate) async fn keep(&self, key: &str, file: &std::path::Path) -> Result<(), ServiceError> {
        let failed = |error: std::io::Error| {
            tracing::warn!(%error, "the store of files is unavailable");
            ServiceError::Unavailable
        };
        let mut written = tokio::fs::File::open(file).await.map_err(failed)?;
        let mut kept = BufWriter::new(Arc::clone(&self.store), path(key)?);
        match tokio::io::copy(&mut written, &mut kept).await {
            Ok(_) => kept.shutdown().await.map_err(failed),
            Err(error) => {
                // What is left of it is nobody's file.
                let _ = kept.abort().await;
                Err(failed(error))
            }
        }
    }

    /// Reads a file piece by piece.
    pub(crate) async fn open(&self, key: &str) -> Result<BoxStream<'static, std::io::Result<Bytes>>, ServiceError> {
        match self.store.get(&path(key)?).await {
            Ok(found) => Ok(found.into_stream().map(|piece| piece.map_err(std::io::Error::other)).boxed()),
            Err(Error::NotFound { .. }) => Err(ServiceError::NotFound("file")),
            Err(error) => Err(unavailable(&error)),
        }
    }

    pub(crate) async fn write(&self, key: &str, bytes: Vec<u8>) -> Result<(), ServiceError> {
        self.store.put(&path(key)?, bytes.into()).await.map(drop).map_err(|error| unavailable(&error))
    }

    /// Reads a file, and compares its sum.
    pub(crate) async fn read(&self, key: &str, sha256: &[u8; 32]) -> Result<Vec<u8>, ServiceError> {
        let path = path(key)?;
        let bytes = match self.store.get(&path).await {
            Ok(found) => found.bytes().await.map_err(|error| unavailable(&error))?,
            Err(Error::NotFound { .. }) => return Err(ServiceError::NotFound("file")),
            Err(error) => return Err(unavailable(&error)),
        };
        if <[u8; 32]>::from(Sha256::digest(&bytes)) == *sha256 {
            return Ok(bytes.to_vec());
        }
        tracing::error!(file.key = key, "a proof's file is damaged: it has another sum than when it was stored");
        Err(ServiceError::Internal)
    }

    /// Removes a file. One that is not there is removed.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), ServiceError> {
        match self.store.delete(&path(key)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }
}

fn path(key: &str) -> Result<Path, ServiceError> {
    Path::parse(key).map_err(|error| {
        tracing::error!(%error, "a file's key can't be a path");
        ServiceError::Internal
    })
}

fn unavailable(error: &Error) -> ServiceError {
    tracing::warn!(%error, "the store of files is unavailable");
    ServiceError::Unavailable
}
