//! Sends a mark to all clients of a tenant every few seconds: they see that the connection works, and how far they are.

use crate::cells::LEVELS;
use crate::channel::fact_channel;
use crate::clusters::Counts;
use crate::convert::render;
use crate::state::cursor;
use crate::wire::MarkJson;
use milepost_clock::Clock;
use milepost_domain::TenantId;
use milepost_hub::{Hub, Message, Recipients};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// The time between two marks.
pub(crate) const BEAT: Duration = Duration::from_secs(15);

/// The tenants with clients on this node. Their number is bounded by the number of connections.
pub(crate) struct Beats {
    hub: Hub,
    clock: Clock,
    /// A std mutex: held for a look-up, never across an await.
    tenants: Mutex<HashMap<TenantId, Weak<TenantBeat>>>,
}

/// Marks for the clients of one tenant while one of them holds this.
pub(crate) struct TenantBeat {
    beats: Arc<Beats>,
    tenant: TenantId,
    feed: Arc<str>,
    /// The id of the last published event, 0 before the first one.
    published: AtomicI64,
    /// Views by the level of their cells.
    levels: [AtomicUsize; LEVELS],
    /// The clusters of each level that somebody looks at. An async mutex: held while the vehicles are counted.
    counts: [tokio::sync::Mutex<Option<Arc<Counts>>>; LEVELS + 1],
    ticking: AbortHandle,
}

impl Beats {
    pub(crate) fn new(hub: Hub, clock: Clock) -> Arc<Self> {
        Arc::new(Self { hub, clock, tenants: Mutex::default() })
    }

    pub(crate) fn watch(self: &Arc<Self>, tenant: &TenantId, feed: &Arc<str>) -> Arc<TenantBeat> {
        let mut tenants = self.lock();
        if let Some(beat) = tenants.get(tenant).and_then(Weak::upgrade) {
            return beat;
        }
        let beat = Arc::new_cyclic(|me| TenantBeat {
            beats: Arc::clone(self),
            tenant: tenant.clone(),
            feed: Arc::clone(feed),
            published: AtomicI64::new(0),
            levels: Default::default(),
            counts: Default::default(),
            ticking: tokio::spawn(keep_beating(Weak::clone(me), self.clock.clone())).abort_handle(),
        });
        tenants.insert(tenant.clone(), Arc::downgrade(&beat));
        beat
    }

    /// Notes that the events up to `id` are in the hub's queues.
    pub(crate) fn published(&self, tenant: &TenantId, id: i64) {
        if let Some(beat) = self.lock().get(tenant).and_then(Weak::upgrade) {
            beat.published.fetch_max(id, Ordering::AcqRel);
        }
    }

    /// The levels whose cells somebody of the tenant watches.
    pub(crate) fn watched_levels(&self, tenant: &TenantId) -> Vec<usize> {
        let Some(beat) = self.lock().get(tenant).and_then(Weak::upgrade) else { return Vec::new() };
        (0..LEVELS).filter(|level| beat.levels[*level].load(Ordering::Acquire) > 0).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<TenantBeat>>> {
        self.tenants.lock().expect("nothing panics while holding it")
    }
}

impl TenantBeat {
    /// Has messages carry the cells of a level, for a view more.
    pub(crate) fn watch_level(&self, level: usize) {
        self.levels[level].fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The clusters of a level, as they were counted last.
    pub(crate) const fn counts(&self, level: usize) -> &tokio::sync::Mutex<Option<Arc<Counts>>> {
        &self.counts[level]
    }

    /// The same for a view less.
    pub(crate) fn leave_level(&self, level: usize) {
        self.levels[level].fetch_sub(1, Ordering::AcqRel);
    }

    fn publish(&self) {
        let Some(channel) = self.beats.hub.find_channel(&fact_channel(&self.tenant)) else { return };
        let t = self.beats.clock.now().unix_ms();
        // Before the first event there is nothing to resume after but what the client knows from its beginning.
        let published = self.published.load(Ordering::Acquire);
        let message = if published > 0 {
            let cursor = cursor(&self.feed, published);
            let mark = MarkJson { op: "mark", cursor: Some(&cursor), t };
            Message::mark(render(&mark), Recipients::everyone(), published, cursor.as_str())
        } else {
            Message::new(render(&MarkJson { op: "mark", cursor: None, t }), Recipients::everyone())
        };
        channel.publish(message);
    }
}

impl Drop for TenantBeat {
    fn drop(&mut self) {
        self.ticking.abort();
        let mut tenants = self.beats.lock();
        // A new client may have registered another value since.
        if tenants.get(&self.tenant).is_some_and(|beat| beat.strong_count() == 0) {
            tenants.remove(&self.tenant);
        }
    }
}

async fn keep_beating(beat: Weak<TenantBeat>, clock: Clock) {
    let mut next = clock.instant() + BEAT;
    loop {
        clock.sleep_until(next).await;
        // Missed rounds are not made up for.
        next = clock.instant() + BEAT;
        let Some(beat) = beat.upgrade() else { return };
        beat.publish();
    }
}
