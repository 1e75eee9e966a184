//! Brings a vehicle's fold up to its positions in the store: after a start, after another node folded it, after late positions.

use crate::fold_context::FoldContext;
use crate::follower::TrackFollower;
use crate::ingest::MAX_PENDING;
use crate::uploads::{Held, PAST_MS, TICK};
use milepost_domain::{TenantId, Timestamp, Vehicle, VehicleId};
use milepost_store::{StoreError, UnfoldedPosition, VehicleNo};
use std::sync::Arc;
use std::time::Duration;

/// Positions read at once, about 150 bytes each.
pub(crate) const PAGE: u32 = 2_000;
/// Pages of one vehicle that are folded before other vehicles are read. It is queued again, and goes on from what it wrote.
const PAGES_IN_A_ROW: usize = 10;

impl TrackFollower {
    /// Reads, folds and writes one vehicle, and checks its silence if asked to.
    pub(crate) async fn catch_up(&mut self, vehicle: VehicleNo, checks_silence: bool) -> Result<(), StoreError> {
        self.followed.remove(vehicle);
        let store = Arc::clone(&self.store);
        // `None` for a vehicle that was removed; no newest position for one that never sent any.
        let Some(found) = store.load_fold(vehicle).await?.filter(|found| found.newest.is_some()) else { return Ok(()) };
        let Some(described) = self.describe(&found.tenant, &found.vehicle_id).await? else { return Ok(()) };
        let rules = self.rules.get(&*store, &found.tenant).await?;
        let mut followed = self.load_followed(&found, FoldContext::new(described, rules)).await?;
        for _ in 0..PAGES_IN_A_ROW {
            let after = followed.state.heard_at();
            let mut page = store.positions_to_fold(vehicle, &found.vehicle_id, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            let now = self.now();
            let rest = page.split_off(if is_last { self.count_settled(&page, now.time) } else { page.len() });
            self.inbox.counters.folded(page.len());
            for unfolded in page {
                followed.apply_read(&unfolded.into(), now);
                if followed.pending.len() >= MAX_PENDING && !self.write_one(&mut followed).await? {
                    return Ok(());
                }
            }
            if is_last {
                let rest = rest.into_iter().map(Held::from).collect();
                if !self.uploads.hold_read(&found.tenant, vehicle, rest) {
                    self.catch_up_queue.add_after(vehicle, TICK);
                }
                if checks_silence {
                    followed.check_silence(now.time, now.time);
                }
                if followed.must_write(now) {
                    self.dirty.insert(vehicle);
                }
                self.followed.insert(followed);
                return Ok(());
            }
            if !self.write_one(&mut followed).await? {
                return Ok(());
            }
        }
        self.catch_up_queue.add(vehicle);
        Ok(())
    }

    /// The number of positions that may be folded now. Positions of the past that arrived a moment ago have to wait: others
    /// between them may be on their way.
    fn count_settled(&self, page: &[UnfoldedPosition], now: Timestamp) -> usize {
        let may_fold = |one: &UnfoldedPosition| {
            self.is_stopping
                || one.position.at.plus_ms(PAST_MS) >= now
                || Duration::from_millis(now.ms_since(one.received_at).try_into().unwrap_or(0)) >= TICK
        };
        page.iter().rposition(may_fold).map_or(0, |last| last + 1)
    }

    /// The vehicle's description as this node knows it, or else as it is stored.
    async fn describe(&self, tenant: &TenantId, vehicle: &VehicleId) -> Result<Option<Arc<Vehicle>>, StoreError> {
        if let Some(known) = self.vehicles.of_tenant(tenant).await?.get(vehicle) {
            return Ok(Some(known));
        }
        Ok(self.store.get_vehicle(tenant, vehicle).await?.map(|tracked| Arc::new(tracked.vehicle)))
    }
}
