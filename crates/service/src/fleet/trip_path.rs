//! Reads the positions of a trip.

use super::Fleet;
use super::list_trips::find_trip;
use crate::{Request, ServiceError};
use milepost_domain::{Position, TenantId, Timestamp, TripId, VehicleId};
use milepost_store::Store;
use std::collections::HashSet;
use std::sync::Arc;

/// Positions in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;

/// The positions of a trip without outliers, read page by page.
pub struct TripPath {
    store: Arc<dyn Store>,
    tenant: TenantId,
    vehicle: VehicleId,
    from: Timestamp,
    to: Timestamp,
    after: Option<Timestamp>,
    ended: bool,
}

impl TripPath {
    /// The vehicle of the trip.
    pub fn vehicle(&self) -> &VehicleId {
        &self.vehicle
    }

    /// The next page, oldest first. It is empty at the end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        while !self.ended {
            // A page that held only outliers is not the end.
            let (page, _) = self.take(PAGE).await?;
            if !page.is_empty() {
                return Ok(page);
            }
        }
        Ok(Vec::new())
    }

    /// At most `limit` further positions, and the instant to continue after if there may be more.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn take(&mut self, limit: u32) -> Result<(Vec<Position>, Option<Timestamp>), ServiceError> {
        if self.ended {
            return Ok((Vec::new(), None));
        }
        let mut page = self.store.positions(&self.tenant, &self.vehicle, self.from, self.to, self.after, limit).await?;
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|position| position.at).or(self.after);
        if let (Some(first), Some(last)) = (page.first(), page.last()) {
            let (from, to) = (first.at, last.at.plus_ms(1));
            let outliers = self.store.list_outliers(&self.tenant, &self.vehicle, from, to, limit).await?;
            let outliers: HashSet<Timestamp> = outliers.into_iter().map(|(at, _)| at).collect();
            page.retain(|position| !outliers.contains(&position.at));
        }
        Ok((page, self.after.filter(|_| !self.ended)))
    }
}

/// The path of a trip after `after`, to its end or up to now, without outliers.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn read_trip_path(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: &TripId,
    after: Option<Timestamp>,
) -> Result<TripPath, ServiceError> {
    let trip = find_trip(fleet, &request.caller, tenant, id).await?;
    // A device's clock may be a little ahead of this one.
    let last = trip.ended_at.unwrap_or_else(|| request.now.plus_ms(milepost_domain::MAX_AHEAD_MS));
    Ok(TripPath {
        store: Arc::clone(&fleet.store),
        tenant: tenant.clone(),
        vehicle: trip.vehicle_id,
        from: trip.started_at,
        to: last.plus_ms(1),
        after,
        ended: false,
    })
}
