//! Loads a vehicle's stored fold, and folds again from before its late positions.

use crate::catch_up::PAGE;
use crate::checkpoint::decode;
use crate::fold_context::FoldContext;
use crate::followed_vehicle::FollowedVehicle;
use crate::follower::TrackFollower;
use crate::refold::{Refold, RefoldResult};
use milepost_domain::{Timestamp, TripOrigin, VehicleScope};
use milepost_store::{FoldedVehicle, SavedFold, StoreError, TripFilter, VehicleNo};
use milepost_track::{Corrections, TrackState, Watch};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A state that other code wrote is not read. This much of the track before it is folded again instead, milliseconds. Seven
/// days: a visit or a stop that lasts longer is published with a later beginning.
const REBUILD_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Trips that are compared with the published ones, the newest first.
const TRIPS_COMPARED: u32 = 1_000;

/// A state to fold on from.
struct Base {
    state: TrackState,
    /// The last position that the state knows of.
    after: Option<Timestamp>,
    /// The state is a new one, because the saved one can't be read.
    is_rebuilt: bool,
}

impl Base {
    fn rebuilt(before: Timestamp) -> Self {
        Self { state: TrackState::default(), after: Some(before.plus_ms(-REBUILD_MS)), is_rebuilt: true }
    }
}

impl TrackFollower {
    /// The vehicle with the state after its last folded position. Late positions before that one are folded in their places.
    pub(crate) async fn load_followed(
        &self,
        found: &FoldedVehicle,
        context: Arc<FoldContext>,
    ) -> Result<FollowedVehicle, StoreError> {
        let now = self.now();
        let follow = |state, watch, context| FollowedVehicle::new(found, state, watch, context, now.instant);
        let Some(saved) = &found.fold else {
            return Ok(follow(TrackState::default(), Watch::default(), context));
        };
        let watch = decode(saved.code_version, &saved.silence).unwrap_or_default();
        let Some(late) = found.late_from.filter(|late| *late <= saved.folded_at) else {
            let state = match decode(saved.code_version, &saved.state) {
                Some(state) => state,
                None => self.fold_again(found, saved, Base::rebuilt(saved.folded_at), &context).await?.state,
            };
            return Ok(follow(state, watch, context));
        };
        let base = self.base_before(found.vehicle, late).await?;
        let (base_at, is_rebuilt) = (base.after, base.is_rebuilt);
        let mut refolded = self.fold_again(found, saved, base, &context).await?;
        let is_other =
            !is_rebuilt && !self.was_published(found, saved.folded_at, base_at, &refolded.published_trips).await?;
        if is_other && let Some(state) = decode(saved.code_version, &saved.state) {
            // The published history was folded by other rules. By the rules of now this would become another history and not a
            // corrected one, so that it stays as it is.
            (refolded.state, refolded.corrections) = (state, Corrections::default());
        }
        let mut followed = follow(refolded.state, watch, context);
        self.inbox.counters.refolded();
        followed.write_corrections(&refolded.corrections, now.time);
        followed.pending.late = refolded.late;
        if !is_other {
            followed.pending.checkpoints = Some((late, refolded.checkpoints));
        }
        Ok(followed)
    }

    /// Folds from a state up to the last folded position, without and with the late ones.
    async fn fold_again(
        &self,
        found: &FoldedVehicle,
        saved: &SavedFold,
        base: Base,
        context: &FoldContext,
    ) -> Result<RefoldResult, StoreError> {
        let mut after = base.after;
        let mut refold = Refold::new(base.state);
        loop {
            let page = self.store.positions_to_fold(found.vehicle, &found.vehicle_id, after, PAGE).await?;
            self.inbox.counters.folded(page.len());
            for unfolded in page.iter().take_while(|one| one.position.at <= saved.folded_at) {
                refold.apply(unfolded, context);
            }
            refold.drop_equal();
            after = page.last().map(|last| last.position.at);
            if page.len() < PAGE as usize || after > Some(saved.folded_at) {
                return Ok(refold.finish());
            }
        }
    }

    /// Are the trips that begin at `starts` the published ones, back to `base`?
    async fn was_published(
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
        // Trips that are older than the listed ones are not compared.
        let is_all = listed.len() < TRIPS_COMPARED as usize;
        let from = listed.last().map(|oldest| oldest.started_at).filter(|_| !is_all).unwrap_or(first);
        let stored: BTreeSet<Timestamp> =
            listed.iter().filter(|trip| trip.origin == TripOrigin::Auto).map(|trip| trip.started_at).collect();
        let are_stored = starts.range(from..).all(|start| stored.contains(start));
        Ok(are_stored && stored.iter().all(|start| Some(*start) <= base || starts.contains(start)))
    }

    /// The newest saved state before a late position, or the beginning if there is none.
    async fn base_before(&self, vehicle: VehicleNo, late: Timestamp) -> Result<Base, StoreError> {
        let Some(checkpoint) = self.store.newest_checkpoint(vehicle, Some(late)).await? else {
            return Ok(Base { state: TrackState::default(), after: None, is_rebuilt: false });
        };
        Ok(match decode(checkpoint.code_version, &checkpoint.state) {
            Some(state) => Base { state, after: Some(checkpoint.at), is_rebuilt: false },
            None => Base::rebuilt(late),
        })
    }
}
