//! One vehicle whose fold is in memory.

use crate::change_writer::ChangeWriter;
use crate::checkpoint::{CHECKPOINT_EVERY, CODE_VERSION, checkpoint, encode};
use crate::fold_context::FoldContext;
use crate::moment::Moment;
use crate::pending_changes::PendingChanges;
use crate::tenant_rules::TenantRules;
use crate::uploads::Held;
use milepost_domain::{Position, TenantId, Timestamp, Vehicle};
use milepost_store::{FoldedVehicle, HistoryChange, HistoryWrite, SavedFold, TenantNo, VehicleNo};
use milepost_track::{Corrections, Folded, SilenceFact, TrackFact, TrackState, Watch, advance, correct_silence};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A fold without changes is written after this time, or after [`WRITE_EVERY_POSITIONS`].
const WRITE_EVERY: Duration = Duration::from_secs(5);
const WRITE_EVERY_POSITIONS: u32 = 5_000;
/// A vehicle that sent something within this time is not silent, even if the positions' own times are old: somebody uploads
/// its past.
const QUIET_FOR: Duration = Duration::from_secs(30);

pub(crate) struct FollowedVehicle {
    pub(crate) vehicle: VehicleNo,
    tenant_no: TenantNo,
    tenant: TenantId,
    /// The version of its stored fold.
    version: i64,
    pub(crate) state: TrackState,
    watch: Watch,
    pub(crate) pending: PendingChanges,
    /// Positions folded since the fold was written.
    unwritten: u32,
    /// Positions folded since the last checkpoint.
    since_checkpoint: u32,
    /// When a position was last folded here.
    heard: Instant,
    /// When the fold was written or read here.
    written: Instant,
    context: Arc<FoldContext>,
}

impl FollowedVehicle {
    /// A vehicle as the store knows it, with the state after the last folded position.
    pub(crate) fn new(
        found: &FoldedVehicle,
        state: TrackState,
        watch: Watch,
        context: Arc<FoldContext>,
        now: Instant,
    ) -> Self {
        Self {
            vehicle: found.vehicle,
            tenant_no: found.tenant_no,
            tenant: found.tenant.clone(),
            version: found.version,
            state,
            watch,
            pending: PendingChanges::default(),
            unwritten: 0,
            since_checkpoint: 0,
            heard: now,
            written: now,
            context,
        }
    }

    /// Sets the description and rules by which positions are folded from now on.
    pub(crate) fn set_context(&mut self, vehicle: &Arc<Vehicle>, rules: &Arc<TenantRules>) {
        if !self.context.is_of(vehicle, rules) {
            self.context = FoldContext::new(Arc::clone(vehicle), Arc::clone(rules));
        }
    }

    /// Folds a position that is newer than all before it. `is_marked` says that it is marked as an outlier: the committer
    /// marks what is wrong by the positions that it knows, and the fold by all in the order of time.
    pub(crate) fn apply(&mut self, position: &Position, is_marked: bool, now: Moment) {
        let mut facts = Vec::new();
        let folded = self.context.fold(&mut self.state, position, &mut facts);
        if is_marked && folded == Some(Folded::Accepted) {
            self.pending.push(HistoryChange::NoOutliers { from: position.at, until: position.at, reason: None });
        }
        self.heard = now.instant;
        self.unwritten += 1;
        self.since_checkpoint += 1;
        if facts.iter().any(|fact| matches!(fact, TrackFact::TripEnded(_))) {
            // A checkpoint here: late positions of the next trip need not be folded from the middle of this one.
            self.since_checkpoint = CHECKPOINT_EVERY;
        }
        let mut writer = self.writer(now.time);
        facts.iter().for_each(|fact| writer.write_fact(fact));
        // At the time of this position the vehicle is not silent. This ends a silence that was written before.
        self.check_silence(position.at, now.time);
    }

    /// Folds a position that may have come late: it is noted that the store's late position is folded now.
    pub(crate) fn apply_read(&mut self, held: &Held, now: Moment) {
        self.apply(&held.position, held.is_marked, now);
        if held.is_late {
            self.pending.late.push(held.position.at);
        }
    }

    /// Writes what follows from the vehicle's silence at `at`.
    pub(crate) fn check_silence(&mut self, at: Timestamp, now: Timestamp) {
        let mut facts = Vec::new();
        advance(&self.state, &mut self.watch, at, &self.context.rules, &mut facts);
        let mut writer = self.writer(now);
        facts.iter().for_each(|fact| writer.write_silence(fact));
    }

    /// Writes what late positions changed. A corrected trip runs as far as its positions say, so that one that was ended by
    /// silence is ended once more.
    pub(crate) fn write_corrections(&mut self, corrections: &Corrections, now: Timestamp) {
        self.writer(now).write_corrections(corrections);
        let mut changed = Vec::new();
        correct_silence(&self.state, &mut self.watch, now, &self.context.rules, &mut changed);
        let mut writer = self.writer(now);
        changed.iter().for_each(|fact| writer.write_silence(fact));
        if corrections.trips.is_empty() {
            return;
        }
        let (mut to_come, mut all) = (Vec::new(), Vec::new());
        advance(&self.state, &mut self.watch.clone(), now, &self.context.rules, &mut to_come);
        advance(&self.state, &mut Watch::default(), now, &self.context.rules, &mut all);
        let mut writer = self.writer(now);
        for fact in all {
            if matches!(fact, SilenceFact::TripEnded(_)) && !to_come.contains(&fact) {
                writer.write_silence(&fact);
            }
        }
    }

    fn writer(&mut self, now: Timestamp) -> ChangeWriter<'_> {
        let FoldContext { vehicle, tenant_rules, .. } = &*self.context;
        ChangeWriter { tenant: &self.tenant, vehicle, rules: tenant_rules, now, changes: &mut self.pending }
    }

    /// Must the vehicle be written in this round?
    pub(crate) fn must_write(&self, now: Moment) -> bool {
        !self.pending.is_empty() || self.unwritten >= CHECKPOINT_EVERY && self.waited_long(now)
    }

    /// Whether the fold was not written long enough that it must be written even without changes.
    pub(crate) fn waited_long(&self, now: Moment) -> bool {
        self.unwritten >= WRITE_EVERY_POSITIONS || now.instant - self.written >= WRITE_EVERY
    }

    /// Were positions folded that the stored fold does not know?
    pub(crate) const fn is_unwritten(&self) -> bool {
        self.unwritten > 0
    }

    /// Is there anything in memory that the store does not know?
    pub(crate) fn is_ahead_of_store(&self) -> bool {
        self.is_unwritten() || !self.pending.is_empty()
    }

    /// Did this node fold nothing of it for a while?
    pub(crate) fn is_quiet(&self, now: Moment) -> bool {
        let offline_after = Duration::from_secs(u64::from(self.context.rules.thresholds().offline_after_s));
        now.instant - self.heard >= QUIET_FOR.min(offline_after)
    }

    /// Does something follow from its silence at this time?
    pub(crate) fn seems_silent(&self, at: Timestamp) -> bool {
        let mut facts = Vec::new();
        advance(&self.state, &mut self.watch.clone(), at, &self.context.rules, &mut facts);
        !facts.is_empty()
    }

    /// Takes all that is to be written. It counts as written, so that after a failed write the vehicle has to be dropped from
    /// memory. `None` if no position is folded: all were removed by age, or are still held as an upload.
    pub(crate) fn take_write(&mut self, now: Moment) -> Option<HistoryWrite> {
        let folded_at = self.state.heard_at()?;
        let state = encode(&self.state);
        let mut pending = std::mem::take(&mut self.pending);
        if self.since_checkpoint >= CHECKPOINT_EVERY {
            let newest = checkpoint(folded_at, state.clone());
            pending.checkpoints.get_or_insert_with(|| (folded_at, Vec::new())).1.push(newest);
            self.since_checkpoint = 0;
        }
        self.unwritten = 0;
        self.written = now.instant;
        self.version += 1;
        Some(HistoryWrite {
            vehicle: self.vehicle,
            tenant_no: self.tenant_no,
            tenant: self.tenant.clone(),
            known_version: self.version - 1,
            fold: SavedFold {
                folded_at,
                code_version: CODE_VERSION,
                state,
                silence: encode(&self.watch),
                silent_after_ms: self.silent_after_ms(folded_at),
            },
            checkpoints: pending.checkpoints,
            activity: pending.activity,
            late_folded: pending.late,
            changes: pending.changes,
        })
    }

    /// The time from the last position to the first moment at which something follows from silence, or from a date.
    fn silent_after_ms(&self, heard_at: Timestamp) -> Option<i64> {
        let rules = &self.context.rules;
        let service_ms = rules.vehicle().service_due_at.map(|due_at| due_at.ms_since(heard_at));
        let mut moments_ms = vec![self.state.offline_after_ms(rules), self.state.gap_max_ms(rules) + 1000];
        moments_ms.extend(service_ms.filter(|ms| *ms > 0));
        moments_ms.sort_unstable();
        moments_ms.into_iter().find(|ms| self.seems_silent(heard_at.plus_ms(*ms)))
    }
}
