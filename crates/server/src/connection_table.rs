//! Counts the connections of each address that have not shown a credential, and ends the oldest of them when there are
//! too many. A newcomer is never refused: the connections of those with a credential are not in this table, so that
//! a flood displaces only strangers, and first of all its own connections.

use milepost_http::TrustedProxies;
use milepost_transport::Abort;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a new connection has to show a credential before it can be displaced by others of its address. A whole school
/// may reconnect at once.
const NEWCOMER_WAIT: Duration = Duration::from_secs(3);

/// The bounds of the table.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimits {
    /// Connections of one address without a credential.
    pub(crate) per_address: usize,
    /// Connections of one caller. Others stay with those without a credential.
    pub(crate) per_caller: usize,
    /// Connections without a credential. The other descriptors are for people and devices with one.
    pub(crate) strangers: usize,
    /// Connections of these addresses are not counted: each of them carries the requests of many.
    pub(crate) proxies: TrustedProxies,
}

/// All connections of one kind: those that are served by hyper, which sockets and streams of events leave, or those of trackers.
pub(crate) struct ConnectionTable {
    limits: ConnectionLimits,
    /// A std mutex: held for microseconds, never across an await.
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// The strangers of each address, in the order of their last requests.
    addresses: HashMap<IpAddr, BTreeMap<u64, Stranger>>,
    /// The number of strangers of each address.
    by_count: BTreeSet<(usize, IpAddr)>,
    strangers: usize,
    /// The number of connections of each caller.
    callers: HashMap<NonZeroU64, usize>,
    next: u64,
}

struct Stranger {
    since: Instant,
    abort: Abort,
}

/// One connection's place in the table, freed when it is dropped.
pub(crate) struct Place {
    connections: Arc<ConnectionTable>,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy)]
enum Standing {
    OfProxy,
    Stranger(IpAddr, u64),
    Known(NonZeroU64),
}

impl ConnectionTable {
    pub(crate) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, table: Mutex::default() })
    }

    /// Takes a place for a new connection. Others that have to make room for it are aborted.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, abort: &Abort) -> Place {
        let standing = if self.limits.proxies.contains(address) {
            Standing::OfProxy
        } else {
            self.enter_stranger(network_of(address), abort)
        };
        Place { connections: Arc::clone(self), standing: Mutex::new(standing) }
    }

    fn enter_stranger(&self, address: IpAddr, abort: &Abort) -> Standing {
        let now = Instant::now();
        let mut table = self.lock();
        // Two for one, so that an address that had more while they were new comes down to its limit.
        for _ in 0..2 {
            if table.count(address) >= self.limits.per_address
                && table.oldest_since(address).is_some_and(|since| now.duration_since(since) >= NEWCOMER_WAIT)
            {
                table.displace_oldest(address);
            }
        }
        if table.strangers >= self.limits.strangers
            && let Some((_, most)) = table.by_count.last().copied()
        {
            table.displace_oldest(most);
        }
        let number = table.add(address, Stranger { since: now, abort: abort.clone() });
        Standing::Stranger(address, number)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nothing panics while holding it")
    }
}

impl Table {
    fn count(&self, address: IpAddr) -> usize {
        self.addresses.get(&address).map_or(0, BTreeMap::len)
    }

    fn oldest_since(&self, address: IpAddr) -> Option<Instant> {
        self.addresses.get(&address)?.first_key_value().map(|(_, stranger)| stranger.since)
    }

    fn displace_oldest(&mut self, address: IpAddr) {
        let oldest = self.addresses.get(&address).and_then(|open| open.first_key_value()).map(|(number, _)| *number);
        if let Some(stranger) = oldest.and_then(|number| self.remove(address, number)) {
            stranger.abort.abort();
            tracing::debug!(%address, "a connection without a credential made room for a newer one");
        }
    }

    fn add(&mut self, address: IpAddr, stranger: Stranger) -> u64 {
        self.next += 1;
        let open = self.addresses.entry(address).or_default();
        self.by_count.remove(&(open.len(), address));
        open.insert(self.next, stranger);
        self.by_count.insert((open.len(), address));
        self.strangers += 1;
        self.next
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Stranger> {
        let open = self.addresses.get_mut(&address)?;
        let count = open.len();
        let stranger = open.remove(&number)?;
        self.by_count.remove(&(count, address));
        if open.is_empty() {
            self.addresses.remove(&address);
        } else {
            self.by_count.insert((count - 1, address));
        }
        self.strangers -= 1;
        Some(stranger)
    }

    /// Counts a caller's connection, unless the caller has too many already.
    fn add_known(&mut self, caller: NonZeroU64, most: usize) -> bool {
        let open = self.callers.entry(caller).or_default();
        let has_room = *open < most;
        *open += usize::from(has_room);
        has_room
    }

    fn remove_known(&mut self, caller: NonZeroU64) {
        if let Some(open) = self.callers.get_mut(&caller) {
            *open -= 1;
            if *open == 0 {
                self.callers.remove(&caller);
            }
        }
    }
}

impl Place {
    /// A request has begun: a stranger becomes the newest of its address.
    pub(crate) fn request_begun(&self) {
        let mut standing = self.standing();
        let Standing::Stranger(address, number) = *standing else { return };
        let mut table = self.connections.lock();
        if let Some(stranger) = table.remove(address, number) {
            let number = table.add(address, Stranger { since: Instant::now(), ..stranger });
            *standing = Standing::Stranger(address, number);
        }
    }

    /// A request with this caller's credential has come.
    pub(crate) fn authenticated(&self, caller: NonZeroU64) {
        let mut standing = self.standing();
        let Standing::Stranger(address, number) = *standing else { return };
        let mut table = self.connections.lock();
        if table.add_known(caller, self.connections.limits.per_caller) {
            table.remove(address, number);
            *standing = Standing::Known(caller);
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().expect("nothing panics while holding it")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let standing = *self.standing();
        match standing {
            Standing::OfProxy => {}
            Standing::Stranger(address, number) => drop(self.connections.lock().remove(address, number)),
            Standing::Known(caller) => self.connections.lock().remove_known(caller),
        }
    }
}

/// The address, or for IPv6 its network of 64 bits, all of which one customer has.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn table(per_address: usize, strangers: usize) -> Arc<ConnectionTable> {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".to_owned()]).unwrap();
        ConnectionTable::new(ConnectionLimits { per_address, per_caller: per_address, strangers, proxies })
    }

    struct Open {
        place: Place,
        abort: Abort,
    }

    fn open(table: &Arc<ConnectionTable>, address: &str) -> Open {
        let abort = Abort::default();
        Open { place: table.enter(address.parse().unwrap(), &abort), abort }
    }

    fn is_cut(open: &Open) -> bool {
        open.abort.wait().now_or_never().is_some()
    }

    fn caller(number: u64) -> NonZeroU64 {
        NonZeroU64::new(number).unwrap()
    }

    #[test]
    fn the_address_with_the_most_strangers_makes_room_for_a_newcomer() {
        let table = table(100, 5);
        let other = open(&table, "192.0.2.1");
        let flood: Vec<_> = (0..4).map(|_| open(&table, "192.0.2.2")).collect();
        let newcomer = open(&table, "192.0.2.3");
        assert!(is_cut(&flood[0]));
        assert!(!flood[1..].iter().chain([&other, &newcomer]).any(is_cut));
    }

    #[test]
    fn a_request_makes_a_stranger_the_newest_of_its_address() {
        let table = table(100, 2);
        let (first, second) = (open(&table, "192.0.2.1"), open(&table, "192.0.2.1"));
        first.place.request_begun();
        let _third = open(&table, "192.0.2.1");
        assert!(is_cut(&second) && !is_cut(&first));
    }

    #[test]
    fn connections_with_a_credential_make_room_for_nobody_and_free_their_place_among_strangers() {
        let table = table(100, 2);
        let known: Vec<_> = (1..=10).map(|number| (number, open(&table, "192.0.2.1"))).collect();
        for (number, open) in &known {
            open.place.authenticated(caller(*number));
        }
        // The first ones were displaced while they were strangers, which is not undone by what comes later.
        let strangers: Vec<_> = (0..20).map(|_| open(&table, "192.0.2.1")).collect();
        assert!(!known.iter().skip(8).any(|(_, open)| is_cut(open)));
        assert_eq!(strangers.iter().filter(|open| !is_cut(open)).count(), 2);
    }

    #[test]
    fn a_caller_with_too_many_connections_has_the_others_as_a_stranger() {
        let table = table(2, 100);
        let open: Vec<_> = (0..3).map(|_| open(&table, "192.0.2.1")).collect();
        for one in &open {
            one.place.authenticated(caller(7));
        }
        let counted = table.lock();
        assert_eq!((counted.strangers, counted.callers[&caller(7)]), (1, 2));
        drop(counted);
        drop(open);
        let table = table.lock();
        assert_eq!((table.strangers, table.callers.len(), table.addresses.len(), table.by_count.len()), (0, 0, 0, 0));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_a_proxy_is_none() {
        let table = table(100, 100);
        let _open: Vec<_> =
            ["2001:db8::1", "2001:db8::2", "::ffff:192.0.2.1", "192.0.2.1", "10.1.2.3", "::ffff:10.1.2.3"]
                .map(|address| open(&table, address))
                .into();
        let counted: Vec<_> =
            table.lock().by_count.iter().map(|(count, address)| (*count, address.to_string())).collect();
        assert_eq!(counted, [(2, "192.0.2.1".to_owned()), (2, "2001:db8::".to_owned())]);
    }

    #[test]
    fn the_limit_of_an_address_does_not_hold_for_connections_that_are_new() {
        let table = table(2, 100);
        let storm: Vec<_> = (0..50).map(|_| open(&table, "192.0.2.1")).collect();
        assert!(!storm.iter().any(is_cut));
        for stranger in table.lock().addresses.get_mut(&"192.0.2.1".parse::<IpAddr>().unwrap()).unwrap().values_mut() {
            stranger.since -= NEWCOMER_WAIT;
        }
        let _next = open(&table, "192.0.2.1");
        assert_eq!(storm.iter().filter(|open| is_cut(open)).count(), 2, "two leave for one that comes");
    }
}
