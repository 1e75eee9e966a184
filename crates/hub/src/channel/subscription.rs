//! Keeps a subscriber in its channel until dropped.

use std::sync::{Arc, Mutex};

use crate::interest::Interest;

use super::Channel;
use super::subscribers::{Placement, Subscriber};

/// A place among a channel's subscribers. Dropping it unsubscribes.
pub struct Subscription {
    pub(super) channel: Arc<Channel>,
    // Taken before the lock of the channel's subscribers.
    pub(super) place: Mutex<Place>,
}

pub(super) struct Place {
    pub(super) subscriber: Arc<Subscriber>,
    pub(super) placement: Placement,
}

impl Subscription {
    /// The channel.
    pub fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// Replaces the interest. Messages published from now on follow it; nothing is missed or doubled in between.
    pub fn set_interest(&self, interest: Interest) {
        let mut place = self.place.lock().expect("nothing panics while holding it");
        self.channel.replace_interest(&mut place, interest);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let place = self.place.get_mut().expect("nothing panics while holding it");
        self.channel.unsubscribe(&place.placement);
    }
}
