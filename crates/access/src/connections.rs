//! The table of open connections: bounds them for each tenant, and finds those of one user or device.

use crate::Authentication;
use crate::authenticate::Verified;
use milepost_domain::{DeviceId, Principal, TenantId, UserId, VehicleId};
use milepost_store::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Why the server ends a connection that has done nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The credential is no longer good: the user was locked out or removed or has a new password, the session ended, or
    /// the device was removed.
    Revoked,
    /// The caller has other rights now. A client that reconnects gets what it may see.
    RightsChanged,
}

/// A socket or stream that can be ended from outside.
pub trait Disconnect: Send + Sync {
    /// Ends it soon, without waiting.
    fn disconnect(&self, reason: CloseReason);
}

/// The tenant has as many connections as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyConnections;

/// Whose connections are meant.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// All of a user.
    User(UserId),
    /// Those of a user that came with one session, given by its digest.
    Session(UserId, &'a Digest),
    /// All of a device.
    Device(&'a TenantId, &'a DeviceId),
    /// All devices that report for a vehicle.
    DevicesOf(&'a TenantId, &'a VehicleId),
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    User(UserId),
    Device(TenantId, DeviceId),
}

impl Key {
    /// `None` for a token whose subject is no number: nothing that happens here changes its rights.
    fn of(authentication: &Authentication) -> Option<Self> {
        let caller = authentication.caller();
        match &caller.principal {
            Principal::User { id, .. } => id.map(Self::User),
            Principal::Device { id, .. } => Some(Self::Device(caller.tenant.clone(), id.clone())),
        }
    }
}

/// An attached connection, and how its caller was authenticated.
#[derive(Clone)]
pub(crate) struct OpenConnection {
    connection: Weak<dyn Disconnect>,
    pub(crate) authentication: Arc<Authentication>,
}

impl OpenConnection {
    /// Not to be called under the table's lock: ending a connection drops its admission, which takes the lock.
    pub(crate) fn end(&self, reason: CloseReason) {
        if let Some(connection) = self.connection.upgrade() {
            connection.disconnect(reason);
        }
    }
}

#[derive(Default)]
struct Table {
    per_tenant: HashMap<TenantId, usize>,
    by_holder: HashMap<Key, HashMap<u64, OpenConnection>>,
    next: u64,
}

/// A std mutex: held for microseconds, never across an await.
pub(crate) struct Connections {
    table: Arc<Mutex<Table>>,
    max_per_tenant: usize,
}

/// One of the tenant's connections. Dropping it frees the place.
pub struct Admission {
    table: Arc<Mutex<Table>>,
    tenant: TenantId,
    /// `None` for an anonymous connection.
    authentication: Option<Arc<Authentication>>,
    key: Option<Key>,
    number: u64,
}

impl Connections {
    pub(crate) fn new(max_per_tenant: usize) -> Self {
        Self { table: Arc::default(), max_per_tenant }
    }

    pub(crate) fn admit(
        &self,
        tenant: TenantId,
        authentication: Option<Authentication>,
    ) -> Result<Admission, TooManyConnections> {
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let open = table.per_tenant.entry(tenant.clone()).or_default();
        if *open >= self.max_per_tenant {
            return Err(TooManyConnections);
        }
        *open += 1;
        table.next += 1;
        let number = table.next;
        drop(table);
        let key = authentication.as_ref().and_then(Key::of);
        let table = Arc::clone(&self.table);
        Ok(Admission { table, tenant, authentication: authentication.map(Arc::new), key, number })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().expect("nothing panics while holding it").per_tenant.is_empty()
    }

    pub(crate) fn of(&self, holder: Holder<'_>) -> Vec<OpenConnection> {
        match holder {
            Holder::User(user) => self.of_key(&Key::User(user)),
            Holder::Session(user, digest) => {
                let mut open = self.of_key(&Key::User(user));
                open.retain(|open| matches!(&open.authentication.verified, Verified::Session(own) if own == digest));
                open
            }
            Holder::Device(tenant, device) => self.of_key(&Key::Device(tenant.clone(), device.clone())),
            Holder::DevicesOf(tenant, vehicle) => self.of_vehicle(tenant, vehicle),
        }
    }

    fn of_key(&self, key: &Key) -> Vec<OpenConnection> {
        let table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.get(key).into_iter().flat_map(HashMap::values).cloned().collect()
    }

    /// Goes through all connections: vehicles are seldom removed.
    fn of_vehicle(&self, tenant: &TenantId, vehicle: &VehicleId) -> Vec<OpenConnection> {
        let reports_for = |open: &&OpenConnection| {
            let caller = open.authentication.caller();
            caller.tenant == *tenant
                && matches!(&caller.principal, Principal::Device { vehicle_id, .. } if vehicle_id == vehicle)
        };
        let table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.values().flat_map(HashMap::values).filter(reports_for).cloned().collect()
    }
}

impl Admission {
    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.authentication.as_deref()
    }

    /// From now on the connection ends when its caller loses a right. For earlier changes call
    /// [`crate::Access::revalidate`] afterwards.
    pub fn attach<D: Disconnect + 'static>(&self, connection: &Arc<D>) {
        let (Some(key), Some(authentication)) = (&self.key, &self.authentication) else { return };
        let connection: Weak<dyn Disconnect> = Arc::downgrade(connection) as Weak<dyn Disconnect>;
        let open = OpenConnection { connection, authentication: Arc::clone(authentication) };
        let mut table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.entry(key.clone()).or_default().insert(self.number, open);
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
        if let Some(key) = &self.key
            && let Some(open) = table.by_holder.get_mut(key)
        {
            open.remove(&self.number);
            if open.is_empty() {
                table.by_holder.remove(key);
            }
        }
    }
}
