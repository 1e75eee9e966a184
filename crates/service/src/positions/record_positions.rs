//! Records positions of vehicles that the caller may report for.

use super::Positions;
use crate::live::LiveTenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Position, ReportedBy, TenantId, Vehicle, VehicleId, VehicleScope, may_report};
use milepost_follow::TenantVehicles;
use milepost_store::PositionBatch;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Vehicles that are not in memory and are looked for in the store, in one request. Further ones count as unknown.
const LOOKED_FOR: usize = 500;

/// The refusal of a caller that may report for some vehicles, but not for this one.
const NOT_YOURS: &str = "not your vehicle";

/// One position of a request.
#[derive(Debug)]
pub struct PositionReport {
    /// The position's index in the request's array.
    pub index: usize,
    /// The position.
    pub position: Position,
}

/// A position that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The position's index in the request's array.
    pub index: usize,
    /// The reason, for the sender.
    pub detail: String,
}

/// The outcome of a batch. All positions that were neither rejected nor of off-duty time are on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// The number of positions that were stored.
    pub accepted: usize,
    /// The number of positions that were stored before or sent twice.
    pub duplicates: usize,
    /// The number of positions of off-duty time, of which nothing is kept.
    pub off_duty: usize,
    /// The refused positions, by index.
    pub rejected: Vec<Rejected>,
}

/// Stores positions of one tenant's vehicles. Returns after the commit.
///
/// # Errors
/// [`ServiceError::Unavailable`] when nothing was stored. A bad position among others is no error, but `rejected`.
pub async fn record_positions(
    positions: &Positions,
    request: &Request,
    tenant: &TenantId,
    by: ReportedBy,
    reports: Vec<PositionReport>,
) -> Result<Recorded, ServiceError> {
    let scope = VehicleScope::of(&request.caller, Action::ReportPosition, tenant);
    if scope == VehicleScope::Nothing {
        return Err(ServiceError::Forbidden("you may not report positions"));
    }
    let live = positions.live.tenant(&*positions.store, tenant).await?;
    let added = added_meanwhile(positions, &live, tenant, &reports).await?;
    let off_duty = positions.live.off_duty(&*positions.store, tenant).await?;
    let mut recorded = Recorded::default();
    let mut allowed = Vec::with_capacity(reports.len());
    let mut indices = Vec::with_capacity(reports.len());
    for PositionReport { index, position } in reports {
        let known = TenantVehicles::get(&*live, &position.vehicle_id);
        let refusal = match known.or_else(|| added.get(&position.vehicle_id).cloned()) {
            Some(vehicle) if may_report(&request.caller, tenant, &vehicle, position.at) => {
                if off_duty.leaves_out(&vehicle, Some(&request.caller), by, position.at) {
                    recorded.off_duty += 1;
                    continue;
                }
                None
            }
            // Only a caller that may report for all vehicles learns that a vehicle does not exist.
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
        // All positions are of vehicles that the caller may not report for: the request is forbidden, not invalid.
        let foreign =
            !recorded.rejected.is_empty() && recorded.rejected.iter().all(|rejected| rejected.detail == NOT_YOURS);
        return if foreign && recorded.off_duty == 0 { Err(ServiceError::Forbidden(NOT_YOURS)) } else { Ok(recorded) };
    }
    let thresholds = live.thresholds(&*positions.store, tenant).await?;
    let batch = PositionBatch { tenant: tenant.clone(), positions: allowed, received_at: request.now, thresholds };
    let stored = positions.committer.record(batch).await?;
    recorded.accepted = stored.accepted;
    recorded.duplicates = stored.duplicates;
    for unknown in stored.unknown {
        // The vehicle was removed between the check and the commit.
        recorded.rejected.push(Rejected { index: indices[unknown], detail: "no such vehicle".to_owned() });
    }
    recorded.rejected.sort_by_key(|rejected| rejected.index);
    Ok(recorded)
}

/// The vehicles of a request that are in the store and not in memory: another process may have added them a moment ago. The event of their
/// addition brings them into memory.
async fn added_meanwhile(
    positions: &Positions,
    live: &LiveTenant,
    tenant: &TenantId,
    reports: &[PositionReport],
) -> Result<HashMap<VehicleId, Arc<Vehicle>>, ServiceError> {
    let ids = reports.iter().map(|report| &report.position.vehicle_id);
    let missing: BTreeSet<&VehicleId> = ids.filter(|id| TenantVehicles::get(live, id).is_none()).collect();
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let missing: Vec<VehicleId> = missing.into_iter().take(LOOKED_FOR).cloned().collect();
    let found = positions.store.load_vehicles(tenant, &missing).await?;
    Ok(found.into_iter().map(|one| (one.vehicle.id.clone(), Arc::new(one.vehicle))).collect())
}
