//! The rules by which a tenant's tracks are folded: its thresholds, and its geofences behind an index.

use crate::fence_geometry::build_fence;
use crate::thresholds::read_thresholds;
use crate::zone::{find_zone, offset_s};
use jiff::tz::TimeZone;
use milepost_cache::WeightedCache;
use milepost_clock::Clock;
use milepost_domain::{Geofence, GeofenceId, ScheduleClock, TenantId, Timestamp, Vehicle, VehicleId};
use milepost_geo::{Fence, FenceIndex};
use milepost_store::{Store, StoreError};
use milepost_track::{FenceId, Rules, Thresholds, VehicleRules};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Geofences read at once.
const PAGE: u32 = 500;
/// Building a tenant's rules takes a tenth of the time at most: ten thousand geofences that are added one by one change the
/// rules ten thousand times.
const BUILD_SHARE: u32 = 10;
/// This much of that time may be used in advance, so that a change that comes alone holds from the next position on. Beyond
/// it the known rules stay in use for a while.
const BUILD_ADVANCE: Duration = Duration::from_secs(1);
/// A geofence with its names and its place in the index.
const GEOFENCE_BYTES: usize = size_of::<BuiltGeofence>() + 256;

/// A tenant's thresholds and geofences.
#[derive(Debug)]
pub(crate) struct TenantRules {
    /// How long its alerts are kept, milliseconds.
    pub(crate) alert_expiry_ms: i64,
    thresholds: Thresholds,
    /// In the order of the index.
    pub(crate) geofences: Vec<BuiltGeofence>,
    pub(crate) index: FenceIndex,
    /// Each geofence's place in `geofences`.
    places: HashMap<FenceId, usize>,
}

/// A geofence with the area that it covers.
#[derive(Debug)]
pub(crate) struct BuiltGeofence {
    pub(crate) geofence: Geofence,
    pub(crate) fence: Fence,
    /// The zone of its schedule.
    zone: Option<TimeZone>,
}

impl BuiltGeofence {
    /// Fails with the reason why it can't be built.
    fn new(geofence: Geofence) -> Result<Self, (GeofenceId, String)> {
        let description = &geofence.description;
        let fence = build_fence(&description.geometry, description.shape)
            .map_err(|refusal| (geofence.id, refusal.to_string()))?;
        let zone = match description.schedule.as_ref().map(|schedule| &schedule.clock) {
            Some(ScheduleClock::Zone(name)) => {
                let unknown = || (geofence.id, format!("the time zone {} is not known", name.as_str()));
                Some(find_zone(name).ok_or_else(unknown)?)
            }
            Some(ScheduleClock::Offset(_)) | None => None,
        };
        Ok(Self { geofence, fence, zone })
    }

    /// Is it in force for this vehicle at this instant?
    pub(crate) fn concerns(&self, vehicle: &VehicleId, at: Timestamp) -> bool {
        self.geofence.concerns(vehicle, at, |_| self.zone.as_ref().map_or(0, |zone| offset_s(zone, at)))
    }
}

impl TenantRules {
    /// Geofences that can't be built are left out, with a line in the log: such geofences are refused when they are added.
    fn new(alert_expiry_ms: i64, thresholds: Thresholds, geofences: Vec<Geofence>) -> Self {
        let build = |geofence: Geofence| {
            let built = BuiltGeofence::new(geofence);
            built.inspect_err(|(id, reason)| tracing::error!(geofence.id = %id, "geofence left out: {reason}")).ok()
        };
        let geofences: Vec<BuiltGeofence> = geofences.into_iter().filter_map(build).collect();
        let index = FenceIndex::new(geofences.iter().map(|built| &built.fence));
        let places = geofences.iter().enumerate().map(|(place, one)| (fence_id(one.geofence.id), place)).collect();
        Self { alert_expiry_ms, thresholds, geofences, index, places }
    }

    /// Default thresholds, and no geofences.
    #[cfg(test)]
    pub(crate) fn of_test() -> Self {
        Self::new(86_400_000, Thresholds::default(), Vec::new())
    }

    async fn load(store: &dyn Store, tenant: &TenantId, alert_expiry_ms: i64) -> Result<Self, StoreError> {
        let thresholds = read_thresholds(store.get_rules(tenant).await?.as_ref());
        let mut geofences: Vec<Geofence> = Vec::new();
        loop {
            let page = store.list_geofences(tenant, geofences.last().map(|last| last.id), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            geofences.extend(page);
            if is_last {
                break;
            }
        }
        // Ten thousand corners take their time: not on a thread that serves sockets.
        tokio::task::spawn_blocking(move || Self::new(alert_expiry_ms, thresholds, geofences))
            .await
            .map_err(|_| StoreError::Unavailable("the geofences could not be built".to_owned()))
    }

    /// Roughly: a built fence takes about three times the bytes of its text.
    fn heap_bytes(&self) -> usize {
        let of_geofence = |one: &BuiltGeofence| GEOFENCE_BYTES + 4 * one.geofence.description.geometry.as_str().len();
        self.geofences.iter().map(of_geofence).sum()
    }

    /// The thresholds, with a vehicle's own rules.
    pub(crate) fn rules_of(&self, vehicle: &Vehicle) -> Rules {
        vehicle_rules(self.thresholds, vehicle)
    }

    /// A geofence, if it still exists.
    pub(crate) fn geofence(&self, fence: FenceId) -> Option<&Geofence> {
        self.built(fence).map(|built| &built.geofence)
    }

    pub(crate) fn built(&self, fence: FenceId) -> Option<&BuiltGeofence> {
        self.places.get(&fence).map(|place| &self.geofences[*place])
    }
}

/// A tenant's thresholds with a vehicle's own rules.
pub(crate) fn vehicle_rules(thresholds: Thresholds, vehicle: &Vehicle) -> Rules {
    let of_vehicle = VehicleRules {
        speed_limit_kmh: vehicle.speed_limit.map(|limit| limit.get()),
        fuel_l_per_100km: vehicle.fuel_l_per_100km,
        service_due_km: vehicle.service_due_km.map(|due| due.get()),
        service_due_at: vehicle.service_due_at,
        odometer_offset_km: vehicle.odometer.map_or(0.0, |odometer| odometer.get()),
    };
    Rules::new(thresholds, of_vehicle).unwrap_or_else(|refusal| {
        tracing::error!(vehicle.id = %vehicle.id, "vehicle's own rules left out: {refusal}");
        Rules::new(thresholds, VehicleRules::default()).unwrap_or_default()
    })
}

/// The number by which the fold knows a geofence.
pub(crate) fn fence_id(id: GeofenceId) -> FenceId {
    FenceId(id.get().unsigned_abs())
}

/// The rules of the tenants whose vehicles have sent positions.
pub(crate) struct TenantRulesCache {
    clock: Clock,
    alert_expiry_ms: i64,
    known: WeightedCache<TenantId, Known>,
    changed: HashSet<TenantId>,
}

struct Known {
    rules: Arc<TenantRules>,
    /// Up to this instant the tenant's share of building time is used up.
    used_until: Instant,
}

impl TenantRulesCache {
    /// When the memory is full, the rules of the tenants that were used least leave it and are read again.
    pub(crate) fn new(clock: Clock, alert_expiry_ms: i64, capacity_bytes: usize) -> Self {
        let known = WeightedCache::new(capacity_bytes, |_, known: &Known| known.rules.heap_bytes());
        Self { clock, alert_expiry_ms, known, changed: HashSet::new() }
    }

    /// A tenant's known rules are out of date.
    pub(crate) fn mark_changed(&mut self, tenant: TenantId) {
        self.changed.insert(tenant);
    }

    /// A tenant's rules, read from the store if they are not known or were changed.
    pub(crate) async fn get(&mut self, store: &dyn Store, tenant: &TenantId) -> Result<Arc<TenantRules>, StoreError> {
        let now = self.clock.instant();
        let known = self.known.get(tenant);
        if let Some(known) = known
            && (!self.changed.contains(tenant) || known.used_until > now + BUILD_ADVANCE)
        {
            return Ok(Arc::clone(&known.rules));
        }
        let used_until = known.map_or(now, |known| known.used_until.max(now));
        self.changed.remove(tenant);
        // The machine's clock: a test that turns the other one meanwhile makes building no slower.
        let begun = std::time::Instant::now();
        let rules = Arc::new(TenantRules::load(store, tenant, self.alert_expiry_ms).await.inspect_err(|_| {
            self.changed.insert(tenant.clone());
        })?);
        let used_until = used_until + begun.elapsed() * BUILD_SHARE;
        self.known.insert(tenant.clone(), Known { rules: Arc::clone(&rules), used_until });
        Ok(rules)
    }
}
