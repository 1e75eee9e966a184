//! Follows what other processes changed in the same database: other nodes, the command line.

use crate::{CloseReason, PositionRecorded, Service, ServiceError};
use milepost_domain::{Fact, TenantId};
use std::collections::HashMap;
use std::time::Duration;

/// How often each tenant's newest event id is looked at: a user locked out elsewhere is out within a second here.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Events read at once.
const PAGE: u32 = 500;

impl Service {
    /// Looks for events that this node did not cause, until the task is dropped. Its own it meets again, and finds
    /// nothing to do.
    pub async fn follow_events(&self) {
        let mut seen: HashMap<TenantId, i64> = HashMap::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for tenant in self.live.tenants() {
                // A database that is away is told by whoever needs it; here the next look will do.
                let _ = self.follow_tenant(&tenant, &mut seen).await;
            }
        }
    }

    async fn follow_tenant(&self, tenant: &TenantId, seen: &mut HashMap<TenantId, i64>) -> Result<(), ServiceError> {
        let newest = self.store.newest_event_id(tenant).await?;
        // What is older than the first look was read with the tenant itself, up to half a second of overlap.
        let mut last = *seen.entry(tenant.clone()).or_insert_with(|| (newest - i64::from(PAGE)).max(0));
        while last < newest {
            let events = self.store.events_after(tenant, last, PAGE).await?;
            let Some(end) = events.last().map(|event| event.id) else { break };
            for event in &events {
                self.follow_fact(tenant, &event.fact).await?;
            }
            last = end;
            seen.insert(tenant.clone(), last);
        }
        seen.insert(tenant.clone(), last.max(newest));
        Ok(())
    }

    async fn follow_fact(&self, tenant: &TenantId, fact: &Fact) -> Result<(), ServiceError> {
        match fact {
            Fact::UserChanged { user_id } => {
                self.identities.forget();
                let user = self.store.get_user(*user_id).await?;
                if user.is_none_or(|user| !user.may_enter()) {
                    self.connections.end_user(*user_id, CloseReason::Revoked);
                }
            }
            Fact::VehicleAdded { vehicle_id } | Fact::VehicleChanged { vehicle_id } => {
                let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
                let Some(tracked) = self.store.get_vehicle(tenant, vehicle_id).await? else { return Ok(()) };
                if live.get(vehicle_id).is_none_or(|known| *known.vehicle != tracked.vehicle) {
                    live.describe(tracked.vehicle, |live| self.publish_vehicle(tenant, live));
                }
                if let Some(last) = tracked.track.last {
                    live.advance(&[last], |recorded: &[PositionRecorded<'_>]| self.publish_positions(tenant, recorded));
                }
            }
            Fact::VehicleRemoved { vehicle_id } => {
                let Some(live) = self.live.loaded(tenant) else { return Ok(()) };
                // It may have been added again since.
                if self.store.get_vehicle(tenant, vehicle_id).await?.is_none() && live.get(vehicle_id).is_some() {
                    live.forget(vehicle_id);
                    self.identities.forget();
                    self.publish_removal(tenant, vehicle_id);
                }
            }
        }
        Ok(())
    }
}
