//! What people tell a tracker to do, and what it answers.

use crate::ids::number_id;
use crate::names::named_values;
use crate::{DeviceId, Invalid, Timestamp, VehicleId};
use std::sync::Arc;

/// Commands of a tenant that wait for their devices. Another is refused.
pub const MAX_QUEUED_COMMANDS: u32 = 1_000;
/// A device's text later than this after a command is no answer to it.
pub const COMMAND_ANSWER_MS: i64 = 60 * 60 * 1000;
/// Commands within this time are answered in their order.
const IN_ORDER_MS: i64 = 60 * 1000;

number_id!(
    /// A command's number, unique in its tenant.
    CommandId,
    "command_id"
);

/// A kind of command. Which of them a device takes is for its protocol to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// A text of the device's own language.
    Custom,
    /// Reports its place now.
    Locate,
    /// Interrupts what the engine needs to run, through its relay.
    StopEngine,
    /// Gives that back.
    ResumeEngine,
    /// Restarts itself.
    Restart,
    /// Reports the version of its firmware.
    ShowVersion,
    /// Watches for being moved.
    Arm,
    /// Ends that.
    Disarm,
}

named_values!(CommandKind, "kind", "must be custom, locate, stop_engine, resume_engine, restart, show_version, arm or disarm", {
    Custom => "custom",
    Locate => "locate",
    StopEngine => "stop_engine",
    ResumeEngine => "resume_engine",
    Restart => "restart",
    ShowVersion => "show_version",
    Arm => "arm",
    Disarm => "disarm",
});

/// The text of a command: printable ASCII, at most [`CommandText::MAX_CHARS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandText(Arc<str>);

impl CommandText {
    /// Characters of the longest one.
    pub const MAX_CHARS: usize = 500;

    /// Checks a text. Control characters are refused: they would end the frame and begin another.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that it breaks.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let is_printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.bytes().all(is_printable) {
            return Err(Invalid::new("text", "must have 1 to 500 printable ASCII characters"));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCommand {
    /// What it is.
    pub kind: CommandKind,
    /// The text of [`CommandKind::Custom`].
    pub text: Option<CommandText>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandState {
    /// It waits until its device connects or reports.
    Queued,
    /// It was written to its device's connection. Whether the device got it and did it, only an answer or a report shows.
    Sent,
    /// The device answered with a text.
    Answered,
}

named_values!(CommandState, "state", "must be queued, sent or answered", {
    Queued => "queued",
    Sent => "sent",
    Answered => "answered",
});

/// What a device answered, in printable characters and line feeds, at most [`CommandAnswer::MAX_CHARS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandAnswer(Arc<str>);

impl CommandAnswer {
    /// Characters of the longest one. What a device says beyond them is cut off.
    pub const MAX_CHARS: usize = 1_000;

    /// The answer in a text of a device. Other characters become blanks. `None` if nothing is left.
    pub fn of(text: &str) -> Option<Self> {
        let printable =
            |c: char| if c == '\n' || !(c.is_control() || c == char::REPLACEMENT_CHARACTER) { c } else { ' ' };
        let text: String = text.trim().chars().take(Self::MAX_CHARS).map(printable).collect();
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// A stored answer.
    ///
    /// # Errors
    /// [`Invalid`] when nothing is in it.
    pub fn stored(text: &str) -> Result<Self, Invalid> {
        Self::of(text).ok_or(Invalid::new("answer", "must not be empty"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A command for the device of a vehicle, from the moment somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCommand {
    /// Unique in its tenant.
    pub id: CommandId,
    /// The vehicle whose device it is for.
    pub vehicle_id: VehicleId,
    /// The device to which it was written, or which it was meant for.
    pub device_id: Option<DeviceId>,
    /// What it is.
    pub command: DeviceCommand,
    /// Whether it waited for its device.
    pub was_queued: bool,
    /// When somebody asked for it.
    pub asked_at: Timestamp,
    /// When it was written.
    pub sent_at: Option<Timestamp>,
    /// When the device answered.
    pub answered_at: Option<Timestamp>,
    /// What the device answered.
    pub answer: Option<CommandAnswer>,
}

impl IssuedCommand {
    /// What became of it.
    pub const fn state(&self) -> CommandState {
        match (self.sent_at, self.answered_at) {
            (_, Some(_)) => CommandState::Answered,
            (Some(_), None) => CommandState::Sent,
            (None, None) => CommandState::Queued,
        }
    }
}

/// Which of the commands that wait for an answer, in the order in which they were sent, a text of their device belongs to. Those of the
/// last minute are answered in their order; before that, devices that answer nothing are likelier than late answers, and the newest counts.
pub fn answered_command(waiting: &[IssuedCommand], now: Timestamp) -> Option<&IssuedCommand> {
    let age = |one: &IssuedCommand| one.sent_at.map_or(i64::MAX, |sent| now.ms_since(sent));
    waiting
        .iter()
        .find(|one| age(one) <= IN_ORDER_MS)
        .or_else(|| waiting.last().filter(|one| age(one) <= COMMAND_ANSWER_MS))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn sent(id: i64, at_ms: i64) -> IssuedCommand {
        IssuedCommand {
            id: CommandId::new(id).unwrap(),
            vehicle_id: VehicleId::new("truck").unwrap(),
            device_id: None,
            command: DeviceCommand { kind: CommandKind::Locate, text: None },
            was_queued: false,
            asked_at: Timestamp::from_unix_ms(at_ms).unwrap(),
            sent_at: Timestamp::from_unix_ms(at_ms),
            answered_at: None,
            answer: None,
        }
    }

    #[test]
    fn commands_in_a_row_are_answered_in_their_order_and_an_old_one_by_nobody() {
        let now = Timestamp::from_unix_ms(10_000_000).unwrap();
        let which = |sent_s: &[i64]| {
            let waiting: Vec<_> = (1..).zip(sent_s).map(|(id, age)| sent(id, now.unix_ms() - age * 1_000)).collect();
            answered_command(&waiting, now).map(|one| one.id.get())
        };
        assert_eq!(which(&[30, 10]), Some(1));
        assert_eq!(which(&[3_000, 30, 10]), Some(2), "what never answered takes no later answer");
        assert_eq!(which(&[3_000, 2_000]), Some(2));
        assert_eq!(which(&[3_601]), None);
        assert_eq!(which(&[]), None);
    }

    #[test]
    fn an_answer_is_printable_and_bounded() {
        let of = |text: &str| CommandAnswer::of(text).map(|answer| answer.as_str().to_owned());
        assert_eq!(of(" a\r\nb\0 ").as_deref(), Some("a \nb"));
        assert_eq!(of("\0 \r"), None);
        assert_eq!(of(&"ä".repeat(2_000)).unwrap().chars().count(), CommandAnswer::MAX_CHARS);
    }
}
