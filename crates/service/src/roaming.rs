//! Roaming fences: circles that move with vehicles. Watches the live map for vehicles that come near each other, and stores when they
//! met and parted, with their alerts.
//!
//! Every node watches all tenants that have roaming fences, and judges the places that its viewers would see, whichever node stored
//! them. What it finds it stores; the first node does, and the others find it stored (`RoamingStore::change_encounter`). What a node
//! knows of encounters in memory can always be made anew from the store and from the present places: at the start, when a fence has
//! changed, and when the database could not be written.

mod notice;
mod watch;

pub(crate) use watch::{RoamingStep, RoamingWatch};

use crate::ServiceError;
use crate::live::{LiveMap, LiveTenant};
use crate::nodes::{FollowedTenant, Nodes, follow_tenant};
use crate::wakers::Wakers;
use milepost_clock::Clock;
use milepost_domain::{MAX_ROAMING_FENCES, RoamingFence, TenantId};
use milepost_store::{Store, StoreError, VehicleNo};
use notice::alert_of;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// How often the tenants with roaming fences are asked for: another node may have added a tenant's first one.
const LIST_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether vehicles that stand near each other have done so for long enough.
const TICK: Duration = Duration::from_secs(1);
/// Time from a failure of the database to the next try.
const RETRY: Duration = Duration::from_secs(1);
/// Vehicles that are judged under the tenant's lock at a time.
const JUDGED_AT_ONCE: usize = 64;

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
    /// The tenant's rules when its fences were read; `None` if they must be read.
    read_at: Option<u64>,
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
        let mut next_list = self.clock.instant();
        loop {
            // What comes while this round is under way begins another one.
            let woken = self.news.wake.notified();
            let mut has_failed = false;
            if self.clock.instant() >= next_list || self.news.is_changed() {
                next_list = self.clock.instant() + LIST_EVERY;
                if self.list(&mut tenants).await.is_err() {
                    self.news.changed();
                    has_failed = true;
                }
            }
            for (tenant, watched) in &mut tenants {
                if self.watch(tenant, watched).await.is_err() {
                    // What was found and not stored is found again.
                    watched.read_at = None;
                    has_failed = true;
                }
            }
            if has_failed {
                self.clock.sleep(RETRY).await;
                continue;
            }
            let next = if tenants.is_empty() { next_list } else { next_list.min(self.clock.instant() + TICK) };
            let _ = self.clock.timeout_at(next, woken).await;
        }
    }

    async fn list(&self, tenants: &mut HashMap<TenantId, Watched>) -> Result<(), ServiceError> {
        let with_fences = self.store.roaming_tenants().await?;
        tenants.retain(|tenant, watched| {
            let stays = with_fences.contains(tenant);
            if !stays {
                watched.live.set_roaming(None);
            }
            stays
        });
        for tenant in with_fences {
            if !tenants.contains_key(&tenant) {
                let followed = follow_tenant(&self.nodes, &tenant).await;
                let live = self.live.tenant(&*self.store, &tenant).await?;
                tenants.insert(tenant, Watched { _followed: followed, live, read_at: None });
            }
        }
        Ok(())
    }

    async fn watch(&self, tenant: &TenantId, watched: &mut Watched) -> Result<(), ServiceError> {
        let version = watched.live.rules_version();
        if watched.read_at != Some(version) {
            self.begin(tenant, &watched.live).await?;
            watched.read_at = Some(version);
        }
        watched.live.look_at_roaming(self.clock.now());
        self.store_steps(tenant, &watched.live).await
    }

    /// Reads a tenant's fences and encounters, and judges all vehicles.
    async fn begin(&self, tenant: &TenantId, live: &LiveTenant) -> Result<(), ServiceError> {
        self.store_steps(tenant, live).await?;
        live.set_roaming(None);
        let limit = u32::try_from(MAX_ROAMING_FENCES).expect("a small number");
        let fences: Vec<RoamingFence> = self.store.list_roaming_fences(tenant, None, limit).await?;
        let open = self.store.open_encounters(tenant).await?;
        let vehicles: Vec<(VehicleNo, _)> = live.numbered();
        live.set_roaming(Some(Box::new(RoamingWatch::new(fences, &open, &vehicles, Arc::clone(&self.news)))));
        for some in vehicles.chunks(JUDGED_AT_ONCE) {
            live.judge_roaming(some.iter().map(|(_, id)| id));
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Stores what was found, in its order.
    async fn store_steps(&self, tenant: &TenantId, live: &LiveTenant) -> Result<(), ServiceError> {
        let mut is_any = false;
        for step in live.take_roaming_steps() {
            let now = self.clock.now();
            let change = step.change(alert_of(tenant, &step, now, self.alert_expiry_ms));
            match self.store.change_encounter(tenant, &change, now).await {
                Ok(is_new) => is_any |= is_new && change.alert.is_some(),
                // It was removed meanwhile, and its encounters with it.
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if is_any {
            self.wakers.wake_all(tenant);
        }
        Ok(())
    }
}
