//! Sessions as this node stored or read them last.

use milepost_cache::WeightedCache;
use milepost_domain::{Delivery, TrackingId};
use std::sync::{Mutex, MutexGuard};

/// Memory for about 10,000 sessions. When it is full, those that were used least leave it and are read again.
const SESSIONS_BYTES: usize = 8 * 1024 * 1024;
/// The session's texts.
const TEXTS_BYTES: usize = 320;

/// May be older than what is stored: another node may have changed a session. A change that is made from it is written only if
/// its version is the next one, and a refusal counts only if it is made from what is stored. A std mutex: held for a look-up,
/// never across an await.
pub(super) struct KnownSessions(Mutex<WeightedCache<TrackingId, Delivery>>);

impl Default for KnownSessions {
    fn default() -> Self {
        Self(Mutex::new(WeightedCache::new(SESSIONS_BYTES, |_, _| TEXTS_BYTES)))
    }
}

impl KnownSessions {
    pub(super) fn get(&self, id: &TrackingId) -> Option<Delivery> {
        self.lock().get(id).cloned()
    }

    pub(super) fn set(&self, delivery: &Delivery) {
        self.lock().insert(delivery.tracking_id.clone(), delivery.clone());
    }

    pub(super) fn forget(&self, id: &TrackingId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, WeightedCache<TrackingId, Delivery>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}
