//! Drivers go off duty and come back. Of off-duty time nothing is kept, where the tenant says so.

use crate::live::LiveMap;
use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Caller, OffDuty, OffDutyRule, Role, TenantId, Timestamp, UserId, may};
use milepost_store::Store;
use std::sync::Arc;

/// What the use cases of off-duty time need.
pub struct Duty {
    store: Arc<dyn Store>,
    live: Arc<LiveMap>,
    wakers: Wakers,
}

impl Duty {
    pub(crate) fn new(store: Arc<dyn Store>, live: Arc<LiveMap>, wakers: Wakers) -> Self {
        Self { store, live, wakers }
    }
}

/// Whether a driver is on duty, and what its tenant leaves out while it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutyView {
    /// What the tenant leaves out.
    pub rule: OffDutyRule,
    /// Since when the driver is off duty.
    pub off_duty_since: Option<Timestamp>,
}

/// The caller's own duty.
///
/// # Errors
/// [`ServiceError::Forbidden`] for all but drivers and riders.
pub async fn get_duty(duty: &Duty, request: &Request) -> Result<DutyView, ServiceError> {
    let driver = require_driver(&request.caller)?;
    let tenant = &request.caller.tenant;
    let rule = duty.store.off_duty_rule(tenant).await?;
    let off_duty_since = duty.store.off_duty_times(tenant, Some(driver)).await?.since(driver);
    Ok(DutyView { rule, off_duty_since })
}

/// The caller goes off duty, or comes back. What its phone reports from then on is not kept, on this node when this returns, and on
/// the others within a second.
///
/// # Errors
/// [`ServiceError::Forbidden`] for all but drivers and riders, [`ServiceError::Conflict`] where the tenant keeps everything.
pub async fn change_duty(duty: &Duty, request: &Request, is_off: bool) -> Result<DutyView, ServiceError> {
    let driver = require_driver(&request.caller)?;
    let tenant = &request.caller.tenant;
    if duty.store.get_user(driver).await?.is_none_or(|user| user.tenant != *tenant) {
        return Err(ServiceError::Forbidden("only users of this server go off duty: yours is another issuer's"));
    }
    let changed = duty.store.by(request.author()).change_duty(tenant, driver, is_off, request.now).await?;
    let rule = duty.store.off_duty_rule(tenant).await?;
    if is_off && changed.is_none() {
        return Err(ServiceError::Conflict(
            "your organisation keeps positions at all times: an admin may change that (off_duty)".to_owned(),
        ));
    }
    follow(duty, tenant, Some(driver)).await?;
    let off_duty_since = changed.filter(|time| time.to.is_none()).map(|time| time.from);
    let is_off = off_duty_since.is_some();
    tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), is_off, "driver off duty or back");
    Ok(DutyView { rule, off_duty_since })
}

/// The times off duty of a driver, the newest first: for itself, and for those who see the whole fleet.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn list_off_duty(
    duty: &Duty,
    request: &Request,
    driver: UserId,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<OffDuty>, ServiceError> {
    let tenant = &request.caller.tenant;
    let is_own = request.caller.user_id() == Some(driver);
    if !is_own && !may(&request.caller, Action::SeeFleet, tenant) {
        return Err(ServiceError::Forbidden("only the driver itself, admins and managers may see its times off duty"));
    }
    let user = duty.store.get_user(driver).await?.filter(|user| user.tenant == *tenant);
    user.ok_or(ServiceError::NotFound("user"))?;
    Ok(duty.store.list_off_duty(tenant, driver, before, limit).await?)
}

/// What a tenant leaves out while a driver is off duty.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn off_duty_rule(duty: &Duty, tenant: &TenantId) -> Result<OffDutyRule, ServiceError> {
    Ok(duty.store.off_duty_rule(tenant).await?)
}

/// Says what a tenant leaves out. Those who are off duty now are so by the new rule from now on.
///
/// # Errors
/// [`ServiceError::Forbidden`] for all but admins, [`ServiceError::NotFound`].
pub async fn set_off_duty_rule(
    duty: &Duty,
    request: &Request,
    tenant: &TenantId,
    rule: OffDutyRule,
) -> Result<(), ServiceError> {
    if !may(&request.caller, Action::ManageUsers, tenant) {
        return Err(ServiceError::Forbidden("only an admin of the tenant may say what is kept of off-duty time"));
    }
    if !duty.store.by(request.author()).set_off_duty_rule(tenant, rule, request.now).await? {
        return Err(ServiceError::NotFound("tenant"));
    }
    follow(duty, tenant, None).await?;
    let rule = rule.as_str();
    tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), rule, "rule for off-duty time set");
    Ok(())
}

/// This node leaves out by what was stored, before the change is answered. The event feed shows it to those who watch.
async fn follow(duty: &Duty, tenant: &TenantId, driver: Option<UserId>) -> Result<(), ServiceError> {
    duty.live.duty_changed(&*duty.store, tenant, driver).await?;
    duty.wakers.wake_events(tenant);
    Ok(())
}

fn require_driver(caller: &Caller) -> Result<UserId, ServiceError> {
    let is_driver = matches!(caller.role(), Some(Role::Driver | Role::Rider));
    caller.user_id().filter(|_| is_driver).ok_or(ServiceError::Forbidden("only drivers and riders go off duty"))
}
