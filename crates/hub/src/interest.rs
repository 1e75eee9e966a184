//! The messages of a channel that a subscriber wants and may see.

use crate::area::{Area, Areas};
use crate::key::{Key, KeySet};
use crate::recipients::{RecipientKind, Recipients};

/// Everything or a set of keys, optionally limited to what the subscriber may see, and extra topics.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    wanted: Option<KeySet>,
    within: Option<KeySet>,
    topics: KeySet,
    areas: Option<Box<Areas>>,
}

impl Interest {
    /// Every message except those for named keys only.
    pub fn all() -> Self {
        Self::default()
    }

    /// Messages that carry one of `keys`. With an empty set, only messages for everyone.
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { wanted: Some(keys.into_iter().collect()), ..Self::default() }
    }

    /// Adds messages about subjects within `areas`, which `cells` cover. Without effect on an interest in everything.
    #[must_use]
    pub fn with_areas(mut self, cells: impl IntoIterator<Item = Key>, areas: Vec<Area>) -> Self {
        self.areas = (!areas.is_empty() && self.wanted.is_some()).then(|| Box::new(Areas::new(cells, areas)));
        self
    }

    /// Limits the interest to messages that also carry one of `keys`: a parent sees its own buses only, whatever route it
    /// asks for. Messages for everyone and extra topics are not limited.
    #[must_use]
    pub fn within(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.within = Some(keys.into_iter().collect());
        self
    }

    /// Adds topics that are delivered only when named, such as presence.
    #[must_use]
    pub fn with_topics(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.topics = keys.into_iter().chain(self.topics.as_slice().iter().cloned()).collect();
        self
    }

    /// Whether a message for `recipients` reaches this subscriber.
    pub fn wants(&self, recipients: &Recipients) -> bool {
        let wanted = match recipients.kind {
            RecipientKind::Everyone => return true,
            RecipientKind::General => self.wants_key(true, recipients) || self.watches(recipients),
            RecipientKind::KeyedOnly => self.wants_key(false, recipients) || self.watches(recipients),
            RecipientKind::Entering => !self.wants_key(true, recipients) && self.watches(recipients),
        };
        (wanted && self.within.as_ref().is_none_or(|keys| keys.intersects(&recipients.keys)))
            || self.topics.intersects(&recipients.keys)
    }

    /// Whether it wants one of the message's keys. `of_all` is the answer of one that wants everything.
    fn wants_key(&self, of_all: bool, recipients: &Recipients) -> bool {
        self.wanted.as_ref().map_or(of_all, |keys| keys.intersects(&recipients.keys))
    }

    fn watches(&self, recipients: &Recipients) -> bool {
        self.areas.as_ref().zip(recipients.watched).is_some_and(|(areas, watched)| areas.get(watched))
    }

    /// True when every general message is wanted: this subscriber needs no index.
    pub(crate) fn is_general(&self) -> bool {
        self.wanted.is_none() && self.within.is_none()
    }

    pub(crate) fn has_topics(&self) -> bool {
        !self.topics.as_slice().is_empty()
    }

    pub(crate) fn wants_topic(&self, topic: &Key) -> bool {
        self.topics.contains(topic)
    }

    /// The keys to index this subscriber under. The smaller of the two sets is enough to find it.
    pub(crate) fn index_keys(&self) -> impl Iterator<Item = &Key> {
        let indexed = match (&self.wanted, &self.within) {
            (Some(wanted), Some(within)) if within.as_slice().len() < wanted.as_slice().len() => within.as_slice(),
            (Some(wanted), _) => wanted.as_slice(),
            (None, Some(within)) => within.as_slice(),
            (None, None) => &[],
        };
        let topics = self.topics.as_slice().iter().filter(move |topic| indexed.binary_search(topic).is_err());
        let cells = self.areas.as_ref().map_or(&[][..], |areas| areas.cells.as_slice());
        indexed.iter().chain(topics).chain(cells)
    }
}
