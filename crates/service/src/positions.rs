//! Records positions, reads a vehicle's track, and replays positions in the order of arrival.

mod positions_at;
mod read_track;
mod record_positions;
mod replay_positions;

pub use positions_at::{PlacesThen, positions_at};
pub use read_track::{Track, read_track};
pub use record_positions::{PositionReport, Recorded, Rejected, record_positions};
pub use replay_positions::{Replay, replay_positions};

use crate::live::LiveMap;
use crate::{LiveVehicle, ServiceError};
use milepost_domain::{Caller, Position, ReportedBy, TenantId, Timestamp, VehicleId};
use milepost_follow::TenantVehicles;
use milepost_store::{Committer, PositionBatch, Store};
use std::sync::Arc;

/// What the use cases of positions need.
pub struct Positions {
    store: Arc<dyn Store>,
    committer: Committer,
    live: Arc<LiveMap>,
}

impl Positions {
    pub(crate) fn new(store: Arc<dyn Store>, committer: Committer, live: Arc<LiveMap>) -> Self {
        Self { store, committer, live }
    }

    /// A vehicle as it is in memory.
    pub(crate) async fn live_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
    ) -> Result<Option<LiveVehicle>, ServiceError> {
        Ok(self.live.tenant(&*self.store, tenant).await?.get(vehicle))
    }

    /// Stores positions of the tenant's vehicles, whose source was checked before, and returns how many are new. Returns after the
    /// commit. Those of vehicles that were removed meanwhile are dropped.
    pub(crate) async fn record_of_feed(
        &self,
        tenant: &TenantId,
        positions: Vec<Position>,
        received_at: Timestamp,
    ) -> Result<usize, ServiceError> {
        if positions.is_empty() {
            return Ok(0);
        }
        let live = self.live.tenant(&*self.store, tenant).await?;
        let off_duty = self.live.off_duty(&*self.store, tenant).await?;
        let mut positions = positions;
        positions.retain(|position| {
            let vehicle = TenantVehicles::get(&*live, &position.vehicle_id);
            !vehicle.is_some_and(|vehicle| off_duty.leaves_out(&vehicle, None, ReportedBy::Vehicle, position.at))
        });
        if positions.is_empty() {
            return Ok(0);
        }
        let thresholds = live.thresholds(&*self.store, tenant).await?;
        let batch = PositionBatch { tenant: tenant.clone(), positions, received_at, thresholds };
        Ok(self.committer.record(batch).await?.accepted)
    }

    /// Whether a vehicle's position of a time is of off-duty time, and is not kept.
    pub(crate) async fn leaves_out(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        vehicle: &VehicleId,
        by: ReportedBy,
        at: Timestamp,
    ) -> Result<bool, ServiceError> {
        let live = self.live.tenant(&*self.store, tenant).await?;
        let off_duty = self.live.off_duty(&*self.store, tenant).await?;
        let vehicle = TenantVehicles::get(&*live, vehicle);
        Ok(vehicle.is_some_and(|vehicle| off_duty.leaves_out(&vehicle, Some(caller), by, at)))
    }

    /// Whether nothing commits positions any more, which is a fault.
    pub fn has_ended(&self) -> bool {
        self.committer.has_ended()
    }

    /// The number of batches that wait for a transaction, for metrics.
    pub fn batches_queued(&self) -> usize {
        self.committer.queued()
    }
}
