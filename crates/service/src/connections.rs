//! Who is connected: the limit of each tenant, and the handles that end a connection whose right has ended.

use crate::Service;
use milepost_domain::{Caller, DeviceId, Principal, TenantId, UserId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Why the server ends a connection that has done nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The user was deactivated, disapproved or removed, or the device was.
    Revoked,
    /// Its rights are others now: it should come back at once and get what it may see.
    RightsChanged,
}

/// Something that can be ended from outside: a socket or a stream.
pub trait Disconnect: Send + Sync {
    /// Ends it soon, without waiting.
    fn disconnect(&self, reason: CloseReason);
}

/// The tenant has as many connections as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionRefused;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Holder {
    User(UserId),
    Device(TenantId, DeviceId),
}

#[derive(Default)]
struct Table {
    per_tenant: HashMap<TenantId, usize>,
    by_holder: HashMap<Holder, HashMap<u64, Weak<dyn Disconnect>>>,
    next: u64,
}

/// A std mutex: held for microseconds, never across an await.
pub(crate) struct Connections {
    table: Arc<Mutex<Table>>,
    max_per_tenant: usize,
}

/// A place among the tenant's connections; dropped, it is free again.
pub struct Admission {
    table: Arc<Mutex<Table>>,
    tenant: TenantId,
    holder: Option<Holder>,
    number: u64,
}

impl Connections {
    pub(crate) fn new(max_per_tenant: usize) -> Self {
        Self { table: Arc::default(), max_per_tenant }
    }

    fn admit(&self, caller: &Caller) -> Result<Admission, ConnectionRefused> {
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let open = table.per_tenant.entry(caller.tenant.clone()).or_default();
        if *open >= self.max_per_tenant {
            return Err(ConnectionRefused);
        }
        *open += 1;
        table.next += 1;
        let holder = match &caller.principal {
            Principal::User { id, .. } => id.map(Holder::User),
            Principal::Device { id, .. } => Some(Holder::Device(caller.tenant.clone(), id.clone())),
        };
        Ok(Admission { table: Arc::clone(&self.table), tenant: caller.tenant.clone(), holder, number: table.next })
    }

    fn end(&self, holder: &Holder, reason: CloseReason) {
        let open: Vec<_> = {
            let table = self.table.lock().expect("nothing panics while holding it");
            table.by_holder.get(holder).into_iter().flat_map(HashMap::values).cloned().collect()
        };
        // Outside the lock: ending a connection drops its admission, which takes the lock.
        for connection in open {
            if let Some(connection) = connection.upgrade() {
                connection.disconnect(reason);
            }
        }
    }

    pub(crate) fn end_user(&self, user: UserId, reason: CloseReason) {
        self.end(&Holder::User(user), reason);
    }

    pub(crate) fn end_device(&self, tenant: &TenantId, device: &DeviceId, reason: CloseReason) {
        self.end(&Holder::Device(tenant.clone(), device.clone()), reason);
    }
}

impl Admission {
    /// From now on the connection ends when its holder's right does.
    pub fn attach<D: Disconnect + 'static>(&self, connection: &Arc<D>) {
        let Some(holder) = &self.holder else { return };
        let weak: Weak<dyn Disconnect> = Arc::downgrade(connection) as Weak<dyn Disconnect>;
        let mut table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.entry(holder.clone()).or_default().insert(self.number, weak);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Ok(mut table) = self.table.lock() else { return };
        if let Some(open) = table.per_tenant.get_mut(&self.tenant) {
            *open -= 1;
            if *open == 0 {
                table.per_tenant.remove(&self.tenant);
            }
        }
        if let Some(holder) = &self.holder
            && let Some(open) = table.by_holder.get_mut(holder)
        {
            open.remove(&self.number);
            if open.is_empty() {
                table.by_holder.remove(holder);
            }
        }
    }
}

impl Service {
    /// Takes one of the tenant's places for a socket or stream.
    ///
    /// # Errors
    /// [`ConnectionRefused`] when all are taken.
    pub fn admit_connection(&self, caller: &Caller) -> Result<Admission, ConnectionRefused> {
        self.connections.admit(caller)
    }
}
