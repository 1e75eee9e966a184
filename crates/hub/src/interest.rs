//! Says which messages of a channel a subscriber wants and may see.

use crate::audience::{Audience, Reach};
use crate::key::{Key, KeySet};

/// What a subscriber wants: everything or a set of keys, perhaps fenced in by what it may see, plus extra topics.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    wanted: Option<KeySet>,
    within: Option<KeySet>,
    topics: KeySet,
}

impl Interest {
    /// Every message but those that are for named keys only.
    pub fn all() -> Self {
        Self::default()
    }

    /// Messages that carry one of `keys`. An empty set wants nothing but messages for everyone.
    pub fn keys(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { wanted: Some(keys.into_iter().collect()), ..Self::default() }
    }

    /// Of what is wanted, only messages that also carry one of `keys`: a parent's own buses, whatever route it asks
    /// for. Messages for everyone and extra topics are not held back.
    #[must_use]
    pub fn within(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.within = Some(keys.into_iter().collect());
        self
    }

    /// Adds topics that only those get who ask for them by name, such as presence.
    #[must_use]
    pub fn with_topics(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.topics = keys.into_iter().chain(self.topics.as_slice().iter().cloned()).collect();
        self
    }

    /// Whether a message for `audience` reaches this subscriber.
    pub fn wants(&self, audience: &Audience) -> bool {
        let wanted = match audience.reach {
            Reach::Everyone => return true,
            Reach::General => self.wanted.as_ref().is_none_or(|keys| keys.intersects(&audience.keys)),
            Reach::KeyedOnly => self.wanted.as_ref().is_some_and(|keys| keys.intersects(&audience.keys)),
        };
        (wanted && self.within.as_ref().is_none_or(|keys| keys.intersects(&audience.keys)))
            || self.topics.intersects(&audience.keys)
    }

    /// True when every general message is wanted, so that no index is needed to find this subscriber.
    pub(crate) fn is_general(&self) -> bool {
        self.wanted.is_none() && self.within.is_none()
    }

    pub(crate) fn has_topics(&self) -> bool {
        !self.topics.as_slice().is_empty()
    }

    pub(crate) fn wants_topic(&self, topic: &Key) -> bool {
        self.topics.contains(topic)
    }

    /// The keys to index this subscriber under: the smaller of the two sets finds every candidate.
    pub(crate) fn index_keys(&self) -> impl Iterator<Item = &Key> {
        let indexed = match (&self.wanted, &self.within) {
            (Some(wanted), Some(within)) if within.as_slice().len() < wanted.as_slice().len() => within.as_slice(),
            (Some(wanted), _) => wanted.as_slice(),
            (None, Some(within)) => within.as_slice(),
            (None, None) => &[],
        };
        let topics = self.topics.as_slice().iter().filter(move |topic| indexed.binary_search(topic).is_err());
        indexed.iter().chain(topics)
    }
}
