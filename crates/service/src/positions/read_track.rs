//! Reads one vehicle's track by time.

use super::Positions;
use crate::vehicles::find_vehicle;
use crate::{Request, ServiceError};
use milepost_domain::{Position, TenantId, Timestamp, VehicleId};
use milepost_store::Store;
use std::sync::Arc;

/// Positions read from the store at once: enough to be quick, few enough to be freed soon.
const PAGE: u32 = 1_000;

/// One vehicle's positions, read page by page.
pub struct Track {
    store: Arc<dyn Store>,
    tenant: TenantId,
    vehicle: VehicleId,
    from: Timestamp,
    to: Timestamp,
    after: Option<Timestamp>,
    ended: bool,
}

impl Track {
    /// The next page, oldest first; empty at the end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        self.take(PAGE).await
    }

    /// At most `limit` more.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn take(&mut self, limit: u32) -> Result<Vec<Position>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = self.store.positions(&self.tenant, &self.vehicle, self.from, self.to, self.after, limit).await?;
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|position| position.at).or(self.after);
        Ok(page)
    }
}

/// The track of a vehicle with `from <= at < to`, continued after `after`.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn read_track(
    positions: &Positions,
    request: &Request<'_>,
    tenant: &TenantId,
    vehicle: &VehicleId,
    (from, to): (Timestamp, Timestamp),
    after: Option<Timestamp>,
) -> Result<Track, ServiceError> {
    find_vehicle(&*positions.store, request.caller, tenant, vehicle).await?;
    Ok(Track {
        store: Arc::clone(&positions.store),
        tenant: tenant.clone(),
        vehicle: vehicle.clone(),
        from,
        to,
        after,
        ended: false,
    })
}
