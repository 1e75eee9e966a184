//! Brings a vehicle's fold up to its positions in the store: after a start, after another node folded it, after late ones.

use super::Follower;
use super::figures::TrackCounters;
use super::followed::{By, Followed, decode};
use super::lanes::Lanes;
use crate::ServiceError;
use milepost_domain::{TenantId, Timestamp, Vehicle, VehicleId};
use milepost_store::{FoldedVehicle, StoreError, VehicleNo};
use milepost_track::{TrackState, Watch};
use std::sync::Arc;

/// Positions read at once, about 150 bytes each.
const PAGE: u32 = 2_000;
/// Pages of one vehicle in its turn: then others have theirs, and it goes on from what it wrote.
const PAGES_A_TURN: usize = 10;
/// Rows of news that are written before more is folded.
const NEWS_AT_ONCE: usize = 500;
/// A state that other code wrote is not read: so much of the track before it is folded instead, milliseconds. Seven days: of
/// a visit or a stop that lasts longer the beginning is told again.
const REBUILD_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A state, and the position after which it was.
struct Base {
    state: TrackState,
    after: Option<Timestamp>,
}

impl Follower<'_> {
    /// Reads, folds and writes one vehicle; `judges` tells what its silence tells by now.
    pub(super) async fn catch_up(&mut self, vehicle: VehicleNo, judges: bool) -> Result<(), ServiceError> {
        self.followed.forget(vehicle);
        let store = Arc::clone(&self.service.store);
        // A vehicle that is gone, or never told where it is.
        let Some(found) = store.load_fold(vehicle).await?.filter(|found| found.newest.is_some()) else { return Ok(()) };
        let Some(described) = self.describe(&found.tenant, &found.vehicle_id).await? else { return Ok(()) };
        let ground = self.grounds.get(&*store, &found.tenant).await?;
        let by = By::new(described, ground);
        let Some(mut followed) = self.refold(&found, &by).await? else { return Ok(()) };
        for _ in 0..PAGES_A_TURN {
            let after = followed.state.heard_at();
            let page = store.positions_to_fold(vehicle, &found.vehicle_id, after, PAGE).await?;
            let now = self.service.now();
            TrackCounters::add(&self.service.tracks.counters.folds, page.len());
            for unfolded in &page {
                followed.take(&unfolded.position, now);
                if unfolded.is_late {
                    followed.news.late.push(unfolded.position.at);
                }
                if followed.news.len() >= NEWS_AT_ONCE && !self.write_one(&mut followed).await? {
                    return Ok(());
                }
            }
            if page.len() < PAGE as usize {
                if judges {
                    let now = self.service.now();
                    followed.judge_silence(now, now);
                }
                let is_kept = !followed.is_due() || self.write_one(&mut followed).await?;
                if is_kept && followed.state.heard_at().is_some() {
                    self.followed.insert(followed);
                }
                return Ok(());
            }
            if !self.write_one(&mut followed).await? {
                return Ok(());
            }
        }
        self.behind.add(vehicle);
        Ok(())
    }

    /// The state after the last folded position, with late ones before it in their places. `None` when another node was
    /// quicker.
    async fn refold(&mut self, found: &FoldedVehicle, by: &Arc<By>) -> Result<Option<Followed>, ServiceError> {
        let Some(saved) = &found.fold else {
            return Ok(Some(Followed::new(found, TrackState::default(), Watch::default(), Arc::clone(by))));
        };
        let watch = decode(saved.code_version, &saved.silence).unwrap_or_default();
        let late_from = found.late_from.filter(|late| *late <= saved.folded_at);
        let base = match late_from {
            Some(late) => self.base_before(found.vehicle, late).await?,
            None => match decode(saved.code_version, &saved.state) {
                Some(state) => return Ok(Some(Followed::new(found, state, watch, Arc::clone(by)))),
                None => rebuilt(saved.folded_at),
            },
        };
        let mut after = base.after;
        let mut lanes = Lanes::new(base.state);
        'pages: loop {
            let page = self.service.store.positions_to_fold(found.vehicle, &found.vehicle_id, after, PAGE).await?;
            TrackCounters::add(&self.service.tracks.counters.folds, page.len());
            for unfolded in &page {
                if unfolded.position.at > saved.folded_at {
                    break 'pages;
                }
                lanes.take(unfolded, by);
                after = Some(unfolded.position.at);
            }
            lanes.forget_equals();
            if page.len() < PAGE as usize {
                break;
            }
        }
        let mended = lanes.finish();
        let mut followed = Followed::new(found, mended.state, watch, Arc::clone(by));
        if let Some(from) = late_from {
            TrackCounters::add(&self.service.tracks.counters.refolds, 1);
            followed.tell_corrections(&mended.corrections, self.service.now());
            followed.news.late = mended.late;
            followed.news.checkpoints = Some((from, mended.checkpoints));
            if !self.write_one(&mut followed).await? {
                return Ok(None);
            }
        }
        Ok(Some(followed))
    }

    /// The newest saved state before a late position; from the beginning if there is none.
    async fn base_before(&self, vehicle: VehicleNo, late: Timestamp) -> Result<Base, StoreError> {
        let Some(checkpoint) = self.service.store.newest_checkpoint(vehicle, Some(late)).await? else {
            return Ok(Base { state: TrackState::default(), after: None });
        };
        Ok(match decode(checkpoint.code_version, &checkpoint.state) {
            Some(state) => Base { state, after: Some(checkpoint.at) },
            None => rebuilt(late),
        })
    }

    /// Writes one vehicle; false if another node folded it meanwhile: it will be read again.
    async fn write_one(&mut self, followed: &mut Followed) -> Result<bool, ServiceError> {
        if followed.state.heard_at().is_none() {
            // All its positions were removed by age, late ones among them: there is nothing to say until it is heard again.
            return Ok(true);
        }
        let write = followed.take_write();
        let stale = self.write(vec![write]).await?;
        Ok(stale.is_empty())
    }

    /// The vehicle as this node knows it, or the store.
    pub(super) async fn describe(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
    ) -> Result<Option<Arc<Vehicle>>, ServiceError> {
        let store = &*self.service.store;
        if let Some(known) = self.service.live.tenant(store, tenant).await?.describe_known(vehicle) {
            return Ok(Some(known));
        }
        Ok(store.get_vehicle(tenant, vehicle).await?.map(|tracked| Arc::new(tracked.vehicle)))
    }
}

/// Where to begin when no saved state can be read.
fn rebuilt(before: Timestamp) -> Base {
    Base { state: TrackState::default(), after: Some(before.plus_ms(-REBUILD_MS)) }
}
