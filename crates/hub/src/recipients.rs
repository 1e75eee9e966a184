//! The recipients of a message.

use crate::area::{Move, Watched};
use crate::key::Key;

/// The subscribers that a message is for. One that matches by several keys gets the message once.
#[derive(Clone, Debug)]
pub struct Recipients {
    pub(crate) kind: RecipientKind,
    pub(crate) keys: Box<[Key]>,
    /// The cells of the spots in `watched`.
    pub(crate) cells: Box<[Key]>,
    pub(crate) watched: Option<Watched>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    Everyone,
    General,
    KeyedOnly,
    /// Only subscribers whose areas the subject entered, unless they have one of the keys.
    Entering,
}

impl Recipients {
    /// Every subscriber of the channel, regardless of its interest.
    pub fn everyone() -> Self {
        Self::of(RecipientKind::Everyone, [])
    }

    /// Subscribers that want everything, and those that want one of `keys` (a vehicle and its route, say).
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self::of(RecipientKind::General, keys)
    }

    /// Only subscribers that named one of `keys`, such as a presence topic or one user's own notices.
    pub fn only(keys: impl IntoIterator<Item = Key>) -> Self {
        Self::of(RecipientKind::KeyedOnly, keys)
    }

    /// Only subscribers in whose areas the subject is now and was not before. Those that want everything, or one of `keys`, get
    /// the subject's messages anyway and are left out. `cells` are those that hold the place where it is now.
    pub fn entering(keys: impl IntoIterator<Item = Key>, cells: impl IntoIterator<Item = Key>, moved: Move) -> Self {
        Self::of(RecipientKind::Entering, keys).watched(cells, Watched::Entered(moved))
    }

    /// Adds subscribers that watch areas. `cells` are those that hold the spots.
    #[must_use]
    pub fn watched(mut self, cells: impl IntoIterator<Item = Key>, watched: Watched) -> Self {
        self.cells = cells.into_iter().collect();
        self.watched = Some(watched);
        self
    }

    fn of(kind: RecipientKind, keys: impl IntoIterator<Item = Key>) -> Self {
        Self { kind, keys: keys.into_iter().collect(), cells: Box::default(), watched: None }
    }

    /// The keys by which subscribers are found that may get the message.
    pub(crate) fn finding_keys(&self) -> impl Iterator<Item = &Key> {
        let keys = if self.kind == RecipientKind::Entering { &[] } else { &self.keys[..] };
        keys.iter().chain(&self.cells)
    }
}
