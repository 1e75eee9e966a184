//! Erases a person: what is known of it goes, and what the fleet did stays without it.

use super::{ERASURE, person};
use crate::jobs::{JobEnd, JobProgress, JobWork, MadeFile};
use crate::listener::{Listener as _, Listeners};
use crate::live::LiveMap;
use crate::{Request, ServiceError};
use async_trait::async_trait;
use milepost_access::{Access, CloseReason, Holder};
use milepost_clock::Clock;
use milepost_domain::{Action, Author, Job, User, UserId, Vehicle, VehicleId, may};
use milepost_store::{Person, Store};
use std::sync::Arc;

/// Others may change the same thing at the same time.
const TRIES: usize = 5;

/// The work of jobs that erase a person.
pub(crate) struct ErasePerson {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) access: Arc<Access>,
    pub(crate) live: Arc<LiveMap>,
    pub(crate) listeners: Listeners,
    pub(crate) clock: Clock,
}

#[async_trait]
impl JobWork for ErasePerson {
    fn kind(&self) -> &'static str {
        ERASURE
    }

    fn is_seen_by(&self, request: &Request, job: &Job) -> bool {
        may(&request.caller, Action::ManageUsers, &job.tenant)
    }

    fn is_for_programs(&self) -> bool {
        false
    }

    async fn run(&self, job: &Job, progress: &JobProgress) -> Result<Option<MadeFile>, JobEnd> {
        let id = job.about.ok_or_else(|| JobEnd::Failed("it names no user".to_owned()))?;
        if let Some(user) = self.store.get_user(id).await?.filter(|user| user.tenant == job.tenant) {
            self.lock_out(&user).await?;
            progress.note(5);
            let person = person(&user);
            self.erase_phones(&person).await?;
            progress.note(40);
            self.leave_vehicles(&person).await?;
            progress.note(50);
            self.store.erase_traces(&person, self.clock.now()).await?;
            progress.note(80);
            let author = Author { at: self.clock.now(), user: job.actor, access_token: None, address: None };
            self.store.erase_account(&person, &author).await?;
            self.access.end_connections(Holder::User(id), CloseReason::Revoked);
        }
        // Also if the account was erased before this node took the job over.
        progress.note(90);
        self.store.compact().await?;
        tracing::info!(user.id = %id, "user erased");
        Ok(None)
    }
}

impl ErasePerson {
    /// Nothing new comes from the person while it is erased.
    async fn lock_out(&self, user: &User) -> Result<(), ServiceError> {
        let mut user = user.clone();
        for _ in 0..TRIES {
            let locked = User { active: false, version: user.version + 1, ..user.clone() };
            // Without an author: the audit would tell the name once more.
            if !user.active || self.store.update_user(&locked, None, self.clock.now()).await? {
                self.access.end_connections(Holder::User(user.id), CloseReason::Revoked);
                return Ok(());
            }
            let Some(now) = self.store.get_user(user.id).await? else { return Ok(()) };
            user = now;
        }
        Err(being_changed("user"))
    }

    async fn erase_phones(&self, person: &Person) -> Result<(), ServiceError> {
        let live = self.live.tenant(&*self.store, &person.tenant).await?;
        for id in self.store.own_phones(person).await? {
            self.access.end_connections(Holder::DevicesOf(&person.tenant, &id), CloseReason::Revoked);
            self.store.erase_phone(person, &id, self.clock.now()).await?;
            live.forget(&id, |removed| self.listeners.vehicle_removed(&person.tenant, removed));
            self.access.end_connections(Holder::DevicesOf(&person.tenant, &id), CloseReason::Revoked);
        }
        Ok(())
    }

    /// The vehicles that the person has now have no driver from then on.
    async fn leave_vehicles(&self, person: &Person) -> Result<(), ServiceError> {
        for id in self.store.vehicles_of_driver(person).await? {
            self.leave_vehicle(person, &id).await?;
        }
        Ok(())
    }

    async fn leave_vehicle(&self, person: &Person, id: &VehicleId) -> Result<(), ServiceError> {
        let live = self.live.tenant(&*self.store, &person.tenant).await?;
        for _ in 0..TRIES {
            let Some(tracked) = self.store.get_vehicle(&person.tenant, id).await? else { return Ok(()) };
            if tracked.vehicle.driver_id != Some(person.id) {
                return Ok(());
            }
            let after = Vehicle { driver_id: None::<UserId>, version: tracked.vehicle.version + 1, ..tracked.vehicle };
            if let Some(stored) = self.store.update_vehicle(&person.tenant, &after, self.clock.now()).await? {
                live.describe(stored.no, stored.vehicle.clone(), |live, before| {
                    self.listeners.vehicle_changed(&person.tenant, live, before);
                });
                return Ok(());
            }
        }
        Err(being_changed("vehicle"))
    }
}

fn being_changed(what: &str) -> ServiceError {
    ServiceError::Conflict(format!("the {what} is being changed by others"))
}
