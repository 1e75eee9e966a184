//! Adds, changes and removes users. A user that is locked out loses its connections at once.

use crate::access_tokens::MAX_ACCESS_TOKENS;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_access::NewPasswordLink;
use milepost_access::{Access, CloseReason, Holder};
use milepost_domain::{
    AccessToken, Action, AlertMail, Author, Caller, Contact, EmailAddress, ExpectedVersion, Language, Principal, Role,
    TenantId, Timestamp, User, UserId, Username, VehicleId, ZoneName, may,
};
use milepost_store::{AuditNote, Once, Store};
use std::sync::Arc;

/// What the use cases of users need.
pub struct Users {
    store: Arc<dyn Store>,
    access: Arc<Access>,
}

impl Users {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>) -> Self {
        Self { store, access }
    }
}

/// A user to be added.
#[derive(Clone)]
pub struct NewUser {
    /// The login name.
    pub username: Username,
    /// A user without a password can only use another issuer's token.
    pub password: Option<String>,
    /// The user's role.
    pub role: Role,
    /// The user's tenant.
    pub tenant: TenantId,
    /// Only an approved user may log in.
    pub approved: bool,
    /// An inactive user is locked out.
    pub active: bool,
    /// The cadet that the user is, for role `cadet`.
    pub cadet_id: Option<i64>,
    /// The vehicles that the user may see, for role `parent`.
    pub vehicle_ids: Vec<VehicleId>,
    /// How the user is reached.
    pub contact: Contact,
}

/// Attempts when others change the same user at the same time. A failed one means that another change was stored first.
const TRIES: usize = 16;

/// Users in one read of the store.
const PAGE: u32 = 1_000;

/// A change of a user. `None` keeps the value.
#[derive(Clone, Default)]
pub struct UserChange {
    /// The login name.
    pub username: Option<Username>,
    /// The password.
    pub password: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// Whether the user may log in.
    pub approved: Option<bool>,
    /// Whether the user is not locked out.
    pub active: Option<bool>,
    /// The cadet. `Some(None)` removes it.
    pub cadet_id: Option<Option<i64>>,
    /// The vehicles that the user may see.
    pub vehicle_ids: Option<Vec<VehicleId>>,
    /// The e-mail address. `Some(None)` removes it.
    pub email: Option<Option<EmailAddress>>,
    /// The language of messages. `Some(None)` removes it.
    pub language: Option<Option<Language>>,
    /// The time zone of messages. `Some(None)` removes it.
    pub timezone: Option<Option<ZoneName>>,
    /// Which mails about alerts it gets.
    pub alert_mail: Option<AlertMail>,
}

impl UserChange {
    fn contact(&self, before: &Contact) -> Contact {
        Contact {
            email: self.email.clone().unwrap_or_else(|| before.email.clone()),
            language: self.language.unwrap_or(before.language),
            timezone: self.timezone.clone().unwrap_or_else(|| before.timezone.clone()),
            alert_mail: self.alert_mail.unwrap_or(before.alert_mail),
            // An address that is set again, even the same one, is confirmed.
            refused_at: before.refused_at.filter(|_| self.email.is_none()),
        }
    }
}

/// Adds a user.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`] for a taken name, [`ServiceError::Invalid`].
pub async fn add_user(
    users: &Users,
    request: &Request,
    new: NewUser,
    once: &Once<'_, User>,
) -> Result<User, ServiceError> {
    require(&request.caller, Action::ManageUsers, &new.tenant)?;
    require_role(&request.caller, new.role)?;
    let user = store_user(users, new, request.author(), once).await?;
    tracing::info!(user.id = %user.id, tenant.id = %user.tenant, by = request.caller.log_name(), "user added");
    Ok(user)
}

/// Adds a user on behalf of the operator.
///
/// # Errors
/// [`ServiceError::Conflict`] for a taken name, [`ServiceError::Invalid`].
pub async fn create_user(users: &Users, new: NewUser, now: Timestamp) -> Result<User, ServiceError> {
    store_user(users, new, Author::operator(now), &Once::unclaimed()).await
}

async fn store_user(users: &Users, new: NewUser, author: Author, once: &Once<'_, User>) -> Result<User, ServiceError> {
    let password_hash = match new.password {
        Some(password) => Some(users.access.hash_password(password).await?),
        None => None,
    };
    ensure_tenant(&*users.store, &new.tenant).await?;
    let stored = milepost_store::NewLogin {
        username: new.username,
        password_hash,
        role: new.role,
        tenant: new.tenant,
        approved: new.approved,
        active: new.active,
        cadet_id: new.cadet_id,
        vehicle_ids: new.vehicle_ids,
        contact: new.contact,
    };
    let user = users.store.by(author.clone()).add_user(&stored, author.at, once).await?;
    // Another issuer's token may claim this number. From now on it has the rights of the stored user.
    users.access.end_connections(Holder::User(user.id), CloseReason::RightsChanged);
    Ok(user)
}

/// One user. A user of another tenant is answered as if it did not exist.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn get_user(users: &Users, request: &Request, id: UserId) -> Result<User, ServiceError> {
    find_user(users, request, id, Action::SeeUsers).await
}

/// A user to whom the caller may do `action`.
pub(crate) async fn find_user(
    users: &Users,
    request: &Request,
    id: UserId,
    action: Action,
) -> Result<User, ServiceError> {
    let user = users.store.get_user(id).await?;
    require(&request.caller, action, &request.caller.tenant)?;
    user.filter(|user| may(&request.caller, action, &user.tenant)).ok_or(ServiceError::NotFound("user"))
}

/// Users in the order of their ids. Without a tenant, a superadmin gets the users of all tenants.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_users(
    users: &Users,
    request: &Request,
    tenant: Option<&TenantId>,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, ServiceError> {
    require(&request.caller, Action::SeeUsers, tenant.unwrap_or(&request.caller.tenant))?;
    let tenant = if request.caller.is_superadmin() { tenant } else { Some(tenant.unwrap_or(&request.caller.tenant)) };
    Ok(users.store.list_users(tenant, after, limit).await?)
}

/// All users of a tenant, in the order of their ids, for what a dialect keeps in memory for all of the tenant's callers.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_users(users: &Users, tenant: &TenantId) -> Result<Vec<User>, ServiceError> {
    let mut read: Vec<User> = Vec::new();
    loop {
        let page = users.store.list_users(Some(tenant), read.last().map(|last| last.id), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        read.extend(page);
        if is_last {
            return Ok(read);
        }
    }
}

/// Changes a user. A user that is locked out loses its sessions and tokens, and its connections within a second. What others change at
/// the same time stays.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`],
/// [`ServiceError::Invalid`].
pub async fn change_user(
    users: &Users,
    request: &Request,
    id: UserId,
    expected: &ExpectedVersion,
    change: UserChange,
) -> Result<User, ServiceError> {
    let password_hash = match &change.password {
        Some(password) => {
            // Checked before the password is hashed, which takes long.
            read_changeable(users, request, id, expected, &change).await?;
            Some(users.access.hash_password(password.clone()).await?)
        }
        None => None,
    };
    for _ in 0..TRIES {
        let before = read_changeable(users, request, id, expected, &change).await?;
        let after = User {
            id,
            username: change.username.clone().unwrap_or_else(|| before.username.clone()),
            role: change.role.unwrap_or(before.role),
            tenant: before.tenant.clone(),
            approved: change.approved.unwrap_or(before.approved),
            active: change.active.unwrap_or(before.active),
            cadet_id: change.cadet_id.unwrap_or(before.cadet_id),
            vehicle_ids: change.vehicle_ids.clone().unwrap_or_else(|| before.vehicle_ids.clone()),
            contact: change.contact(&before.contact),
            version: before.version + 1,
        };
        if !users.store.by(request.author()).update_user(&after, password_hash.as_deref(), request.now).await? {
            continue;
        }
        if !after.may_enter() || password_hash.is_some() {
            // A password is often changed because the old one was stolen, so that all clients have to log in again.
            users.access.end_connections(Holder::User(id), CloseReason::Revoked);
            // Removed again, because a session may have been opened since the update removed them. If this fails, the caller has to
            // know it: a session with the old password may be left.
            users.store.remove_user_sessions(id).await?;
            users.access.forget(Holder::User(id));
        } else if (before.role, before.cadet_id, &before.vehicle_ids)
            != (after.role, after.cadet_id, &after.vehicle_ids)
        {
            users.access.end_connections(Holder::User(id), CloseReason::RightsChanged);
        } else {
            users.access.forget(Holder::User(id));
        }
        tracing::info!(user.id = %id, by = request.caller.log_name(), "user changed");
        return Ok(after);
    }
    Err(ServiceError::Conflict("the user is being changed by others, try again".to_owned()))
}

/// Reads a user that the caller may change in this way.
async fn read_changeable(
    users: &Users,
    request: &Request,
    id: UserId,
    expected: &ExpectedVersion,
    change: &UserChange,
) -> Result<User, ServiceError> {
    let before = find_user(users, request, id, Action::ManageUsers).await?;
    require_role(&request.caller, before.role)?;
    if let Some(role) = change.role {
        require_role(&request.caller, role)?;
    }
    let is_self = request.caller.user_id() == Some(id);
    let locks_out = change.active == Some(false) || change.approved == Some(false);
    if is_self && (locks_out || change.role.is_some_and(|role| role != before.role)) {
        return Err(ServiceError::Conflict("you cannot lock yourself out or change your own role".to_owned()));
    }
    if expected.allows(before.version) { Ok(before) } else { Err(ServiceError::Changed("user")) }
}

/// Makes a link with which a user sets its password, for an admin to pass on.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn invite_user(
    users: &Users,
    request: &Request,
    id: UserId,
    new: &NewPasswordLink,
    once: &Once<'_, ()>,
) -> Result<(), ServiceError> {
    let user = find_user(users, request, id, Action::ManageUsers).await?;
    require_role(&request.caller, user.role)?;
    let note = AuditNote::of("user.invite", Some(format!("user:{id}")));
    users.store.note_audit(&user.tenant, &request.author(), &note).await?;
    users.access.add_password_link(new, once).await?;
    tracing::info!(user.id = %id, by = request.caller.log_name(), "user invited");
    Ok(())
}

/// Removes the second factor of a user who can't use it any more.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn reset_second_factor(users: &Users, request: &Request, id: UserId) -> Result<(), ServiceError> {
    let user = get_user(users, request, id).await?;
    require_role(&request.caller, user.role)?;
    if !users.access.remove_totp(id, request.author()).await? {
        return Err(ServiceError::NotFound("second factor"));
    }
    tracing::info!(user.id = %id, by = request.caller.log_name(), "second factor reset");
    Ok(())
}

/// The roles of a tenant whose users need a second factor.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn second_factor_roles(
    users: &Users,
    request: &Request,
    tenant: &TenantId,
) -> Result<Vec<Role>, ServiceError> {
    require(&request.caller, Action::SeeUsers, tenant)?;
    Ok(users.store.second_factor_roles(tenant).await?)
}

/// Replaces them. Users without a second factor can only set one up from then on.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn set_second_factor_roles(
    users: &Users,
    request: &Request,
    tenant: &TenantId,
    roles: &[Role],
) -> Result<(), ServiceError> {
    require(&request.caller, Action::ManageUsers, tenant)?;
    if matches!(request.caller.principal, Principal::Program { .. }) {
        return Err(ServiceError::Forbidden("a program may not say who needs a second factor"));
    }
    for role in roles {
        require_role(&request.caller, *role)?;
    }
    users.store.by(request.author()).set_second_factor_roles(tenant, roles).await?;
    users.access.forget_identities();
    tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), "roles that need a second factor changed");
    Ok(())
}

/// Removes a user with its sessions and connections.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`].
pub async fn remove_user(
    users: &Users,
    request: &Request,
    id: UserId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    for _ in 0..TRIES {
        let user = find_user(users, request, id, Action::ManageUsers).await?;
        require_role(&request.caller, user.role)?;
        if request.caller.user_id() == Some(id) {
            return Err(ServiceError::Conflict("you cannot remove yourself".to_owned()));
        }
        if !expected.allows(user.version) {
            return Err(ServiceError::Changed("user"));
        }
        if users.store.by(request.author()).remove_user(id, Some(user.version), request.now).await? {
            users.access.end_connections(Holder::User(id), CloseReason::Revoked);
            tracing::info!(user.id = %id, by = request.caller.log_name(), "user removed");
            return Ok(());
        }
    }
    Err(ServiceError::Conflict("the user is being changed by others, try again".to_owned()))
}

/// The access tokens that a user made, which go on when it is locked out.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn tokens_made_by(users: &Users, user: &User) -> Result<Vec<AccessToken>, ServiceError> {
    Ok(users.store.access_tokens_made_by(&user.tenant, user.id, MAX_ACCESS_TOKENS).await?)
}

fn require(caller: &Caller, action: Action, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, action, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin of the tenant may manage its users"))
    }
}

/// Only a superadmin may add, change or remove a superadmin. A program may not do that to admins either: it would make itself a
/// login that outlives its token.
pub(crate) fn require_role(caller: &Caller, role: Role) -> Result<(), ServiceError> {
    if matches!(caller.principal, Principal::Program { .. }) && matches!(role, Role::Admin | Role::Superadmin) {
        Err(ServiceError::Forbidden("a program may not add, change or remove an admin"))
    } else if role != Role::Superadmin || caller.is_superadmin() {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only a superadmin may add, change or remove a superadmin"))
    }
}
