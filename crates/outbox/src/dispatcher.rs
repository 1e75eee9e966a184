//! The loop: takes due calls from the store, tries them, and writes down how each try ended.

use crate::OutboxConfig;
use crate::host_queues::{HostQueues, MAX_IN_FLIGHT, MAX_PER_HOST, MAX_PER_PUSH_SERVICE};
use crate::retry::{RetryPolicy, ms};
use crate::sender::{Sender, is_disabled};
use crate::stats::Counters;
use milepost_clock::Clock;
use milepost_domain::{Target, Timestamp};
use milepost_store::{CallOutcome, DueCall, OutgoingStore};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};

/// Calls are taken from the store once this many places are free: not one query for each call.
const REFILL_AT: usize = MAX_IN_FLIGHT / 2;
/// How much longer than a try a lease must last, so that the try's end can be written down before another node may take
/// the call.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// The delay after a scan that found only calls that another node is taking.
const IDLE_DELAY_MS: i64 = 20;

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
    lease_until: Timestamp,
}

/// The result of an attempt, sent to the loop.
#[derive(Default)]
struct Ended {
    failing: bool,
    retry_at: Option<Timestamp>,
}

/// When to take calls from the store again.
struct NextScan {
    at: Timestamp,
    /// More calls are due already: they are taken as soon as there is room, without waiting for `at`.
    more: bool,
}

fn wait_ms(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.ms_since(now)).unwrap_or(0))
}

fn finish(
    queues: &mut HostQueues<Taken>,
    hosts: &mut HashMap<Id, String>,
    scan: &mut NextScan,
    ended: Result<(Id, Ended), JoinError>,
) {
    let (id, ended) = match ended {
        Ok((id, ended)) => (id, ended),
        Err(error) => {
            tracing::error!(%error, "the task of an outgoing call failed, the call is sent again after its lease");
            (error.id(), Ended::default())
        }
    };
    if let Some(host) = hosts.remove(&id) {
        queues.ended(&host, ended.failing);
    }
    if let Some(at) = ended.retry_at {
        scan.at = scan.at.min(at);
    }
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
        let mut queues: HostQueues<Taken> = HostQueues::new();
        let mut tries: JoinSet<Ended> = JoinSet::new();
        let mut hosts: HashMap<Id, String> = HashMap::new();
        let mut scan = NextScan { at: dispatcher.clock.now(), more: false };
        loop {
            let now = dispatcher.clock.now();
            if (scan.more && queues.room() >= REFILL_AT && !queues.has_long_queue())
                || (scan.at <= now && queues.room() > 0)
            {
                scan = dispatcher.take(&mut queues, now).await;
            }
            while let Some((host, taken)) = queues.next() {
                let dispatcher = Arc::clone(&dispatcher);
                let id = tries.spawn(async move { dispatcher.try_once(taken).await }).id();
                hosts.insert(id, host);
            }
            dispatcher.counters.pending.store(queues.in_flight() as u64, Ordering::Relaxed);
            // Without room only the end of a try can change anything.
            let pause = if queues.room() == 0 {
                dispatcher.config.timing.scan_every
            } else {
                wait_ms(scan.at, dispatcher.clock.now())
            };
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break,
                Some(ended) = tries.join_next_with_id() => finish(&mut queues, &mut hosts, &mut scan, ended),
                () = wake.notified() => scan.at = dispatcher.clock.now(),
                () = dispatcher.clock.sleep(pause) => {}
            }
        }
        // The machine's time, because the calls go over the network.
        let rest = async { while tries.join_next().await.is_some() {} };
        if tokio::time::timeout(dispatcher.config.timing.stop_deadline, rest).await.is_err() {
            tracing::warn!(cut = tries.len(), "outgoing calls were interrupted by the stop, they are sent again");
        }
        dispatcher.counters.pending.store(0, Ordering::Relaxed);
    }

    /// Takes what is due and says when to scan again.
    async fn take(&self, queues: &mut HostQueues<Taken>, now: Timestamp) -> NextScan {
        let regular = now.plus_ms(ms(self.config.timing.scan_every));
        let lease_until = now.plus_ms(ms(self.config.timing.lease));
        let room = queues.room();
        let due = match self.store.take_due_calls(now, lease_until, u32::try_from(room).unwrap_or(u32::MAX)).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "outgoing calls can't be read, trying again soon");
                return NextScan { at: regular, more: false };
            }
        };
        let taken = due.len();
        self.queue_calls(queues, due, lease_until);
        if taken >= room {
            return NextScan { at: regular, more: true };
        }
        match self.store.next_call_due().await {
            // The store gives out a few calls for each target at a time.
            Ok(Some(next)) if next <= now && taken > 0 => NextScan { at: regular, more: true },
            // Another node is taking these calls just now: wait a moment before the next scan.
            Ok(Some(next)) => NextScan { at: next.max(now.plus_ms(IDLE_DELAY_MS)).min(regular), more: false },
            Ok(None) => NextScan { at: regular, more: false },
            Err(error) => {
                tracing::warn!(%error, "outgoing calls can't be read, trying again soon");
                NextScan { at: regular, more: false }
            }
        }
    }

    /// Queues calls. A call that finds no place comes again when its lease ends.
    fn queue_calls(&self, queues: &mut HostQueues<Taken>, due: Vec<DueCall>, lease_until: Timestamp) {
        for call in due {
            match self.sender.host(&call) {
                Some(host) => {
                    let limit = match call.target {
                        Target::Push(_) => MAX_PER_PUSH_SERVICE,
                        _ => MAX_PER_HOST,
                    };
                    queues.add(&host, limit, Taken { call, lease_until });
                }
                None => tracing::debug!(call.no = call.no.0, "a call waits: the URL of its service is not set"),
            }
        }
    }

    async fn try_once(&self, Taken { call, lease_until }: Taken) -> Ended {
        let started = self.clock.now();
        let needed_ms = ms(self.config.timing.try_timeout).saturating_add(ms(self.margin()));
        if lease_until.ms_since(started) < needed_ms {
            // It waited here for too long: another node may take the call before this try ends.
            return Ended { failing: false, retry_at: Some(lease_until) };
        }
        let ending = self.sender.send(&call, started).await;
        let now = self.clock.now();
        let outcome = self.policy.outcome(&call, &ending, now, &*self.config.random);
        self.count(&call, &outcome);
        if let Err(error) = self.store.settle_call(call.no, &outcome, now).await {
            tracing::warn!(call.no = call.no.0, %error, "the result of a call could not be stored, the call is sent again");
        }
        let retry_at = match outcome {
            CallOutcome::Retry { at, .. } => Some(at),
            CallOutcome::Delivered { .. }
            | CallOutcome::Gone
            | CallOutcome::Unwanted { .. }
            | CallOutcome::Dead { .. } => None,
        };
        Ended { failing: ending.asks_for_less(), retry_at }
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
