//! Says whom a message is for.

use crate::key::Key;

/// Whom a message is for. A subscriber that matches by several keys still gets the message once.
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
    /// Every subscriber of the channel, whatever its interest.
    pub fn everyone() -> Self {
        Self { reach: Reach::Everyone, keys: Box::default() }
    }

    /// Subscribers that want everything, and those that want one of `keys` (a vehicle and its route, say).
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { reach: Reach::General, keys: keys.into_iter().collect() }
    }

    /// Only subscribers that named one of `keys`: a presence topic, one user's own notices.
    pub fn only(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { reach: Reach::KeyedOnly, keys: keys.into_iter().collect() }
    }
}
