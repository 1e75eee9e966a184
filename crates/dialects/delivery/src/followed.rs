//! Registers who follows which session, and closes the sockets of expired sessions from one task.

use crate::convert::render;
use crate::policy::EXPIRED;
use crate::wire::ToFollower;
use milepost_clock::Clock;
use milepost_domain::{Delivery, TenantId, Timestamp, TrackingId};
use milepost_hub::{Message, Recipients};
use milepost_live::SocketSender;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// The longest time between two readings of the clock, in case somebody sets it.
const READ_CLOCK_EVERY: Duration = Duration::from_secs(10);

/// The followed sessions of this node. Their number is bounded by the number of sockets, which has a limit.
pub struct FollowedDeliveries {
    /// A std mutex: held for microseconds, never across an await.
    table: Mutex<Table>,
    sooner: Notify,
    /// Closes the sockets of expired sessions.
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<TrackingId, Followed>,
    /// The followed sessions by the time when they expire.
    due: BTreeSet<(Timestamp, TrackingId)>,
}

struct Followed {
    tenant: TenantId,
    expires_at: Timestamp,
    /// The newest published version.
    version: i64,
    senders: HashMap<u64, Arc<SocketSender>>,
}

/// Registration of one follower. Dropping it removes the follower.
pub(crate) struct Following {
    followed: Arc<FollowedDeliveries>,
    id: TrackingId,
    sender_id: u64,
}

impl FollowedDeliveries {
    /// Starts the task that closes the sockets of expired sessions. It ends with the last handle.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(clock: Clock) -> Arc<Self> {
        // The task must not look for what is still being made.
        let (made, is_made) = oneshot::channel();
        let followed = Arc::new_cyclic(|me| {
            let me = Weak::clone(me);
            let task = tokio::spawn(async move {
                let _ = is_made.await;
                keep_ending(me, clock).await;
            });
            Self { table: Mutex::default(), sooner: Notify::new(), task }
        });
        let _ = made.send(());
        followed
    }

    /// Whether the task has ended, which it never does by itself.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// The number of sockets that follow a session of `tenant`, or of any tenant for `None`.
    pub(crate) fn count(&self, tenant: Option<&TenantId>) -> u64 {
        let table = self.lock();
        let sessions = table.sessions.values().filter(|session| tenant.is_none_or(|tenant| session.tenant == *tenant));
        sessions.map(|session| session.senders.len() as u64).sum()
    }

    pub(crate) fn holds(&self, id: &TrackingId) -> bool {
        self.lock().sessions.contains_key(id)
    }

    /// The followed sessions, with the version that was published last.
    pub(crate) fn versions(&self) -> Vec<(TrackingId, i64)> {
        self.lock().sessions.iter().map(|(id, followed)| (id.clone(), followed.version)).collect()
    }

    pub(crate) fn enter(self: &Arc<Self>, delivery: &Delivery, sender: &Arc<SocketSender>) -> Following {
        let mut table = self.lock();
        let id = delivery.tracking_id.clone();
        let session = table.sessions.entry(id.clone()).or_insert_with(|| Followed {
            tenant: delivery.tenant.clone(),
            expires_at: delivery.expires_at,
            version: delivery.version,
            senders: HashMap::new(),
        });
        session.senders.insert(sender.id(), Arc::clone(sender));
        // Its version stays: what this follower has read may not have been published to the others yet.
        self.take_over(&mut table, delivery);
        Following { followed: Arc::clone(self), id, sender_id: sender.id() }
    }

    /// Records a change. Returns false if no socket here follows the session or the change was published before.
    pub(crate) fn advance(&self, delivery: &Delivery) -> bool {
        let mut table = self.lock();
        let Some(session) = table.sessions.get_mut(&delivery.tracking_id) else { return false };
        let is_new = session.version < delivery.version;
        if is_new {
            session.version = delivery.version;
            self.take_over(&mut table, delivery);
        }
        is_new
    }

    fn take_over(&self, table: &mut Table, delivery: &Delivery) {
        let Some(session) = table.sessions.get_mut(&delivery.tracking_id) else { return };
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

    fn leave(&self, id: &TrackingId, sender_id: u64) {
        let mut table = self.lock();
        let Some(session) = table.sessions.get_mut(id) else { return };
        session.senders.remove(&sender_id);
        if session.senders.is_empty() {
            let expires_at = session.expires_at;
            table.sessions.remove(id);
            table.due.remove(&(expires_at, id.clone()));
        }
    }

    /// Removes the sessions that have expired at `now`. Returns their sockets, and when the next session expires.
    fn take_expired(&self, now: Timestamp) -> (Vec<Arc<SocketSender>>, Option<Timestamp>) {
        let mut table = self.lock();
        let mut senders = Vec::new();
        while let Some((at, id)) = table.due.first().cloned() {
            if at > now {
                return (senders, Some(at));
            }
            table.due.remove(&(at, id.clone()));
            senders.extend(table.sessions.remove(&id).into_iter().flat_map(|session| session.senders.into_values()));
        }
        (senders, None)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nothing panics while holding it")
    }
}

async fn keep_ending(followed: Weak<FollowedDeliveries>, clock: Clock) {
    let message = render(&ToFollower::Error { message: "Tracking session expired" });
    // Encoded once for all sockets.
    let message = Message::new(message, Recipients::everyone());
    loop {
        let Some(strong) = followed.upgrade() else { return };
        let (begun, at) = (clock.instant(), clock.now());
        let (senders, next) = strong.take_expired(at);
        for sender in senders {
            sender.send_message(&message);
            sender.close(EXPIRED);
        }
        let left = next.map(|next| Duration::from_millis(next.ms_since(at).max(0).unsigned_abs()));
        let deadline = begun + left.map_or(READ_CLOCK_EVERY, |left| left.min(READ_CLOCK_EVERY));
        let _ = clock.timeout_at(deadline, strong.sooner.notified()).await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.followed.leave(&self.id, self.sender_id);
    }
}
