//! Keeps the pictures of proofs: in a folder.

use crate::ServiceError;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The store of files. A key is a path within it.
#[derive(Clone)]
pub struct ProofFiles(Arc<dyn ObjectStore>);

impl ProofFiles {
    /// Keeps the files in a folder, which is made if it is missing. What is written is on disk.
    ///
    /// # Errors
    /// Why the folder can't be used.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, String> {
        let refused = |error: &dyn std::fmt::Display| format!("PROOF_STORE: {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(|error| refused(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| refused(&error))?;
        Ok(Self(Arc::new(store.with_fsync(true))))
    }

    pub(super) async fn write(&self, key: &str, bytes: Vec<u8>) -> Result<(), ServiceError> {
        self.0.put(&path(key)?, bytes.into()).await.map(drop).map_err(|error| unavailable(&error))
    }

    /// Reads a file, and compares its sum.
    pub(super) async fn read(&self, key: &str, sha256: &[u8; 32]) -> Result<Vec<u8>, ServiceError> {
        let path = path(key)?;
        let bytes = match self.0.get(&path).await {
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
    pub(super) async fn remove(&self, key: &str) -> Result<(), ServiceError> {
        match self.0.delete(&path(key)?).await {
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
