//! The commands for one connection's device: those that are sent to it now, and those that waited until it connects.

use super::DeviceContext;
use milepost_domain::{CommandKind, Device, DeviceCommand};
use milepost_service::devices::{OpenLine, WaitingCommand, lines, queued_commands, take_command};

/// Where commands for a device arrive.
pub(super) struct CommandLine {
    open: OpenLine,
    /// What the device calls itself in its protocol.
    called: String,
}

impl CommandLine {
    pub(super) fn open(
        context: &DeviceContext,
        device: &Device,
        called: String,
        kinds: &'static [CommandKind],
    ) -> Self {
        Self { open: lines(&context.use_cases.devices).attach(device, kinds), called }
    }

    pub(super) fn is_of(&self, device: &Device) -> bool {
        self.open.is_of(device)
    }

    pub(super) fn called(&self) -> &str {
        &self.called
    }

    pub(super) async fn next(&self) -> WaitingCommand {
        self.open.next().await
    }

    /// Takes the queued commands of a device that its protocol has. The others wait for a device that has them.
    pub(super) async fn queued(
        context: &DeviceContext,
        device: &Device,
        kinds: &'static [CommandKind],
    ) -> Vec<DeviceCommand> {
        let devices = &context.use_cases.devices;
        let mut taken = Vec::new();
        for queued in queued_commands(devices, device).await {
            if !kinds.contains(&queued.command.kind) {
                continue;
            }
            match take_command(devices, device, &queued).await {
                Ok(true) => taken.push(queued.command),
                Ok(false) => {}
                Err(error) => tracing::warn!(device.id = %device.id, %error, "a queued command could not be taken"),
            }
        }
        taken
    }
}
