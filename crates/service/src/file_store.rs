//! Keeps the pictures of proofs and the results of jobs: in a folder, or in a bucket of S3 and its like.

use crate::ServiceError;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _};
use milepost_domain::Invalid;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::limit::LimitStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, Error, ObjectStore, ObjectStoreExt as _, RetryConfig};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// The folder within the store in which files are written that are no whole ones yet.
const SPOOL: &str = ".spool";
/// What a process that died left in it is removed after this time.
const LEFT_AFTER: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Calls to a bucket at the same time. Further ones wait: a bucket that is slow must not take the memory of all its callers.
const BUCKET_CALLS: usize = 16;
/// How long one call to a bucket may take, and how long it is tried again. A caller is answered 503 then, and its client tries again.
const BUCKET_CALL: Duration = Duration::from_secs(15);
const BUCKET_CONNECT: Duration = Duration::from_secs(3);
/// How often a call that failed is tried again.
const BUCKET_RETRIES: usize = 2;

/// The store of files. A key is a path within it.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    spool: PathBuf,
    /// A bucket answers that a file which is not there was removed: `NotFound` means that there is no bucket.
    is_bucket: bool,
}

/// A bucket of S3 or of a server that speaks its protocol.
#[derive(Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What stands before every key; empty for nothing.
    pub prefix: String,
    /// Where the server is; Amazon's if `None`. Its buckets are named by the path, not by the host.
    pub endpoint: Option<String>,
    /// The server's region.
    pub region: String,
    /// The id and the secret of a key, and the token of a temporary one. Without them the machine's own role is asked.
    pub key: Option<(String, String, Option<String>)>,
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
        Ok(Self { store: Arc::new(store.with_fsync(true)), spool: spool_in(folder)?, is_bucket: false })
    }

    /// Keeps the files in a bucket. The results of jobs are written in `folder` before they are sent there. The bucket is not asked
    /// here: a server starts without it.
    ///
    /// # Errors
    /// Why the bucket or the folder can't be used.
    pub fn in_bucket(bucket: &Bucket, folder: &std::path::Path) -> Result<Self, String> {
        let refused = |error: &dyn std::fmt::Display| format!("PROOF_STORE: s3://{}: {error}", bucket.name);
        let options = ClientOptions::new().with_timeout(BUCKET_CALL).with_connect_timeout(BUCKET_CONNECT);
        let retry = RetryConfig { max_retries: BUCKET_RETRIES, retry_timeout: BUCKET_CALL, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_virtual_hosted_style_request(false)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((id, secret, token)) = &bucket.key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
            if let Some(token) = token {
                builder = builder.with_token(token);
            }
        }
        let store = LimitStore::new(builder.build().map_err(|error| refused(&error))?, BUCKET_CALLS);
        let prefix = Path::parse(&bucket.prefix).map_err(|error| refused(&error))?;
        let store: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(store, prefix));
        Ok(Self { store, spool: spool_in(folder)?, is_bucket: true })
    }
}

/// The folder in which files are written that are no whole ones yet. What a process that died left there is removed.
fn spool_in(folder: &std::path::Path) -> Result<PathBuf, String> {
    let refused = |error: &dyn std::fmt::Display| format!("PROOF_STORE: {}: {error}", folder.display());
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
    Ok(spool)
}

impl FileStore {
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
        let found = self.store.get(&path(key)?).await.map_err(|error| not_read(&error))?;
        Ok(found.into_stream().map(|piece| piece.map_err(std::io::Error::other)).boxed())
    }

    /// Reads a file of at most `most` bytes.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] without such a file; [`ServiceError::Invalid`] for a larger one; [`ServiceError::Unavailable`].
    pub async fn read_at_most(&self, key: &str, most: u64) -> Result<Vec<u8>, ServiceError> {
        let found = self.store.get(&path(key)?).await.map_err(|error| not_read(&error))?;
        if found.meta.size > most {
            return Err(Invalid::new("file", "is too large").into());
        }
        found.bytes().await.map(|bytes| bytes.to_vec()).map_err(|error| unavailable(&error))
    }

    pub(crate) async fn write(&self, key: &str, bytes: Vec<u8>) -> Result<(), ServiceError> {
        self.store.put(&path(key)?, bytes.into()).await.map(drop).map_err(|error| unavailable(&error))
    }

    /// Reads a file, and compares its sum.
    pub(crate) async fn read(&self, key: &str, sha256: &[u8; 32]) -> Result<Vec<u8>, ServiceError> {
        let found = self.store.get(&path(key)?).await.map_err(|error| not_read(&error))?;
        let bytes = found.bytes().await.map_err(|error| unavailable(&error))?;
        if <[u8; 32]>::from(Sha256::digest(&bytes)) == *sha256 {
            return Ok(bytes.to_vec());
        }
        tracing::error!(file.key = key, "a proof's file is damaged: it has another sum than when it was stored");
        Err(ServiceError::Internal)
    }

    /// Removes a file. One that is not there is removed.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), ServiceError> {
        match self.store.delete(&path(key)?).await {
            Ok(()) => Ok(()),
            Err(Error::NotFound { .. }) if !self.is_bucket => Ok(()),
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

fn not_read(error: &Error) -> ServiceError {
    match error {
        // A bucket that is missing holds the files of nobody.
        Error::NotFound { source, .. } if !source.to_string().contains("NoSuchBucket") => {
            ServiceError::NotFound("file")
        }
        error => unavailable(error),
    }
}

fn unavailable(error: &Error) -> ServiceError {
    tracing::warn!(%error, "the store of files is unavailable");
    ServiceError::Unavailable
}
