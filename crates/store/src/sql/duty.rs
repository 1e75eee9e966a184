//! Implements the trait for off-duty time with the functions of this folder.

pub(super) mod rows;

use super::audit::duty as audited;
use super::sql_store::SqlStore;
use crate::{DutyStore, Result};
use async_trait::async_trait;
use milepost_domain::{OffDuty, OffDutyRule, OffDutyTimes, TenantId, Timestamp, UserId};

#[async_trait]
impl DutyStore for SqlStore {
    async fn off_duty_rule(&self, tenant: &TenantId) -> Result<OffDutyRule> {
        read!(self, rows::off_duty_rule(tenant))
    }
    async fn set_off_duty_rule(&self, tenant: &TenantId, rule: OffDutyRule, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::set_off_duty_rule(tenant, rule, now, self.renderer(), self.author()))
    }

    async fn change_duty(
        &self,
        tenant: &TenantId,
        driver: UserId,
        is_off: bool,
        now: Timestamp,
    ) -> Result<Option<OffDuty>> {
        write!(self, Some(tenant), audited::change_duty(tenant, driver, is_off, now, self.renderer(), self.author()))
    }
    async fn off_duty_times(&self, tenant: &TenantId, driver: Option<UserId>) -> Result<OffDutyTimes> {
        read!(self, rows::off_duty_times(tenant, driver))
    }
    async fn list_off_duty(
        &self,
        tenant: &TenantId,
        driver: UserId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<OffDuty>> {
        read!(self, rows::list_off_duty(tenant, driver, before, limit))
    }
}
