//! The loop: takes due calls from the store, tries them, and writes down how each try ended.

use crate::figures::Counters;
use crate::lanes::{Lanes, MAX_IN_HAND, MAX_PER_HOST, MAX_PER_PUSH_SERVICE};
use crate::retry::{RetryPolicy, ms};
use crate::sender::{Sender, is_disabled};
use crate::{Figures, OutboxConfig};
use milepost_domain::{Target, Timestamp};
use milepost_store::{CallOutcome, DueCall, OutgoingStore};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

/// More are taken from the store when so many places are free: not one query for each call.
const REFILL_AT: usize = MAX_IN_HAND / 2;
/// What a lease must hold beyond a try, so that its end can be written down before another node may take the call.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// Between two looks at the store that give nothing.
const BREATH_MS: i64 = 20;

type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The running sender.
pub struct Outbox {
    wake: Arc<Notify>,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Outbox {
    /// Starts to send what the store holds. Needs a Tokio runtime, and rustls's default provider of cryptography.
    pub fn start(
        store: Arc<dyn OutgoingStore>,
        config: OutboxConfig,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let (wake, counters) = (Arc::new(Notify::new()), Arc::new(Counters::default()));
        let (stop, stopping) = watch::channel(false);
        let sending = Sending {
            store,
            now: Arc::new(now),
            policy: RetryPolicy {
                first_delay: config.timing.first_delay,
                max_delay: config.timing.max_delay,
                give_up_after: config.give_up_after,
            },
            sender: Sender::new(config.clone()),
            config,
            counters: Arc::clone(&counters),
        };
        let task = tokio::spawn(run(Arc::new(sending), Arc::clone(&wake), stopping));
        Self { wake, counters, stop, task: Mutex::new(Some(task)) }
    }

    /// Calls may have been stored. Cheap; to be called after the commit.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// [`Self::wake`] for whoever must not know the sender.
    pub fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let wake = Arc::clone(&self.wake);
        Arc::new(move || wake.notify_one())
    }

    /// What was counted so far.
    pub fn figures(&self) -> Figures {
        self.counters.read()
    }

    /// Takes no more calls, and waits for the tries under way as long as the configuration says. What is cut off or
    /// still waits in memory is sent again by whoever comes after the lease.
    pub async fn stop(&self) {
        let _ = self.stop.send(true);
        let task = self.task.lock().map(|mut task| task.take()).unwrap_or_default();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

struct Sending {
    store: Arc<dyn OutgoingStore>,
    now: Now,
    policy: RetryPolicy,
    sender: Sender,
    config: OutboxConfig,
    counters: Arc<Counters>,
}

struct Taken {
    call: DueCall,
    lease_until: Timestamp,
}

/// What a try leaves to the loop.
#[derive(Default)]
struct Ended {
    troubled: bool,
    retry_at: Option<Timestamp>,
}

/// When to look at the store again.
struct Look {
    at: Timestamp,
    /// There is more that is due already: it is taken as soon as there is room, without waiting for `at`.
    more: bool,
}

async fn run(sending: Arc<Sending>, wake: Arc<Notify>, mut stopping: watch::Receiver<bool>) {
    let mut lanes: Lanes<Taken> = Lanes::new();
    let mut tries: JoinSet<Ended> = JoinSet::new();
    let mut hosts: HashMap<Id, String> = HashMap::new();
    let mut look = Look { at: (sending.now)(), more: false };
    loop {
        let now = (sending.now)();
        if (look.more && lanes.room() >= REFILL_AT && !lanes.crowded()) || (look.at <= now && lanes.room() > 0) {
            look = sending.take(&mut lanes, now).await;
        }
        while let Some((host, taken)) = lanes.next() {
            let sending = Arc::clone(&sending);
            let id = tries.spawn(async move { sending.try_once(taken).await }).id();
            hosts.insert(id, host);
        }
        sending.counters.pending.store(lanes.in_hand() as u64, Ordering::Relaxed);
        // With no room the end of a try is what there is to wait for.
        let pause =
            if lanes.room() == 0 { sending.config.timing.look_every } else { wait_ms(look.at, (sending.now)()) };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(ended) = tries.join_next_with_id() => finish(&mut lanes, &mut hosts, &mut look, ended),
            () = wake.notified() => look.at = (sending.now)(),
            () = tokio::time::sleep(pause) => {}
        }
    }
    let rest = async { while tries.join_next().await.is_some() {} };
    if tokio::time::timeout(sending.config.timing.stop_deadline, rest).await.is_err() {
        tracing::warn!(cut = tries.len(), "outgoing calls were cut off by the stop, they are sent again");
    }
    sending.counters.pending.store(0, Ordering::Relaxed);
}

fn wait_ms(until: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(until.ms_since(now)).unwrap_or(0))
}

fn finish(
    lanes: &mut Lanes<Taken>,
    hosts: &mut HashMap<Id, String>,
    look: &mut Look,
    ended: Result<(Id, Ended), JoinError>,
) {
    let (id, ended) = match ended {
        Ok((id, ended)) => (id, ended),
        Err(error) => {
            tracing::error!(%error, "a try of an outgoing call broke off, it is sent again after its lease");
            (error.id(), Ended::default())
        }
    };
    if let Some(host) = hosts.remove(&id) {
        lanes.ended(&host, ended.troubled);
    }
    if let Some(at) = ended.retry_at {
        look.at = look.at.min(at);
    }
}

impl Sending {
    /// Takes what is due and says when to look again.
    async fn take(&self, lanes: &mut Lanes<Taken>, now: Timestamp) -> Look {
        let regular = now.plus_ms(ms(self.config.timing.look_every));
        let lease_until = now.plus_ms(ms(self.config.timing.lease));
        let room = lanes.room();
        let due = match self.store.take_due_calls(now, lease_until, u32::try_from(room).unwrap_or(u32::MAX)).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "outgoing calls can't be read, trying again soon");
                return Look { at: regular, more: false };
            }
        };
        let taken = due.len();
        self.hand_out(lanes, due, lease_until);
        if taken >= room {
            return Look { at: regular, more: true };
        }
        match self.store.next_call_due().await {
            // The store gives out some for each target at a time.
            Ok(Some(next)) if next <= now && taken > 0 => Look { at: regular, more: true },
            // What is due and not given out is held by another node just now: a breath between the looks.
            Ok(Some(next)) => Look { at: next.max(now.plus_ms(BREATH_MS)).min(regular), more: false },
            Ok(None) => Look { at: regular, more: false },
            Err(error) => {
                tracing::warn!(%error, "outgoing calls can't be read, trying again soon");
                Look { at: regular, more: false }
            }
        }
    }

    /// What finds no place is left to the end of its lease.
    fn hand_out(&self, lanes: &mut Lanes<Taken>, due: Vec<DueCall>, lease_until: Timestamp) {
        for call in due {
            match self.sender.host(&call) {
                Some(host) => {
                    let most = match call.target {
                        Target::Push(_) => MAX_PER_PUSH_SERVICE,
                        _ => MAX_PER_HOST,
                    };
                    lanes.add(&host, most, Taken { call, lease_until });
                }
                None => tracing::debug!(call.no = call.no.0, "a call waits: the URL of its service is not set"),
            }
        }
    }

    async fn try_once(&self, Taken { call, lease_until }: Taken) -> Ended {
        let started = (self.now)();
        let needed_ms = ms(self.config.timing.try_timeout).saturating_add(ms(self.margin()));
        if lease_until.ms_since(started) < needed_ms {
            // It waited here for too long: another node may take it before this try ends.
            return Ended { troubled: false, retry_at: Some(lease_until) };
        }
        let ending = self.sender.send(&call, started).await;
        let now = (self.now)();
        let outcome = self.policy.outcome(&call, &ending, now, &*self.config.random);
        self.count(&call, &outcome);
        if let Err(error) = self.store.settle_call(call.no, &outcome, now).await {
            tracing::warn!(call.no = call.no.0, %error, "the end of a try can't be written down, the call is sent again");
        }
        let retry_at = match outcome {
            CallOutcome::Retry { at, .. } => Some(at),
            CallOutcome::Delivered { .. }
            | CallOutcome::Gone
            | CallOutcome::Unwanted { .. }
            | CallOutcome::Dead { .. } => None,
        };
        Ended { troubled: ending.asks_for_less(), retry_at }
    }

    /// Short leases, as in tests, leave a shorter margin.
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
                tracing::info!(call.no = call.no.0, tenant.id = %call.tenant, "a browser is gone, its push subscription too");
            }
            CallOutcome::Retry { error, .. } => {
                tracing::debug!(call.no = call.no.0, attempts = call.attempts + 1, "outgoing call failed: {error}");
            }
            CallOutcome::Unwanted { .. } => {
                self.counters.dead.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    call.no = call.no.0, tenant.id = %call.tenant, target = ?call.target,
                    "a webhook's receiver answered 410 and wants no more: the webhook is disabled"
                );
            }
            // There may be thousands, and why was said once.
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
