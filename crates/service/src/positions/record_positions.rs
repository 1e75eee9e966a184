//! Records positions: checks whose they are, and answers once they are durable.

use super::Positions;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Position, TenantId, VehicleScope};
use milepost_store::PositionBatch;

/// For a caller that may report for some vehicles, but not for this one.
const NOT_YOURS: &str = "not your vehicle";

/// One position, with its place in the request.
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

/// Stores positions of one tenant's vehicles; returns after the commit.
///
/// # Errors
/// [`ServiceError::Unavailable`]: nothing was stored. A single bad position is no error: it is `rejected`.
pub async fn record_positions(
    positions: &Positions,
    request: &Request<'_>,
    tenant: &TenantId,
    reports: Vec<PositionReport>,
) -> Result<Recorded, ServiceError> {
    let scope = VehicleScope::of(request.caller, Action::ReportPosition, tenant);
    if scope == VehicleScope::Nothing {
        return Err(ServiceError::Forbidden("you may not report positions"));
    }
    let live = positions.live.tenant(&*positions.store, tenant).await?;
    let mut recorded = Recorded::default();
    let mut allowed = Vec::with_capacity(reports.len());
    let mut indices = Vec::with_capacity(reports.len());
    for PositionReport { index, position } in reports {
        let refusal = match live.driver(&position.vehicle_id) {
            Some(driver) if scope.holds(&position.vehicle_id, driver) => None,
            // Only a caller that may report for every vehicle learns that one does not exist.
            None if scope == VehicleScope::All => Some("no such vehicle"),
            _ => Some(NOT_YOURS),
        };
        match refusal {
            Some(detail) => recorded.rejected.push(Rejected { index, detail: detail.to_owned() }),
            None => {
                allowed.push(position);
                indices.push(index);
            }
        }
    }
    if allowed.is_empty() {
        // Every position is of somebody else's vehicle: the caller lacks the permission, the positions are not wrong.
        let foreign =
            !recorded.rejected.is_empty() && recorded.rejected.iter().all(|rejected| rejected.detail == NOT_YOURS);
        return if foreign { Err(ServiceError::Forbidden(NOT_YOURS)) } else { Ok(recorded) };
    }
    let batch = PositionBatch { tenant: tenant.clone(), positions: allowed, received_at: request.now };
    let stored = positions.committer.record(batch).await?;
    recorded.accepted = stored.accepted;
    recorded.duplicates = stored.duplicates;
    for unknown in stored.unknown {
        // Removed between the check and the commit.
        recorded.rejected.push(Rejected { index: indices[unknown], detail: "no such vehicle".to_owned() });
    }
    recorded.rejected.sort_by_key(|rejected| rejected.index);
    Ok(recorded)
}
