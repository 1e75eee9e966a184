//! Implements the trait for jobs with the functions of this folder.

pub(super) mod rows;

use super::sql_store::SqlStore;
use crate::{JobLane, JobMail, JobOutcome, JobQuota, JobStore, MadeJob, MadeJobOutcome, NewJob, Once, Result};
use async_trait::async_trait;
use milepost_domain::{Author, Job, JobId, Timestamp, UserId};

#[async_trait]
impl JobStore for SqlStore {
    async fn add_job(&self, job: &NewJob, author: &Author, quota: JobQuota, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, Some(&job.tenant), rows::add_job(job, author, quota), once)
    }
    async fn add_erasure(&self, job: &NewJob, author: &Author, once: &Once<'_, Timestamp>) -> Result<Timestamp> {
        write!(self, Some(&job.tenant), rows::add_erasure(job, author), once)
    }
    async fn remove_erasure(&self, user: UserId, author: &Author) -> Result<bool> {
        write!(self, None, rows::remove_erasure(user, author))
    }
    async fn get_job(&self, id: &JobId) -> Result<Option<Job>> {
        read!(self, rows::get_job(id))
    }
    async fn take_job(&self, lane: JobLane, now: Timestamp, lease_until: Timestamp) -> Result<Option<Job>> {
        let (now, lease_until) = (self.native.to_shared(now), self.native.to_shared(lease_until));
        // Asked every second, and written only when there is one.
        match read!(self, rows::next_job(lane, now))? {
            Some(next) => write!(self, None, rows::take_job(next, now, lease_until)),
            None => Ok(None),
        }
    }
    async fn keep_job(&self, job: &Job, progress: u8, lease_until: Timestamp) -> Result<bool> {
        let lease_until = self.native.to_shared(lease_until);
        write_unflushed!(self, None, rows::keep_job(job, progress, lease_until))
    }
    async fn end_job(
        &self,
        job: &Job,
        outcome: &JobOutcome,
        now: Timestamp,
        expires_at: Timestamp,
        mails: &[JobMail],
    ) -> Result<bool> {
        let again = match outcome {
            JobOutcome::Again(at) => Some(self.native.to_shared(*at)),
            JobOutcome::Done(_) | JobOutcome::Failed(_) => None,
        };
        write!(self, None, rows::end_job(job, outcome, again, now, expires_at, mails))
    }
    async fn add_made_job(
        &self,
        made: &MadeJob,
        author: &Author,
        quota: JobQuota,
        once: &Once<'_, MadeJobOutcome>,
    ) -> Result<MadeJobOutcome> {
        write!(self, Some(&made.job.tenant), rows::add_made_job(made, author, quota), once)
    }
    async fn mail_job(&self, id: &JobId, mail: &JobMail, author: &Author, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, None, rows::mail_job(id, mail, author), once)
    }
    async fn release_jobs(&self) -> Result<()> {
        write!(self, None, rows::release_jobs())
    }
}
