//! Implements the trait for commands with the functions of this folder.

pub(super) mod rows;

use super::audit::commands as audited;
use super::sql_store::SqlStore;
use crate::{CommandStore, NewCommand, Once, Result};
use async_trait::async_trait;
use milepost_domain::{CommandAnswer, CommandId, DeviceId, IssuedCommand, TenantId, Timestamp, VehicleId};

#[async_trait]
impl CommandStore for SqlStore {
    async fn issue_command(
        &self,
        tenant: &TenantId,
        new: &NewCommand,
        now: Timestamp,
        once: &Once<'_, Option<IssuedCommand>>,
    ) -> Result<Option<IssuedCommand>> {
        write!(self, Some(tenant), audited::issue_command(tenant, new, now, self.renderer(), self.author()), once)
    }
    async fn requeue_command(&self, tenant: &TenantId, id: CommandId, now: Timestamp) -> Result<Option<IssuedCommand>> {
        write!(self, Some(tenant), rows::requeue_command(tenant, id, now, self.renderer()))
    }
    async fn drop_command(&self, tenant: &TenantId, id: CommandId) -> Result<()> {
        write!(self, Some(tenant), rows::drop_command(tenant, id))
    }
    async fn take_command(
        &self,
        tenant: &TenantId,
        id: CommandId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<IssuedCommand>> {
        write!(self, Some(tenant), rows::take_command(tenant, id, device, now, self.renderer()))
    }
    async fn answer_command(
        &self,
        tenant: &TenantId,
        id: CommandId,
        answer: &CommandAnswer,
        now: Timestamp,
    ) -> Result<Option<IssuedCommand>> {
        write!(self, Some(tenant), rows::answer_command(tenant, id, answer, now, self.renderer()))
    }
    async fn queued_commands(&self, tenant: &TenantId, limit: u32) -> Result<Vec<IssuedCommand>> {
        read!(self, rows::queued_commands(tenant, limit))
    }
    async fn unanswered_commands(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        since: Timestamp,
    ) -> Result<Vec<IssuedCommand>> {
        read!(self, rows::unanswered_commands(tenant, vehicle, since))
    }
    async fn list_commands(
        &self,
        tenant: &TenantId,
        device: &DeviceId,
        before: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<IssuedCommand>> {
        read!(self, rows::list_commands(tenant, device, before, limit))
    }
    async fn commands_between(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        window: (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<IssuedCommand>> {
        read!(self, rows::commands_between(tenant, vehicle, window, limit))
    }
}
