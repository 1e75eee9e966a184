//! Reads the positions of the last minutes in the order of arrival.

use super::Positions;
use crate::{LiveVehicle, Request, ServiceError};
use milepost_domain::{Action, Position, TenantId, Timestamp, VehicleScope};
use milepost_store::{ArrivalCursor, Arrived, MOST_VEHICLE_MINUTES, Store, VehicleNo};
use std::sync::Arc;

/// Positions in one read of the store. A page is large because the store may sort a minute of arrivals for each.
const REPLAY_PAGE: u32 = 4_000;

/// The positions of the last minutes, read page by page.
pub struct Replay {
    store: Arc<dyn Store>,
    tenant: TenantId,
    /// `None` for all of the tenant.
    vehicles: Option<Vec<VehicleNo>>,
    since: Timestamp,
    until: Timestamp,
    after: Option<ArrivalCursor>,
    ended: bool,
}

impl Replay {
    /// The next page. It is empty at the end. Positions that arrive after the replay was asked for are not in it,
    /// because they are published live.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = {
            let vehicles = self.vehicles.as_deref();
            self.store.recent_positions(&self.tenant, vehicles, self.since, self.after, REPLAY_PAGE).await?
        };
        self.ended = page.len() < REPLAY_PAGE as usize || page.iter().any(|arrived| arrived.received_at > self.until);
        self.after = page.last().map(|arrived| arrived.cursor).or(self.after);
        let until = self.until;
        let within = |arrived: &Arrived| arrived.received_at <= until;
        Ok(page.into_iter().filter(within).map(|arrived| arrived.position).collect())
    }
}

/// The positions that arrived for a tenant within the last `window_ms`. Of the vehicles in `visible` alone if they are few;
/// otherwise of all, and the caller of this function leaves out the rest.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller that may see no vehicle at all.
pub fn replay_positions(
    positions: &Positions,
    request: &Request,
    tenant: &TenantId,
    visible: &[LiveVehicle],
    window_ms: i64,
) -> Result<Replay, ServiceError> {
    if VehicleScope::of(&request.caller, Action::SeeVehicle, tenant) == VehicleScope::Nothing {
        return Err(ServiceError::Forbidden("you may see no vehicle"));
    }
    let now = request.now;
    let minutes = window_ms / 60_000 + 1;
    let are_few = i64::try_from(visible.len()).is_ok_and(|count| count.saturating_mul(minutes) <= MOST_VEHICLE_MINUTES);
    let vehicles = are_few.then(|| visible.iter().map(|live| live.no).collect());
    Ok(Replay {
        store: Arc::clone(&positions.store),
        tenant: tenant.clone(),
        vehicles,
        since: now.plus_ms(-window_ms),
        until: now,
        after: None,
        ended: false,
    })
}
