//! Shares out large reads, so that a greedy caller waits for itself and a greedy tenant for its own people.

use crate::ServiceError;
use milepost_domain::{Caller, Principal, TenantId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many reads run at the same time on this node. Further ones wait, so that others find a connection to the database.
#[derive(Debug, Clone, Copy)]
struct Parallel {
    all: usize,
    /// Of one tenant among them.
    tenant: usize,
    /// Of one reader among them.
    reader: usize,
}

/// Large reads: a whole tenant may reconnect at once.
pub(crate) const PARALLEL_READS: usize = 4;
const TENANT_READS: usize = 2;
const READER_READS: usize = 1;
const LARGE: Parallel = Parallel { all: PARALLEL_READS, tenant: TENANT_READS, reader: READER_READS };

/// Pages of lists. Each takes milliseconds, and a program may read two lists at a time.
const PARALLEL_PAGES: usize = 6;
const TENANT_PAGES: usize = 4;
const READER_PAGES: usize = 2;
const PAGES: Parallel = Parallel { all: PARALLEL_PAGES, tenant: TENANT_PAGES, reader: READER_PAGES };

/// Pictures that are decoded.
const PARALLEL_PICTURES: usize = 1;
const PICTURES: Parallel = Parallel { all: PARALLEL_PICTURES, tenant: PARALLEL_PICTURES, reader: PARALLEL_PICTURES };

/// How long a request waits before it is refused. Sockets and files that have begun wait for as long as it takes.
const READ_WAIT: Duration = Duration::from_secs(10);

/// The shares of all tenants and readers that read or wait: of replays, files of tracks, dashboards and trips that are
/// measured when they are asked for; or of pages of lists.
pub struct FairReads {
    parallel: Parallel,
    all: Arc<Semaphore>,
    shares: Arc<Shares>,
    refused: AtomicU64,
}

/// A std mutex: held for microseconds, never across an await.
#[derive(Default)]
struct Shares(Mutex<HashMap<Key, Share>>);

/// Whose large reads count together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reader {
    /// A user of a tenant, on any number of connections.
    User(TenantId, String),
    /// A device of a tenant.
    Device(TenantId, String),
    /// A program of a tenant.
    Program(TenantId, String),
    /// The guests of a share.
    Guest(TenantId, String),
    /// All who show no credential, of one address: nothing else is known of them. An IPv6 network of 64 bits counts as one address,
    /// and so do those whose address is not known.
    Anonymous(Option<IpAddr>),
}

impl Reader {
    /// An authenticated caller.
    pub fn of(caller: &Caller) -> Self {
        let (tenant, name) = (caller.tenant.clone(), caller.principal.name().into_owned());
        match &caller.principal {
            Principal::User { .. } => Self::User(tenant, name),
            Principal::Device { .. } => Self::Device(tenant, name),
            Principal::Program { .. } => Self::Program(tenant, name),
            Principal::Guest { .. } => Self::Guest(tenant, name),
        }
    }

    /// A client without a credential.
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        Self::Anonymous(address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(host) => {
                let [a, b, c, d, ..] = host.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
        }))
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Tenant(TenantId),
    Reader(Reader),
}

struct Share {
    permits: Arc<Semaphore>,
    /// Reads that run or wait.
    reads: usize,
}

/// The permission for one read. Hold it while the store is read.
pub struct ReadPermit {
    // Given back in this order: the next of the same caller waits for the last.
    _all: OwnedSemaphorePermit,
    _tenant: SharePermit,
    _reader: Option<SharePermit>,
}

struct SharePermit {
    _permit: Option<OwnedSemaphorePermit>,
    shares: Arc<Shares>,
    key: Key,
}

impl FairReads {
    /// For large reads.
    pub(crate) fn of_large_reads() -> Self {
        Self::new(LARGE)
    }

    /// For pages of lists.
    pub(crate) fn of_pages() -> Self {
        Self::new(PAGES)
    }

    /// For pictures that are decoded.
    pub(crate) fn of_pictures() -> Self {
        Self::new(PICTURES)
    }

    fn new(parallel: Parallel) -> Self {
        let all = Arc::new(Semaphore::new(parallel.all));
        Self { parallel, all, shares: Arc::default(), refused: AtomicU64::new(0) }
    }

    /// Waits for the reader's share first, then for its tenant's, then for a place among all. So a reader has no more than its
    /// share in its tenant's queue, and a tenant no more than its share in the queue of all. A read whose result all viewers of
    /// the tenant share has no reader.
    pub async fn permit(&self, tenant: &TenantId, reader: Option<&Reader>) -> ReadPermit {
        let of_reader = match reader {
            Some(reader) => Some(self.share(Key::Reader(reader.clone()), self.parallel.reader).await),
            None => None,
        };
        let of_tenant = self.share(Key::Tenant(tenant.clone()), self.parallel.tenant).await;
        let all = Arc::clone(&self.all).acquire_owned().await.expect("the semaphore is never closed");
        ReadPermit { _all: all, _tenant: of_tenant, _reader: of_reader }
    }

    /// Waits as [`Self::permit`] does, but not for longer than a request may.
    ///
    /// # Errors
    /// [`ServiceError::Busy`].
    pub async fn permit_in_time(&self, tenant: &TenantId, caller: &Caller) -> Result<ReadPermit, ServiceError> {
        let reader = Reader::of(caller);
        self.in_time(self.permit(tenant, Some(&reader))).await
    }

    /// Waits for a permit or for another read's result, but not for longer than a request may.
    ///
    /// # Errors
    /// [`ServiceError::Busy`].
    pub async fn in_time<T>(&self, waiting: impl Future<Output = T>) -> Result<T, ServiceError> {
        tokio::time::timeout(READ_WAIT, waiting).await.map_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            ServiceError::Busy
        })
    }

    /// Reads under way, for metrics.
    pub fn running(&self) -> usize {
        self.parallel.all - self.all.available_permits()
    }

    /// Requests that were refused since the start, for metrics.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    async fn share(&self, key: Key, size: usize) -> SharePermit {
        let permits = self.shares.enter(&key, size);
        // Made before the wait, so that it is left when the caller goes away meanwhile.
        let mut share = SharePermit { _permit: None, shares: Arc::clone(&self.shares), key };
        share._permit = Some(permits.acquire_owned().await.expect("the semaphore is never closed"));
        share
    }
}

impl Shares {
    fn enter(&self, key: &Key, size: usize) -> Arc<Semaphore> {
        let mut shares = self.lock();
        let share =
            shares.entry(key.clone()).or_insert_with(|| Share { permits: Arc::new(Semaphore::new(size)), reads: 0 });
        share.reads += 1;
        Arc::clone(&share.permits)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Share>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl Drop for SharePermit {
    fn drop(&mut self) {
        let mut shares = self.shares.lock();
        if let Some(share) = shares.get_mut(&self.key) {
            share.reads -= 1;
            if share.reads == 0 {
                shares.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::Role;
    use std::time::Duration;
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_millis(50);

    fn user(tenant: &TenantId, subject: &str) -> Reader {
        let principal = Principal::User {
            id: None,
            subject: subject.to_owned(),
            role: Role::Parent,
            cadet_id: None,
            vehicle_ids: Vec::new(),
        };
        Reader::of(&Caller { tenant: tenant.clone(), principal, expires_at: None })
    }

    fn visitor(address: &str) -> Reader {
        Reader::anonymous(address.parse().ok())
    }

    fn tenant(id: &str) -> TenantId {
        TenantId::new(id).unwrap()
    }

    /// Takes permits for ever, from so many connections.
    fn flood(
        reads: &Arc<FairReads>,
        tenant: &TenantId,
        reader: &Reader,
        connections: usize,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        let one = || {
            let (reads, tenant, reader) = (Arc::clone(reads), tenant.clone(), reader.clone());
            tokio::spawn(async move {
                loop {
                    let _permit = reads.permit(&tenant, Some(&reader)).await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            })
        };
        (0..connections).map(|_| one()).collect()
    }

    #[tokio::test]
    async fn a_reader_with_many_connections_has_its_share_and_no_more() {
        let (home, other) = (tenant("home"), tenant("other"));
        let greedy = || [user(&home, "greedy"), visitor("192.0.2.1"), visitor("unknown")];
        for (greedy, parallel) in greedy().map(|one| (one, LARGE)).into_iter().chain(greedy().map(|one| (one, PAGES))) {
            let reads = Arc::new(FairReads::new(parallel));
            let flood = flood(&reads, &home, &greedy, 100);
            tokio::time::sleep(SOON).await;
            assert_eq!(reads.running(), parallel.reader);
            for (tenant, neighbour) in
                [(&home, user(&home, "neighbour")), (&other, user(&other, "greedy")), (&home, visitor("192.0.2.2"))]
            {
                let permit = timeout(SOON, reads.permit(tenant, Some(&neighbour))).await;
                assert!(permit.is_ok(), "nobody else notices");
            }
            flood.into_iter().for_each(|task| task.abort());
        }
    }

    #[test]
    fn the_addresses_of_one_network_are_one_reader() {
        assert_eq!(visitor("2001:db8::1"), visitor("2001:db8:0:0:ffff::2"));
        assert_ne!(visitor("2001:db8::1"), visitor("2001:db8:0:1::1"));
        assert_ne!(visitor("192.0.2.1"), visitor("192.0.2.2"));
    }

    #[tokio::test]
    async fn a_tenant_whose_people_all_read_leaves_room_for_others() {
        let reads = Arc::new(FairReads::of_large_reads());
        let (home, other) = (tenant("home"), tenant("other"));
        let floods: Vec<_> =
            (0..50).flat_map(|number| flood(&reads, &home, &user(&home, &number.to_string()), 2)).collect();
        tokio::time::sleep(SOON).await;
        assert_eq!(reads.running(), LARGE.tenant);
        assert!(timeout(SOON, reads.permit(&other, None)).await.is_ok());
        floods.into_iter().for_each(|task| task.abort());
        tokio::time::sleep(SOON).await;
        assert!(reads.shares.lock().is_empty(), "those who went away are forgotten");
    }
}
