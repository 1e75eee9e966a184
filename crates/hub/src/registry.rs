//! Finds what exists for a channel's id, without keeping it alive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::channel_id::ChannelId;

/// The channels of a tenant by their dialects, of which there are few.
type OfTenant<T> = Vec<(&'static str, Weak<T>)>;
type ByTenant<T> = HashMap<Arc<str>, OfTenant<T>>;

/// Existing channels by their ids.
// Held for a look-up, never across an await, never while a channel is dropped.
pub(crate) struct Registry<T>(Mutex<ByTenant<T>>);

impl<T> Registry<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(crate) fn find(&self, id: &ChannelId) -> Option<Arc<T>> {
        self.find_named(id.dialect, &id.tenant)
    }

    /// The entry of a dialect and a tenant, as another node names them.
    pub(crate) fn find_named(&self, dialect: &str, tenant: &str) -> Option<Arc<T>> {
        self.lock().get(tenant)?.iter().find(|(own, _)| *own == dialect)?.1.upgrade()
    }

    /// The entry of `id`, made by `make` if it does not exist.
    pub(crate) fn find_or_make(&self, id: &ChannelId, make: impl FnOnce() -> T) -> Arc<T> {
        let mut entries = self.lock();
        let of_tenant = entries.entry(Arc::clone(&id.tenant)).or_default();
        let place = of_tenant.iter().position(|(dialect, _)| *dialect == id.dialect);
        if let Some(existing) = place.and_then(|place| of_tenant[place].1.upgrade()) {
            return existing;
        }
        let made = Arc::new(make());
        let entry = (id.dialect, Arc::downgrade(&made));
        match place {
            Some(place) => of_tenant[place] = entry,
            None => of_tenant.push(entry),
        }
        made
    }

    /// The entries of a tenant.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Vec<Arc<T>> {
        self.lock().get(tenant).into_iter().flatten().filter_map(|(_, entry)| entry.upgrade()).collect()
    }

    /// All entries that exist.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.lock().values().flatten().filter_map(|(_, entry)| entry.upgrade()).collect()
    }

    /// Forgets `id`, unless a new entry has taken its place.
    pub(crate) fn forget(&self, id: &ChannelId) {
        let mut entries = self.lock();
        let Some(of_tenant) = entries.get_mut(&id.tenant) else { return };
        of_tenant.retain(|(dialect, entry)| *dialect != id.dialect || entry.strong_count() > 0);
        if of_tenant.is_empty() {
            entries.remove(&id.tenant);
        }
        if entries.capacity() > 64 && entries.len() * 4 < entries.capacity() {
            entries.shrink_to_fit();
        }
    }

    fn lock(&self) -> MutexGuard<'_, ByTenant<T>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}
