//! What one frame meant.

use crate::Fix;
use crate::fix::FixDraft;

/// What a frame was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// The device says who it is.
    Login,
    /// A sign of life, perhaps with values of the device but without a place.
    Heartbeat,
    /// Fixes.
    Fixes,
    /// Anything else that a good frame can hold: answers to commands, cells, texts.
    Other,
}

/// One good frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What it was for.
    pub kind: MessageKind,
    /// Who sent it: this frame or an earlier one of the session says so. Without it nothing is stored and nothing answered.
    pub device_id: Option<String>,
    /// Fixes in the order of the frame, without those that have no place and say nothing else.
    pub fixes: Vec<Fix>,
    /// What the device waits for.
    pub answer: Answer,
    /// What the device says to a command, as it wrote it.
    pub reply: Option<String>,
}

/// What to send to the device after its message was taken care of. Empty: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// After the fixes are durable.
    pub taken: Vec<u8>,
    /// If the device is not known here.
    pub unknown: Vec<u8>,
    /// If the fixes could not be stored: the device sends them again.
    pub failed: Vec<u8>,
    /// `taken` is only for devices whose setting `sack` is on.
    pub needs_sack: bool,
}

impl Answer {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn taken(bytes: impl Into<Vec<u8>>) -> Self {
        Self { taken: bytes.into(), ..Self::default() }
    }
}

impl Message {
    pub(crate) fn new(kind: MessageKind, device_id: Option<String>) -> Self {
        Self { kind, device_id, fixes: Vec::new(), answer: Answer::none(), reply: None }
    }

    pub(crate) fn of_fix(device_id: Option<String>, fix: FixDraft) -> Self {
        Self { kind: MessageKind::Fixes, ..Self::of_fixes(device_id, vec![fix]) }
    }

    pub(crate) fn of_fixes(device_id: Option<String>, fixes: Vec<FixDraft>) -> Self {
        let fixes = fixes.into_iter().map(FixDraft::finish).collect();
        Self { kind: MessageKind::Fixes, device_id, fixes, answer: Answer::none(), reply: None }
    }

    /// With what the device says to a command.
    pub(crate) fn replied(self, reply: impl Into<String>) -> Self {
        Self { reply: Some(reply.into()), ..self }
    }

    pub(crate) fn answered(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }
}
