//! Writes one transaction of positions into SQLite: one prepared statement of each kind, run row by row. Single
//! positions of many vehicles are appended to a write buffer and merged later (`write_buffer.rs`).
//!
//! A statement with many rows must save every page that it changes, to be able to undo itself. This costs about as much
//! as it saves when one vehicle has many rows, and more when many vehicles have few.

use super::arrival_index::{IndexEntry, IndexWriter};
use super::write_buffer::{APPEND, MERGED_AT_ONCE, WriteBuffer};
use crate::attribute_bytes;
use crate::track_commit::{SMALL, SavedFilter};
use crate::{PositionRow, Result, TrackCommit, TrackOutcome, VehicleNo};
use milepost_domain::Position;
use milepost_track::OutlierReason;
use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior};

const GET_VERSION: &str = "select version from vehicle_states where vehicle_no = ?";

const SET_STATE: &str = "update vehicle_states set at_ms = ?, latitude = ?, longitude = ?, speed_kmh = ?,
    heading_deg = ?, accuracy_m = ?, altitude_m = ?, odometer_km = ?, fuel_level_l = ?, ignition = ?,
    attributes = ?, version = ?, held_ms = ?, arrived_mps = ?, outlier_filter = ? where vehicle_no = ? and version = ?";

const INSERT: &str = concat!(
    "insert into sorted_positions (",
    stored_columns!(),
    ", vehicle_no, tenant_no, received_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"
);

const MARK: &str = "insert into outliers (vehicle_no, at_ms, reason, noted_ms) values (?, ?, ?, ?)
    on conflict (vehicle_no, at_ms) do update set reason = excluded.reason";

const NOTE_LATE: &str =
    "insert into late_positions (vehicle_no, at_ms, noted_ms) values (?, ?, ?) on conflict do nothing";

/// A [`TrackCommit`] that can be sent to another thread.
pub(super) struct OwnedCommit {
    /// Vehicles that don't change, with their versions.
    unchanged: Vec<(VehicleNo, i64)>,
    states: Vec<State>,
    appended: Vec<Row>,
    late: Vec<Row>,
    now_ms: i64,
}

struct State {
    vehicle_no: VehicleNo,
    version: i64,
    /// `None` while every position of the vehicle was wrong.
    place: Option<Measures>,
    held_ms: Option<i64>,
    filter: SavedFilter,
}

struct Row {
    vehicle_no: VehicleNo,
    tenant_no: i64,
    received_ms: i64,
    position: Measures,
    wrong: Option<OutlierReason>,
}

/// The fields of a position without its vehicle.
struct Measures {
    at_ms: i64,
    latitude: f64,
    longitude: f64,
    speed_kmh: Option<f64>,
    heading_deg: Option<f64>,
    accuracy_m: Option<f64>,
    altitude_m: Option<f64>,
    odometer_km: Option<f64>,
    fuel_level_l: Option<f64>,
    ignition: Option<bool>,
    attributes: Option<Vec<u8>>,
}

impl OwnedCommit {
    pub(super) fn of(commit: &TrackCommit<'_>) -> Self {
        // Both lists are in ascending order, and every changed vehicle is claimed.
        let mut changed = commit.states.iter().map(|state| state.vehicle_no).peekable();
        let unchanged = commit.claims.iter().filter(|(no, _)| changed.next_if_eq(no).is_none()).copied().collect();
        let states = commit.states.iter().map(|track| State {
            vehicle_no: track.vehicle_no,
            version: track.state.version,
            place: track.state.last.as_ref().map(Measures::of),
            held_ms: track.held_ms(),
            filter: SavedFilter::of(track),
        });
        Self {
            unchanged,
            states: states.collect(),
            appended: commit.appended.iter().map(Row::of).collect(),
            late: commit.late.iter().map(Row::of).collect(),
            now_ms: commit.now.unix_ms(),
        }
    }

    /// Whether it is on disk before another transaction is written.
    pub(super) const fn is_small(&self) -> bool {
        self.appended.len() + self.late.len() < SMALL
    }
}

impl Row {
    fn of(row: &PositionRow<'_>) -> Self {
        Self {
            vehicle_no: row.vehicle_no,
            tenant_no: row.tenant_no.0,
            received_ms: row.received_at.unix_ms(),
            position: Measures::of(row.position),
            wrong: row.wrong,
        }
    }

    const fn arrival(&self) -> IndexEntry {
        IndexEntry::of(self.tenant_no, self.received_ms, self.vehicle_no.get(), self.position.at_ms)
    }

    /// Returns false if a row with its vehicle and time exists.
    fn insert(&self, statement: &mut CachedStatement<'_>) -> Result<bool> {
        self.position.bind(statement)?;
        statement.raw_bind_parameter(12, self.vehicle_no.get())?;
        statement.raw_bind_parameter(13, self.tenant_no)?;
        statement.raw_bind_parameter(14, self.received_ms)?;
        Ok(statement.raw_execute()? == 1)
    }
}

impl Measures {
    fn of(position: &Position) -> Self {
        Self {
            at_ms: position.at.unix_ms(),
            latitude: position.latitude.get(),
            longitude: position.longitude.get(),
            speed_kmh: position.speed.map(|value| value.get()),
            heading_deg: position.heading.map(|value| value.get()),
            accuracy_m: position.accuracy.map(|value| value.get()),
            altitude_m: position.altitude.map(|value| value.get()),
            odometer_km: position.odometer.map(|value| value.get()),
            fuel_level_l: position.fuel_level.map(|value| value.get()),
            ignition: position.ignition,
            attributes: attribute_bytes::encode(&position.attributes),
        }
    }

    /// Binds the fields as the parameters 1 to 11.
    fn bind(&self, statement: &mut CachedStatement<'_>) -> Result<()> {
        statement.raw_bind_parameter(1, self.at_ms)?;
        statement.raw_bind_parameter(2, self.latitude)?;
        statement.raw_bind_parameter(3, self.longitude)?;
        statement.raw_bind_parameter(4, self.speed_kmh)?;
        statement.raw_bind_parameter(5, self.heading_deg)?;
        statement.raw_bind_parameter(6, self.accuracy_m)?;
        statement.raw_bind_parameter(7, self.altitude_m)?;
        statement.raw_bind_parameter(8, self.odometer_km)?;
        statement.raw_bind_parameter(9, self.fuel_level_l)?;
        statement.raw_bind_parameter(10, self.ignition)?;
        statement.raw_bind_parameter(11, self.attributes.as_deref())?;
        Ok(())
    }
}

/// Writes positions, states and late rows, unless a claim does not hold any more. The write lock is held from the
/// beginning, so that what was read stays true. `buffer` counts the rows that are not merged yet.
pub(super) fn write_tracks(
    connection: &mut Connection,
    commit: &OwnedCommit,
    buffer: &mut WriteBuffer,
) -> Result<TrackOutcome> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stale = claim(&transaction, commit)?;
    if !stale.is_empty() {
        transaction.rollback()?;
        return Ok(TrackOutcome::Stale(stale));
    }
    // Late positions are compared with the sorted table, so that all buffered rows must be merged first.
    let merge_all = !commit.late.is_empty();
    if merge_all {
        buffer.merge_all(&transaction)?;
    }
    let mut insert = transaction.prepare_cached(INSERT)?;
    let mut append = transaction.prepare_cached(APPEND)?;
    let mut index = IndexWriter::begin(&transaction)?;
    for rows in commit.appended.chunk_by(|one, next| one.vehicle_no == next.vehicle_no) {
        if !merge_all && rows.len() < MERGED_AT_ONCE {
            for row in rows {
                row.insert(&mut append)?;
            }
            buffer.appended(rows.len());
            continue;
        }
        for row in rows {
            row.insert(&mut insert)?;
            index.add(row.arrival())?;
        }
    }
    let mut late_added = Vec::new();
    for row in &commit.late {
        if row.insert(&mut insert)? {
            index.add(row.arrival())?;
            late_added.push((row.vehicle_no, row.position.at_ms));
            mark(&transaction, std::iter::once(row), commit.now_ms)?;
        }
    }
    drop((insert, append, index));
    note_late(&transaction, &late_added, commit.now_ms)?;
    mark(&transaction, commit.appended.iter(), commit.now_ms)?;
    transaction.commit()?;
    Ok(TrackOutcome::Committed { late_added })
}

/// Records positions that history does not include yet.
fn note_late(connection: &Connection, added: &[(VehicleNo, i64)], now_ms: i64) -> Result<()> {
    if added.is_empty() {
        return Ok(());
    }
    let mut note = connection.prepare_cached(NOTE_LATE)?;
    for (vehicle_no, at_ms) in added {
        note.execute((vehicle_no.get(), at_ms, now_ms))?;
    }
    Ok(())
}

/// Marks positions that are held to be wrong.
fn mark<'a>(connection: &Connection, rows: impl Iterator<Item = &'a Row>, now_ms: i64) -> Result<()> {
    for row in rows {
        if let Some(reason) = row.wrong {
            let mut mark = connection.prepare_cached(MARK)?;
            mark.execute((row.vehicle_no.get(), row.position.at_ms, reason.as_str(), now_ms))?;
        }
    }
    Ok(())
}

/// Writes the states of the vehicles that change, and checks the versions of the others.
fn claim(connection: &Connection, commit: &OwnedCommit) -> Result<Vec<VehicleNo>> {
    let mut stale = Vec::new();
    let mut get_version = connection.prepare_cached(GET_VERSION)?;
    for (vehicle_no, version) in &commit.unchanged {
        let stored: Option<i64> = get_version.query_row([vehicle_no.get()], |row| row.get(0)).optional()?;
        if stored != Some(*version) {
            stale.push(*vehicle_no);
        }
    }
    let mut set_state = connection.prepare_cached(SET_STATE)?;
    for state in &commit.states {
        match &state.place {
            Some(place) => place.bind(&mut set_state)?,
            None => (1..=11).try_for_each(|column| set_state.raw_bind_parameter(column, rusqlite::types::Null))?,
        }
        set_state.raw_bind_parameter(12, state.version)?;
        set_state.raw_bind_parameter(13, state.held_ms)?;
        set_state.raw_bind_parameter(14, state.filter.speed_mps)?;
        set_state.raw_bind_parameter(15, state.filter.whole.as_deref())?;
        set_state.raw_bind_parameter(16, state.vehicle_no.get())?;
        set_state.raw_bind_parameter(17, state.version - 1)?;
        if set_state.raw_execute()? != 1 {
            stale.push(state.vehicle_no);
        }
    }
    Ok(stale)
}
