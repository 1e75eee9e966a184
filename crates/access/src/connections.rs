//! Registers open connections: limits them for each tenant, caller and public link, and finds those of one user or device.

use crate::Authentication;
use milepost_domain::{AccessTokenId, DeviceId, Principal, ShareId, TenantId, UserId, VehicleId};
use milepost_store::Digest;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::Notify;

mod elsewhere;

pub use elsewhere::{ConnectionCount, ConnectionGroup};

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

/// Connections to one public link. Further ones are refused.
const LINK_CONNECTIONS: usize = 500;
/// Connections of one address to public links. Further ones are refused.
const ADDRESS_CONNECTIONS: usize = 500;
/// One part in so many of a tenant's places is kept for callers that have few.
const RESERVED_SHARE: usize = 4;
/// A caller has few connections up to one part in so many of the tenant's places, and up to [`FEW_CONNECTIONS`].
const FEW_SHARE: usize = 100;
/// So many connections are few, however small the tenant's limit is.
const FEW_CONNECTIONS: usize = 4;

/// The limit that a connection would have exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooManyConnections {
    /// Of the tenant's own people, or of the visitors of its public links.
    OfTenant,
    /// The last places of the tenant are for callers with few connections.
    OfCaller,
    /// Of one public link.
    OfLink,
    /// Of one address to public links.
    OfAddress,
}

/// A visit of a public link. Visitors are counted apart from the tenant's own people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The link.
    pub link: String,
    /// The address of the visitor, if it is known.
    pub address: Option<IpAddr>,
}

/// Selects connections by who opened them.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// All connections of a user.
    User(UserId),
    /// A user's connections that were opened with the session of this digest.
    Session(UserId, &'a Digest),
    /// All connections of a device.
    Device(&'a TenantId, &'a DeviceId),
    /// All connections of an access token.
    AccessToken(&'a TenantId, AccessTokenId),
    /// All connections of a share's guests.
    Share(&'a TenantId, ShareId),
    /// The connections of all devices that report for a vehicle.
    DevicesOf(&'a TenantId, &'a VehicleId),
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    User(UserId),
    Device(TenantId, DeviceId),
    AccessToken(TenantId, AccessTokenId),
    Share(TenantId, ShareId),
}

impl Key {
    /// `None` for a token whose subject is not a number: no change on this server affects its rights.
    fn of(authentication: &Authentication) -> Option<Self> {
        let caller = authentication.caller();
        match &caller.principal {
            Principal::User { id, .. } => id.map(Self::User),
            Principal::Device { id, .. } => Some(Self::Device(caller.tenant.clone(), id.clone())),
            Principal::Program { id, .. } => Some(Self::AccessToken(caller.tenant.clone(), *id)),
            Principal::Guest { share, .. } => Some(Self::Share(caller.tenant.clone(), *share)),
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

/// What connections are counted by.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Counted {
    /// The people and devices of a tenant, and everybody else who watches it.
    Tenant(TenantId),
    /// A caller among them, by its name.
    Caller(TenantId, String),
    /// The visitors of a tenant's public links.
    Visitors(TenantId),
    Link(String),
    Address(IpAddr),
}

#[derive(Default)]
struct Table {
    counts: HashMap<Counted, usize>,
    /// Connections on other nodes. A group without any has no entry.
    elsewhere: HashMap<Counted, usize>,
    /// Groups whose count changed since it was last taken.
    changed: HashSet<Counted>,
    by_holder: HashMap<Key, HashMap<u64, OpenConnection>>,
    next: u64,
}

impl Table {
    fn count(&self, counted: &Counted) -> usize {
        let of = |counts: &HashMap<Counted, usize>| counts.get(counted).copied().unwrap_or(0);
        of(&self.counts) + of(&self.elsewhere)
    }

    fn check(&self, counted: &Counted, most: usize, refusal: TooManyConnections) -> Result<(), TooManyConnections> {
        if self.count(counted) < most { Ok(()) } else { Err(refusal) }
    }
}

/// A std mutex: held for microseconds, never across an await.
pub(crate) struct Connections {
    table: Arc<Mutex<Table>>,
    /// Notified when a group's count changed.
    woken: Arc<Notify>,
    max_per_tenant: usize,
}

/// A place under the limits of connections. Dropping it frees the place.
pub struct Admission {
    table: Arc<Mutex<Table>>,
    woken: Arc<Notify>,
    counted: Box<[Counted]>,
    /// `None` for an anonymous connection. A std mutex: held for a copy.
    authentication: Mutex<Option<Arc<Authentication>>>,
    key: Option<Key>,
    number: u64,
}

impl Connections {
    pub(crate) fn new(max_per_tenant: usize) -> Self {
        Self { table: Arc::default(), woken: Arc::default(), max_per_tenant }
    }

    pub(crate) fn admit(
        &self,
        tenant: TenantId,
        authentication: Option<Authentication>,
        visit: Option<Visit>,
    ) -> Result<Admission, TooManyConnections> {
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let counted = match visit {
            Some(visit) => self.count_visit(&table, tenant, visit)?,
            None => self.count_own(&table, tenant, authentication.as_ref())?,
        };
        for counted in &counted {
            *table.counts.entry(counted.clone()).or_default() += 1;
            table.note_change(counted);
        }
        table.next += 1;
        let number = table.next;
        drop(table);
        let key = authentication.as_ref().and_then(Key::of);
        let (table, woken) = (Arc::clone(&self.table), Arc::clone(&self.woken));
        woken.notify_one();
        Ok(Admission { table, woken, counted, authentication: Mutex::new(authentication.map(Arc::new)), key, number })
    }

    fn count_visit(&self, table: &Table, tenant: TenantId, visit: Visit) -> Result<Box<[Counted]>, TooManyConnections> {
        let mut counted = vec![Counted::Visitors(tenant), Counted::Link(visit.link)];
        table.check(&counted[0], self.max_per_tenant, TooManyConnections::OfTenant)?;
        table.check(&counted[1], LINK_CONNECTIONS, TooManyConnections::OfLink)?;
        if let Some(address) = visit.address {
            counted.push(Counted::Address(address));
            table.check(&counted[2], ADDRESS_CONNECTIONS, TooManyConnections::OfAddress)?;
        }
        Ok(counted.into())
    }

    fn count_own(
        &self,
        table: &Table,
        tenant: TenantId,
        authentication: Option<&Authentication>,
    ) -> Result<Box<[Counted]>, TooManyConnections> {
        let caller = authentication.map(|authentication| {
            let caller = authentication.caller();
            Counted::Caller(caller.tenant.clone(), caller.principal.name().into_owned())
        });
        let tenant = Counted::Tenant(tenant);
        table.check(&tenant, self.max_per_tenant, TooManyConnections::OfTenant)?;
        if let Some(caller) = &caller
            && table.count(&tenant) >= self.max_per_tenant - self.max_per_tenant / RESERVED_SHARE
        {
            let few = (self.max_per_tenant / FEW_SHARE).max(FEW_CONNECTIONS);
            table.check(caller, few, TooManyConnections::OfCaller)?;
        }
        Ok([Some(tenant), caller].into_iter().flatten().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.lock().expect("nothing panics while holding it").counts.is_empty()
    }

    pub(crate) fn of(&self, holder: Holder<'_>) -> Vec<OpenConnection> {
        match holder {
            Holder::User(user) => self.of_key(&Key::User(user)),
            Holder::Session(user, digest) => {
                let mut open = self.of_key(&Key::User(user));
                open.retain(|open| open.authentication.session() == Some(digest));
                open
            }
            Holder::Device(tenant, device) => self.of_key(&Key::Device(tenant.clone(), device.clone())),
            Holder::AccessToken(tenant, id) => self.of_key(&Key::AccessToken(tenant.clone(), id)),
            Holder::Share(tenant, id) => self.of_key(&Key::Share(tenant.clone(), id)),
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
    pub(crate) fn authentication(&self) -> Option<Arc<Authentication>> {
        self.authentication.lock().expect("nothing panics while holding it").clone()
    }

    /// Goes on with another credential. Returns false, and changes nothing, unless it is the same caller's with the same
    /// rights. Call [`crate::Access::revalidate`] afterwards.
    pub fn renew(&self, authentication: Authentication) -> bool {
        let mut current = self.authentication.lock().expect("nothing panics while holding it");
        let is_same = current.as_ref().is_some_and(|current| {
            let (old, new) = (current.caller(), authentication.caller());
            old.tenant == new.tenant && old.principal == new.principal
        });
        if !is_same {
            return false;
        }
        let authentication = Arc::new(authentication);
        *current = Some(Arc::clone(&authentication));
        drop(current);
        let mut table = self.table.lock().expect("nothing panics while holding it");
        let attached = self.key.as_ref().and_then(|key| table.by_holder.get_mut(key)?.get_mut(&self.number));
        if let Some(open) = attached {
            open.authentication = authentication;
        }
        true
    }

    /// Closes `connection` from here on when its caller loses a right. Call [`crate::Access::revalidate`] afterwards,
    /// to find changes that came before.
    pub fn attach<D: Disconnect + 'static>(&self, connection: &Arc<D>) {
        let (Some(key), Some(authentication)) = (&self.key, self.authentication()) else { return };
        let connection: Weak<dyn Disconnect> = Arc::downgrade(connection) as Weak<dyn Disconnect>;
        let open = OpenConnection { connection, authentication };
        let mut table = self.table.lock().expect("nothing panics while holding it");
        table.by_holder.entry(key.clone()).or_default().insert(self.number, open);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Ok(mut table) = self.table.lock() else { return };
        for counted in &self.counted {
            if let Some(open) = table.counts.get_mut(counted) {
                *open -= 1;
                if *open == 0 {
                    table.counts.remove(counted);
                }
            }
            table.note_change(counted);
        }
        self.woken.notify_one();
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::authenticate::Verified;
    use milepost_domain::{Caller, Role};

    fn user(subject: &str) -> Authentication {
        let principal = Principal::User {
            id: None,
            subject: subject.to_owned(),
            role: Role::Parent,
            cadet_id: None,
            vehicle_ids: Vec::new(),
        };
        Authentication {
            caller: Caller { tenant: TenantId::default_tenant(), principal, expires_at: None },
            verified: Verified::DeviceKey([0; 32]),
            password_fingerprint: None,
            lacks_factor: false,
        }
    }

    fn visit(link: &str, address: &str) -> Option<Visit> {
        Some(Visit { link: link.to_owned(), address: Some(address.parse().unwrap()) })
    }

    /// The connections that are let in, and the first refusal.
    fn open(
        connections: &Connections,
        authentication: Option<&Authentication>,
        visit: impl Fn(usize) -> Option<Visit>,
    ) -> (Vec<Admission>, TooManyConnections) {
        let mut admitted = Vec::new();
        loop {
            match connections.admit(TenantId::default_tenant(), authentication.cloned(), visit(admitted.len())) {
                Ok(admission) => admitted.push(admission),
                Err(refusal) => return (admitted, refusal),
            }
        }
    }

    #[test]
    fn a_caller_that_takes_all_it_can_leaves_places_for_others() {
        let connections = Connections::new(60);
        let (greedy, refusal) = open(&connections, Some(&user("greedy")), |_| None);
        assert_eq!((greedy.len(), refusal), (45, TooManyConnections::OfCaller));
        let (other, refusal) = open(&connections, Some(&user("other")), |_| None);
        assert_eq!((other.len(), refusal), (4, TooManyConnections::OfCaller));
        drop((greedy, other));
        assert!(connections.is_empty());
    }

    #[test]
    fn visitors_of_a_public_link_take_no_place_of_the_tenants_own_people() {
        let connections = Connections::new(60);
        let (visitors, refusal) = open(&connections, None, |number| visit("a", &format!("192.0.2.{number}")));
        assert_eq!((visitors.len(), refusal), (60, TooManyConnections::OfTenant));
        assert!(connections.admit(TenantId::default_tenant(), Some(user("staff")), None).is_ok());
        drop(visitors);
        assert!(connections.is_empty());
    }

    #[test]
    fn one_link_and_one_address_have_limits_of_their_own() {
        let connections = Connections::new(10_000);
        let (one_link, refusal) =
            open(&connections, None, |number| visit("a", &format!("10.0.{}.{}", number / 250, number % 250)));
        assert_eq!((one_link.len(), refusal), (LINK_CONNECTIONS, TooManyConnections::OfLink));
        let (one_address, refusal) = open(&connections, None, |number| visit(&number.to_string(), "192.0.2.1"));
        assert_eq!((one_address.len(), refusal), (ADDRESS_CONNECTIONS, TooManyConnections::OfAddress));
        assert!(connections.admit(TenantId::default_tenant(), None, visit("b", "192.0.2.2")).is_ok());
    }
}
