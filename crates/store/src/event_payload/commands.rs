//! The payload of facts about commands.

use super::field::{self, nullable};
use milepost_domain::{
    CommandAnswer, CommandId, CommandKind, CommandText, DeviceCommand, DeviceId, IssuedCommand, Timestamp, VehicleId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct CommandPayload {
    #[serde(with = "field")]
    command_id: CommandId,
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    device_id: Option<DeviceId>,
    #[serde(with = "field")]
    kind: CommandKind,
    #[serde(with = "nullable")]
    text: Option<CommandText>,
    was_queued: bool,
    #[serde(with = "field")]
    asked_at: Timestamp,
    #[serde(with = "nullable")]
    sent_at: Option<Timestamp>,
    #[serde(with = "nullable")]
    answered_at: Option<Timestamp>,
    #[serde(with = "nullable")]
    answer: Option<CommandAnswer>,
}

impl From<&IssuedCommand> for CommandPayload {
    fn from(issued: &IssuedCommand) -> Self {
        Self {
            command_id: issued.id,
            vehicle_id: issued.vehicle_id.clone(),
            device_id: issued.device_id.clone(),
            kind: issued.command.kind,
            text: issued.command.text.clone(),
            was_queued: issued.was_queued,
            asked_at: issued.asked_at,
            sent_at: issued.sent_at,
            answered_at: issued.answered_at,
            answer: issued.answer.clone(),
        }
    }
}

impl CommandPayload {
    pub(super) fn into_command(self) -> IssuedCommand {
        IssuedCommand {
            id: self.command_id,
            vehicle_id: self.vehicle_id,
            device_id: self.device_id,
            command: DeviceCommand { kind: self.kind, text: self.text },
            was_queued: self.was_queued,
            asked_at: self.asked_at,
            sent_at: self.sent_at,
            answered_at: self.answered_at,
            answer: self.answer,
        }
    }
}
