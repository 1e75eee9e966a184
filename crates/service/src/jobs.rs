//! Jobs: work that takes longer than a request. They are stored, and one node at a time does each, so that neither a restart nor the end of a
//! node loses one.
//!
//! A kind of job is a [`JobWork`] in the list that [`crate::assemble`] makes. It may be run again from its beginning at any time.

mod run;

pub use run::keep_running_jobs;

use crate::file_store::FileStore;
use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use milepost_domain::{Job, JobFile, JobId, JobStatus, Principal, Timestamp};
use milepost_store::{JobMail, JobQuota, NewJob, Once, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

/// Jobs of a tenant that are kept, ended ones included. A further one is answered 429.
const MAX_TENANT_JOBS: u32 = 50;
/// Of one caller among them.
const MAX_CALLER_JOBS: u32 = 20;
/// How long an ended job and its result are kept, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// When to try again, in seconds: results are kept for a day.
const RETRY_FULL_S: u64 = 3_600;

/// The work of one kind of job.
#[async_trait]
pub trait JobWork: Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static str;
    /// Whether a caller may see a job and its result.
    fn is_seen_by(&self, request: &Request, job: &Job) -> bool;
    /// Whether access tokens may see it, too.
    fn is_for_programs(&self) -> bool;
    /// Does the work. It is stopped at any await when another node has taken the job over, and may be run again from its beginning.
    ///
    /// # Errors
    /// [`JobEnd`].
    async fn run(&self, job: &Job, progress: &JobProgress) -> Result<Option<MadeFile>, JobEnd>;
    /// The mails that bring the file that it made. They are stored with its end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`], after which the job is done again.
    async fn mails(&self, _: &Job) -> Result<Vec<JobMail>, ServiceError> {
        Ok(Vec::new())
    }
}

/// How far a running job is.
#[derive(Debug, Default)]
pub struct JobProgress(AtomicU8);

impl JobProgress {
    /// Says how much is done, in percent.
    pub fn note(&self, percent: u8) {
        self.0.store(percent.min(99), Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A file that a job made.
pub struct MadeFile {
    /// Its content.
    pub file: tempfile::NamedTempFile,
    /// What it is called when it is saved.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
}

/// Why a job did not end well.
#[derive(Debug)]
pub enum JobEnd {
    /// It is not tried again, for this reason, in words for its reader.
    Failed(String),
    /// It is tried again soon, a few times.
    Again(ServiceError),
}

impl From<ServiceError> for JobEnd {
    fn from(error: ServiceError) -> Self {
        Self::Again(error)
    }
}

impl From<StoreError> for JobEnd {
    fn from(error: StoreError) -> Self {
        Self::Again(error.into())
    }
}

/// What the use cases of jobs need.
pub struct Jobs {
    store: Arc<dyn Store>,
    files: FileStore,
    works: Vec<Arc<dyn JobWork>>,
    wakers: Wakers,
    added: Notify,
}

impl Jobs {
    pub(crate) fn new(store: Arc<dyn Store>, files: FileStore, works: Vec<Arc<dyn JobWork>>, wakers: Wakers) -> Self {
        Self { store, files, works, wakers, added: Notify::new() }
    }

    fn work(&self, kind: &str) -> Option<&Arc<dyn JobWork>> {
        self.works.iter().find(|work| work.kind() == kind)
    }

    /// Begins a job that is due, at once.
    pub(crate) fn wake(&self) {
        self.added.notify_waiters();
    }
}

/// Adds a job for a caller who may. Where `ended` is given, older ended ones of its kind give way to it.
///
/// # Errors
/// [`ServiceError::TooMany`], [`ServiceError::Unavailable`].
pub(crate) async fn add_job(
    jobs: &Jobs,
    request: &Request,
    new: &NewJob,
    ended: Option<u32>,
    once: &Once<'_, JobId>,
) -> Result<(), ServiceError> {
    let quota = quota(ended);
    let once = once.map(|is_added: &bool| is_added.then(|| new.id.clone()));
    if !jobs.store.add_job(new, &request.author(), quota, &once).await? {
        return Err(ServiceError::TooMany { retry_after_s: RETRY_FULL_S });
    }
    tracing::info!(job.id = %new.id, job.kind = new.kind, tenant.id = %new.tenant, by = request.caller.log_name(), "job added");
    jobs.wake();
    Ok(())
}

/// How many jobs are kept. Where `ended` is given, older ended ones of a kind give way to a new one.
pub(crate) const fn quota(ended: Option<u32>) -> JobQuota {
    JobQuota { tenant: MAX_TENANT_JOBS, caller: MAX_CALLER_JOBS, ended }
}

/// Until when a job that ends now is kept, with its result.
pub(crate) const fn kept_until(now: Timestamp) -> Timestamp {
    now.plus_ms(KEPT_MS)
}

/// A job and how far it is. One that the caller may not see is answered as if it did not exist.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] for access tokens.
pub async fn get_job(jobs: &Jobs, request: &Request, id: &JobId) -> Result<Job, ServiceError> {
    const UNKNOWN: ServiceError = ServiceError::NotFound("job");
    let job = jobs.store.get_job(id).await?.ok_or(UNKNOWN)?;
    let work = jobs.work(&job.kind).ok_or(UNKNOWN)?;
    let is_program = matches!(request.caller.principal, Principal::Program { .. });
    if is_program && request.caller.tenant == job.tenant && !work.is_for_programs() {
        return Err(ServiceError::Forbidden("an access token may not see this job"));
    }
    if !work.is_seen_by(request, &job) {
        return Err(UNKNOWN);
    }
    Ok(job)
}

/// The result of a job, piece by piece.
///
/// # Errors
/// As [`get_job`]; [`ServiceError::NotFound`] without a result.
pub async fn open_result(
    jobs: &Jobs,
    request: &Request,
    id: &JobId,
) -> Result<(JobFile, BoxStream<'static, std::io::Result<Bytes>>), ServiceError> {
    let job = get_job(jobs, request, id).await?;
    let file = job.file.filter(|_| job.status == JobStatus::Done).ok_or(ServiceError::NotFound("result of the job"))?;
    let content = jobs.files.open(&file.key).await?;
    Ok((file, content))
}
