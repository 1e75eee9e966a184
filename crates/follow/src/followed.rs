//! One vehicle whose track is followed, and the vehicles that are.

use crate::alerts::Teller;
use crate::ground::Ground;
use crate::moment::Moment;
use crate::news::News;
use milepost_domain::{Position, TenantId, Timestamp, Vehicle};
use milepost_store::{Checkpoint, FoldedVehicle, HistoryWrite, SavedFold, TenantNo, VehicleNo};
use milepost_track::{Rules, SilenceFact, TrackFact, TrackState, Watch, advance, fold};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Counts up whenever what a state means changes, so that no state of other code is folded on: it is built again from
/// positions instead.
pub(crate) const CODE_VERSION: u32 = 1;
/// After so many positions a state is saved that late positions can be folded from, and after so many that told nothing the
/// fold is written all the same. More would save writes and make folding again longer.
pub(crate) const CHECKPOINT_EVERY: u32 = 100;
/// Where positions come fast, a fold that told nothing is written after so long, or so many positions.
const WRITE_EVERY: Duration = Duration::from_secs(5);
const WRITE_EVERY_POSITIONS: u32 = 5_000;
/// A vehicle that was heard lately is not silent, whatever its positions' own times say: somebody uploads its past.
const QUIET_FOR: Duration = Duration::from_secs(30);
/// Vehicles in one generation, 1 to 4 KB each. When a generation is full it becomes the old one, and the one before it is
/// forgotten: who is heard of again is read from the store.
const GENERATION: usize = 20_000;

/// A vehicle's fold in memory.
pub(crate) struct Followed {
    pub(crate) vehicle: VehicleNo,
    pub(crate) tenant_no: TenantNo,
    pub(crate) tenant: TenantId,
    /// Of its stored fold.
    pub(crate) version: i64,
    pub(crate) state: TrackState,
    pub(crate) watch: Watch,
    pub(crate) news: News,
    /// Positions folded since its fold was written.
    unwritten: u32,
    /// Positions folded since a state was saved.
    unsaved: u32,
    /// When something came here last.
    heard: Instant,
    /// When its fold was written here, or read.
    written: Instant,
    by: Arc<By>,
}

/// What a vehicle is folded by.
pub(crate) struct By {
    pub(crate) vehicle: Arc<Vehicle>,
    pub(crate) ground: Arc<Ground>,
    pub(crate) rules: Rules,
}

impl By {
    pub(crate) fn new(vehicle: Arc<Vehicle>, ground: Arc<Ground>) -> Arc<Self> {
        let rules = ground.rules(&vehicle);
        Arc::new(Self { vehicle, ground, rules })
    }

    /// Folds one position. One on which the fold itself fails is passed over: it must not stop the history of all others.
    pub(crate) fn fold(&self, state: &mut TrackState, position: &Position, facts: &mut Vec<TrackFact>) {
        let fences = self.ground.fences(&self.vehicle.id, position.at);
        let known = facts.len();
        // What is left half folded is plain data, and the same whenever it is folded again.
        let folded = catch_unwind(AssertUnwindSafe(|| fold(state, position, &self.rules, &fences, facts)));
        if folded.is_err() {
            facts.truncate(known);
            let at_ms = position.at.unix_ms();
            tracing::error!(vehicle.id = %self.vehicle.id, position.at_ms = at_ms, "position passed over: the fold failed");
        }
    }
}

impl Followed {
    /// From what the store knows and the state after its last folded position.
    pub(crate) fn new(found: &FoldedVehicle, state: TrackState, watch: Watch, by: Arc<By>, now: Instant) -> Self {
        Self {
            vehicle: found.vehicle,
            tenant_no: found.tenant_no,
            tenant: found.tenant.clone(),
            version: found.version,
            state,
            watch,
            news: News::default(),
            unwritten: 0,
            unsaved: 0,
            heard: now,
            written: now,
            by,
        }
    }

    /// Folds by these from now on.
    pub(crate) fn take_rules(&mut self, vehicle: &Arc<Vehicle>, ground: &Arc<Ground>) {
        if !Arc::ptr_eq(&self.by.vehicle, vehicle) || !Arc::ptr_eq(&self.by.ground, ground) {
            self.by = By::new(Arc::clone(vehicle), Arc::clone(ground));
        }
    }

    /// Takes in a position that is newer than all before; what it told is news.
    pub(crate) fn take(&mut self, position: &Position, now: Moment) {
        let by = Arc::clone(&self.by);
        let mut facts = Vec::new();
        by.fold(&mut self.state, position, &mut facts);
        self.heard = now.instant;
        self.unwritten += 1;
        self.unsaved += 1;
        if facts.iter().any(|fact| matches!(fact, TrackFact::TripEnded(_))) {
            // Late positions of the next trip need not be folded from the middle of this one.
            self.unsaved = CHECKPOINT_EVERY;
        }
        let teller = Teller { tenant: &self.tenant, vehicle: &by.vehicle, ground: &by.ground, now: now.time };
        for fact in &facts {
            teller.tell(fact, &mut self.news);
        }
        // As of this position nothing is silent; what was, is heard again.
        self.judge_silence(position.at, now.time);
    }

    /// Tells what silence tells at `at`.
    pub(crate) fn judge_silence(&mut self, at: Timestamp, now: Timestamp) {
        let mut told = Vec::new();
        advance(&self.state, &mut self.watch, at, &self.by.rules, &mut told);
        if !told.is_empty() {
            let by = Arc::clone(&self.by);
            let teller = Teller { tenant: &self.tenant, vehicle: &by.vehicle, ground: &by.ground, now };
            told.iter().for_each(|fact| teller.tell_silence(fact, &mut self.news));
        }
    }

    /// Tells what late positions changed, and once more what silence ended: as far as its positions say, that trip runs.
    pub(crate) fn tell_corrections(&mut self, corrections: &milepost_track::Corrections, now: Timestamp) {
        let by = Arc::clone(&self.by);
        let teller = Teller { tenant: &self.tenant, vehicle: &by.vehicle, ground: &by.ground, now };
        teller.tell_corrections(corrections, &mut self.news);
        if corrections.trips.is_empty() {
            return;
        }
        let (mut was_told, mut is_so) = (Vec::new(), Vec::new());
        advance(&self.state, &mut self.watch.clone(), now, &by.rules, &mut was_told);
        advance(&self.state, &mut Watch::default(), now, &by.rules, &mut is_so);
        for fact in is_so {
            let ended = matches!(fact, SilenceFact::TripEnded(_));
            if ended && !was_told.contains(&fact) {
                teller.tell_silence(&fact, &mut self.news);
            }
        }
    }

    /// Must be written now?
    pub(crate) fn is_due(&self, now: Moment) -> bool {
        !self.news.is_empty() || self.unwritten >= CHECKPOINT_EVERY && self.waited_long(now)
    }

    /// Was nothing written for long enough that what was folded since should be, however little it told?
    pub(crate) fn waited_long(&self, now: Moment) -> bool {
        self.unwritten >= WRITE_EVERY_POSITIONS || now.instant - self.written >= WRITE_EVERY
    }

    /// Something was folded that the stored fold does not know?
    pub(crate) const fn is_ahead(&self) -> bool {
        self.unwritten > 0
    }

    /// Was nothing heard of it here for a while?
    pub(crate) fn is_quiet(&self, now: Moment) -> bool {
        let offline_after = Duration::from_secs(u64::from(self.by.rules.thresholds().offline_after_s));
        now.instant - self.heard >= QUIET_FOR.min(offline_after)
    }

    /// Would silence tell something now?
    pub(crate) fn seems_silent(&self, now: Timestamp) -> bool {
        let mut told = Vec::new();
        advance(&self.state, &mut self.watch.clone(), now, &self.by.rules, &mut told);
        !told.is_empty()
    }

    /// All that is to be written. It counts as written: whoever fails to write it forgets the vehicle. `None` when no position is
    /// folded: all were removed by age, late ones among them, or are held yet.
    pub(crate) fn take_write(&mut self, now: Moment) -> Option<HistoryWrite> {
        let folded_at = self.state.heard_at()?;
        let state = encode(&self.state);
        let mut news = std::mem::take(&mut self.news);
        if self.unsaved >= CHECKPOINT_EVERY {
            let checkpoint = Checkpoint { at: folded_at, code_version: CODE_VERSION, state: state.clone() };
            news.checkpoints.get_or_insert_with(|| (folded_at, Vec::new())).1.push(checkpoint);
            self.unsaved = 0;
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
            checkpoints: news.checkpoints,
            activity: news.activity,
            late_folded: news.late,
            changes: news.changes,
        })
    }

    /// The first of the moments to come at which silence, or a date, tells something.
    fn silent_after_ms(&self, heard_at: Timestamp) -> Option<i64> {
        let thresholds = self.by.rules.thresholds();
        let service_ms = self.by.rules.vehicle().service_due_at.map(|due_at| due_at.ms_since(heard_at));
        let mut moments_ms =
            vec![i64::from(thresholds.offline_after_s) * 1000, i64::from(thresholds.gap_max_s) * 1000 + 1000];
        moments_ms.extend(service_ms.filter(|ms| *ms > 0));
        moments_ms.sort_unstable();
        moments_ms.into_iter().find(|ms| self.seems_silent(heard_at.plus_ms(*ms)))
    }
}

pub(crate) fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data with text keys")
}

/// `None` for what other code wrote, or nobody can read.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(code_version: u32, bytes: &[u8]) -> Option<T> {
    (code_version == CODE_VERSION).then(|| serde_json::from_slice(bytes).ok()).flatten()
}

/// The vehicles in memory, in two generations.
#[derive(Default)]
pub(crate) struct FollowedVehicles {
    young: HashMap<VehicleNo, Followed>,
    old: HashMap<VehicleNo, Followed>,
}

impl FollowedVehicles {
    /// One of them, which is young again.
    pub(crate) fn get(&mut self, vehicle: VehicleNo) -> Option<&mut Followed> {
        if let Some(followed) = self.old.remove(&vehicle) {
            self.insert(followed);
        }
        self.young.get_mut(&vehicle)
    }

    /// Takes one of them out.
    pub(crate) fn take(&mut self, vehicle: VehicleNo) -> Option<Followed> {
        self.young.remove(&vehicle).or_else(|| self.old.remove(&vehicle))
    }

    pub(crate) fn insert(&mut self, followed: Followed) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&followed.vehicle) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(followed.vehicle, followed);
    }

    pub(crate) fn forget(&mut self, vehicle: VehicleNo) {
        self.young.remove(&vehicle);
        self.old.remove(&vehicle);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Followed> {
        self.young.values().chain(self.old.values())
    }
}
