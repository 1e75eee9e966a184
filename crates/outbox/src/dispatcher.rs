//! The loop: takes due calls from the store, tries them, and writes down how each try ended.

use crate::OutboxConfig;
use crate::mail::MAIL_TIMEOUT;
use crate::queues::{Lane, Queues};
use crate::retry::{RetryPolicy, ms};
use crate::sender::{Sender, is_disabled};
use crate::stats::Counters;
use crate::urls::host_of_text;
use milepost_clock::Clock;
use milepost_domain::Timestamp;
use milepost_store::{CallOutcome, CallQueue, DueCall, OutgoingStore, StoreError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// Queues with due calls that one scan reads. Above this the later ones of the tenants with the most wait for the next scan.
const MAX_QUEUES_READ: u32 = 512;
/// Queues that one transaction takes calls from. The others follow at once.
const MAX_QUEUES_TAKEN: usize = 64;
/// Calls to a service whose URL is not set that one scan puts off to the end of their lease.
const UNSENDABLE_CALLS: u32 = 8;
/// A tenant's webhooks that are looked through for the host that asked for a pause.
const MAX_SIBLINGS: u32 = 1_000;
/// How much longer than a try a lease must last, so that the try's end can be written down before another node may take
/// the call.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// The delay after a scan that found only calls that another node is taking.
const IDLE_DELAY: Duration = Duration::from_millis(20);
/// The next scan after a failure: its receiver has room for one more try.
const FAILING_DELAY: Duration = Duration::from_secs(1);
/// The pause after a scan, in times of its duration: scans then take a fifth of the time at most, unless they are slow
/// because the machine is busy.
const REST: u32 = 4;
/// The longest such pause.
const MAX_REST: Duration = Duration::from_millis(200);

/// The loop's parts.
pub(crate) struct Dispatcher {
    store: Arc<dyn OutgoingStore>,
    clock: Clock,
    policy: RetryPolicy,
    sender: Sender,
    config: OutboxConfig,
    counters: Arc<Counters>,
}

struct Taken {
    call: DueCall,
    /// The end of its lease by this node's clock.
    lease_until: Timestamp,
}

/// The result of an attempt, sent to the loop.
#[derive(Default)]
struct Ended {
    is_failing: bool,
    is_slow: bool,
    retry_at: Option<Timestamp>,
    paused_until: Option<Timestamp>,
}

/// When to take calls from the store again. In monotonic time: a clock that is set back holds nothing up.
struct NextScan {
    at: Instant,
    /// Not before this.
    earliest: Instant,
    /// More calls may be due already: they are taken when a try ends.
    more: bool,
}

impl NextScan {
    fn by(&mut self, at: Instant) {
        self.at = self.at.min(at.max(self.earliest));
    }
}

/// The tries under way, in the order in which they began.
#[derive(Default)]
struct Tries {
    lanes: HashMap<Id, Lane>,
    /// Those that are not known to be slow yet.
    begun: VecDeque<(Instant, Id)>,
}

impl Tries {
    fn begin(&mut self, id: Id, lane: Lane, at: Instant) {
        self.lanes.insert(id, lane);
        self.begun.push_back((at, id));
    }

    /// When the first of them began that is not known to be slow.
    fn first_begun(&mut self) -> Option<Instant> {
        while self.begun.front().is_some_and(|(_, id)| !self.lanes.contains_key(id)) {
            self.begun.pop_front();
        }
        self.begun.front().map(|(at, _)| *at)
    }

    /// The lane of a try that began before `limit` and is still under way.
    fn next_slow(&mut self, limit: Instant) -> Option<Lane> {
        if self.first_begun()? > limit {
            return None;
        }
        let (_, id) = self.begun.pop_front()?;
        self.lanes.get(&id).cloned()
    }
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(at.ms_since(now)).unwrap_or(0))
}

impl Dispatcher {
    pub(crate) fn new(
        store: Arc<dyn OutgoingStore>,
        config: OutboxConfig,
        clock: Clock,
        counters: Arc<Counters>,
    ) -> Self {
        let policy = RetryPolicy {
            first_delay: config.timing.first_delay,
            max_delay: config.timing.max_delay,
            give_up_after: config.give_up_after,
        };
        Self { store, clock, policy, sender: Sender::new(config.clone()), config, counters }
    }

    /// Sends until `stopping` says to stop.
    pub(crate) async fn run(self, wake: Arc<Notify>, mut stopping: watch::Receiver<bool>) {
        let dispatcher = Arc::new(self);
        let clock = &dispatcher.clock;
        let slow_after = dispatcher.config.timing.slow_after;
        let mut queues: Queues<Taken> = Queues::new();
        let mut running: JoinSet<Ended> = JoinSet::new();
        let mut tries = Tries::default();
        let mut scan = NextScan { at: clock.instant(), earliest: clock.instant(), more: false };
        loop {
            if scan.at <= clock.instant() {
                scan = dispatcher.scan(&mut queues).await;
            }
            while let Some((lane, taken)) = queues.next() {
                let dispatcher = Arc::clone(&dispatcher);
                let id = running.spawn(async move { dispatcher.try_once(taken).await }).id();
                tries.begin(id, lane, clock.instant());
            }
            dispatcher.counters.pending.store(queues.in_flight() as u64, Ordering::Relaxed);
            let slow_at = tries.first_begun().map_or(scan.at, |begun| begun + slow_after);
            let ended = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break,
                Some(ended) = running.join_next_with_id() => Some(ended),
                () = wake.notified() => {
                    scan.by(clock.instant());
                    None
                }
                () = clock.sleep_until(scan.at.min(slow_at)) => None,
            };
            if let Some(ended) = ended {
                dispatcher.finish(&mut queues, &mut tries, &mut scan, ended).await;
            }
            while let Some(lane) = clock.instant().checked_sub(slow_after).and_then(|limit| tries.next_slow(limit)) {
                dispatcher.give_back(queues.mark_slow(&lane), clock.now()).await;
            }
        }
        // Another node need not wait for the ends of their leases.
        dispatcher.give_back(queues.drain_all(), clock.now()).await;
        // The machine's time, because the calls go over the network.
        let rest = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(dispatcher.config.timing.stop_deadline, rest).await.is_err() {
            tracing::warn!(cut = running.len(), "outgoing calls were interrupted by the stop, they are sent again");
        }
        dispatcher.counters.pending.store(0, Ordering::Relaxed);
    }

    async fn finish(
        &self,
        queues: &mut Queues<Taken>,
        tries: &mut Tries,
        scan: &mut NextScan,
        ended: Result<(Id, Ended), JoinError>,
    ) {
        let (id, ended) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, "the task of an outgoing call failed, the call is sent again after its lease");
            (error.id(), Ended::default())
        });
        let Some(lane) = tries.lanes.remove(&id) else { return };
        let (instant, now) = (self.clock.instant(), self.clock.now());
        self.give_back(queues.ended(&lane, ended.is_failing, ended.is_slow), now).await;
        if let Some(paused_until) = ended.paused_until {
            self.give_back(queues.pause(&lane, paused_until), paused_until).await;
        }
        if let Some(at) = ended.retry_at {
            scan.by(instant + until(at, now));
        }
        if scan.more && !queues.has_waiting(&lane) {
            scan.by(if ended.is_failing { instant + FAILING_DELAY } else { instant });
        }
    }

    /// Takes what is due and says when to scan again.
    async fn scan(&self, queues: &mut Queues<Taken>) -> NextScan {
        let begun = self.clock.instant();
        let found = self.take(queues, self.clock.now()).await;
        let ended = self.clock.instant();
        let (delay, more) = found.unwrap_or_else(|error| {
            tracing::warn!(%error, "outgoing calls can't be read, trying again soon");
            (self.config.timing.scan_every, false)
        });
        let earliest = ended + ((ended - begun) * REST).min(MAX_REST);
        NextScan { at: (ended + delay.min(self.config.timing.scan_every)).max(earliest), earliest, more }
    }

    /// Takes calls for which there is room. Returns after how long others are due, and whether some may be due now.
    async fn take(&self, queues: &mut Queues<Taken>, now: Timestamp) -> Result<(Duration, bool), StoreError> {
        let due = self.store.due_queues(now, MAX_QUEUES_READ).await?;
        let mut wanted: Vec<(CallQueue, u32)> = Vec::new();
        let mut rooms: HashMap<CallQueue, (Lane, usize)> = HashMap::new();
        let (mut more, mut rest) = (false, false);
        for due in due {
            if wanted.len() == MAX_QUEUES_TAKEN {
                rest = true;
                break;
            }
            let Some(lane) = self.sender.lane(&due) else {
                wanted.push((due.queue, UNSENDABLE_CALLS));
                continue;
            };
            if let Some(paused_until) = queues.paused_until(&lane, now) {
                // Another receiver at that host asked for the pause.
                self.store.pause_queues(&[due.queue], paused_until, now).await?;
                continue;
            }
            let room = queues.reserve(&lane);
            if room == 0 {
                more = true;
                continue;
            }
            wanted.push((due.queue.clone(), u32::try_from(room).unwrap_or(u32::MAX)));
            rooms.insert(due.queue, (lane, room));
        }
        let lease_until = now.plus_ms(ms(self.config.timing.lease));
        let taken =
            if wanted.is_empty() { Ok(Vec::new()) } else { self.store.take_due_calls(&wanted, now, lease_until).await };
        let found = taken.as_ref().is_ok_and(|taken| !taken.is_empty());
        for call in taken.iter().flatten() {
            match rooms.get_mut(&call.queue) {
                Some((lane, room)) => {
                    *room -= 1;
                    queues.add(lane, Taken { call: call.clone(), lease_until });
                }
                None => tracing::debug!(call.no = call.no.0, "a call waits: the URL of its service is not set"),
            }
        }
        for (lane, room) in rooms.values() {
            more |= *room == 0;
            queues.cancel(lane, *room);
        }
        taken?;
        if rest {
            return Ok((Duration::ZERO, true));
        }
        if more {
            return Ok((self.config.timing.scan_every, true));
        }
        let delay = match self.store.next_call_due().await? {
            // Another node is taking these calls just now: wait a moment before the next scan.
            Some(next) if !found => until(next, now).max(IDLE_DELAY),
            Some(next) => until(next, now),
            None => self.config.timing.scan_every,
        };
        Ok((delay, false))
    }

    /// Gives calls that were not tried back to the store.
    async fn give_back(&self, calls: Vec<Taken>, due: Timestamp) {
        if calls.is_empty() {
            return;
        }
        let mut calls: Vec<_> = calls.iter().map(|taken| (taken.call.no, taken.call.lease_until)).collect();
        // In one order, as others lock them.
        calls.sort_unstable_by_key(|(no, _)| *no);
        if let Err(error) = self.store.give_back_calls(&calls, due).await {
            tracing::warn!(calls = calls.len(), %error, "calls can't be given back, they are due when their leases end");
        }
    }

    async fn try_once(&self, Taken { call, lease_until }: Taken) -> Ended {
        let (began, started) = (self.clock.instant(), self.clock.now());
        let timeout = if call.mail.is_some() { MAIL_TIMEOUT } else { self.config.timing.try_timeout };
        let needed_ms = ms(timeout.min(self.config.timing.lease / 2)).saturating_add(ms(self.margin()));
        if lease_until.ms_since(started) < needed_ms {
            // It waited here for too long: another node may take the call before this try ends.
            return Ended { retry_at: Some(lease_until), ..Ended::default() };
        }
        let ending = self.sender.send(&*self.store, &call, started).await;
        let is_slow = self.clock.instant() - began > self.config.timing.slow_after;
        let now = self.clock.now();
        let outcome = self.policy.outcome(&call, &ending, now, &*self.config.random);
        self.count(&call, &outcome);
        let paused_until = ending.pause().map(|pause| now.plus_ms(ms(pause)));
        if let Some(paused_until) = paused_until {
            self.pause_receiver(&call, paused_until, now).await;
        }
        if let Err(error) = self.store.settle_call(call.no, &outcome, now).await {
            tracing::warn!(call.no = call.no.0, %error, "the result of a call could not be stored, the call is sent again");
        }
        let retry_at = match outcome {
            CallOutcome::Retry { at, .. } => Some(at),
            CallOutcome::Delivered { .. }
            | CallOutcome::Gone
            | CallOutcome::Unwanted { .. }
            | CallOutcome::AddressRefused { .. }
            | CallOutcome::Dead { .. } => None,
        };
        Ended { is_failing: ending.asks_for_less(), is_slow, retry_at, paused_until }
    }

    /// Writes a pause down, so that it holds for other nodes and after a restart.
    async fn pause_receiver(&self, call: &DueCall, until: Timestamp, now: Timestamp) {
        let mut queues = vec![call.queue.clone()];
        if let Some(webhook) = &call.webhook {
            let host = host_of_text(&webhook.url);
            let siblings = self.store.list_webhooks(&call.tenant, None, MAX_SIBLINGS).await.unwrap_or_default();
            let siblings = siblings.iter().filter(|sibling| host_of_text(&sibling.url) == host);
            queues.extend(siblings.map(|sibling| call.queue.of_webhook(sibling.id)));
        }
        tracing::info!(tenant.id = %call.tenant, target = ?call.target, until = %until, "a receiver asked for a pause");
        if let Err(error) = self.store.pause_queues(&queues, until, now).await {
            tracing::warn!(%error, "a receiver's pause can't be written down, it holds in this process alone");
        }
    }

    /// Short leases, as in tests, have a shorter margin.
    fn margin(&self) -> Duration {
        LEASE_MARGIN.min(self.config.timing.lease / 4)
    }

    fn count(&self, call: &DueCall, outcome: &CallOutcome) {
        self.counters.attempts.fetch_add(1, Ordering::Relaxed);
        match outcome {
            CallOutcome::Delivered { status } => {
                self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(call.no = call.no.0, status, "outgoing call delivered");
            }
            CallOutcome::Gone => {
                tracing::info!(call.no = call.no.0, tenant.id = %call.tenant, "a browser has ended its push subscription, which is removed");
            }
            CallOutcome::Retry { error, .. } => {
                tracing::debug!(call.no = call.no.0, attempts = call.attempts + 1, "outgoing call failed: {error}");
            }
            CallOutcome::Unwanted { .. } => {
                self.counters.dead.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    call.no = call.no.0, tenant.id = %call.tenant, target = ?call.target,
                    "a webhook's receiver answered 410: the webhook is disabled"
                );
            }
            CallOutcome::AddressRefused { .. } => {
                self.counters.dead.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    call.no = call.no.0, tenant.id = %call.tenant, target = ?call.target,
                    "a user's e-mail address is refused: it gets no mail until it is set again"
                );
            }
            // There may be thousands of them, and the reason was logged once.
            CallOutcome::Dead { .. } if is_disabled(call) => {
                self.counters.dead.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(call.no = call.no.0, tenant.id = %call.tenant, "outgoing call given up: its webhook is disabled");
            }
            CallOutcome::Dead { error, .. } => {
                self.counters.dead.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    call.no = call.no.0, tenant.id = %call.tenant, attempts = call.attempts + 1,
                    "outgoing call given up: {error}"
                );
            }
        }
    }
}
