//! Who is connected: the limit of each tenant, and the handles that end a connection whose right has ended.

use crate::proof::{Evidence, OpenConnection};
use crate::{Proven, Service};
use milepost_domain::{Caller, DeviceId, Principal, TenantId, UserId, VehicleId};
use milepost_store::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Why the server ends a connection that has done nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The user was locked out or removed or has a new password, its session ended, or the device was removed.
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
    by_holder: HashMap<Holder, HashMap<u64, OpenConnection>>,
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
    /// `None` for whoever came by a public link.
    proven: Option<Arc<Proven>>,
    holder: Option<Holder>,
    number: u64,
}

impl Connections {
    pub(crate) fn new(max_per_tenant: usize) -> Self {
        Self { table: Arc::default(), max_per_tenant }
    }

    fn admit(&self, tenant: TenantId, proven: Option<Proven>) -> Result<Admission, ConnectionRefused> {
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let open = table.per_tenant.entry(tenant.clone()).or_default();
        if *open >= self.max_per_tenant {
            return Err(ConnectionRefused);
        }
        *open += 1;
        table.next += 1;
        let holder = proven.as_ref().and_then(|proven| match &proven.caller.principal {
            Principal::User { id, .. } => id.map(Holder::User),
            Principal::Device { id, .. } => Some(Holder::Device(proven.caller.tenant.clone(), id.clone())),
        });
        let number = table.next;
        drop(table);
        Ok(Admission { table: Arc::clone(&self.table), tenant, proven: proven.map(Arc::new), holder, number })
    }

    /// Has nobody taken a place?
    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().expect("nothing panics while holding it").per_tenant.is_empty()
    }

    fn of_holder(&self, holder: &Holder) -> Vec<OpenConnection> {
        let table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.get(holder).into_iter().flat_map(HashMap::values).cloned().collect()
    }

    pub(crate) fn of_user(&self, user: UserId) -> Vec<OpenConnection> {
        self.of_holder(&Holder::User(user))
    }

    pub(crate) fn of_session(&self, user: UserId, session: &Digest) -> Vec<OpenConnection> {
        let mut open = self.of_user(user);
        open.retain(|(_, proven)| matches!(&proven.evidence, Evidence::Session(digest) if digest == session));
        open
    }

    pub(crate) fn of_device(&self, tenant: &TenantId, device: &DeviceId) -> Vec<OpenConnection> {
        self.of_holder(&Holder::Device(tenant.clone(), device.clone()))
    }

    /// Looks through all connections: vehicles are seldom removed.
    pub(crate) fn of_vehicles_devices(&self, tenant: &TenantId, vehicle: &VehicleId) -> Vec<OpenConnection> {
        let reports_for = |caller: &Caller| match &caller.principal {
            Principal::Device { vehicle_id, .. } => caller.tenant == *tenant && vehicle_id == vehicle,
            Principal::User { .. } => false,
        };
        let table = self.table.lock().expect("nothing panics while holding it");
        let open = table.by_holder.values().flat_map(HashMap::values);
        open.filter(|(_, proven)| reports_for(&proven.caller)).cloned().collect()
    }

    /// Outside the lock: ending a connection drops its admission, which takes the lock.
    pub(crate) fn end(&self, open: Vec<OpenConnection>, reason: CloseReason) {
        for (connection, _) in open {
            if let Some(connection) = connection.upgrade() {
                connection.disconnect(reason);
            }
        }
    }
}

impl Admission {
    pub(crate) fn proven(&self) -> Option<&Proven> {
        self.proven.as_deref()
    }

    /// From now on the connection ends when its holder's right does; what changed before, [`Service::confirm`] tells.
    pub fn attach<D: Disconnect + 'static>(&self, connection: &Arc<D>) {
        let (Some(holder), Some(proven)) = (&self.holder, &self.proven) else { return };
        let weak: Weak<dyn Disconnect> = Arc::downgrade(connection) as Weak<dyn Disconnect>;
        let mut table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.entry(holder.clone()).or_default().insert(self.number, (weak, Arc::clone(proven)));
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
    pub fn admit_connection(&self, proven: Proven) -> Result<Admission, ConnectionRefused> {
        self.connections.admit(proven.caller.tenant.clone(), Some(proven))
    }

    /// Takes a place of the tenant whose things are looked at, for anybody: who it is, if it proved that, may belong to
    /// another tenant or to none.
    ///
    /// # Errors
    /// [`ConnectionRefused`] when all are taken.
    pub fn admit_to(&self, tenant: &TenantId, proven: Option<Proven>) -> Result<Admission, ConnectionRefused> {
        self.connections.admit(tenant.clone(), proven)
    }
}
