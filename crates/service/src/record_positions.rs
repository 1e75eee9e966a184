//! Takes positions in: checks whose they are, makes them durable, and only then says so.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, Position, TenantId, VehicleId, VehicleScope};
use milepost_store::PositionBatch;

/// Told to who may report for some vehicles, but not for this one.
const NOT_YOURS: &str = "not your vehicle";

/// One position, or why its sender's words were none, with its place in what was sent.
#[derive(Debug)]
pub struct PositionReport {
    /// Place in the request's array, from 0.
    pub index: usize,
    /// The position itself.
    pub position: Position,
}

/// A position that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Place in the request's array, from 0.
    pub index: usize,
    /// Why, for its sender.
    pub detail: String,
}

/// What became of a batch. Everything but the rejected is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Stored now.
    pub accepted: usize,
    /// Stored before, or sent twice.
    pub duplicates: usize,
    /// Refused, by index.
    pub rejected: Vec<Rejected>,
}

impl Service {
    /// Stores positions of one tenant's vehicles; returns after the commit.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`]: nothing was stored. A single bad position is no error: it is `rejected`.
    pub async fn record_positions(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        reports: Vec<PositionReport>,
    ) -> Result<Recorded, ServiceError> {
        let scope = VehicleScope::of(caller, Action::ReportPosition, tenant);
        if scope == VehicleScope::Nothing {
            return Err(ServiceError::Forbidden("you may not report positions"));
        }
        let live = self.live.tenant(&*self.store, tenant).await?;
        let mut recorded = Recorded::default();
        let mut positions = Vec::with_capacity(reports.len());
        let mut indices = Vec::with_capacity(reports.len());
        for PositionReport { index, position } in reports {
            let refusal = match live.driver(&position.vehicle_id) {
                Some(driver) if scope.holds(&position.vehicle_id, driver) => None,
                // Who may report for everything may know what does not exist; to others both sound alike.
                None if scope == VehicleScope::All => Some("no such vehicle"),
                _ => Some(NOT_YOURS),
            };
            match refusal {
                Some(detail) => recorded.rejected.push(Rejected { index, detail: detail.to_owned() }),
                None => {
                    positions.push(position);
                    indices.push(index);
                }
            }
        }
        if positions.is_empty() {
            // Nothing but what belongs to others: that is no mistake in the positions.
            let foreign =
                !recorded.rejected.is_empty() && recorded.rejected.iter().all(|rejected| rejected.detail == NOT_YOURS);
            return if foreign { Err(ServiceError::Forbidden(NOT_YOURS)) } else { Ok(recorded) };
        }
        let batch = PositionBatch { tenant: tenant.clone(), positions, received_at: self.now() };
        let stored = self.committer.record(batch).await?;
        recorded.accepted = stored.accepted;
        recorded.duplicates = stored.duplicates;
        for unknown in stored.unknown {
            // Removed between our look and the commit.
            recorded.rejected.push(Rejected { index: indices[unknown], detail: "no such vehicle".to_owned() });
        }
        recorded.rejected.sort_by_key(|rejected| rejected.index);
        Ok(recorded)
    }

    /// May `caller` report for this vehicle?
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn may_report(&self, caller: &Caller, vehicle: &VehicleId) -> Result<bool, ServiceError> {
        let live = self.live.tenant(&*self.store, &caller.tenant).await?;
        let scope = VehicleScope::of(caller, Action::ReportPosition, &caller.tenant);
        Ok(live.driver(vehicle).is_some_and(|driver| scope.holds(vehicle, driver)))
    }
}
