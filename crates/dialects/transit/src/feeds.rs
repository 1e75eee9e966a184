//! The situations of tenants that were made last.

use crate::TransitParts;
use crate::alert_wire::PASSENGERS;
use crate::situation::{Situation, StaffAlerts};
use milepost_cache::WeightedCache;
use milepost_domain::{TenantId, Timestamp, VehicleScope};
use milepost_http::Problem;
use milepost_service::fleet::passenger_alerts;
use milepost_service::{LiveVehicle, ServiceError, timetables, vehicles};
use std::sync::{Arc, Mutex, MutexGuard};

/// Memory for situations. When it is full, those used least are made again for each request.
const FEEDS_BYTES: usize = 64 * 1024 * 1024;
/// How long a situation is given to everybody who asks, milliseconds. Planners poll every ten seconds or more.
const FRESH_MS: i64 = 2_000;
/// How long the alerts of staff are given to everybody who asks, milliseconds.
const ALERTS_FRESH_MS: i64 = 10_000;
/// How long a place holds, milliseconds: after it the vehicle is left out.
pub(crate) const VALID_MS: i64 = 600_000;

/// The situations of tenants that were made last. A std mutex: held for a look-up, never across an await.
pub struct Feeds(Mutex<WeightedCache<TenantId, Arc<Situation>>>);

impl Default for Feeds {
    fn default() -> Self {
        let heap_bytes = |tenant: &TenantId, situation: &Arc<Situation>| tenant.as_str().len() + situation.heap_bytes();
        Self(Mutex::new(WeightedCache::new(FEEDS_BYTES, heap_bytes)))
    }
}

impl Feeds {
    fn last(&self, tenant: &TenantId) -> Option<Arc<Situation>> {
        self.lock().get(tenant).cloned()
    }

    fn fresh(&self, tenant: &TenantId, now: Timestamp) -> Option<Arc<Situation>> {
        self.last(tenant).filter(|situation| (0..FRESH_MS).contains(&now.ms_since(situation.at)))
    }

    fn lock(&self) -> MutexGuard<'_, WeightedCache<TenantId, Arc<Situation>>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// The tenant's situation, at most two seconds old.
pub(crate) async fn situation_of(parts: &TransitParts, tenant: &TenantId) -> Result<Arc<Situation>, Problem> {
    let use_cases = &parts.context.use_cases;
    if let Some(fresh) = parts.feeds.fresh(tenant, parts.context.clock.now()) {
        return Ok(fresh);
    }
    // The timetable has a permit of its own.
    let timetable = timetables::timetable_of(&use_cases.timetables, tenant, parts.context.clock.now()).await?;
    // The result is everybody's: so many who ask for one tenant's feed wait for that tenant.
    let permit = use_cases.fair_reads.permit(tenant, None);
    let _permit = use_cases.fair_reads.in_time(permit).await?;
    let now = parts.context.clock.now();
    if let Some(fresh) = parts.feeds.fresh(tenant, now) {
        return Ok(fresh);
    }
    let before = parts.feeds.last(tenant);
    let alerts = match &before {
        Some(before) if (0..ALERTS_FRESH_MS).contains(&now.ms_since(before.alerts.read_at)) => before.alerts.clone(),
        _ => {
            let list = passenger_alerts(&use_cases.fleet, tenant, PASSENGERS, now).await?.into();
            StaffAlerts { read_at: now, list }
        }
    };
    let is_current =
        |vehicle: &LiveVehicle| vehicle.last.as_ref().is_some_and(|last| now.ms_since(last.at) <= VALID_MS);
    let current = vehicles::read_vehicles(&use_cases.vehicles, tenant, &VehicleScope::All, is_current).await?;
    // Away from the threads that serve: a vehicle is compared with every way of its route.
    let made =
        tokio::task::spawn_blocking(move || Situation::new(current, timetable, alerts, before.as_deref(), now)).await;
    let made = Arc::new(made.map_err(|_| ServiceError::Internal)?);
    parts.feeds.lock().insert(tenant.clone(), Arc::clone(&made));
    Ok(made)
}
