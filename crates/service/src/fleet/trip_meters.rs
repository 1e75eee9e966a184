//! Remembers how far running trips were measured, so that each look at a trip reads only what is new.

use super::measure_trip::Meter;
use milepost_cache::WeightedCache;
use milepost_domain::{Position, TenantId, Trip, TripId, VehicleId};
use milepost_store::VehicleNo;
use std::sync::{Arc, Mutex, MutexGuard};

/// Memory for meters: some 4,000 trips that were started by hand and looked at. Those that were used least leave, and are
/// measured from their start at the next look.
const METERS_BYTES: usize = 32 * 1024 * 1024;
/// A meter's fold and the trips found so far. A trip of months may have more of them.
const METER_BYTES: usize = 8 * 1024;

/// The meters of this node, by vehicle: a vehicle is on one such trip at most.
pub(crate) struct TripMeters(Mutex<WeightedCache<(TenantId, VehicleId), Known>>);

struct Known {
    trip: TripId,
    /// Locked while the trip is measured.
    meter: Arc<tokio::sync::Mutex<Meter>>,
}

impl TripMeters {
    /// The meter of a running trip, which may have measured a part of it.
    pub(super) fn of(&self, trip: &Trip) -> Arc<tokio::sync::Mutex<Meter>> {
        let key = (trip.tenant.clone(), trip.vehicle_id.clone());
        let mut meters = self.lock();
        if let Some(known) = meters.get(&key).filter(|known| known.trip == trip.id) {
            return Arc::clone(&known.meter);
        }
        let meter = Arc::<tokio::sync::Mutex<Meter>>::default();
        meters.insert(key, Known { trip: trip.id.clone(), meter: Arc::clone(&meter) });
        meter
    }

    /// Forgets the meters of vehicles with late positions, which may lie before what was measured. A measurement that runs
    /// ends without them and is not remembered.
    pub(crate) fn late_recorded(&self, tenant: &TenantId, late: &[(VehicleNo, Position)]) {
        if late.is_empty() {
            return;
        }
        let mut meters = self.lock();
        if meters.bytes() == 0 {
            return;
        }
        for vehicle in late.chunk_by(|(one, _), (next, _)| one == next) {
            meters.remove(&(tenant.clone(), vehicle[0].1.vehicle_id.clone()));
        }
    }

    /// A std mutex: held for microseconds, never across an await.
    fn lock(&self) -> MutexGuard<'_, WeightedCache<(TenantId, VehicleId), Known>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl Default for TripMeters {
    fn default() -> Self {
        Self(Mutex::new(WeightedCache::new(METERS_BYTES, |_, _| METER_BYTES)))
    }
}
