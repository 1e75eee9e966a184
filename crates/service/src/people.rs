//! A person's data: exported whole, and erased.

mod erase;
mod export;
mod zip_file;

pub(crate) use erase::ErasePerson;
pub(crate) use export::ExportPerson;

use crate::jobs::{Jobs, add_job};
use crate::users::{Users, find_user, require_role};
use crate::{Request, ServiceError};
use milepost_access::{Access, Authentication, random_secret};
use milepost_domain::{Action, EmailAddress, JobId, Principal, Timestamp, User, UserId};
use milepost_store::{NewJob, Once, Person, Store};
use std::sync::Arc;

/// The kind of jobs that export a person's data.
const EXPORT: &str = "user.export";
/// The kind of jobs that erase a person. The store knows it: there is one for each person.
const ERASURE: &str = "user.erasure";

/// What the use cases of a person's data need.
pub struct People {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    /// How long an erasure can be taken back, in milliseconds.
    erasure_delay_ms: i64,
}

impl People {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>, erasure_delay_ms: i64) -> Self {
        Self { store, access, erasure_delay_ms }
    }
}

/// Begins to gather all that is known of a user, and returns the job.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::TooMany`].
pub async fn export_user(
    users: &Users,
    jobs: &Jobs,
    request: &Request,
    id: UserId,
    once: &Once<'_, JobId>,
) -> Result<JobId, ServiceError> {
    let user = find_person(users, request, id).await?;
    let job = NewJob {
        id: new_job_id()?,
        tenant: user.tenant,
        kind: EXPORT,
        input: "{}".to_owned(),
        about: Some(id),
        made_by: request.caller.principal.name().into_owned(),
        due_at: request.now,
        audited_as: EXPORT,
    };
    add_job(jobs, request, &job, None, once).await?;
    Ok(job.id)
}

/// Says that a user is to be erased, and returns when. Asked again, it returns the same time.
///
/// # Errors
/// [`ServiceError::Forbidden`] also without a login of the last five minutes or the caller's password, [`ServiceError::NotFound`],
/// [`ServiceError::Conflict`] for the caller itself, [`ServiceError::TooMany`] after wrong passwords.
#[allow(clippy::too_many_arguments, reason = "who asks, and the proof that it is still that person")]
pub async fn erase_user(
    people: &People,
    users: &Users,
    jobs: &Jobs,
    request: &Request,
    authentication: &Authentication,
    password: Option<String>,
    id: UserId,
    once: &Once<'_, Timestamp>,
) -> Result<Timestamp, ServiceError> {
    let user = find_person(users, request, id).await?;
    if request.caller.user_id() == Some(id) {
        return Err(ServiceError::Conflict("you cannot erase yourself: ask another admin".to_owned()));
    }
    people.access.step_up(authentication, password, request.address).await?;
    let job = NewJob {
        id: new_job_id()?,
        tenant: user.tenant,
        kind: ERASURE,
        input: "{}".to_owned(),
        about: Some(id),
        made_by: request.caller.principal.name().into_owned(),
        due_at: request.now.plus_ms(people.erasure_delay_ms),
        audited_as: ERASURE,
    };
    let due_at = people.store.add_erasure(&job, &request.author(), once).await?;
    tracing::info!(user.id = %id, by = request.caller.log_name(), %due_at, "user is to be erased");
    jobs.wake();
    Ok(due_at)
}

/// Takes the erasure of a user back.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] also for an erasure that has begun.
pub async fn keep_user(people: &People, users: &Users, request: &Request, id: UserId) -> Result<(), ServiceError> {
    find_person(users, request, id).await?;
    if !people.store.remove_erasure(id, &request.author()).await? {
        return Err(ServiceError::NotFound("erasure that can be taken back"));
    }
    tracing::info!(user.id = %id, by = request.caller.log_name(), "user is not to be erased");
    Ok(())
}

async fn find_person(users: &Users, request: &Request, id: UserId) -> Result<User, ServiceError> {
    if matches!(request.caller.principal, Principal::Program { .. }) {
        return Err(ServiceError::Forbidden("an access token may neither export nor erase a person"));
    }
    let user = find_user(users, request, id, Action::ManageUsers).await?;
    require_role(&request.caller, user.role)?;
    Ok(user)
}

pub(crate) fn new_job_id() -> Result<JobId, ServiceError> {
    Ok(JobId::new(&random_secret("job_"))?)
}

/// A user as it is named in texts.
fn person(user: &User) -> Person {
    let email = user.contact.email.as_ref().map(EmailAddress::as_str);
    let names = std::iter::once(user.username.as_str()).chain(email).map(str::to_owned).collect();
    Person { id: user.id, tenant: user.tenant.clone(), names }
}
