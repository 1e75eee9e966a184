//! Adds jobs, and hands them out to one node at a time.

use super::super::accounts::tenants;
use super::super::audit::rows::append;
use super::super::outgoing::mails::add_mail_of_job;
use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{AuditNote, JobLane, JobMail, JobOutcome, JobQuota, MadeJob, MadeJobOutcome, NewJob, Result, StoreError};
use milepost_domain::{Author, Job, JobFile, JobId, JobStatus, TenantId, Timestamp, UserId};
use serde_json::json;
use sqlx::Row;

/// A job that is due, and how often it was taken before.
pub(crate) type NextJob = (i64, i64);

macro_rules! select_jobs {
    ($rest:literal) => {
        concat!(
            "select j.id, t.id as tenant, j.kind, j.input, j.about_user, j.actor, j.due_ms, j.status, j.progress, j.attempts,
             j.error, j.file_key, j.file_name, j.media_type, j.file_bytes
             from jobs j join tenants t on t.tenant_no = j.tenant_no ",
            $rest
        )
    };
}

fn job(row: &DbRow) -> Result<Job> {
    let user =
        |column| -> Result<Option<UserId>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::new).transpose()?) };
    let file = match row.try_get::<Option<String>, _>("file_key")? {
        Some(key) => Some(JobFile {
            key,
            name: row.try_get("file_name")?,
            media_type: row.try_get("media_type")?,
            bytes: u64::try_from(row.try_get::<i64, _>("file_bytes")?).unwrap_or(0),
        }),
        None => None,
    };
    Ok(Job {
        id: JobId::stored(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        kind: row.try_get("kind")?,
        input: row.try_get("input")?,
        about: user("about_user")?,
        actor: user("actor")?,
        due_at: timestamp(row.try_get("due_ms")?)?,
        status: JobStatus::parse(row.try_get("status")?)?,
        progress: u8::try_from(row.try_get::<i64, _>("progress")?).unwrap_or(0),
        attempt: row.try_get("attempts")?,
        error: row.try_get("error")?,
        file,
    })
}

pub(crate) async fn add_job(
    connection: &mut Connection,
    new: &NewJob,
    author: &Author,
    quota: JobQuota,
) -> Result<bool> {
    let tenant_no = tenants::tenant_no(connection, &new.tenant).await?;
    // Only one transaction at a time counts and adds a tenant's jobs.
    lock_counter(connection, tenant_no).await?;
    if !has_room(connection, new, tenant_no, quota).await? {
        return Ok(false);
    }
    insert_job(connection, new, tenant_no, author).await?;
    note(connection, new, author).await?;
    Ok(true)
}

/// Whether there is room for another job, once ended ones have given way. What schedules make is counted apart.
async fn has_room(connection: &mut Connection, new: &NewJob, tenant_no: i64, quota: JobQuota) -> Result<bool> {
    if let Some(kept) = quota.ended {
        make_room(connection, new, tenant_no, quota.tenant, kept).await?;
    }
    let (all, own): (i64, i64) = sqlx::query_as::<Db, (i64, i64)>(
        "select count(*), count(case when made_by = $2 then 1 end) from jobs where tenant_no = $1
         and kind not in ('user.erasure', 'report.scheduled')",
    )
    .bind(tenant_no)
    .bind(new.made_by.as_str())
    .fetch_one(&mut *connection)
    .await?;
    Ok(all < i64::from(quota.tenant) && own < i64::from(quota.caller))
}

/// Removes ended jobs of the new one's kind: the caller's but for the newest, and the tenant's oldest if there is no room for another.
/// Those whose file a mail is still to bring stay.
async fn make_room(connection: &mut Connection, new: &NewJob, tenant_no: i64, most: u32, kept: u32) -> Result<()> {
    sqlx::query::<Db>(
        "delete from jobs where tenant_no = $1 and kind = $2 and made_by = $3 and status in ('done', 'failed') and job_no not in
         (select n.job_no from jobs n where n.tenant_no = $1 and n.kind = $2 and n.made_by = $3 and n.status in ('done', 'failed')
          order by n.job_no desc limit $4)
         and not exists (select 1 from outgoing_calls c where c.mail_job_no = jobs.job_no and c.next_attempt_ms is not null)",
    )
    .bind(tenant_no)
    .bind(new.kind)
    .bind(new.made_by.as_str())
    .bind(i64::from(kept))
    .execute(&mut *connection)
    .await?;
    sqlx::query::<Db>(
        "delete from jobs where job_no = (select min(o.job_no) from jobs o where o.tenant_no = $1 and o.kind = $2
         and o.status in ('done', 'failed')
         and not exists (select 1 from outgoing_calls c where c.mail_job_no = o.job_no and c.next_attempt_ms is not null))
         and (select count(*) from jobs a where a.tenant_no = $1 and a.kind not in ('user.erasure', 'report.scheduled')) >= $3",
    )
    .bind(tenant_no)
    .bind(new.kind)
    .bind(i64::from(most))
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Locks a tenant's counter until the commit, as its events do.
pub(crate) async fn lock_counter(connection: &mut Connection, tenant_no: i64) -> Result<()> {
    sqlx::query::<Db>("update event_counters set calls = calls where tenant_no = $1")
        .bind(tenant_no)
        .execute(connection)
        .await?;
    Ok(())
}

async fn note(connection: &mut Connection, new: &NewJob, author: &Author) -> Result<()> {
    let subject = new.about.map(|user| format!("user:{user}"));
    let after = Some(json!({ "job": new.id.as_str(), "due_at": new.due_at.to_string() }));
    let note = AuditNote { after, ..AuditNote::of(new.audited_as, subject) };
    append(connection, &new.tenant, author, &note).await
}

pub(crate) async fn insert_job(
    connection: &mut Connection,
    new: &NewJob,
    tenant_no: i64,
    author: &Author,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into jobs (id, tenant_no, kind, input, about_user, made_by, actor, created_ms, due_ms, status)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued')",
    )
    .bind(new.id.as_str())
    .bind(tenant_no)
    .bind(new.kind)
    .bind(new.input.as_str())
    .bind(new.about.map(UserId::get))
    .bind(new.made_by.as_str())
    .bind(author.user.map(UserId::get))
    .bind(author.at.unix_ms())
    .bind(new.due_at.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn add_erasure(connection: &mut Connection, new: &NewJob, author: &Author) -> Result<Timestamp> {
    let tenant_no = tenants::tenant_no(connection, &new.tenant).await?;
    lock_counter(connection, tenant_no).await?;
    let due = sqlx::query_scalar::<Db, i64>(
        "select due_ms from jobs where about_user = $1 and kind = 'user.erasure' and status in ('queued', 'running')",
    )
    .bind(new.about.map(UserId::get))
    .fetch_optional(&mut *connection)
    .await?;
    match due {
        Some(due) => timestamp(due),
        None => {
            insert_job(connection, new, tenant_no, author).await?;
            note(connection, new, author).await?;
            Ok(new.due_at)
        }
    }
}

pub(crate) async fn remove_erasure(connection: &mut Connection, user: UserId, author: &Author) -> Result<bool> {
    let tenant = sqlx::query_scalar::<Db, String>(
        "delete from jobs where about_user = $1 and kind = 'user.erasure' and status = 'queued' and attempts = 0
         returning (select t.id from tenants t where t.tenant_no = jobs.tenant_no)",
    )
    .bind(user.get())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(tenant) = tenant else { return Ok(false) };
    let note = AuditNote::of("user.keep", Some(format!("user:{user}")));
    append(connection, &TenantId::stored(&tenant)?, author, &note).await?;
    Ok(true)
}

pub(crate) async fn get_job(connection: &mut Connection, id: &JobId) -> Result<Option<Job>> {
    let row = sqlx::query::<Db>(select_jobs!("where j.id = $1")).bind(id.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(job).transpose()
}

/// The next job: of the tenant that has the fewest running and whose last one began the longest ago, and of the caller whose last one did.
pub(crate) async fn next_job(connection: &mut Connection, lane: JobLane, now: Timestamp) -> Result<Option<NextJob>> {
    let most_running: i64 = match lane {
        JobLane::FirstOfTenant => 0,
        JobLane::SecondOfTenant => 1,
    };
    // An export and the erasure of the same person must not meet: the export's file would outlive it.
    let next = sqlx::query_as::<Db, NextJob>(
        "select w.job_no, w.attempts from (
             select j.job_no, j.attempts, j.due_ms, j.tenant_no, j.made_by,
                 (select count(*) from jobs r where r.tenant_no = j.tenant_no and r.status = 'running' and r.lease_ms > $1) as running
             from jobs j
             where j.status in ('queued', 'running') and j.due_ms <= $1 and (j.status = 'queued' or j.lease_ms <= $1)
             and not exists (select 1 from jobs r where r.tenant_no = j.tenant_no and r.status = 'running' and r.lease_ms > $1
                 and (r.made_by = j.made_by or r.about_user = j.about_user))
         ) w
         where w.running <= $2
         order by w.running, coalesce((select max(s.started_ms) from jobs s where s.tenant_no = w.tenant_no), 0),
             coalesce((select max(s.started_ms) from jobs s where s.tenant_no = w.tenant_no and s.made_by = w.made_by), 0),
             w.due_ms, w.job_no
         limit 1",
    );
    Ok(next.bind(now.unix_ms()).bind(most_running).fetch_optional(connection).await?)
}

/// Takes a job unless another node took it meanwhile.
pub(crate) async fn take_job(
    connection: &mut Connection,
    (job_no, attempts): NextJob,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Job>> {
    let taken = sqlx::query::<Db>(
        "update jobs set status = 'running', attempts = attempts + 1, started_ms = $3, lease_ms = $4
         where job_no = $1 and attempts = $2 and status in ('queued', 'running')",
    )
    .bind(job_no)
    .bind(attempts)
    .bind(now.unix_ms())
    .bind(lease_until.unix_ms())
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(None);
    }
    let row = sqlx::query::<Db>(select_jobs!("where j.job_no = $1")).bind(job_no).fetch_optional(connection).await?;
    row.as_ref().map(job).transpose()
}

pub(crate) async fn keep_job(
    connection: &mut Connection,
    job: &Job,
    progress: u8,
    lease_until: Timestamp,
) -> Result<bool> {
    let kept = sqlx::query::<Db>(
        "update jobs set progress = $3, lease_ms = $4 where id = $1 and attempts = $2 and status = 'running'",
    )
    .bind(job.id.as_str())
    .bind(job.attempt)
    .bind(i64::from(progress))
    .bind(lease_until.unix_ms())
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

pub(crate) async fn end_job(
    connection: &mut Connection,
    job: &Job,
    outcome: &JobOutcome,
    again: Option<Timestamp>,
    now: Timestamp,
    expires_at: Timestamp,
    mails: &[JobMail],
) -> Result<bool> {
    let (status, file, error) = match outcome {
        JobOutcome::Done(file) => (JobStatus::Done, file.as_ref(), None),
        JobOutcome::Failed(error) => (JobStatus::Failed, None, Some(error.as_str())),
        JobOutcome::Again(_) => (JobStatus::Queued, None, None),
    };
    let ended = sqlx::query::<Db>(
        "update jobs set status = $3, error = $4, ended_ms = $5, expires_ms = $6, file_key = $7, file_name = $8, media_type = $9,
         file_bytes = $10, lease_ms = null, due_ms = coalesce($11, due_ms), progress = case when $3 = 'done' then 100 else progress end
         where id = $1 and attempts = $2 and status = 'running'",
    )
    .bind(job.id.as_str())
    .bind(job.attempt)
    .bind(status.as_str())
    .bind(error)
    .bind(again.is_none().then(|| now.unix_ms()))
    .bind(again.is_none().then(|| expires_at.unix_ms()))
    .bind(file.map(|file| file.key.as_str()))
    .bind(file.map(|file| file.name.as_str()))
    .bind(file.map(|file| file.media_type.as_str()))
    .bind(file.map(|file| i64::try_from(file.bytes).unwrap_or(i64::MAX)))
    .bind(again.map(Timestamp::unix_ms))
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(file) = file {
        take_file(connection, file).await?;
    }
    let job_no = sqlx::query_scalar::<Db, i64>("select job_no from jobs where id = $1");
    let job_no = job_no.bind(job.id.as_str()).fetch_one(&mut *connection).await?;
    let mut mailed = Vec::new();
    for mail in mails {
        if add_mail_of_job(connection, mail, job_no, now).await? {
            mailed.push(mail.user);
        }
    }
    let author = Author { user: job.actor, ..Author::operator(now) };
    note_mails(connection, &job.tenant, &job.id, &mailed, &author).await?;
    Ok(true)
}

/// The file is a job's from now on.
async fn take_file(connection: &mut Connection, file: &JobFile) -> Result<()> {
    let taken = sqlx::query::<Db>("delete from unused_files where file_key = $1")
        .bind(file.key.as_str())
        .execute(connection)
        .await?;
    if taken.rows_affected() == 0 {
        return Err(StoreError::Conflict("file of a job"));
    }
    Ok(())
}

/// Notes to whom a report was mailed.
async fn note_mails(
    connection: &mut Connection,
    tenant: &TenantId,
    job: &JobId,
    users: &[UserId],
    author: &Author,
) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let after = Some(json!({ "job": job.as_str(), "user_ids": users }));
    append(connection, tenant, author, &AuditNote { after, ..AuditNote::of("report.mail", None) }).await
}

pub(crate) async fn add_made_job(
    connection: &mut Connection,
    made: &MadeJob,
    author: &Author,
    quota: JobQuota,
) -> Result<MadeJobOutcome> {
    let (new, file) = (&made.job, &made.file);
    let tenant_no = tenants::tenant_no(connection, &new.tenant).await?;
    lock_counter(connection, tenant_no).await?;
    if !has_room(connection, new, tenant_no, quota).await? {
        return Ok(MadeJobOutcome::Full);
    }
    insert_job(connection, new, tenant_no, author).await?;
    let job_no = sqlx::query_scalar::<Db, i64>(
        "update jobs set status = 'done', progress = 100, attempts = 1, started_ms = $2, ended_ms = $2, expires_ms = $3, file_key = $4,
         file_name = $5, media_type = $6, file_bytes = $7 where id = $1 returning job_no",
    )
    .bind(new.id.as_str())
    .bind(author.at.unix_ms())
    .bind(made.expires_at.unix_ms())
    .bind(file.key.as_str())
    .bind(file.name.as_str())
    .bind(file.media_type.as_str())
    .bind(i64::try_from(file.bytes).unwrap_or(i64::MAX))
    .fetch_one(&mut *connection)
    .await?;
    take_file(connection, file).await?;
    if !add_mail_of_job(connection, &made.mail, job_no, author.at).await? {
        // Its file is unused again.
        sqlx::query::<Db>("delete from jobs where job_no = $1").bind(job_no).execute(connection).await?;
        return Ok(MadeJobOutcome::Unmailed);
    }
    note(connection, new, author).await?;
    note_mails(connection, &new.tenant, &new.id, &[made.mail.user], author).await?;
    Ok(MadeJobOutcome::Added)
}

pub(crate) async fn mail_job(connection: &mut Connection, id: &JobId, mail: &JobMail, author: &Author) -> Result<bool> {
    let row = sqlx::query_as::<Db, (i64, String)>(
        "select j.job_no, t.id from jobs j join tenants t on t.tenant_no = j.tenant_no
         where j.id = $1 and j.status = 'done' and j.file_key is not null",
    );
    let row = row.bind(id.as_str()).fetch_optional(&mut *connection).await?;
    let (job_no, tenant) = row.ok_or(StoreError::NotFound("result of the job"))?;
    if !add_mail_of_job(connection, mail, job_no, author.at).await? {
        return Ok(false);
    }
    note_mails(connection, &TenantId::stored(&tenant)?, id, &[mail.user], author).await?;
    Ok(true)
}

pub(crate) async fn release_jobs(connection: &mut Connection) -> Result<()> {
    sqlx::query::<Db>("update jobs set lease_ms = 0 where status = 'running'").execute(connection).await?;
    Ok(())
}
