//! Wakes the tasks that read what use cases commit.

use milepost_domain::{TenantId, Trip, TripId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Running trips that wait to be published. What finds no room is told with the trip's next progress.
const RUNNING: usize = 20_000;

/// The event feed and the outbox. Both poll the store too, so that a missed wake-up only costs time.
#[derive(Clone)]
pub(crate) struct Wakers {
    pub(crate) events: Arc<NewEvents>,
    outbox: Arc<dyn Fn() + Send + Sync>,
}

/// What the event feed should read soon.
#[derive(Default)]
pub(crate) struct NewEvents {
    woken: Notify,
    /// A std mutex: held for a look-up.
    due: Mutex<DueEvents>,
}

/// What came since it was last taken. Each tenant is noted once.
#[derive(Default)]
pub(crate) struct DueEvents {
    /// Tenants of which this node stored events.
    pub(crate) own: HashSet<TenantId>,
    /// Other nodes stored events up to these ids.
    pub(crate) elsewhere: HashMap<TenantId, i64>,
    /// Running trips as they are now.
    pub(crate) running: HashMap<TripId, Trip>,
    /// Tenants whose running trips another node has folded: its events may not be known here yet, and come first.
    pub(crate) folded_elsewhere: HashSet<TenantId>,
}

impl NewEvents {
    /// Another node stored a tenant's events up to `newest`.
    pub(crate) fn stored_elsewhere(&self, tenant: &TenantId, newest: i64) {
        let mut due = self.lock();
        let known = due.elsewhere.entry(tenant.clone()).or_default();
        *known = newest.max(*known);
        drop(due);
        self.woken.notify_one();
    }

    /// Running trips are to be published as they are now.
    pub(crate) fn progressed(&self, trips: impl IntoIterator<Item = Trip>) {
        let mut due = self.lock();
        for trip in trips {
            let is_newer = due.running.get(&trip.id).map(|known| known.version < trip.version);
            if is_newer.unwrap_or(due.running.len() < RUNNING) {
                due.running.insert(trip.id.clone(), trip);
            }
        }
        let is_any = !due.running.is_empty();
        drop(due);
        if is_any {
            self.woken.notify_one();
        }
    }

    /// The same of a tenant's trips that another node has folded.
    pub(crate) fn progressed_elsewhere(&self, tenant: &TenantId, trips: Vec<Trip>) {
        self.lock().folded_elsewhere.insert(tenant.clone());
        self.progressed(trips);
    }

    fn stored_here(&self, tenant: &TenantId) {
        let mut due = self.lock();
        if !due.own.contains(tenant) {
            due.own.insert(tenant.clone());
        }
        drop(due);
        self.woken.notify_one();
    }

    /// Returns when something came since it was last taken. It may return too early.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    pub(crate) fn take(&self) -> DueEvents {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DueEvents> {
        self.due.lock().expect("nothing panics while holding it")
    }
}

impl Wakers {
    pub(crate) fn new(outbox: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { events: Arc::default(), outbox }
    }

    /// To be called after every commit that stored events of a tenant which may cause outgoing calls.
    pub(crate) fn wake_all(&self, tenant: &TenantId) {
        self.wake_events(tenant);
        self.wake_outbox();
    }

    /// To be called after every commit that stored events of a tenant.
    pub(crate) fn wake_events(&self, tenant: &TenantId) {
        self.events.stored_here(tenant);
    }

    /// To be called after every commit that may have stored outgoing calls.
    pub(crate) fn wake_outbox(&self) {
        (self.outbox)();
    }
}
