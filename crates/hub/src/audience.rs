//! The audience of a message.

use crate::key::Key;

/// The subscribers that a message is for. One that matches by several keys gets the message once.
#[derive(Clone, Debug)]
pub struct Audience {
    pub(crate) reach: Reach,
    pub(crate) keys: Box<[Key]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Everyone,
    General,
    KeyedOnly,
}

impl Audience {
    /// Every subscriber of the channel, regardless of its interest.
    pub fn everyone() -> Self {
        Self { reach: Reach::Everyone, keys: Box::default() }
    }

    /// Subscribers that want everything, and those that want one of `keys` (a vehicle and its route, say).
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { reach: Reach::General, keys: keys.into_iter().collect() }
    }

    /// Only subscribers that named one of `keys`, such as a presence topic or one user's own notices.
    pub fn only(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { reach: Reach::KeyedOnly, keys: keys.into_iter().collect() }
    }
}
