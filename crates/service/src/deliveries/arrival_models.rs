//! Keeps what each tenant's finished rides teach about arrivals.

use super::estimate_arrival::{fix_of, history_from, point_of};
use milepost_cache::WeightedCache;
use milepost_domain::{Delivery, RiderId, TenantId, Timestamp};
use milepost_geo::Point;
use milepost_store::{Ride, Store, StoreError};
use milepost_track::{ArrivalModel, Fix, History};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Rides that a model begins with: the tenant's last ones. Later ones are added as they end.
const RIDES: u32 = 300;
/// Rides of a rider whose pace and detour count.
pub(super) const RIDERS_RIDES: u32 = 50;
/// Fixes read at once, and pages read of a ride. What comes after them teaches nothing.
const PAGE: u32 = 1_000;
const MAX_PAGES: usize = 4;
/// Rides that ended on other nodes are looked for after this time.
const MODELS_KEPT_MS: i64 = 10 * 60 * 1000;
/// Memory for the models of all tenants. One has 0.6 MB at most. When it is full, those used least leave, and are learned again.
const MODELS_BYTES: usize = 32 * 1024 * 1024;

/// The models of all tenants. They are read in the background, one tenant at a time: an estimate never waits for them.
pub(super) struct ArrivalModels {
    store: Arc<dyn Store>,
    // Std mutexes: held for microseconds, never across an await.
    models: Mutex<WeightedCache<TenantId, Learned>>,
    waiting: Mutex<HashSet<TenantId>>,
    reading: Semaphore,
}

#[derive(Clone, Default)]
struct Learned {
    model: Arc<ArrivalModel>,
    read_at: Option<Timestamp>,
    /// The newest ride that was learned, by the time its session expires. That is the order of delivery.
    until: Option<Timestamp>,
}

impl ArrivalModels {
    pub(super) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        let models = Mutex::new(WeightedCache::new(MODELS_BYTES, |_, learned: &Learned| learned.model.bytes()));
        Arc::new(Self { store, models, waiting: Mutex::default(), reading: Semaphore::new(1) })
    }

    /// The tenant's model as far as it is known. If it has not been read lately, that is begun.
    pub(super) fn model_of(self: &Arc<Self>, tenant: &TenantId, now: Timestamp) -> Arc<ArrivalModel> {
        let learned = self.known(tenant);
        if learned.read_at.is_none_or(|read_at| !(0..MODELS_KEPT_MS).contains(&now.ms_since(read_at))) {
            self.read(tenant, now);
        }
        learned.model
    }

    /// Begins to learn from the rides that ended since the last time, unless that waits already.
    pub(super) fn read(self: &Arc<Self>, tenant: &TenantId, now: Timestamp) {
        if !self.waiting.lock().expect("nothing panics while holding it").insert(tenant.clone()) {
            return;
        }
        let (models, tenant) = (Arc::clone(self), tenant.clone());
        tokio::spawn(async move {
            let Ok(_permit) = models.reading.acquire().await else { return };
            // A ride that ends from now on is not in what is read: it may begin the next reading.
            models.waiting.lock().expect("nothing panics while holding it").remove(&tenant);
            let mut learned = models.known(&tenant);
            if let Err(error) = models.learn(&tenant, &mut learned).await {
                tracing::debug!(tenant.id = %tenant, %error, "the rides of a tenant could not be read");
            }
            learned.read_at = Some(now);
            models.models.lock().expect("nothing panics while holding it").insert(tenant, learned);
        });
    }

    fn known(&self, tenant: &TenantId) -> Learned {
        self.models.lock().expect("nothing panics while holding it").get(tenant).cloned().unwrap_or_default()
    }

    async fn learn(&self, tenant: &TenantId, learned: &mut Learned) -> Result<(), StoreError> {
        let mut ended = self.store.finished_deliveries(tenant, learned.until, RIDES).await?;
        ended.reverse();
        let mut rides: HashMap<RiderId, Vec<Ride>> = HashMap::new();
        for delivery in ended {
            let (Some(first), false) =
                (delivery.first, learned.until.is_some_and(|until| until >= delivery.expires_at))
            else {
                continue;
            };
            if !rides.contains_key(&delivery.rider_id) {
                let read = self.store.finished_rides(tenant, &delivery.rider_id, RIDERS_RIDES).await?;
                rides.insert(delivery.rider_id.clone(), read);
            }
            let before = rides[&delivery.rider_id].iter().filter(|ride| ride.last.at <= first.at);
            let history: History = history_from(before);
            let fixes = self.fixes_of(&delivery).await?;
            let destination = Point::new(delivery.dropoff.0, delivery.dropoff.1);
            Arc::make_mut(&mut learned.model).learn(&fixes, destination, &history);
            learned.until = Some(delivery.expires_at);
        }
        Ok(())
    }

    /// The fixes of the ride, without those on the way to where it began.
    async fn fixes_of(&self, delivery: &Delivery) -> Result<Vec<Fix>, StoreError> {
        let mut after = delivery.first.map(|first| first.at.plus_ms(-1));
        let mut fixes = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.store.delivery_fixes(&delivery.tracking_id, after, PAGE).await?;
            fixes.extend(page.iter().map(fix_of));
            after = page.last().map(|fix| fix.at);
            if page.len() < PAGE as usize {
                break;
            }
        }
        // A ride too long to be read whole ends with its last fix, which may be after minutes that were not read.
        if let (Some(read), Some(last)) = (fixes.last(), &delivery.last)
            && last.at.ms_since(read.at()) > 0
        {
            fixes.push(Fix::new(point_of(last), last.at));
        }
        Ok(fixes)
    }
}
