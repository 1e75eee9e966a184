//! Numbers of subscribers that other nodes need to know, and theirs.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::channel_id::ChannelId;

/// A dialect and a tenant, as another node names them.
type Name = (Box<str>, Arc<str>);

/// The numbers of subscribers of the channels that announce them. Channels without subscribers on other nodes have no entry.
#[derive(Default)]
pub(crate) struct Viewers {
    /// Channels whose number changed since it was last taken. A std mutex, as below: held for a look-up.
    changed: Mutex<HashSet<ChannelId>>,
    elsewhere: Mutex<HashMap<Name, usize>>,
    woken: Notify,
}

impl Viewers {
    pub(crate) fn note_change(&self, id: &ChannelId) {
        self.lock_changed().insert(id.clone());
        self.woken.notify_one();
    }

    pub(crate) fn take_changed(&self) -> HashSet<ChannelId> {
        std::mem::take(&mut *self.lock_changed())
    }

    /// Returns when a number changed since it was last taken. It may return too early.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    pub(crate) fn elsewhere(&self, id: &ChannelId) -> usize {
        let name: Name = (id.dialect.into(), Arc::clone(&id.tenant));
        self.lock_elsewhere().get(&name).copied().unwrap_or(0)
    }

    pub(crate) fn set_elsewhere(&self, dialect: &str, tenant: &str, viewers: usize) {
        let name: Name = (dialect.into(), tenant.into());
        if viewers == 0 {
            self.lock_elsewhere().remove(&name);
        } else {
            self.lock_elsewhere().insert(name, viewers);
        }
    }

    fn lock_changed(&self) -> MutexGuard<'_, HashSet<ChannelId>> {
        self.changed.lock().expect("nothing panics while holding it")
    }

    fn lock_elsewhere(&self) -> MutexGuard<'_, HashMap<Name, usize>> {
        self.elsewhere.lock().expect("nothing panics while holding it")
    }
}
