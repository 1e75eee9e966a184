//! Wakes the tasks that read what use cases commit.

use std::sync::Arc;
use tokio::sync::Notify;

/// The event feed and the outbox. Both poll the store too, so that a missed wake-up only costs time.
#[derive(Clone)]
pub(crate) struct Wakers {
    pub(crate) events: Arc<Notify>,
    outbox: Arc<dyn Fn() + Send + Sync>,
}

impl Wakers {
    pub(crate) fn new(outbox: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { events: Arc::default(), outbox }
    }

    /// To be called after every commit that stored events which may cause outgoing calls.
    pub(crate) fn wake_all(&self) {
        self.wake_events();
        self.wake_outbox();
    }

    /// To be called after every commit that stored events.
    pub(crate) fn wake_events(&self) {
        self.events.notify_one();
    }

    /// To be called after every commit that may have stored outgoing calls.
    pub(crate) fn wake_outbox(&self) {
        (self.outbox)();
    }
}
