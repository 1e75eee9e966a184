//! Makes the first login at the first start.

use anyhow::Result;
use milepost_access::random_secret;
use milepost_domain::{Contact, Role, TenantId, Timestamp, Username};
use milepost_service::ServiceError;
use milepost_service::users::{NewUser, Users, create_user};
use milepost_store::Store;

/// The first login, which is shown once.
pub(crate) struct FirstLogin {
    pub(crate) username: &'static str,
    pub(crate) password: String,
}

/// Makes the first superadmin if the database has no users.
pub(crate) async fn make_first_user(store: &dyn Store, users: &Users, now: Timestamp) -> Result<Option<FirstLogin>> {
    if store.count_users().await? > 0 {
        return Ok(None);
    }
    let login = FirstLogin { username: "admin", password: random_secret("").chars().take(20).collect() };
    let user = NewUser {
        username: Username::new(login.username)?,
        password: Some(login.password.clone()),
        role: Role::Superadmin,
        tenant: TenantId::default_tenant(),
        approved: true,
        active: true,
        cadet_id: None,
        vehicle_ids: Vec::new(),
        contact: Contact::default(),
    };
    match create_user(users, user, now).await {
        Ok(_) => Ok(Some(login)),
        // Another node of the same database made the first user and has shown its login.
        Err(ServiceError::Conflict(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
