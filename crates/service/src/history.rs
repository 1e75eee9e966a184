//! Where vehicles were: one vehicle's track by time, or a tenant's last minutes by arrival.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, Position, TenantId, Timestamp, VehicleId, VehicleScope};
use milepost_store::{ArrivalCursor, Arrived, Store};
use std::sync::Arc;

/// Positions read from the store at once: enough to be quick, few enough to be forgotten soon.
const PAGE: u32 = 1_000;

/// The same of a replay: for every page the store may bring into order all that arrived within a minute.
const REPLAY_PAGE: u32 = 4_000;

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

/// A tenant's last minutes, in the order of arrival.
pub struct Replay {
    store: Arc<dyn Store>,
    tenant: TenantId,
    since: Timestamp,
    until: Timestamp,
    after: Option<ArrivalCursor>,
    ended: bool,
}

impl Replay {
    /// The next page; empty at the end. What arrives after the replay was asked for comes live, not here.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = self.store.recent_positions(&self.tenant, self.since, self.after, REPLAY_PAGE).await?;
        self.ended = page.len() < REPLAY_PAGE as usize || page.iter().any(|arrived| arrived.received_at > self.until);
        self.after = page.last().map(|arrived| arrived.cursor).or(self.after);
        let until = self.until;
        let within = |arrived: &Arrived| arrived.received_at <= until;
        Ok(page.into_iter().filter(within).map(|arrived| arrived.position).collect())
    }
}

impl Service {
    /// The track of a vehicle with `from <= at < to`, continued after `after`.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for what the caller may not see.
    pub async fn read_track(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        vehicle: &VehicleId,
        (from, to): (Timestamp, Timestamp),
        after: Option<Timestamp>,
    ) -> Result<Track, ServiceError> {
        crate::vehicles::find_vehicle(&*self.store, caller, tenant, vehicle).await?;
        Ok(Track {
            store: Arc::clone(&self.store),
            tenant: tenant.clone(),
            vehicle: vehicle.clone(),
            from,
            to,
            after,
            ended: false,
        })
    }

    /// What arrived for a tenant within the last `window_ms`; the caller filters by what it may see.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for who may see no vehicle at all.
    pub fn replay_positions(&self, caller: &Caller, tenant: &TenantId, window_ms: i64) -> Result<Replay, ServiceError> {
        if VehicleScope::of(caller, Action::SeeVehicle, tenant) == VehicleScope::Nothing {
            return Err(ServiceError::Forbidden("you may see no vehicle"));
        }
        let now = self.now();
        Ok(Replay {
            store: Arc::clone(&self.store),
            tenant: tenant.clone(),
            since: now.plus_ms(-window_ms),
            until: now,
            after: None,
            ended: false,
        })
    }
}
