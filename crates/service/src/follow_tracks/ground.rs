//! What a tenant's tracks are folded by: its thresholds, and its geofences behind an index.

use crate::fence_geometry::build_fence;
use milepost_domain::{Geofence, GeofenceId, TenantId, Timestamp, Vehicle, VehicleId};
use milepost_geo::{Fence, FenceIndex, Point};
use milepost_store::{Result, Store, StoreError};
use milepost_track::{FenceId, Fences, Rules, Thresholds, VehicleRules};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Geofences read at once.
const PAGE: u32 = 500;
/// Of a tenant's time, building its ground anew takes a tenth at most: whoever adds ten thousand geofences one by one changes
/// it ten thousand times.
const BUILD_SHARE: u32 = 10;
/// So much of that time may be taken in advance: now and then a change holds from the next position on. Past it the ground
/// that is known serves on for a while.
const BUILD_ADVANCE: Duration = Duration::from_secs(1);
/// Tenants whose ground is kept. When full, all are forgotten and read again.
const MAX_GROUNDS: usize = 1_000;

/// A tenant's thresholds and geofences.
#[derive(Debug)]
pub(super) struct Ground {
    /// How long its alerts stand, milliseconds.
    pub(super) alert_expiry_ms: i64,
    thresholds: Thresholds,
    geofences: Vec<Guarded>,
    index: FenceIndex,
    places: HashMap<FenceId, usize>,
}

/// A geofence with what it covers.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) geofence: Geofence,
    fence: Fence,
}

impl Ground {
    /// Geofences that can't be built are left out, with a line in the log: they were refused when they were added.
    fn new(alert_expiry_ms: i64, thresholds: Thresholds, geofences: Vec<Geofence>) -> Self {
        let build = |geofence: Geofence| match build_fence(&geofence.description.geometry, geofence.description.shape) {
            Ok(fence) => Some(Guarded { geofence, fence }),
            Err(refusal) => {
                tracing::error!(geofence.id = %geofence.id, "geofence left out: {refusal}");
                None
            }
        };
        let geofences: Vec<Guarded> = geofences.into_iter().filter_map(build).collect();
        let index = FenceIndex::new(geofences.iter().map(|guarded| &guarded.fence));
        let places = geofences.iter().enumerate().map(|(place, one)| (fence_id(one.geofence.id), place)).collect();
        Self { alert_expiry_ms, thresholds, geofences, index, places }
    }

    /// Defaults, and no geofences.
    #[cfg(test)]
    pub(super) fn of_test() -> Self {
        Self::new(86_400_000, Thresholds::default(), Vec::new())
    }

    async fn load(store: &dyn Store, tenant: &TenantId, alert_expiry_ms: i64) -> Result<Self> {
        let thresholds = match store.get_rules(tenant).await? {
            None => Thresholds::default(),
            Some(rules) => read_thresholds(rules.values.as_str()).unwrap_or_else(|refusal| {
                tracing::error!(tenant.id = %tenant, "thresholds left out: {refusal}");
                Thresholds::default()
            }),
        };
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

    /// The thresholds, with what is known of a vehicle.
    pub(super) fn rules(&self, vehicle: &Vehicle) -> Rules {
        let of_vehicle = VehicleRules {
            speed_limit_kmh: vehicle.speed_limit.map(|limit| limit.get()),
            fuel_l_per_100km: vehicle.fuel_l_per_100km,
            service_due_km: vehicle.service_due_km.map(|due| due.get()),
            service_due_at: vehicle.service_due_at,
            odometer_offset_km: vehicle.odometer.map_or(0.0, |odometer| odometer.get()),
        };
        Rules::new(self.thresholds, of_vehicle).unwrap_or_else(|refusal| {
            tracing::error!(vehicle.id = %vehicle.id, "vehicle's own rules left out: {refusal}");
            Rules::new(self.thresholds, VehicleRules::default()).unwrap_or_default()
        })
    }

    /// A vehicle that tells nothing for so long is offline, milliseconds.
    pub(super) fn offline_after_ms(&self) -> i64 {
        i64::from(self.thresholds.offline_after_s) * 1_000
    }

    /// A geofence, if it is still there.
    pub(super) fn geofence(&self, fence: FenceId) -> Option<&Geofence> {
        self.places.get(&fence).map(|place| &self.geofences[*place].geofence)
    }

    /// The geofences of one vehicle at one instant.
    pub(super) const fn fences<'a>(&'a self, vehicle: &'a VehicleId, at: Timestamp) -> VehicleFences<'a> {
        VehicleFences { ground: self, vehicle, at }
    }
}

/// Thresholds from a tenant's own: what is not named has its default.
fn read_thresholds(json: &str) -> std::result::Result<Thresholds, String> {
    let thresholds: Thresholds = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Rules::new(thresholds, VehicleRules::default()).map_err(|refusal| refusal.to_string())?;
    Ok(thresholds)
}

/// The fold's name for a geofence.
fn fence_id(id: GeofenceId) -> FenceId {
    FenceId(id.get().unsigned_abs())
}

/// The geofences that concern a vehicle at an instant.
pub(super) struct VehicleFences<'a> {
    ground: &'a Ground,
    vehicle: &'a VehicleId,
    at: Timestamp,
}

impl VehicleFences<'_> {
    fn get(&self, fence: FenceId) -> Option<&Guarded> {
        self.ground.places.get(&fence).map(|place| &self.ground.geofences[*place])
    }
}

impl Fences for VehicleFences<'_> {
    fn near(&self, from: Option<Point>, to: Point, margin_m: f64, visit: &mut dyn FnMut(FenceId)) {
        if self.ground.geofences.is_empty() {
            return;
        }
        let visit = |place: usize| {
            let geofence = &self.ground.geofences[place].geofence;
            if geofence.concerns(self.vehicle, self.at) {
                visit(fence_id(geofence.id));
            }
        };
        match from {
            Some(from) => self.ground.index.near_segment(from, to, margin_m, visit),
            None => self.ground.index.near(to, margin_m, visit),
        }
    }

    fn edge_distance_m(&self, fence: FenceId, point: Point, limit_m: f64) -> f64 {
        self.get(fence).map_or(f64::INFINITY, |guarded| guarded.fence.edge_distance_within_m(point, limit_m))
    }

    fn crossings(&self, fence: FenceId, from: Point, to: Point, visit: &mut dyn FnMut(f64, f64)) {
        if let Some(guarded) = self.get(fence) {
            for passage in guarded.fence.crossings(from, to).iter() {
                visit(passage.enter, passage.exit);
            }
        }
    }

    fn dwell_ms(&self, fence: FenceId) -> Option<i64> {
        let dwell = self.get(fence)?.geofence.description.dwell?;
        Some(i64::from(dwell.seconds()) * 1000)
    }

    fn speed_limit_kmh(&self, fence: FenceId, at: Timestamp) -> Option<f64> {
        let geofence = &self.get(fence)?.geofence;
        geofence.description.speed_limit.filter(|_| geofence.concerns(self.vehicle, at)).map(|limit| limit.get())
    }
}

/// The grounds of the tenants that were heard of.
pub(super) struct Grounds {
    alert_expiry_ms: i64,
    built: HashMap<TenantId, Built>,
    changed: HashSet<TenantId>,
}

struct Built {
    ground: Arc<Ground>,
    /// Up to then the time is taken that building may take.
    taken_until: Instant,
}

impl Grounds {
    pub(super) fn new(alert_expiry_ms: i64) -> Self {
        Self { alert_expiry_ms, built: HashMap::new(), changed: HashSet::new() }
    }

    /// What is known of this tenant is not true any more.
    pub(super) fn forget(&mut self, tenant: TenantId) {
        self.changed.insert(tenant);
    }

    /// A tenant's ground, read when it is not known.
    pub(super) async fn get(&mut self, store: &dyn Store, tenant: &TenantId) -> Result<Arc<Ground>> {
        let begun = Instant::now();
        let built = self.built.get(tenant);
        if let Some(built) = built
            && (!self.changed.contains(tenant) || built.taken_until > begun + BUILD_ADVANCE)
        {
            return Ok(Arc::clone(&built.ground));
        }
        let taken_until = built.map_or(begun, |built| built.taken_until.max(begun));
        self.changed.remove(tenant);
        let ground = Arc::new(Ground::load(store, tenant, self.alert_expiry_ms).await.inspect_err(|_| {
            self.changed.insert(tenant.clone());
        })?);
        if self.built.len() >= MAX_GROUNDS {
            self.built.clear();
        }
        let taken_until = taken_until + begun.elapsed() * BUILD_SHARE;
        self.built.insert(tenant.clone(), Built { ground: Arc::clone(&ground), taken_until });
        Ok(ground)
    }
}
