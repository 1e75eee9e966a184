//! The recipients of a message.

use crate::key::Key;

/// The subscribers that a message is for. One that matches by several keys gets the message once.
#[derive(Clone, Debug)]
pub struct Recipients {
    pub(crate) kind: RecipientKind,
    pub(crate) keys: Box<[Key]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    Everyone,
    General,
    KeyedOnly,
}

impl Recipients {
    /// Every subscriber of the channel, regardless of its interest.
    pub fn everyone() -> Self {
        Self { kind: RecipientKind::Everyone, keys: Box::default() }
    }

    /// Subscribers that want everything, and those that want one of `keys` (a vehicle and its route, say).
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { kind: RecipientKind::General, keys: keys.into_iter().collect() }
    }

    /// Only subscribers that named one of `keys`, such as a presence topic or one user's own notices.
    pub fn only(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { kind: RecipientKind::KeyedOnly, keys: keys.into_iter().collect() }
    }
}
