//! Plans one transaction before it begins, without waiting for anything.

use super::cache::{Key, TrackCache};
use super::{CommittedPositions, CurrentPosition, PositionBatch, TrackStep};
use crate::{PositionRow, TrackCommit, TrackRow, VehicleNo};
use milepost_domain::{Arrival, Position, Timestamp, lies_ahead};
use milepost_track::{OutlierFilter, OutlierReason, Thresholds, is_null_island};
use std::collections::{HashMap, HashSet};

/// A transaction, and the data for its callers' answers.
pub(super) struct Plan<'b> {
    /// The transaction for the database.
    pub(super) commit: TrackCommit<'b>,
    /// The part of each caller's answer that is certain already: late rows are missing.
    recorded: Vec<CommittedPositions>,
    /// The caller of each row of `commit.late`.
    late_callers: Vec<usize>,
    /// Every vehicle of the transaction, after the fold.
    tracks: Vec<Touched>,
}

/// A vehicle of the transaction.
struct Touched {
    key: Key,
    /// The track after the transaction.
    track: TrackRow,
    /// Whether its newest position changes.
    changed: bool,
}

impl<'b> Plan<'b> {
    /// Folds the positions of all callers into the cached tracks: callers in the order of arrival, and each caller's
    /// positions in the order of time. The cache must hold every vehicle that exists.
    pub(super) fn make(cache: &TrackCache, batches: &'b [PositionBatch]) -> Self {
        let now = batches.iter().map(|batch| batch.received_at).max();
        let rows = batches.iter().map(|batch| batch.positions.len()).sum();
        let mut plan = Self {
            commit: TrackCommit {
                claims: Vec::new(),
                appended: Vec::with_capacity(rows),
                late: Vec::new(),
                states: Vec::new(),
                now: now.unwrap_or(Timestamp::from_unix_ms(0).expect("the epoch is in range")),
            },
            recorded: Vec::with_capacity(batches.len()),
            late_callers: Vec::new(),
            tracks: Vec::new(),
        };
        let mut places: HashMap<Key, usize> = HashMap::new();
        for (caller, batch) in batches.iter().enumerate() {
            let recorded = plan.take(cache, &mut places, caller, batch);
            plan.recorded.push(recorded);
        }
        plan.list_vehicles();
        plan
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.commit.claims.is_empty()
    }

    /// The callers' answers and the tracks after the transaction, given the late rows that were added.
    pub(super) fn recorded(self, late_added: &[(VehicleNo, i64)]) -> (Vec<CommittedPositions>, Vec<(Key, TrackRow)>) {
        let mut added: HashSet<(VehicleNo, i64)> = late_added.iter().copied().collect();
        let mut recorded = self.recorded;
        for (row, caller) in self.commit.late.iter().zip(self.late_callers) {
            // If a batch has several rows with this vehicle and time, the first one was added.
            if added.remove(&(row.vehicle_no, row.position.at.unix_ms())) {
                recorded[caller].accepted += 1;
                recorded[caller].late.push((row.vehicle_no, row.position.clone()));
            } else {
                recorded[caller].duplicates += 1;
            }
        }
        let tracks = self.tracks.into_iter().map(|touched| (touched.key, touched.track)).collect();
        (recorded, tracks)
    }

    fn take(
        &mut self,
        cache: &TrackCache,
        places: &mut HashMap<Key, usize>,
        caller: usize,
        batch: &'b PositionBatch,
    ) -> CommittedPositions {
        let mut recorded = CommittedPositions::default();
        let mut by_time: Vec<usize> = (0..batch.positions.len()).collect();
        by_time.sort_by_key(|place| batch.positions[*place].at);
        for place in by_time {
            let position = &batch.positions[place];
            let key = (batch.tenant.clone(), position.vehicle_id.clone());
            let touched = match places.get(&key) {
                Some(index) => &mut self.tracks[*index],
                None => match cache.get(&key) {
                    Some(track) => {
                        places.insert(key.clone(), self.tracks.len());
                        self.tracks.push(Touched { key, track: track.clone(), changed: false });
                        self.tracks.last_mut().expect("one was pushed")
                    }
                    None => {
                        recorded.unknown.push(place);
                        continue;
                    }
                },
            };
            let mut row = PositionRow {
                tenant_no: touched.track.tenant_no,
                vehicle_no: touched.track.vehicle_no,
                received_at: batch.received_at,
                position,
                wrong: None,
            };
            let track = &mut touched.track;
            match track.state.arrival(position.at, batch.received_at) {
                Arrival::Newest => {
                    touched.changed = true;
                    recorded.accepted += 1;
                    row.wrong = judge(&mut track.filter, position, &batch.thresholds);
                    let (after, is_wrong) = (track.state.heard_at, row.wrong.is_some());
                    recorded.newest.push(position.clone());
                    recorded.steps.push(TrackStep { vehicle: row.vehicle_no, after, is_wrong });
                    track.state.take(position, is_wrong);
                    self.commit.appended.push(row);
                }
                arrival @ (Arrival::Late | Arrival::Present) => {
                    if position.is_invalid {
                        row.wrong = Some(OutlierReason::Invalid);
                    } else if arrival == Arrival::Present && judges(&mut track.filter, position.at, batch.received_at) {
                        touched.changed = true;
                        row.wrong = judge(&mut track.filter, position, &batch.thresholds);
                        track.state.take(position, row.wrong.is_some());
                        if row.wrong.is_none() {
                            recorded.current.push(current(row, position.clone()));
                        }
                    } else {
                        // The fold judges the others in their order of time.
                        row.wrong = is_null_island(position.into()).then_some(OutlierReason::NullIsland);
                    }
                    self.commit.late.push(row);
                    self.late_callers.push(caller);
                }
                Arrival::Repeated => {
                    recorded.duplicates += 1;
                    let place = track.state.last.iter().filter(|last| !lies_ahead(last.at, batch.received_at));
                    recorded.current.extend(place.map(|last| current(row, last.clone())));
                }
            }
        }
        recorded.unknown.sort_unstable();
        recorded
    }

    /// Claims every vehicle at the version that the plan assumes, and counts up the versions of those that change.
    fn list_vehicles(&mut self) {
        self.tracks.sort_unstable_by_key(|touched| touched.track.vehicle_no);
        for touched in &mut self.tracks {
            let state = &mut touched.track.state;
            self.commit.claims.push((touched.track.vehicle_no, state.version));
            if touched.changed {
                state.version += 1;
                self.commit.states.push(touched.track.clone());
            }
        }
        // Rows that are neighbours in the table are written together.
        self.commit.appended.sort_by_key(|row| (row.vehicle_no, row.position.at));
    }
}

/// Why a position is held to be wrong, if it is. The filter learns nothing from one that the device itself calls invalid.
fn judge(filter: &mut OutlierFilter, position: &Position, thresholds: &Thresholds) -> Option<OutlierReason> {
    if position.is_invalid {
        return Some(OutlierReason::Invalid);
    }
    filter.judge(position, thresholds).filter(|reason| reason.is_wrong())
}

/// Whether the filter judges a position of this time, while the newest one lies ahead. It begins anew after one that lies ahead, and
/// judges what it has not seen.
fn judges(filter: &mut OutlierFilter, at: Timestamp, now: Timestamp) -> bool {
    if filter.newest_at().is_some_and(|newest_at| lies_ahead(newest_at, now)) {
        *filter = OutlierFilter::default();
    }
    filter.newest_at().is_none_or(|newest_at| newest_at < at)
}

const fn current(row: PositionRow<'_>, position: Position) -> CurrentPosition {
    CurrentPosition { vehicle: row.vehicle_no, position, received_at: row.received_at }
}
