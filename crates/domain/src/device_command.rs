//! What people tell a tracker to do.

use crate::Invalid;
use std::sync::Arc;

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
