//! Off-duty time of drivers.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{OffDuty, OffDutyRule, OffDutyTimes, TenantId, Timestamp, UserId};

/// Off-duty time. Part of [`crate::Store`].
#[async_trait]
pub trait DutyStore: Send + Sync {
    /// What a tenant leaves out while a driver is off duty. `Kept` for a tenant that is not stored.
    async fn off_duty_rule(&self, tenant: &TenantId) -> Result<OffDutyRule>;
    /// Sets it, with `OffDutyRuleChanged`. Those who are off duty are so by the new rule from `now` on; nobody is where all is kept.
    /// Returns false if there is no such tenant.
    async fn set_off_duty_rule(&self, tenant: &TenantId, rule: OffDutyRule, now: Timestamp) -> Result<bool>;

    /// A driver goes off duty, or comes back, with `DutyChanged`, and with `VehicleChanged` of its vehicles. Returns the time that
    /// began or ended, or the one that goes on if the driver was off duty already; `None` if it was on duty, or the tenant keeps all.
    async fn change_duty(
        &self,
        tenant: &TenantId,
        driver: UserId,
        is_off: bool,
        now: Timestamp,
    ) -> Result<Option<OffDuty>>;
    /// The times off duty of one of a tenant's drivers, or of all.
    async fn off_duty_times(&self, tenant: &TenantId, driver: Option<UserId>) -> Result<OffDutyTimes>;
    /// Lists the times of a driver that began before `before`, the newest first.
    async fn list_off_duty(
        &self,
        tenant: &TenantId,
        driver: UserId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<OffDuty>>;
}
