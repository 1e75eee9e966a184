//! Takes jobs that are due, one after the other, and does their work.

use super::{JobEnd, JobProgress, Jobs, MadeFile, kept_until};
use crate::ServiceError;
use futures_util::FutureExt as _;
use milepost_clock::Clock;
use milepost_domain::{Job, JobFile};
use milepost_store::{JobLane, JobMail, JobOutcome};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How often jobs are looked for that another node added, or that are due later.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a running job says that it goes on, and how far it is.
const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Another node takes a job over that has not said so for this long, in milliseconds.
const LEASE_MS: i64 = 60_000;
/// How often a job is begun before it counts as failed.
const MAX_ATTEMPTS: i64 = 5;
/// The wait before it is begun again, in milliseconds.
const AGAIN_MS: i64 = 30_000;
/// A file that was announced and belongs to no job after this time is removed, in milliseconds.
const ANNOUNCED_MS: i64 = 24 * 60 * 60 * 1000;

/// Does what is due in a lane until the task is dropped.
pub async fn keep_running_jobs(jobs: &Jobs, lane: JobLane, clock: &Clock) {
    loop {
        let mut added = std::pin::pin!(jobs.added.notified());
        // Before looking, so that one that is added between the look and the wait is not overlooked.
        added.as_mut().enable();
        match jobs.store.take_job(lane, clock.now(), clock.now().plus_ms(LEASE_MS)).await {
            Ok(Some(job)) => {
                run_job(jobs, clock, &job).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "jobs can't be read, trying again"),
        }
        tokio::select! {
            () = added => {}
            () = clock.sleep(LOOK_EVERY) => {}
        }
    }
}

async fn run_job(jobs: &Jobs, clock: &Clock, job: &Job) {
    let progress = JobProgress::default();
    let Some(ended) = work_on(jobs, clock, job, &progress).await else {
        tracing::info!(job.id = %job.id, "job was removed, or taken over by another node");
        return;
    };
    let outcome = match ended {
        Ok(None) => JobOutcome::Done(None),
        Ok(Some(made)) => match keep_file(jobs, clock, job, made).await {
            Ok(file) => JobOutcome::Done(Some(file)),
            Err(error) => again(clock, job, &error),
        },
        Err(JobEnd::Failed(reason)) => JobOutcome::Failed(reason),
        Err(JobEnd::Again(error)) => again(clock, job, &error),
    };
    let (outcome, mails) = match mails_of(jobs, job, &outcome).await {
        Ok(mails) => (outcome, mails),
        Err(error) => (again(clock, job, &error), Vec::new()),
    };
    match jobs.store.end_job(job, &outcome, clock.now(), kept_until(clock.now()), &mails).await {
        Ok(true) => {
            tracing::info!(job.id = %job.id, job.kind, ?outcome, mails = mails.len(), "job ended");
            if !mails.is_empty() {
                jobs.wakers.wake_outbox();
            }
        }
        Ok(false) => tracing::info!(job.id = %job.id, "job was removed, or taken over by another node"),
        // Its lease ends, and it is begun again.
        Err(error) => tracing::warn!(job.id = %job.id, %error, "the end of a job could not be stored"),
    }
}

async fn mails_of(jobs: &Jobs, job: &Job, outcome: &JobOutcome) -> Result<Vec<JobMail>, ServiceError> {
    match (outcome, jobs.work(&job.kind)) {
        (JobOutcome::Done(Some(_)), Some(work)) => work.mails(job).await,
        _ => Ok(Vec::new()),
    }
}

/// `None` if the job is not this node's any more.
async fn work_on(
    jobs: &Jobs,
    clock: &Clock,
    job: &Job,
    progress: &JobProgress,
) -> Option<Result<Option<MadeFile>, JobEnd>> {
    if job.attempt > MAX_ATTEMPTS {
        return Some(Err(JobEnd::Failed(format!("it was begun {MAX_ATTEMPTS} times and never ended"))));
    }
    let Some(work) = jobs.work(&job.kind) else {
        return Some(Err(JobEnd::Failed("this version of the server does not know such work".to_owned())));
    };
    // A fault must not end the task, without which no job is done until a restart.
    let working = AssertUnwindSafe(work.run(job, progress)).catch_unwind();
    // Both go on at the same time: the work may hold SQLite's turn to write, for which this has to wait.
    let keeping = async {
        loop {
            clock.sleep(KEEP_EVERY).await;
            match jobs.store.keep_job(job, progress.get(), clock.now().plus_ms(LEASE_MS)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(job.id = %job.id, %error, "it can't be noted how far a job is"),
            }
        }
    };
    tokio::select! {
        biased;
        ended = working => {
            Some(ended.unwrap_or_else(|_| Err(JobEnd::Failed("a fault in the server, see its log".to_owned()))))
        }
        () = keeping => None,
    }
}

fn again(clock: &Clock, job: &Job, error: &ServiceError) -> JobOutcome {
    tracing::warn!(job.id = %job.id, job.kind, job.attempt, %error, "job failed");
    if job.attempt >= MAX_ATTEMPTS {
        return JobOutcome::Failed(error.to_string());
    }
    JobOutcome::Again(clock.now().plus_ms(AGAIN_MS))
}

async fn keep_file(jobs: &Jobs, clock: &Clock, job: &Job, made: MadeFile) -> Result<JobFile, ServiceError> {
    // Of each attempt its own, so that one that was taken over writes over nothing.
    let key = format!("jobs/{}-{}", job.id, job.attempt);
    jobs.store.announce_files(std::slice::from_ref(&key), clock.now().plus_ms(ANNOUNCED_MS)).await?;
    let bytes = made.file.as_file().metadata().map_or(0, |metadata| metadata.len());
    jobs.files.keep(&key, made.file.path()).await?;
    Ok(JobFile { key, name: made.name, media_type: made.media_type.to_owned(), bytes })
}
