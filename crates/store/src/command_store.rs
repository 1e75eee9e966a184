//! Commands for devices, from the moment somebody asks for them.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    CommandAnswer, CommandId, DeviceCommand, DeviceId, IssuedCommand, TenantId, Timestamp, VehicleId,
};

/// A command to store. The store gives it its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommand {
    /// The vehicle whose device it is for.
    pub vehicle_id: VehicleId,
    /// The device, if the vehicle has one.
    pub device_id: Option<DeviceId>,
    /// What it is.
    pub command: DeviceCommand,
    /// Whether it waits for its device. Otherwise it is written to an open connection as soon as it is stored.
    pub is_queued: bool,
}

/// Commands. Part of [`crate::Store`]. Each change is one transaction with `CommandChanged`.
#[async_trait]
pub trait CommandStore: Send + Sync {
    /// Stores a command as queued, or as sent now. `None` if the tenant has [`milepost_domain::MAX_QUEUED_COMMANDS`] that wait.
    /// `NotFound("vehicle")`.
    async fn issue_command(
        &self,
        tenant: &TenantId,
        new: &NewCommand,
        now: Timestamp,
        once: &Once<'_, Option<IssuedCommand>>,
    ) -> Result<Option<IssuedCommand>>;
    /// A command could not be written after all: it waits. `None` if there is no such command.
    async fn requeue_command(&self, tenant: &TenantId, id: CommandId, now: Timestamp) -> Result<Option<IssuedCommand>>;
    /// Removes a command that its device can't be told, without a fact.
    async fn drop_command(&self, tenant: &TenantId, id: CommandId) -> Result<()>;
    /// Takes a queued command, which is sent to this device now. `None` if another took it.
    async fn take_command(
        &self,
        tenant: &TenantId,
        id: CommandId,
        device: &DeviceId,
        now: Timestamp,
    ) -> Result<Option<IssuedCommand>>;
    /// Notes the answer to a command. `None` if it was answered before.
    async fn answer_command(
        &self,
        tenant: &TenantId,
        id: CommandId,
        answer: &CommandAnswer,
        now: Timestamp,
    ) -> Result<Option<IssuedCommand>>;
    /// The queued commands of a tenant, the oldest first.
    async fn queued_commands(&self, tenant: &TenantId, limit: u32) -> Result<Vec<IssuedCommand>>;
    /// The commands that a vehicle's device was sent since then and did not answer, in the order in which they were sent; the last
    /// hundred.
    async fn unanswered_commands(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        since: Timestamp,
    ) -> Result<Vec<IssuedCommand>>;
    /// The commands of a device with a smaller number than `before`, the newest first.
    async fn list_commands(
        &self,
        tenant: &TenantId,
        device: &DeviceId,
        before: Option<CommandId>,
        limit: u32,
    ) -> Result<Vec<IssuedCommand>>;
    /// The commands for a vehicle's device that were sent or answered from the one time until before the other.
    async fn commands_between(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        window: (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<IssuedCommand>>;
}
