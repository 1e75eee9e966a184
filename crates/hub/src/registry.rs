//! Finds what exists for a channel's id, without keeping it alive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::channel_id::ChannelId;

type ById<T> = HashMap<ChannelId, Weak<T>>;

/// Existing channels by their ids.
// Held for a look-up, never across an await, never while a channel is dropped.
pub(crate) struct Registry<T>(Mutex<ById<T>>);

impl<T> Registry<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(crate) fn find(&self, id: &ChannelId) -> Option<Arc<T>> {
        self.lock().get(id)?.upgrade()
    }

    /// The entry of `id`, made by `make` if it does not exist.
    pub(crate) fn find_or_make(&self, id: &ChannelId, make: impl FnOnce() -> T) -> Arc<T> {
        let mut entries = self.lock();
        if let Some(existing) = entries.get(id).and_then(Weak::upgrade) {
            return existing;
        }
        let made = Arc::new(make());
        entries.insert(id.clone(), Arc::downgrade(&made));
        made
    }

    /// All entries that exist.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    /// The entries of a tenant.
    pub(crate) fn all_of_tenant(&self, tenant: &str) -> Vec<Arc<T>> {
        let entries = self.lock();
        entries.iter().filter(|(id, _)| &*id.tenant == tenant).filter_map(|(_, entry)| entry.upgrade()).collect()
    }

    /// Forgets `id`, unless a new entry has taken its place.
    pub(crate) fn forget(&self, id: &ChannelId) {
        let mut entries = self.lock();
        if entries.get(id).is_some_and(|entry| entry.strong_count() == 0) {
            entries.remove(id);
        }
        if entries.capacity() > 64 && entries.len() * 4 < entries.capacity() {
            entries.shrink_to_fit();
        }
    }

    fn lock(&self) -> MutexGuard<'_, ById<T>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}
