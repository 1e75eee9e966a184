//! The sockets that follow each session, and the task that ends them when the session expires.

use crate::convert::render;
use crate::wire::ToFollower;
use milepost_clock::Clock;
use milepost_domain::{Delivery, TenantId, Timestamp, TrackingId};
use milepost_hub::{Audience, Message};
use milepost_transport::Link;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// The longest wait before the time of day is read again, in case somebody sets the clock.
const RECHECK_EVERY: Duration = Duration::from_secs(10);

/// How a session's end is told, as the dialect's clients know it.
pub(crate) const EXPIRED: &str = "Session expired";

/// The followed sessions of this node: as many as there are sockets at most, and those have a limit.
pub struct FollowedDeliveries {
    /// A std mutex: held for microseconds, never across an await.
    table: Mutex<Table>,
    sooner: Notify,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<TrackingId, Followed>,
    /// By when they expire.
    due: BTreeSet<(Timestamp, TrackingId)>,
}

struct Followed {
    tenant: TenantId,
    expires_at: Timestamp,
    /// The newest version that was told.
    version: i64,
    links: HashMap<u64, Arc<Link>>,
}

/// A follower's place; dropped, it is no longer one.
pub(crate) struct Following {
    followed: Arc<FollowedDeliveries>,
    id: TrackingId,
    link_id: u64,
}

impl FollowedDeliveries {
    /// Starts the task, which ends with the last handle. To be called inside a runtime.
    pub fn start(clock: Clock) -> Arc<Self> {
        let followed = Arc::new(Self { table: Mutex::default(), sooner: Notify::new() });
        let weak = Arc::downgrade(&followed);
        tokio::spawn(keep_ending(weak, clock));
        followed
    }

    /// Sockets that follow a session of `tenant`, or of anybody.
    pub(crate) fn count(&self, tenant: Option<&TenantId>) -> u64 {
        let table = self.lock();
        let sessions = table.sessions.values().filter(|session| tenant.is_none_or(|tenant| session.tenant == *tenant));
        sessions.map(|session| session.links.len() as u64).sum()
    }

    pub(crate) fn holds(&self, id: &TrackingId) -> bool {
        self.lock().sessions.contains_key(id)
    }

    pub(crate) fn enter(self: &Arc<Self>, delivery: &Delivery, link: &Arc<Link>) -> Following {
        let mut table = self.lock();
        let id = delivery.tracking_id.clone();
        let session = table.sessions.entry(id.clone()).or_insert_with(|| Followed {
            tenant: delivery.tenant.clone(),
            expires_at: delivery.expires_at,
            version: delivery.version,
            links: HashMap::new(),
        });
        session.links.insert(link.id(), Arc::clone(link));
        self.take_over(&mut table, delivery);
        Following { followed: Arc::clone(self), id, link_id: link.id() }
    }

    /// Takes a change over; false if nobody here follows the session, or the change was told before.
    pub(crate) fn advance(&self, delivery: &Delivery) -> bool {
        let mut table = self.lock();
        let is_new = table.sessions.get(&delivery.tracking_id).is_some_and(|known| known.version < delivery.version);
        if is_new {
            self.take_over(&mut table, delivery);
        }
        is_new
    }

    fn take_over(&self, table: &mut Table, delivery: &Delivery) {
        let Some(session) = table.sessions.get_mut(&delivery.tracking_id) else { return };
        session.version = session.version.max(delivery.version);
        let before = std::mem::replace(&mut session.expires_at, delivery.expires_at);
        let is_known = !table.due.insert((delivery.expires_at, delivery.tracking_id.clone()));
        if is_known {
            return;
        }
        if before != delivery.expires_at {
            table.due.remove(&(before, delivery.tracking_id.clone()));
        }
        if table.due.first().is_some_and(|(_, first)| *first == delivery.tracking_id) {
            self.sooner.notify_one();
        }
    }

    fn leave(&self, id: &TrackingId, link_id: u64) {
        let mut table = self.lock();
        let Some(session) = table.sessions.get_mut(id) else { return };
        session.links.remove(&link_id);
        if session.links.is_empty() {
            let expires_at = session.expires_at;
            table.sessions.remove(id);
            table.due.remove(&(expires_at, id.clone()));
        }
    }

    /// The sockets of all sessions that have expired at `now`; and when the next one will.
    fn take_expired(&self, now: Timestamp) -> (Vec<Arc<Link>>, Option<Timestamp>) {
        let mut table = self.lock();
        let mut links = Vec::new();
        while let Some((at, id)) = table.due.first().cloned() {
            if at > now {
                return (links, Some(at));
            }
            table.due.remove(&(at, id.clone()));
            links.extend(table.sessions.remove(&id).into_iter().flat_map(|session| session.links.into_values()));
        }
        (links, None)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nothing panics while holding it")
    }
}

async fn keep_ending(followed: Weak<FollowedDeliveries>, clock: Clock) {
    let message = render(&ToFollower::Error { message: "Tracking session expired" });
    // Encoded once for all.
    let message = Message::new(message, Audience::everyone());
    loop {
        let Some(strong) = followed.upgrade() else { return };
        let (begun, at) = (clock.instant(), clock.now());
        let (links, next) = strong.take_expired(at);
        for link in links {
            link.send_message(&message);
            link.close(1008, EXPIRED);
        }
        let left = next.map(|next| Duration::from_millis(next.ms_since(at).max(0).unsigned_abs()));
        let deadline = begun + left.map_or(RECHECK_EVERY, |left| left.min(RECHECK_EVERY));
        let _ = clock.timeout_at(deadline, strong.sooner.notified()).await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.followed.leave(&self.id, self.link_id);
    }
}
