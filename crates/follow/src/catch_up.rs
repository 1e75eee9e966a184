//! Brings a vehicle's fold up to its positions in the store: after a start, after another node folded it, after late ones.

use crate::TrackFollower;
use crate::figures::TrackCounters;
use crate::followed::{By, Followed, decode};
use crate::lanes::Lanes;
use crate::take_in::NEWS_AT_ONCE;
use crate::uploads::{BEAT, Held, PAST_MS};
use milepost_domain::{TenantId, Timestamp, TripOrigin, Vehicle, VehicleId, VehicleScope};
use milepost_store::{FoldedVehicle, StoreError, TripFilter, UnfoldedPosition, VehicleNo};
use milepost_track::{Corrections, TrackState, Watch};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Positions read at once, about 150 bytes each.
const PAGE: u32 = 2_000;
/// Pages of one vehicle in its turn: then others have theirs, and it goes on from what it wrote.
const PAGES_A_TURN: usize = 10;
/// A state that other code wrote is not read: so much of the track before it is folded instead, milliseconds. Seven days: of
/// a visit or a stop that lasts longer the beginning is told again.
const REBUILD_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Trips that are compared with what was told, the newest ones.
const TRIPS_COMPARED: u32 = 1_000;

/// A state, and the position after which it was.
struct Base {
    state: TrackState,
    after: Option<Timestamp>,
    /// The state is none that was saved.
    is_rebuilt: bool,
}

impl TrackFollower {
    /// Reads, folds and writes one vehicle; `judges` tells what its silence tells by now.
    pub(crate) async fn catch_up(&mut self, vehicle: VehicleNo, judges: bool) -> Result<(), StoreError> {
        self.followed.forget(vehicle);
        let store = Arc::clone(&self.store);
        // A vehicle that is gone, or never told where it is.
        let Some(found) = store.load_fold(vehicle).await?.filter(|found| found.newest.is_some()) else { return Ok(()) };
        let Some(described) = self.describe(&found.tenant, &found.vehicle_id).await? else { return Ok(()) };
        let ground = self.grounds.get(&*store, &found.tenant).await?;
        let by = By::new(described, ground);
        let mut followed = self.refold(&found, &by).await?;
        for _ in 0..PAGES_A_TURN {
            let after = followed.state.heard_at();
            let mut page = store.positions_to_fold(vehicle, &found.vehicle_id, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            let now = self.now();
            let rest = page.split_off(if is_last { self.settled(&page, now.time) } else { page.len() });
            TrackCounters::add(&self.inbox.counters.folds, page.len());
            for unfolded in &page {
                followed.take(&unfolded.position, now);
                if unfolded.is_late {
                    followed.news.late.push(unfolded.position.at);
                }
                if followed.news.len() >= NEWS_AT_ONCE && !self.write_one(&mut followed).await? {
                    return Ok(());
                }
            }
            if is_last {
                let rest = rest.into_iter().map(|one| Held { position: one.position, is_late: one.is_late }).collect();
                if !self.uploads.hold_read(&found.tenant, vehicle, rest) {
                    self.behind.add_after(vehicle, BEAT);
                }
                if judges {
                    followed.judge_silence(now.time, now.time);
                }
                if followed.is_due(now) {
                    self.due.insert(vehicle);
                }
                self.followed.insert(followed);
                return Ok(());
            }
            if !self.write_one(&mut followed).await? {
                return Ok(());
            }
        }
        self.behind.add(vehicle);
        Ok(())
    }

    /// How many of a vehicle's newest positions may be folded now: between those of the past that came just now others may be on
    /// their way.
    fn settled(&self, page: &[UnfoldedPosition], now: Timestamp) -> usize {
        let may_fold = |one: &UnfoldedPosition| {
            self.is_stopping
                || one.position.at.plus_ms(PAST_MS) >= now
                || Duration::from_millis(now.ms_since(one.received_at).try_into().unwrap_or(0)) >= BEAT
        };
        page.iter().rposition(may_fold).map_or(0, |last| last + 1)
    }

    /// The state after the last folded position, with late ones before it in their places.
    async fn refold(&mut self, found: &FoldedVehicle, by: &Arc<By>) -> Result<Followed, StoreError> {
        let Some(saved) = &found.fold else {
            return Ok(Followed::new(
                found,
                TrackState::default(),
                Watch::default(),
                Arc::clone(by),
                self.clock.instant(),
            ));
        };
        let watch = decode(saved.code_version, &saved.silence).unwrap_or_default();
        let late_from = found.late_from.filter(|late| *late <= saved.folded_at);
        let base = match late_from {
            Some(late) => self.base_before(found.vehicle, late).await?,
            None => match decode(saved.code_version, &saved.state) {
                Some(state) => return Ok(Followed::new(found, state, watch, Arc::clone(by), self.clock.instant())),
                None => rebuilt(saved.folded_at),
            },
        };
        let (base_at, is_rebuilt) = (base.after, base.is_rebuilt);
        let mut after = base.after;
        let mut lanes = Lanes::new(base.state);
        'pages: loop {
            let page = self.store.positions_to_fold(found.vehicle, &found.vehicle_id, after, PAGE).await?;
            TrackCounters::add(&self.inbox.counters.folds, page.len());
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
        let mut mended = lanes.finish();
        let is_other = late_from.is_some()
            && !is_rebuilt
            && !self.was_told(found, saved.folded_at, base_at, &mended.told_trips).await?;
        if is_other && let Some(state) = decode(saved.code_version, &saved.state) {
            // It was told by other rules: by these it would become another history, not a mended one. It stays as it is.
            (mended.state, mended.corrections) = (state, Corrections::default());
        }
        let mut followed = Followed::new(found, mended.state, watch, Arc::clone(by), self.clock.instant());
        if let Some(from) = late_from {
            TrackCounters::add(&self.inbox.counters.refolds, 1);
            followed.tell_corrections(&mended.corrections, self.clock.now());
            followed.news.late = mended.late;
            if !is_other {
                followed.news.checkpoints = Some((from, mended.checkpoints));
            }
        }
        Ok(followed)
    }

    /// Do the trips that were told begin when `starts` says, as far back as `base`?
    async fn was_told(
        &self,
        found: &FoldedVehicle,
        folded_at: Timestamp,
        base: Option<Timestamp>,
        starts: &BTreeSet<Timestamp>,
    ) -> Result<bool, StoreError> {
        let epoch = Timestamp::from_unix_ms(0).expect("the epoch is in range");
        let first = starts.first().copied().into_iter().chain(base).min().unwrap_or(epoch);
        let (vehicle, to) = (Some(found.vehicle_id.clone()), folded_at.plus_ms(1));
        let filter = TripFilter { scope: VehicleScope::All, vehicle, from: first, to, status: None };
        let listed = self.store.list_trips(&found.tenant, &filter, None, TRIPS_COMPARED).await?;
        // Only as far as they were listed.
        let is_all = listed.len() < TRIPS_COMPARED as usize;
        let from = listed.last().map(|oldest| oldest.started_at).filter(|_| !is_all).unwrap_or(first);
        let stored: BTreeSet<Timestamp> =
            listed.iter().filter(|trip| trip.origin == TripOrigin::Auto).map(|trip| trip.started_at).collect();
        let is_told = starts.range(from..).all(|start| stored.contains(start));
        Ok(is_told && stored.iter().all(|start| Some(*start) <= base || starts.contains(start)))
    }

    /// The newest saved state before a late position; from the beginning if there is none.
    async fn base_before(&self, vehicle: VehicleNo, late: Timestamp) -> Result<Base, StoreError> {
        let Some(checkpoint) = self.store.newest_checkpoint(vehicle, Some(late)).await? else {
            return Ok(Base { state: TrackState::default(), after: None, is_rebuilt: false });
        };
        Ok(match decode(checkpoint.code_version, &checkpoint.state) {
            Some(state) => Base { state, after: Some(checkpoint.at), is_rebuilt: false },
            None => rebuilt(late),
        })
    }

    /// The vehicle as this node knows it, or the store.
    pub(crate) async fn describe(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
    ) -> Result<Option<Arc<Vehicle>>, StoreError> {
        if let Some(known) = self.vehicles.of_tenant(tenant).await?.get(vehicle) {
            return Ok(Some(known));
        }
        Ok(self.store.get_vehicle(tenant, vehicle).await?.map(|tracked| Arc::new(tracked.vehicle)))
    }
}

/// Where to begin when no saved state can be read.
fn rebuilt(before: Timestamp) -> Base {
    Base { state: TrackState::default(), after: Some(before.plus_ms(-REBUILD_MS)), is_rebuilt: true }
}
