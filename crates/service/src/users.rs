//! Adds, changes and removes users. A user that is locked out loses its connections at once.

use crate::{Service, ServiceError};
use milepost_access::{CloseReason, Holder};
use milepost_domain::{Action, Caller, Role, TenantId, User, UserId, Username, VehicleId, may};

/// A user to be added.
#[derive(Clone)]
pub struct NewUser {
    /// Login name.
    pub username: Username,
    /// Without one the user can only come with another issuer's token.
    pub password: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub tenant: TenantId,
    /// Let in by somebody with authority.
    pub approved: bool,
    /// Not locked out.
    pub active: bool,
    /// For cadets.
    pub cadet_id: Option<i64>,
    /// For parents.
    pub vehicle_ids: Vec<VehicleId>,
}

/// What to change of a user; `None` leaves it as it is.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Login name.
    pub username: Option<Username>,
    /// New password.
    pub password: Option<String>,
    /// Role.
    pub role: Option<Role>,
    /// Approved flag.
    pub approved: Option<bool>,
    /// Active flag.
    pub active: Option<bool>,
    /// Cadet; `Some(None)` takes it away.
    pub cadet_id: Option<Option<i64>>,
    /// Vehicles that it may see.
    pub vehicle_ids: Option<Vec<VehicleId>>,
}

impl Service {
    /// Adds a user.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Conflict`] for a taken name, [`ServiceError::Invalid`].
    pub async fn add_user(&self, caller: &Caller, new: NewUser) -> Result<User, ServiceError> {
        require(caller, &new.tenant)?;
        require_role(caller, new.role)?;
        let user = self.create_user(new).await?;
        tracing::info!(user.id = %user.id, tenant.id = %user.tenant, by = caller.log_name(), "user added");
        Ok(user)
    }

    /// Adds a user on behalf of the operator.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] for a taken name, [`ServiceError::Invalid`].
    pub async fn create_user(&self, new: NewUser) -> Result<User, ServiceError> {
        let password_hash = match new.password {
            Some(password) => Some(self.access.hash_password(password).await?),
            None => None,
        };
        self.ensure_tenant(&new.tenant).await?;
        let stored = milepost_store::NewUser {
            username: new.username,
            password_hash,
            role: new.role,
            tenant: new.tenant,
            approved: new.approved,
            active: new.active,
            cadet_id: new.cadet_id,
            vehicle_ids: new.vehicle_ids,
        };
        let user = self.store.add_user(&stored, self.now()).await?;
        // A foreign token may claim this number: from now on the stored user's rights hold for it.
        self.access.end_connections(Holder::User(user.id), CloseReason::RightsChanged);
        Ok(user)
    }

    /// One user. Another tenant's is as unknown as one that does not exist.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<User, ServiceError> {
        let Some(user) = self.store.get_user(id).await? else {
            require(caller, &caller.tenant)?;
            return Err(ServiceError::NotFound("user"));
        };
        require(caller, &caller.tenant)?;
        if may(caller, Action::ManageUsers, &user.tenant) { Ok(user) } else { Err(ServiceError::NotFound("user")) }
    }

    /// Users in the order of their numbers; `tenant` `None` lists those of all tenants, for a superadmin.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn list_users(
        &self,
        caller: &Caller,
        tenant: Option<&TenantId>,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, ServiceError> {
        require(caller, tenant.unwrap_or(&caller.tenant))?;
        let tenant = if caller.is_superadmin() { tenant } else { Some(tenant.unwrap_or(&caller.tenant)) };
        Ok(self.store.list_users(tenant, after, limit).await?)
    }

    /// Changes a user. Locked out, it loses its sessions and, within a second, its connections.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Conflict`], [`ServiceError::Invalid`].
    pub async fn change_user(&self, caller: &Caller, id: UserId, change: UserChange) -> Result<User, ServiceError> {
        let before = self.get_user(caller, id).await?;
        require_role(caller, before.role)?;
        if let Some(role) = change.role {
            require_role(caller, role)?;
        }
        let is_self = caller.user_id() == Some(id);
        let locks_out = change.active == Some(false) || change.approved == Some(false);
        if is_self && (locks_out || change.role.is_some_and(|role| role != before.role)) {
            return Err(ServiceError::Conflict("you cannot lock yourself out or change your own role".to_owned()));
        }
        let password_hash = match change.password {
            Some(password) => Some(self.access.hash_password(password).await?),
            None => None,
        };
        let after = User {
            id,
            username: change.username.unwrap_or_else(|| before.username.clone()),
            role: change.role.unwrap_or(before.role),
            tenant: before.tenant.clone(),
            approved: change.approved.unwrap_or(before.approved),
            active: change.active.unwrap_or(before.active),
            cadet_id: change.cadet_id.unwrap_or(before.cadet_id),
            vehicle_ids: change.vehicle_ids.unwrap_or_else(|| before.vehicle_ids.clone()),
        };
        if !self.store.update_user(&after, password_hash.as_deref(), self.now()).await? {
            return Err(ServiceError::NotFound("user"));
        }
        if !after.may_enter() || password_hash.is_some() {
            // Again, after the update removed them: a session may have been opened meanwhile.
            self.store.remove_user_sessions(id).await?;
            // A new password is often the answer to a stolen one: all clients have to log in with it.
            self.access.end_connections(Holder::User(id), CloseReason::Revoked);
        } else if (before.role, before.cadet_id, &before.vehicle_ids)
            != (after.role, after.cadet_id, &after.vehicle_ids)
        {
            self.access.end_connections(Holder::User(id), CloseReason::RightsChanged);
        } else {
            self.access.forget_identities();
        }
        tracing::info!(user.id = %id, by = caller.log_name(), "user changed");
        Ok(after)
    }

    /// Removes a user with its sessions and connections.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn remove_user(&self, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
        let user = self.get_user(caller, id).await?;
        require_role(caller, user.role)?;
        if caller.user_id() == Some(id) {
            return Err(ServiceError::Conflict("you cannot remove yourself".to_owned()));
        }
        if !self.store.remove_user(id, self.now()).await? {
            return Err(ServiceError::NotFound("user"));
        }
        self.access.end_connections(Holder::User(id), CloseReason::Revoked);
        tracing::info!(user.id = %id, by = caller.log_name(), "user removed");
        Ok(())
    }
}

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageUsers, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin of the tenant may manage its users"))
    }
}

/// Nobody makes somebody mightier than itself.
fn require_role(caller: &Caller, role: Role) -> Result<(), ServiceError> {
    if role != Role::Superadmin || caller.is_superadmin() {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only a superadmin may add, change or remove a superadmin"))
    }
}
