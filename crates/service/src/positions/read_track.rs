//! Reads a vehicle's positions in the order of their time.

use super::Positions;
use crate::vehicles::find_vehicle;
use crate::{Request, ServiceError};
use milepost_domain::{Position, TenantId, Timestamp, VehicleId};
use milepost_store::{Store, TrackPosition, WrongPositions};
use std::sync::Arc;

/// Positions in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;

/// One vehicle's positions, read page by page.
pub struct Track {
    store: Arc<dyn Store>,
    tenant: TenantId,
    vehicle: VehicleId,
    from: Timestamp,
    to: Timestamp,
    after: Option<Timestamp>,
    wrong: WrongPositions,
    ended: bool,
}

impl Track {
    /// The next page, oldest first. It is empty at the end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        Ok(self.take(PAGE).await?.into_iter().map(|stored| stored.position).collect())
    }

    /// At most `limit` further positions.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn take(&mut self, limit: u32) -> Result<Vec<TrackPosition>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let Self { from, to, after, wrong, .. } = *self;
        let page = self.store.positions(&self.tenant, &self.vehicle, from, to, after, wrong, limit).await?;
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|last| last.position.at).or(self.after);
        Ok(page)
    }
}

/// The track of a vehicle with `from <= at < to`, after `after`, without positions that are held to be wrong or with them.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn read_track(
    positions: &Positions,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    (from, to): (Timestamp, Timestamp),
    after: Option<Timestamp>,
    wrong: WrongPositions,
) -> Result<Track, ServiceError> {
    find_vehicle(&*positions.store, &request.caller, tenant, vehicle).await?;
    Ok(Track {
        store: Arc::clone(&positions.store),
        tenant: tenant.clone(),
        vehicle: vehicle.clone(),
        from,
        to,
        after,
        wrong,
        ended: false,
    })
}
