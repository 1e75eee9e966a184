//! Jobs: work that takes longer than a request, done by one node at a time.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{Author, Job, JobFile, JobId, TenantId, Timestamp, UserId};

/// A job to be added.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Names it outside. Random.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What is to be done.
    pub kind: &'static str,
    /// What the work needs to know: a JSON object.
    pub input: String,
    /// Whose data it is about: it goes with this user.
    pub about: Option<UserId>,
    /// Whose share of the tenant's jobs it counts in.
    pub made_by: String,
    /// It does not begin before.
    pub due_at: Timestamp,
    /// The action of the audit that says that somebody asked for it, about [`Self::about`].
    pub audited_as: &'static str,
}

/// How many jobs are kept, ended ones included.
#[derive(Debug, Clone, Copy)]
pub struct JobQuota {
    /// Of a tenant.
    pub tenant: u32,
    /// Of one caller among them.
    pub caller: u32,
    /// Ended jobs of one kind that stay of a caller beside a new one, if older ones of this kind give way: of the caller, and of the tenant
    /// when it has too many.
    pub ended: Option<u32>,
}

/// Which jobs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobLane {
    /// Those of tenants that have none running.
    FirstOfTenant,
    /// Also those of another caller of a tenant that has one running.
    SecondOfTenant,
}

/// How a job ended.
#[derive(Debug, Clone)]
pub enum JobOutcome {
    /// It is done. Its file was announced ([`crate::ProofStore::announce_files`]) and written.
    Done(Option<JobFile>),
    /// It is not tried again, for this reason.
    Failed(String),
    /// It is tried again at this time.
    Again(Timestamp),
}

/// A mail that brings the file of a job to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMail {
    /// Who gets it.
    pub user: UserId,
    /// What it says.
    pub body: String,
}

/// A job whose work was done before it is added, with its file and the mail that brings it.
#[derive(Debug, Clone)]
pub struct MadeJob {
    /// The job.
    pub job: NewJob,
    /// Its file, which was announced and written.
    pub file: JobFile,
    /// When it is removed.
    pub expires_at: Timestamp,
    /// Who gets the file.
    pub mail: JobMail,
}

/// What came of adding such a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeJobOutcome {
    /// It was added, and its mail waits.
    Added,
    /// There are too many jobs.
    Full,
    /// The user gets no mail: it has no address, or too many wait.
    Unmailed,
}

/// Jobs. Part of [`crate::Store`]. Their files are unused when they are removed.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// Adds a job with a row of the audit. Returns false if there are too many. `NotFound("tenant")`.
    async fn add_job(&self, job: &NewJob, author: &Author, quota: JobQuota, once: &Once<'_, bool>) -> Result<bool>;
    /// Adds the erasure of a user, with a row of the audit, unless there is one already. Returns the one that there is then.
    async fn add_erasure(&self, job: &NewJob, author: &Author, once: &Once<'_, Timestamp>) -> Result<Timestamp>;
    /// Takes back an erasure that has not begun, with a row of the audit. Returns false if there is none.
    async fn remove_erasure(&self, user: UserId, author: &Author) -> Result<bool>;
    /// Reads a job.
    async fn get_job(&self, id: &JobId) -> Result<Option<Job>>;
    /// Takes the next job of a lane that is due, until `lease_until`. Tenants take turns, and so do the callers of each. A caller has one
    /// running at a time, and a person has one that is about it.
    async fn take_job(&self, lane: JobLane, now: Timestamp, lease_until: Timestamp) -> Result<Option<Job>>;
    /// Notes how far a job is, and keeps it. Returns false if it was removed, or another node has it.
    async fn keep_job(&self, job: &Job, progress: u8, lease_until: Timestamp) -> Result<bool>;
    /// Ends a job, and stores the mails that bring its file. It is removed at `expires_at`, or once no mail waits. Returns false if it
    /// was removed, or another node has it.
    async fn end_job(
        &self,
        job: &Job,
        outcome: &JobOutcome,
        now: Timestamp,
        expires_at: Timestamp,
        mails: &[JobMail],
    ) -> Result<bool>;
    /// Adds a job that is done, with the mail of its file and rows of the audit. `NotFound("tenant")`.
    async fn add_made_job(
        &self,
        made: &MadeJob,
        author: &Author,
        quota: JobQuota,
        once: &Once<'_, MadeJobOutcome>,
    ) -> Result<MadeJobOutcome>;
    /// Stores a mail that brings the file of a job that is done, with a row of the audit. Returns false if the user gets no mail.
    /// `NotFound("result of the job")`.
    async fn mail_job(&self, id: &JobId, mail: &JobMail, author: &Author, once: &Once<'_, bool>) -> Result<bool>;
    /// Makes all running jobs due. Call it at the start of a server that is alone on its database.
    async fn release_jobs(&self) -> Result<()>;
}
