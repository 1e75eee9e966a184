//! Registers open connections: limits them for each tenant, and finds those of one user or device.

use crate::Authentication;
use crate::authenticate::Verified;
use milepost_domain::{DeviceId, Principal, TenantId, UserId, VehicleId};
use milepost_store::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// Why the server closes a connection whose client did nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The credential is no longer valid: the user was locked out, removed or given a new password, the session ended,
    /// or the device was removed.
    Revoked,
    /// The caller has other rights now. After a reconnect the client gets what it may see.
    RightsChanged,
}

/// A socket or stream that the server can close.
pub trait Disconnect: Send + Sync {
    /// Closes the connection soon, without waiting.
    fn disconnect(&self, reason: CloseReason);
}

/// The tenant has reached its connection limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyConnections;

/// Selects connections by who opened them.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// All connections of a user.
    User(UserId),
    /// A user's connections that were opened with the session of this digest.
    Session(UserId, &'a Digest),
    /// All connections of a device.
    Device(&'a TenantId, &'a DeviceId),
    /// The connections of all devices that report for a vehicle.
    DevicesOf(&'a TenantId, &'a VehicleId),
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    User(UserId),
    Device(TenantId, DeviceId),
}

impl Key {
    /// `None` for a token whose subject is not a number: no change on this server affects its rights.
    fn of(authentication: &Authentication) -> Option<Self> {
        let caller = authentication.caller();
        match &caller.principal {
            Principal::User { id, .. } => id.map(Self::User),
            Principal::Device { id, .. } => Some(Self::Device(caller.tenant.clone(), id.clone())),
        }
    }
}

/// An open connection, and how its caller was authenticated.
#[derive(Clone)]
pub(crate) struct OpenConnection {
    connection: Weak<dyn Disconnect>,
    pub(crate) authentication: Arc<Authentication>,
}

impl OpenConnection {
    /// Don't call this while the table is locked: ending a connection drops its admission, which takes the lock.
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

/// A place under the tenant's connection limit. Dropping it frees the place.
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

    /// Scans all connections, because vehicles are seldom removed.
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

    /// Closes `connection` from here on when its caller loses a right. Call [`crate::Access::revalidate`] afterwards,
    /// to find changes that came before.
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
