//! The calls in hand: which of them may be tried now, so that neither a tenant nor a receiver holds up the others.

use crate::shares::Shares;
use milepost_domain::{TenantId, Timestamp};
use std::collections::{HashMap, VecDeque};

/// Tries of tenants' webhooks and pushes that run at once, shared out by tenant. Further calls wait.
const MAX_RUNNING: usize = 64;
/// Tries that run at once to one of the operator's services, shared out by tenant. Further calls wait.
const MAX_SERVICE_RUNNING: usize = 8;
/// Tries of one tenant that run at once to one host. Further calls wait.
const MAX_PER_HOST: usize = 4;
/// The same for a push service: a few of them serve all browsers, and are built for it.
pub(crate) const MAX_PER_PUSH_SERVICE: usize = 16;
/// Calls to webhooks and push services that are taken from the store and not ended, shared out by tenant. The others wait
/// in the store.
const MAX_IN_FLIGHT: usize = 256;
/// The same for one of the operator's services.
const MAX_SERVICE_IN_FLIGHT: usize = 32;
/// Of the calls in flight, those to failing and slow receivers, shared out by tenant. The others wait in the store.
const MAX_TROUBLED_IN_FLIGHT: usize = 32;
/// Calls in flight to one receiver, for each one that may run. The others wait in the store.
const MAX_QUEUED_PER_RUNNING: usize = 4;
/// Receivers that are remembered as failing, slow or paused although nothing is in flight to them. Above this they are
/// forgotten and learnt again.
const MAX_REMEMBERED: usize = 1_024;

/// The places of mails, which all go to one server.
const MAIL: &str = "mail";

/// What a receiver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ReceiverKind {
    /// One of the operator's services.
    Service,
    /// A tenant's webhook.
    Webhook,
    /// A push service.
    Push,
    /// The mail server, for one user: mails to one keep their order.
    Mail,
}

/// A tenant's calls to one host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) tenant: TenantId,
    pub(crate) host: String,
    pub(crate) kind: ReceiverKind,
}

/// Whose calls a receiver's state is about. A service is one receiver for all tenants. A webhook's host is a receiver for
/// each tenant: what it answers to one, it need not answer to another, and one tenant's hooks must not slow another's.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ReceiverKey {
    tenant: Option<TenantId>,
    host: String,
}

#[derive(Default)]
struct Receiver {
    running: usize,
    /// Waiting in memory, or about to be taken from the store.
    waiting: usize,
    /// The last try got no answer, or an answer that asks for less. Such a receiver gets one try at a time.
    is_failing: bool,
    /// The last try took long.
    is_slow: bool,
    /// Its calls that count among the troubled.
    counted: usize,
}

impl Receiver {
    const fn is_troubled(&self) -> bool {
        self.is_failing || self.is_slow
    }

    const fn is_idle(&self) -> bool {
        self.running + self.waiting == 0
    }
}

/// Places that tenants share: one of these for all webhooks and pushes, and one for each service.
struct Places {
    running: Shares,
    in_flight: Shares,
    /// Only of webhooks and pushes: a service that is in trouble concerns its own calls alone.
    troubled: Shares,
}

impl Places {
    fn new(kind: ReceiverKind) -> Self {
        let (running, in_flight) = match kind {
            ReceiverKind::Service | ReceiverKind::Mail => (MAX_SERVICE_RUNNING, MAX_SERVICE_IN_FLIGHT),
            ReceiverKind::Webhook | ReceiverKind::Push => (MAX_RUNNING, MAX_IN_FLIGHT),
        };
        Self {
            running: Shares::new(running),
            in_flight: Shares::new(in_flight),
            troubled: Shares::new(MAX_TROUBLED_IN_FLIGHT),
        }
    }
}

/// The calls in flight.
pub(crate) struct Queues<T> {
    waiting: HashMap<Lane, VecDeque<T>>,
    receivers: HashMap<ReceiverKey, Receiver>,
    /// By service; `None` for webhooks and pushes.
    places: HashMap<Option<String>, Places>,
    /// Until when nothing goes to a receiver, because it asked for a pause. One without a tenant holds for all calls to
    /// its host.
    pauses: HashMap<ReceiverKey, Timestamp>,
}

impl Lane {
    fn receiver(&self) -> ReceiverKey {
        let tenant = (self.kind != ReceiverKind::Service).then(|| self.tenant.clone());
        ReceiverKey { tenant, host: self.host.clone() }
    }

    fn places(&self) -> Option<String> {
        match self.kind {
            ReceiverKind::Service => Some(self.host.clone()),
            ReceiverKind::Mail => Some(MAIL.to_owned()),
            ReceiverKind::Webhook | ReceiverKind::Push => None,
        }
    }

    /// Tries that run at once while the receiver answers.
    const fn limit(&self) -> usize {
        match self.kind {
            ReceiverKind::Service => MAX_SERVICE_RUNNING,
            ReceiverKind::Webhook => MAX_PER_HOST,
            ReceiverKind::Push => MAX_PER_PUSH_SERVICE,
            ReceiverKind::Mail => 1,
        }
    }

    /// Whose calls a pause is for that was asked for in answer to this lane's. To its services and to push services this
    /// server is one client; the answer to a tenant's webhook may be the tenant's own doing.
    fn paused(&self) -> ReceiverKey {
        let is_own = matches!(self.kind, ReceiverKind::Webhook | ReceiverKind::Mail);
        let tenant = is_own.then(|| self.tenant.clone());
        ReceiverKey { tenant, host: self.host.clone() }
    }
}

impl ReceiverKey {
    fn covers(&self, lane: &Lane) -> bool {
        self.host == lane.host && self.tenant.as_ref().is_none_or(|tenant| *tenant == lane.tenant)
    }
}

impl<T> Queues<T> {
    pub(crate) fn new() -> Self {
        Self { waiting: HashMap::new(), receivers: HashMap::new(), places: HashMap::new(), pauses: HashMap::new() }
    }

    /// Calls that were taken from the store and have not ended.
    pub(crate) fn in_flight(&self) -> usize {
        self.places.values().map(|places| places.in_flight.total()).sum()
    }

    /// Reserves room for calls of a lane that are to be taken from the store, and returns for how many. Each is then
    /// added or cancelled.
    pub(crate) fn reserve(&mut self, lane: &Lane) -> usize {
        self.forget_idle();
        let receiver = self.receivers.entry(lane.receiver()).or_default();
        let places = self.places.entry(lane.places()).or_insert_with(|| Places::new(lane.kind));
        let most = match (receiver.is_failing, receiver.is_slow) {
            (true, _) => 1,
            // Its calls would wait here for longer than their lease.
            (false, true) => lane.limit(),
            (false, false) => lane.limit() * MAX_QUEUED_PER_RUNNING,
        };
        let mut room = most.saturating_sub(receiver.running + receiver.waiting);
        room = room.min(places.in_flight.room(&lane.tenant));
        if receiver.is_troubled() && lane.places().is_none() {
            room = room.min(places.troubled.room(&lane.tenant));
        }
        receiver.waiting += room;
        places.in_flight.take(&lane.tenant, room);
        self.recount(lane);
        room
    }

    /// Frees reserved room.
    pub(crate) fn cancel(&mut self, lane: &Lane, calls: usize) {
        if let Some(receiver) = self.receivers.get_mut(&lane.receiver()) {
            receiver.waiting -= calls.min(receiver.waiting);
        }
        if let Some(places) = self.places.get_mut(&lane.places()) {
            places.in_flight.free(&lane.tenant, calls);
        }
        self.recount(lane);
    }

    /// Queues a call for which room was reserved.
    pub(crate) fn add(&mut self, lane: &Lane, call: T) {
        self.waiting.entry(lane.clone()).or_default().push_back(call);
    }

    /// The next call that may be tried now. It counts as running until [`Self::ended`].
    pub(crate) fn next(&mut self) -> Option<(Lane, T)> {
        let open = self.waiting.keys().filter_map(|lane| {
            let receiver = self.receivers.get(&lane.receiver())?;
            let limit = if receiver.is_failing { 1 } else { lane.limit() };
            let running = &self.places.get(&lane.places())?.running;
            let is_open = receiver.running < limit && running.room(&lane.tenant) > 0;
            // Receivers that answer come first, then tenants and receivers with the fewest running tries.
            is_open.then(|| ((receiver.is_troubled(), running.taken(&lane.tenant), receiver.running), lane))
        });
        let lane = open.min_by(|(one, _), (other, _)| one.cmp(other))?.1.clone();
        let queue = self.waiting.get_mut(&lane)?;
        let call = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&lane);
        }
        let receiver = self.receivers.get_mut(&lane.receiver())?;
        receiver.waiting -= 1;
        receiver.running += 1;
        self.places.get_mut(&lane.places())?.running.take(&lane.tenant, 1);
        Some((lane, call))
    }

    /// Whether calls of this lane wait.
    pub(crate) fn has_waiting(&self, lane: &Lane) -> bool {
        self.waiting.contains_key(lane)
    }

    /// Notes that a try ended. Returns the receiver's waiting calls if it got into trouble by it: they are given back.
    pub(crate) fn ended(&mut self, lane: &Lane, is_failing: bool, is_slow: bool) -> Vec<T> {
        let key = lane.receiver();
        if let Some(places) = self.places.get_mut(&lane.places()) {
            places.running.free(&lane.tenant, 1);
            places.in_flight.free(&lane.tenant, 1);
        }
        let Some(receiver) = self.receivers.get_mut(&key) else { return Vec::new() };
        receiver.running -= 1;
        let was_troubled = receiver.is_troubled();
        (receiver.is_failing, receiver.is_slow) = (is_failing, is_slow);
        let is_troubled = receiver.is_troubled();
        if !is_troubled && receiver.is_idle() {
            self.recount(lane);
            self.receivers.remove(&key);
            return Vec::new();
        }
        let given_back = if is_failing || (is_troubled && !was_troubled) { self.drain(&key) } else { Vec::new() };
        self.recount(lane);
        given_back
    }

    /// Notes that a try has been running for long. Returns what [`Self::ended`] returns.
    pub(crate) fn mark_slow(&mut self, lane: &Lane) -> Vec<T> {
        let key = lane.receiver();
        let Some(receiver) = self.receivers.get_mut(&key) else { return Vec::new() };
        if std::mem::replace(&mut receiver.is_slow, true) {
            return Vec::new();
        }
        let given_back = self.drain(&key);
        self.recount(lane);
        given_back
    }

    /// Lets nothing go to the lane's receiver until `until`. Returns the calls that wait for it: they are given back.
    pub(crate) fn pause(&mut self, lane: &Lane, until: Timestamp) -> Vec<T> {
        let key = lane.paused();
        let given_back = self.drain(&key);
        let known = self.pauses.entry(key).or_insert(until);
        *known = (*known).max(until);
        given_back
    }

    /// Until when nothing goes to the lane's receiver, if it asked for a pause.
    pub(crate) fn paused_until(&mut self, lane: &Lane, now: Timestamp) -> Option<Timestamp> {
        if self.pauses.is_empty() {
            return None;
        }
        self.pauses.retain(|_, until| *until > now);
        let of = |tenant| self.pauses.get(&ReceiverKey { tenant, host: lane.host.clone() }).copied();
        of(None).max(of(Some(lane.tenant.clone())))
    }

    /// Takes all waiting calls out.
    pub(crate) fn drain_all(&mut self) -> Vec<T> {
        self.waiting.drain().flat_map(|(_, calls)| calls).collect()
    }

    fn drain(&mut self, key: &ReceiverKey) -> Vec<T> {
        let lanes: Vec<Lane> = self.waiting.keys().filter(|lane| key.covers(lane)).cloned().collect();
        let mut drained = Vec::new();
        for lane in lanes {
            let calls = self.waiting.remove(&lane).unwrap_or_default();
            self.cancel(&lane, calls.len());
            drained.extend(calls);
        }
        drained
    }

    /// Counts a receiver's calls among the troubled, or no longer.
    fn recount(&mut self, lane: &Lane) {
        let Some(receiver) = self.receivers.get_mut(&lane.receiver()) else { return };
        let Some(places) = self.places.get_mut(&lane.places()) else { return };
        if lane.places().is_some() {
            return;
        }
        let counted = if receiver.is_troubled() { receiver.running + receiver.waiting } else { 0 };
        places.troubled.free(&lane.tenant, receiver.counted);
        places.troubled.take(&lane.tenant, counted);
        receiver.counted = counted;
    }

    fn forget_idle(&mut self) {
        if self.receivers.len() >= MAX_REMEMBERED {
            self.receivers.retain(|_, receiver| !receiver.is_idle());
        }
        if self.pauses.len() >= MAX_REMEMBERED {
            self.pauses.clear();
        }
        if self.places.len() > 2 {
            self.places.retain(|_, places| places.in_flight.total() > 0);
        }
    }
}

#[cfg(test)]
mod tests;
