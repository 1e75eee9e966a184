//! The numbers of connections that other nodes need to know, and theirs.

use super::{Connections, Counted, Table};
use milepost_domain::TenantId;

/// Who shares a limit of a tenant's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionGroup {
    /// The tenant's own people and devices, and everybody else who watches it.
    People,
    /// The visitors of its public links.
    Visitors,
}

/// The number of a group's connections.
pub type ConnectionCount = (TenantId, ConnectionGroup, usize);

impl Counted {
    const fn of_group(tenant: TenantId, group: ConnectionGroup) -> Self {
        match group {
            ConnectionGroup::People => Self::Tenant(tenant),
            ConnectionGroup::Visitors => Self::Visitors(tenant),
        }
    }

    /// `None` for what other nodes need not know.
    fn group(&self) -> Option<(TenantId, ConnectionGroup)> {
        match self {
            Self::Tenant(tenant) => Some((tenant.clone(), ConnectionGroup::People)),
            Self::Visitors(tenant) => Some((tenant.clone(), ConnectionGroup::Visitors)),
            Self::Caller(..) | Self::Link(_) | Self::Address(_) => None,
        }
    }
}

impl Table {
    pub(super) fn note_change(&mut self, counted: &Counted) {
        if counted.group().is_some() {
            self.changed.insert(counted.clone());
        }
    }

    fn own(&self, counted: &Counted) -> Option<ConnectionCount> {
        let (tenant, group) = counted.group()?;
        Some((tenant, group, self.counts.get(counted).copied().unwrap_or(0)))
    }
}

impl Connections {
    /// Returns when a group's count changed since it was last taken. It may return too early.
    pub(crate) async fn changed(&self) {
        self.woken.notified().await;
    }

    /// The counts of this node that changed since the last call.
    pub(crate) fn take_changed(&self) -> Vec<ConnectionCount> {
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let changed = std::mem::take(&mut table.changed);
        changed.iter().filter_map(|counted| table.own(counted)).collect()
    }

    /// All counts of this node.
    pub(crate) fn all(&self) -> Vec<ConnectionCount> {
        let table = self.table.lock().expect("nothing panics while holding it");
        table.counts.keys().filter_map(|counted| table.own(counted)).collect()
    }

    pub(crate) fn set_elsewhere(&self, (tenant, group, connections): ConnectionCount) {
        let counted = Counted::of_group(tenant, group);
        let mut table = self.table.lock().expect("nothing panics while holding it");
        if connections == 0 {
            table.elsewhere.remove(&counted);
        } else {
            table.elsewhere.insert(counted, connections);
        }
    }
}
