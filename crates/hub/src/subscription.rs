//! Keeps a subscriber in its channel until dropped.

use std::sync::{Arc, Mutex, PoisonError};

use crate::channel::Channel;
use crate::interest::Interest;
use crate::roster::{Placement, Subscriber};

/// A place in a channel. Dropping it unsubscribes.
pub struct Subscription {
    pub(crate) channel: Arc<Channel>,
    // Taken before the roster's lock, never the other way round.
    pub(crate) place: Mutex<Place>,
}

pub(crate) struct Place {
    pub(crate) subscriber: Arc<Subscriber>,
    pub(crate) placement: Placement,
}

impl Subscription {
    /// The channel that is subscribed to.
    pub fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// Replaces the interest. Messages published from now on follow it; nothing is missed or doubled in between.
    pub fn set_interest(&self, interest: Interest) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        self.channel.replace_interest(&mut place, interest);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let place = self.place.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.channel.unsubscribe(&place.placement);
    }
}
