//! Notices: notifications and messages to one user, kept until they are read.

use crate::ids::number_id;
use crate::text::short_text;
use crate::unicode::shows_something;
use crate::{Invalid, Timestamp, UserId};

number_id!(
    /// The number of a notification or message, unique in its tenant, from 1.
    NoticeId,
    "id"
);

short_text!(
    /// What kind of notification it is: `admin_message`. For programs, not for people.
    NotificationKind,
    "type",
    64,
    "must be 1 to 64 characters without control characters"
);

/// A notification's text: up to 2,000 characters in several lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NotificationText(String);

impl NotificationText {
    /// A text as it is entered.
    ///
    /// # Errors
    /// [`Invalid`] when it shows nothing, is too long, or has control characters other than line breaks and tabs.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = Self::stored(text)?;
        if shows_something(&text.0) {
            Ok(text)
        } else {
            Err(Invalid::new("message", "must have a character that shows something"))
        }
    }

    /// A stored text, possibly accepted by rules that allowed more.
    ///
    /// # Errors
    /// [`Invalid`] when blank, too long, or with control characters other than line breaks and tabs.
    pub fn stored(text: &str) -> Result<Self, Invalid> {
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if !text.trim().is_empty() && text.chars().count() <= 2000 && !text.chars().any(is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("message", "must be 1 to 2000 characters without control characters"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON object as text. The domain knows no format, so the text must have been parsed before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonObject(String);

impl JsonObject {
    /// Longest text, bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// `parsed` is an object's compact text.
    ///
    /// # Errors
    /// [`Invalid`] when it is too long.
    pub fn of_parsed(parsed: String, field: &'static str) -> Result<Self, Invalid> {
        if parsed.len() <= Self::MAX_BYTES {
            Ok(Self(parsed))
        } else {
            Err(Invalid::new(field, "must not be longer than 16384 bytes"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeContent {
    /// A text with a kind.
    Notification {
        /// Text for people.
        message: NotificationText,
        /// For programs.
        kind: NotificationKind,
    },
    /// Fields of an object that its sender chose.
    Message {
        /// The sender; `None` if the issuer of its token has no user numbers.
        sender_id: Option<UserId>,
        /// The fields.
        fields: JsonObject,
    },
}

impl NoticeContent {
    /// Is it a message, and not a notification?
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
    }
}

/// One user's notification or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Unique in its tenant.
    pub id: NoticeId,
    /// The user who gets it.
    pub user_id: UserId,
    /// Notification or message.
    pub content: NoticeContent,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its user marked it read.
    pub read_at: Option<Timestamp>,
}
