//! Roaming fences: circles that move with vehicles. Watches the live map for vehicles that come near each other, and stores when they
//! met and parted, with their alerts.
//!
//! Every node watches all tenants that have roaming fences, and judges the places that its viewers would see, whichever node stored
//! them. What it finds it stores; the first node does, and the others find it stored (`RoamingStore::change_encounter`). What a node
//! knows of encounters in memory can always be made anew from the store and from the present places: at the start, when a fence has
//! changed, and when more was found at a time than is kept.

mod roles;
mod step;
mod watch;

pub(crate) use step::RoamingStep;
pub(crate) use watch::{RoamingFound, RoamingWatch};

use crate::ServiceError;
use crate::live::{LiveMap, LiveTenant};
use crate::nodes::{FollowedTenant, Nodes, follow_tenant};
use crate::wakers::Wakers;
use milepost_clock::Clock;
use milepost_domain::{MAX_ROAMING_FENCES, TenantId, VehicleId};
use milepost_store::{Store, StoreError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often the tenants with roaming fences are asked for: another node may have added a tenant's first one.
const LIST_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether vehicles that stand near each other have done so for long enough.
const TICK: Duration = Duration::from_secs(1);
/// Time from a failure of the database to a tenant's next turn.
const RETRY: Duration = Duration::from_secs(1);
/// Vehicles that are judged under the tenant's lock in one turn, after its fences were changed.
const JUDGED_IN_A_TURN: usize = 64;
/// Steps that are stored in one turn of a tenant. Then other tenants have theirs.
const STORED_IN_A_TURN: usize = 32;

/// Watches roaming fences.
pub struct Roaming {
    store: Arc<dyn Store>,
    clock: Clock,
    live: Arc<LiveMap>,
    nodes: Arc<Nodes>,
    wakers: Wakers,
    /// The lifetime of an alert, milliseconds.
    alert_expiry_ms: i64,
    news: Arc<RoamingNews>,
}

/// Tells the task that there is something to do.
#[derive(Default)]
pub(crate) struct RoamingNews {
    wake: Notify,
    /// Some tenant's fences were changed, perhaps its first one was added.
    has_changed: AtomicBool,
}

impl RoamingNews {
    /// A tenant's roaming fences were changed.
    pub(crate) fn changed(&self) {
        self.has_changed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Vehicles met or parted.
    pub(crate) fn found(&self) {
        self.wake.notify_one();
    }

    fn is_changed(&self) -> bool {
        self.has_changed.swap(false, Ordering::AcqRel)
    }
}

/// A tenant that is watched.
struct Watched {
    _followed: FollowedTenant,
    live: Arc<LiveTenant>,
    /// The version of its fences that was read; `None` before that.
    read_at: Option<u64>,
    /// The vehicles whose present places are still to be judged.
    unjudged: Vec<VehicleId>,
    /// What was found and is not stored yet.
    steps: VecDeque<RoamingStep>,
    /// After a failure of the database.
    retry_at: Option<Instant>,
}

impl Roaming {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        (live, nodes): (Arc<LiveMap>, Arc<Nodes>),
        wakers: Wakers,
        alert_expiry_ms: i64,
        news: Arc<RoamingNews>,
    ) -> Self {
        Self { store, clock, live, nodes, wakers, alert_expiry_ms, news }
    }

    /// Watches until the future is dropped.
    pub async fn keep_watching(&self) {
        let mut tenants = HashMap::<TenantId, Watched>::new();
        let (mut next_list, mut next_tick) = (self.clock.instant(), self.clock.instant());
        loop {
            // What comes while this round is under way begins another one.
            let woken = self.news.wake.notified();
            let now = self.clock.instant();
            let is_changed = self.news.is_changed();
            if now >= next_list || is_changed {
                next_list = now + if self.list(&mut tenants).await { LIST_EVERY } else { RETRY };
            }
            let is_tick = now >= next_tick;
            if is_tick {
                next_tick = now + TICK;
            }
            let mut next = if tenants.is_empty() { next_list } else { next_list.min(next_tick) };
            for (tenant, watched) in &mut tenants {
                next = next.min(self.have_turn(tenant, watched, is_tick).await);
                tokio::task::yield_now().await;
            }
            let _ = self.clock.timeout_at(next, woken).await;
        }
    }

    /// Begins and ends the watching of tenants. Returns false if the store could not be read.
    async fn list(&self, tenants: &mut HashMap<TenantId, Watched>) -> bool {
        // `/ready` reports the database.
        let Ok(with_fences) = self.store.roaming_tenants().await else { return false };
        tenants.retain(|tenant, watched| {
            let stays = with_fences.contains(tenant);
            if !stays {
                watched.live.set_roaming(None);
            }
            stays
        });
        let mut is_whole = true;
        for tenant in with_fences {
            if tenants.contains_key(&tenant) {
                continue;
            }
            let followed = follow_tenant(&self.nodes, &tenant).await;
            let Ok(live) = self.live.tenant(&*self.store, &tenant).await else {
                is_whole = false;
                continue;
            };
            let (read_at, unjudged, steps, retry_at) = (None, Vec::new(), VecDeque::new(), None);
            tenants.insert(tenant, Watched { _followed: followed, live, read_at, unjudged, steps, retry_at });
        }
        is_whole
    }

    /// Does a piece of a tenant's work. Returns when it wants its next turn, if nothing wakes the task before.
    async fn have_turn(&self, tenant: &TenantId, watched: &mut Watched, is_tick: bool) -> Instant {
        let now = self.clock.instant();
        if let Some(retry_at) = watched.retry_at.filter(|at| now < *at) {
            return retry_at;
        }
        match self.watch(tenant, watched, is_tick).await {
            Ok(has_more) => {
                watched.retry_at = None;
                if has_more { now } else { now + LIST_EVERY }
            }
            Err(error) => {
                if watched.retry_at.is_none() {
                    tracing::warn!(tenant.id = %tenant, "encounters of vehicles can't be stored, trying again: {error}");
                }
                let retry_at = now + RETRY;
                watched.retry_at = Some(retry_at);
                retry_at
            }
        }
    }

    /// Returns whether there is more to do.
    async fn watch(&self, tenant: &TenantId, watched: &mut Watched, is_tick: bool) -> Result<bool, ServiceError> {
        let version = watched.live.roaming_version();
        if watched.read_at != Some(version) {
            // What was found by the fences before is told first.
            watched.steps.extend(watched.live.take_roaming().steps);
            watched.live.set_roaming(None);
            watched.read_at = None;
            if !watched.steps.is_empty() {
                self.store_steps(tenant, &mut watched.steps).await?;
                return Ok(true);
            }
            self.begin(tenant, watched).await?;
            watched.read_at = Some(version);
        }
        let rest = watched.unjudged.len().saturating_sub(JUDGED_IN_A_TURN);
        watched.live.judge_roaming(&watched.unjudged.split_off(rest));
        if is_tick {
            watched.live.look_at_roaming(self.clock.now());
        }
        if watched.steps.is_empty() {
            let RoamingFound { steps, has_passed_over } = watched.live.take_roaming();
            watched.steps.extend(steps);
            if has_passed_over {
                watched.unjudged = watched.live.numbered().into_iter().map(|(_, id)| id).collect();
            }
        }
        self.store_steps(tenant, &mut watched.steps).await?;
        Ok(!watched.unjudged.is_empty() || !watched.steps.is_empty())
    }

    /// Reads a tenant's fences and the encounters that last. All vehicles are to be judged by them.
    async fn begin(&self, tenant: &TenantId, watched: &mut Watched) -> Result<(), ServiceError> {
        let limit = u32::try_from(MAX_ROAMING_FENCES).expect("a small number");
        let fences = self.store.list_roaming_fences(tenant, None, limit).await?;
        let open = self.store.open_encounters(tenant).await?;
        let vehicles = watched.live.numbered();
        let roaming = RoamingWatch::new(fences, &open, &vehicles, Arc::clone(&self.news));
        watched.live.set_roaming(Some(Box::new(roaming)));
        watched.unjudged = vehicles.into_iter().map(|(_, id)| id).collect();
        Ok(())
    }

    /// Stores some of what was found, in its order.
    async fn store_steps(&self, tenant: &TenantId, steps: &mut VecDeque<RoamingStep>) -> Result<(), ServiceError> {
        let mut is_any = false;
        for _ in 0..STORED_IN_A_TURN {
            let Some(step) = steps.front() else { break };
            let now = self.clock.now();
            let change = step.change(tenant, now, self.alert_expiry_ms);
            match self.store.change_encounter(tenant, &change, now).await {
                Ok(is_new) => is_any |= is_new && change.alert.is_some(),
                // It was removed meanwhile, and its encounters with it.
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
            steps.pop_front();
        }
        if is_any {
            self.wakers.wake_all(tenant);
        }
        Ok(())
    }
}
