//! Writes positions into PostgreSQL: many new rows by COPY, other rows by one statement with an array for each column.

use super::Connection;
use crate::attribute_bytes;
use crate::track_commit::SavedFilter;
use crate::{PositionRow, Result, TrackCommit, TrackOutcome, TrackRow, VehicleNo};
use milepost_domain::Position;
use milepost_track::OutlierReason;
use sqlx::Row;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use std::collections::{HashMap, HashSet};

/// Positions column by column.
#[derive(Default)]
struct Columns {
    at_ms: Vec<Option<i64>>,
    latitude: Vec<Option<f64>>,
    longitude: Vec<Option<f64>>,
    speed_kmh: Vec<Option<f64>>,
    heading_deg: Vec<Option<f64>>,
    accuracy_m: Vec<Option<f64>>,
    altitude_m: Vec<Option<f64>>,
    odometer_km: Vec<Option<f64>>,
    fuel_level_l: Vec<Option<f64>>,
    ignition: Vec<Option<bool>>,
    attributes: Vec<Option<Vec<u8>>>,
}

impl Columns {
    /// A vehicle without a place has none of the fields.
    fn push(&mut self, position: Option<&Position>) {
        self.at_ms.push(position.map(|position| position.at.unix_ms()));
        self.latitude.push(position.map(|position| position.latitude.get()));
        self.longitude.push(position.map(|position| position.longitude.get()));
        self.speed_kmh.push(position.and_then(|position| position.speed).map(|value| value.get()));
        self.heading_deg.push(position.and_then(|position| position.heading).map(|value| value.get()));
        self.accuracy_m.push(position.and_then(|position| position.accuracy).map(|value| value.get()));
        self.altitude_m.push(position.and_then(|position| position.altitude).map(|value| value.get()));
        self.odometer_km.push(position.and_then(|position| position.odometer).map(|value| value.get()));
        self.fuel_level_l.push(position.and_then(|position| position.fuel_level).map(|value| value.get()));
        self.ignition.push(position.and_then(|position| position.ignition));
        self.attributes.push(position.and_then(|position| attribute_bytes::encode(&position.attributes)));
    }

    fn bind<'q>(self, query: Query<'q, sqlx::Postgres, PgArguments>) -> Query<'q, sqlx::Postgres, PgArguments> {
        query
            .bind(self.at_ms)
            .bind(self.latitude)
            .bind(self.longitude)
            .bind(self.speed_kmh)
            .bind(self.heading_deg)
            .bind(self.accuracy_m)
            .bind(self.altitude_m)
            .bind(self.odometer_km)
            .bind(self.fuel_level_l)
            .bind(self.ignition)
            .bind(self.attributes)
    }
}

/// Unnests the arrays of [`Columns`] from the parameters 4 to 14.
macro_rules! unnest_columns {
    () => {
        "$4::bigint[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], \
         $11::float8[], $12::float8[], $13::bool[], $14::bytea[]"
    };
}

/// From this many new rows on, COPY is faster. Each COPY takes some 40 ms over TCP, whatever its size: it ends with a
/// small packet of its own, sqlx leaves Nagle's algorithm on, and the server has nothing to answer before that packet.
const COPY_ROWS: usize = 1_000;

const COPY: &str =
    concat!("copy positions (vehicle_no, tenant_no, received_ms, ", stored_columns!(), ") from stdin (format binary)");

const INSERT: &str = concat!(
    "insert into positions (vehicle_no, tenant_no, received_ms, ",
    stored_columns!(),
    ") select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], ",
    unnest_columns!(),
    ") on conflict do nothing"
);

/// Writes a whole transaction in one round trip, if it has only new rows, every vehicle changes, and its newest row is its
/// place. Vehicles are locked in ascending order before anything is written. Nothing is written if one of them has another version: both changes
/// depend on `fine`, which is computed first. A vehicle's state is its newest row.
const WRITE_AT_ONCE: &str = concat!(
    "with appended as (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], ",
    unnest_columns!(),
    ") as r (vehicle_no, tenant_no, received_ms, ",
    stored_columns!(),
    ")), \
     held as (select vehicle_no, version from vehicle_states where vehicle_no = any($15::bigint[]) \
     order by vehicle_no for update), \
     fine as (select count(*) = cardinality($15::bigint[]) as yes \
     from held h join unnest($15::bigint[], $16::bigint[]) as c (vehicle_no, version) using (vehicle_no, version)), \
     added as (insert into positions (vehicle_no, tenant_no, received_ms, ",
    stored_columns!(),
    ") select * from appended where (select yes from fine) on conflict do nothing), \
     newest as (select distinct on (vehicle_no) * from appended order by vehicle_no, at_ms desc), \
     changed as (update vehicle_states s set version = s.version + 1, at_ms = n.at_ms, latitude = n.latitude, \
     longitude = n.longitude, speed_kmh = n.speed_kmh, heading_deg = n.heading_deg, accuracy_m = n.accuracy_m, \
     altitude_m = n.altitude_m, odometer_km = n.odometer_km, fuel_level_l = n.fuel_level_l, ignition = n.ignition, \
     attributes = n.attributes, held_ms = null, arrived_mps = f.arrived_mps, outlier_filter = null \
     from newest n join unnest($15::bigint[], $17::float8[]) as f (vehicle_no, arrived_mps) using (vehicle_no) \
     where s.vehicle_no = n.vehicle_no and (select yes from fine)) \
     select c.vehicle_no from unnest($15::bigint[], $16::bigint[]) as c (vehicle_no, version) \
     where not exists (select 1 from held h where h.vehicle_no = c.vehicle_no and h.version = c.version)"
);

/// The same statement records the added rows as late, because history does not include them yet.
const INSERT_LATE: &str = concat!(
    "with added as (insert into positions (vehicle_no, tenant_no, received_ms, ",
    stored_columns!(),
    ") select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], ",
    unnest_columns!(),
    ") on conflict do nothing returning vehicle_no, at_ms), \
     noted as (insert into late_positions (vehicle_no, at_ms, noted_ms) select vehicle_no, at_ms, $15 from added \
     on conflict do nothing) \
     select vehicle_no, at_ms from added"
);

const SET_STATES: &str = concat!(
    "update vehicle_states s set version = n.version, at_ms = n.at_ms, latitude = n.latitude, \
     longitude = n.longitude, speed_kmh = n.speed_kmh, heading_deg = n.heading_deg, accuracy_m = n.accuracy_m, \
     altitude_m = n.altitude_m, odometer_km = n.odometer_km, fuel_level_l = n.fuel_level_l, ignition = n.ignition, \
     attributes = n.attributes, held_ms = n.held_ms, arrived_mps = n.arrived_mps, outlier_filter = n.outlier_filter \
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], ",
    unnest_columns!(),
    ", $15::bigint[], $16::float8[], $17::text[]) as n (vehicle_no, version, before, ",
    stored_columns!(),
    ", held_ms, arrived_mps, outlier_filter) where s.vehicle_no = n.vehicle_no and s.version = n.before"
);

/// Whether [`write_at_once`] can write the transaction.
pub(super) fn is_plain(commit: &TrackCommit<'_>) -> bool {
    commit.late.is_empty()
        && commit.appended.len() < COPY_ROWS
        && commit.states.len() == commit.claims.len()
        && commit.appended.iter().all(|row| row.wrong.is_none())
        && commit.states.iter().all(|track| track.filter.resumable(track.state.last.as_ref()).is_some())
}

/// Writes new rows and states in a transaction of their own, unless a claim does not hold any more.
pub(super) async fn write_at_once(connection: &mut Connection, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
    let written = bind_rows(sqlx::query(WRITE_AT_ONCE), &commit.appended)
        .bind(commit.claims.iter().map(|(no, _)| no.get()).collect::<Vec<_>>())
        .bind(commit.claims.iter().map(|(_, version)| *version).collect::<Vec<_>>())
        .bind(commit.states.iter().map(|track| SavedFilter::of(track).speed_mps).collect::<Vec<_>>());
    // The vehicles whose claims don't hold. The message after the last row says that it is committed.
    let rows = written.fetch_all(connection).await?;
    let stale = rows.iter().map(|row| Ok(VehicleNo(row.try_get(0)?))).collect::<Result<Vec<_>>>()?;
    Ok(if stale.is_empty() { TrackOutcome::Committed { late_added: Vec::new() } } else { TrackOutcome::Stale(stale) })
}

/// Writes positions and states, unless a claim does not hold any more. Claims are locked in ascending order, so that
/// two nodes can't deadlock.
pub(super) async fn write_tracks(connection: &mut Connection, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
    let claimed: Vec<i64> = commit.claims.iter().map(|(no, _)| no.get()).collect();
    let rows = sqlx::query(
        "select vehicle_no, version from vehicle_states where vehicle_no = any($1) order by vehicle_no for update",
    )
    .bind(claimed)
    .fetch_all(&mut *connection)
    .await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in &rows {
        stored.insert(VehicleNo(row.try_get(0)?), row.try_get::<i64, _>(1)?);
    }
    let is_stale = |(no, version): &&(VehicleNo, i64)| stored.get(no) != Some(version);
    let stale: Vec<_> = commit.claims.iter().filter(is_stale).map(|(no, _)| *no).collect();
    if !stale.is_empty() {
        return Ok(TrackOutcome::Stale(stale));
    }
    if commit.appended.len() >= COPY_ROWS {
        let mut copy = connection.copy_in_raw(COPY).await?;
        copy.send(copied(&commit.appended)).await?;
        copy.finish().await?;
    } else if !commit.appended.is_empty() {
        bind_rows(sqlx::query(INSERT), &commit.appended).execute(&mut *connection).await?;
    }
    let mut late_added = Vec::new();
    if !commit.late.is_empty() {
        let insert = bind_rows(sqlx::query(INSERT_LATE), &commit.late).bind(commit.now.unix_ms());
        for row in insert.fetch_all(&mut *connection).await? {
            late_added.push((VehicleNo(row.try_get(0)?), row.try_get(1)?));
        }
    }
    if !commit.states.is_empty() {
        let mut columns = Columns::default();
        commit.states.iter().for_each(|track| columns.push(track.state.last.as_ref()));
        let query = sqlx::query(SET_STATES)
            .bind(commit.states.iter().map(|track| track.vehicle_no.get()).collect::<Vec<_>>())
            .bind(commit.states.iter().map(|track| track.state.version).collect::<Vec<_>>())
            .bind(commit.states.iter().map(|track| track.state.version - 1).collect::<Vec<_>>());
        let filters = commit.states.iter().map(SavedFilter::of).map(|saved| (saved.speed_mps, saved.whole));
        let (speeds, whole): (Vec<_>, Vec<_>) = filters.unzip();
        let held: Vec<_> = commit.states.iter().map(TrackRow::held_ms).collect();
        columns.bind(query).bind(held).bind(speeds).bind(whole).execute(&mut *connection).await?;
    }
    mark(connection, commit, &late_added).await?;
    Ok(TrackOutcome::Committed { late_added })
}

/// Marks the rows that are held to be wrong. Of late rows with the same key the first was added.
async fn mark(connection: &mut Connection, commit: &TrackCommit<'_>, late_added: &[(VehicleNo, i64)]) -> Result<()> {
    let mut added: HashSet<(VehicleNo, i64)> = late_added.iter().copied().collect();
    let late = commit.late.iter().filter(|row| added.remove(&(row.vehicle_no, row.position.at.unix_ms())));
    let wrong: Vec<_> = commit.appended.iter().chain(late).filter(|row| row.wrong.is_some()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into outliers (vehicle_no, at_ms, reason, noted_ms)
         select *, $4 from unnest($1::bigint[], $2::bigint[], $3::text[])
         on conflict (vehicle_no, at_ms) do update set reason = excluded.reason",
    )
    .bind(wrong.iter().map(|row| row.vehicle_no.get()).collect::<Vec<_>>())
    .bind(wrong.iter().map(|row| row.position.at.unix_ms()).collect::<Vec<_>>())
    .bind(wrong.iter().map(|row| row.wrong.map(OutlierReason::as_str)).collect::<Vec<_>>())
    .bind(commit.now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

fn bind_rows<'q>(
    query: Query<'q, sqlx::Postgres, PgArguments>,
    rows: &[PositionRow<'_>],
) -> Query<'q, sqlx::Postgres, PgArguments> {
    let mut columns = Columns::default();
    for row in rows {
        columns.push(Some(row.position));
    }
    let query = query
        .bind(rows.iter().map(|row| row.vehicle_no.get()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.tenant_no.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.received_at.unix_ms()).collect::<Vec<_>>());
    columns.bind(query)
}

/// Encodes rows in the binary format of [`COPY`], in network byte order: a header, then for each row the number of its
/// fields and each field's length (-1 for null) and bytes, and an end marker.
fn copied(rows: &[PositionRow<'_>]) -> Vec<u8> {
    const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    const FIELDS: i16 = 14;
    const PLAIN_ROW_BYTES: usize = 2 + FIELDS as usize * 12;
    fn put(bytes: &mut Vec<u8>, field: [u8; 8]) {
        bytes.extend_from_slice(&8_i32.to_be_bytes());
        bytes.extend_from_slice(&field);
    }
    fn put_measure(bytes: &mut Vec<u8>, field: Option<f64>) {
        match field {
            Some(value) => put(bytes, value.to_be_bytes()),
            None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    let mut bytes = Vec::with_capacity(HEADER.len() + rows.len() * PLAIN_ROW_BYTES + 2);
    bytes.extend_from_slice(HEADER);
    for row in rows {
        let position = row.position;
        bytes.extend_from_slice(&FIELDS.to_be_bytes());
        let numbers = [row.vehicle_no.get(), row.tenant_no.0, row.received_at.unix_ms(), position.at.unix_ms()];
        for number in numbers {
            put(&mut bytes, number.to_be_bytes());
        }
        put(&mut bytes, position.latitude.get().to_be_bytes());
        put(&mut bytes, position.longitude.get().to_be_bytes());
        put_measure(&mut bytes, position.speed.map(|value| value.get()));
        put_measure(&mut bytes, position.heading.map(|value| value.get()));
        put_measure(&mut bytes, position.accuracy.map(|value| value.get()));
        put_measure(&mut bytes, position.altitude.map(|value| value.get()));
        put_measure(&mut bytes, position.odometer.map(|value| value.get()));
        put_measure(&mut bytes, position.fuel_level.map(|value| value.get()));
        match position.ignition {
            Some(on) => bytes.extend_from_slice(&[0, 0, 0, 1, u8::from(on)]),
            None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        match attribute_bytes::encode(&position.attributes) {
            Some(attributes) => {
                let length = i32::try_from(attributes.len()).expect("64 attributes take some kilobytes");
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(&attributes);
            }
            None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}
