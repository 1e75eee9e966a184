//! Reads the path of a trip: where it set off, and its positions until the end.

use super::Fleet;
use super::list_trips::find_trip;
use crate::{Request, ServiceError};
use milepost_domain::{Position, TenantId, Timestamp, TripId, TripOrigin, TripPlace, VehicleId};
use milepost_store::{Store, WrongPositions};
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
    /// Where and when the vehicle set off, until that was taken. No position need be of this instant.
    start: Option<Position>,
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
        let start = self.start.take();
        if limit == 1
            && let Some(start) = start
        {
            self.after = Some(start.at.plus_ms(-1));
            return Ok((vec![start], self.after));
        }
        let limit = limit - u32::from(start.is_some());
        let (from, to, wrong) = (self.from, self.to, WrongPositions::LeftOut);
        let page = self.store.positions(&self.tenant, &self.vehicle, from, to, self.after, wrong, limit).await?;
        let mut page: Vec<Position> = page.into_iter().map(|stored| stored.position).collect();
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|position| position.at).or(self.after);
        if let (Some(first), Some(last)) = (page.first(), page.last()) {
            let (from, to) = (first.at, last.at.plus_ms(1));
            let outliers = self.store.list_outliers(&self.tenant, &self.vehicle, from, to, limit).await?;
            let outliers: HashSet<Timestamp> = outliers.into_iter().map(|(at, _)| at).collect();
            page.retain(|position| !outliers.contains(&position.at));
        }
        let is_new = |start: &Position| page.first().is_none_or(|first| first.at > start.at);
        if let Some(start) = start.filter(is_new) {
            page.insert(0, start);
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
    let is_found = trip.origin == TripOrigin::Auto && after.is_none();
    let start = trip.start.filter(|_| is_found).map(|TripPlace { latitude, longitude }| {
        Position::new(trip.vehicle_id.clone(), trip.started_at, latitude, longitude)
    });
    Ok(TripPath {
        store: Arc::clone(&fleet.store),
        tenant: tenant.clone(),
        vehicle: trip.vehicle_id,
        from: trip.started_at,
        to: last.plus_ms(1),
        after,
        start,
        ended: false,
    })
}
