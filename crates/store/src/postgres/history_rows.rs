//! Writes what was folded of many vehicles into PostgreSQL. Each statement is a round trip, so that there is one for all vehicles.

use super::Connection;
use super::sql::fleet::trip_rows::{select_trips, trip as read_trip};
use crate::failure::taken;
use crate::{Checkpoint, HistoryWrite, Result, VehicleNo};
use milepost_domain::{SpeedKmh, TenantId, Timestamp, Trip, TripPlace, UserId};
use sqlx::Row;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Locks the vehicles first, as when one is removed.
const LOCK_VEHICLES: &str =
    "select v.vehicle_no from vehicles v where v.vehicle_no = any($1) order by v.vehicle_no for key share of v";

/// In the order of their keys, so that two nodes can't wait for each other.
const LOCK_FOLDS: &str = "select f.vehicle_no, f.version from track_folds f where f.vehicle_no = any($1)
    order by f.vehicle_no for no key update of f";

/// Those that another node has added meanwhile are not returned.
const ADD_FOLDS: &str = "insert into track_folds
    (vehicle_no, version, folded_ms, code_version, state, silence, silent_after_ms)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[])
    order by 1 on conflict do nothing returning vehicle_no";

const CHANGE_FOLDS: &str = "update track_folds f set version = n.version, folded_ms = n.folded_ms,
    code_version = n.code_version, state = n.state, silence = n.silence, silent_after_ms = n.silent_after_ms
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[])
    as n (vehicle_no, version, folded_ms, code_version, state, silence, silent_after_ms)
    where f.vehicle_no = n.vehicle_no returning f.vehicle_no";

const DELETE_CHECKPOINTS: &str = "delete from track_checkpoints c
    using unnest($1::bigint[], $2::bigint[]) as n (vehicle_no, from_ms)
    where c.vehicle_no = n.vehicle_no and c.at_ms >= n.from_ms";

const ADD_CHECKPOINTS: &str = "insert into track_checkpoints (vehicle_no, at_ms, code_version, state)
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])
    on conflict (vehicle_no, at_ms) do update set code_version = excluded.code_version, state = excluded.state";

const CHANGE_TRIPS: &str = "update trips t set version = n.version, driver_id = n.driver_id, status = n.status,
    started_ms = n.started_ms, ended_ms = n.ended_ms, followed_ms = n.followed_ms,
    start_latitude = n.start_latitude, start_longitude = n.start_longitude, end_latitude = n.end_latitude,
    end_longitude = n.end_longitude, distance_mm = n.distance_mm, moving_ms = n.moving_ms, idle_ms = n.idle_ms,
    max_speed_kmh = n.max_speed_kmh, fuel_ml = n.fuel_ml, fuel_source = n.fuel_source
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::bigint[], $13::bigint[], $14::bigint[],
        $15::float8[], $16::bigint[], $17::text[])
    as n (id, version, driver_id, status, started_ms, ended_ms, followed_ms, start_latitude, start_longitude,
        end_latitude, end_longitude, distance_mm, moving_ms, idle_ms, max_speed_kmh, fuel_ml, fuel_source)
    where t.id = n.id and t.version = n.version - 1";

/// Writes the next version of each fold. Answers the vehicles of which it is the next one, and that were not removed.
pub(super) async fn claim(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<HashSet<VehicleNo>> {
    let vehicles: Vec<i64> = writes.iter().map(|write| write.vehicle.0).collect();
    let locked = sqlx::query_scalar::<_, i64>(LOCK_VEHICLES).bind(&vehicles).fetch_all(&mut *connection).await?;
    let versions = sqlx::query_as::<_, (i64, i64)>(LOCK_FOLDS).bind(&vehicles).fetch_all(&mut *connection).await?;
    let (locked, versions): (HashSet<i64>, HashMap<i64, i64>) =
        (locked.into_iter().collect(), versions.into_iter().collect());
    let is_next = |write: &&&HistoryWrite| {
        locked.contains(&write.vehicle.0) && versions.get(&write.vehicle.0).copied().unwrap_or(0) == write.known_version
    };
    let (first, later): (Vec<&HistoryWrite>, Vec<&HistoryWrite>) =
        writes.iter().filter(is_next).partition(|write| write.known_version == 0);
    let mut claimed = HashSet::with_capacity(writes.len());
    for (statement, writes) in [(ADD_FOLDS, first), (CHANGE_FOLDS, later)] {
        if writes.is_empty() {
            continue;
        }
        let written = sqlx::query_scalar::<_, i64>(statement)
            .bind(writes.iter().map(|write| write.vehicle.0).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| write.known_version + 1).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| write.fold.folded_at.unix_ms()).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| i64::from(write.fold.code_version)).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| write.fold.state.as_slice()).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| write.fold.silence.as_slice()).collect::<Vec<_>>())
            .bind(writes.iter().map(|write| write.fold.silent_after_ms).collect::<Vec<_>>())
            .fetch_all(&mut *connection)
            .await?;
        claimed.extend(written.into_iter().map(VehicleNo));
    }
    Ok(claimed)
}

/// Replaces the checkpoints of each vehicle from its instant on.
pub(super) async fn save_checkpoints(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<()> {
    let replaced: Vec<_> = writes
        .iter()
        .filter_map(|write| write.checkpoints.as_ref().map(|(from, saved)| (write.vehicle.0, from.unix_ms(), saved)))
        .collect();
    if replaced.is_empty() {
        return Ok(());
    }
    sqlx::query(DELETE_CHECKPOINTS)
        .bind(replaced.iter().map(|(vehicle, ..)| *vehicle).collect::<Vec<_>>())
        .bind(replaced.iter().map(|(_, from_ms, _)| *from_ms).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    // Each once, because a statement can't change a row twice.
    let all = replaced.iter().flat_map(|(vehicle, _, saved)| saved.iter().map(|one| ((*vehicle, one.at), one)));
    let saved: BTreeMap<(i64, Timestamp), &Checkpoint> = all.collect();
    sqlx::query(ADD_CHECKPOINTS)
        .bind(saved.keys().map(|(vehicle, _)| *vehicle).collect::<Vec<_>>())
        .bind(saved.keys().map(|(_, at)| at.unix_ms()).collect::<Vec<_>>())
        .bind(saved.values().map(|one| i64::from(one.code_version)).collect::<Vec<_>>())
        .bind(saved.values().map(|one| one.state.as_slice()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads the trips of these vehicles that were found in positions and began at these times.
pub(super) async fn find_trips(
    connection: &mut Connection,
    keys: &[(VehicleNo, &TenantId, Timestamp)],
) -> Result<Vec<(VehicleNo, Trip)>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let tenants: HashMap<VehicleNo, &TenantId> = keys.iter().map(|(vehicle, tenant, _)| (*vehicle, *tenant)).collect();
    let rows = sqlx::query(select_trips!(
        "join unnest($1::bigint[], $2::bigint[]) as k (vehicle_no, started_ms)
         on p.vehicle_no = k.vehicle_no and p.started_ms = k.started_ms where p.origin = 'auto'"
    ))
    .bind(keys.iter().map(|(vehicle, ..)| vehicle.0).collect::<Vec<_>>())
    .bind(keys.iter().map(|(.., started_at)| started_at.unix_ms()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let trip = |row| {
        let vehicle = VehicleNo(Row::try_get(row, "vehicle_no")?);
        let tenant = tenants.get(&vehicle).copied().expect("it was asked for");
        Ok((vehicle, read_trip(row, tenant)?))
    };
    rows.iter().map(trip).collect()
}

/// Writes the next versions of trips, whose vehicles are locked.
pub(super) async fn change_trips(connection: &mut Connection, trips: &[Trip]) -> Result<()> {
    if trips.is_empty() {
        return Ok(());
    }
    let latitude = |place: TripPlace| place.latitude.get();
    let longitude = |place: TripPlace| place.longitude.get();
    sqlx::query(CHANGE_TRIPS)
        .bind(trips.iter().map(|trip| trip.id.as_str()).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.version).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.driver_id.map(UserId::get)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.status.as_str()).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.started_at.unix_ms()).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.ended_at.map(Timestamp::unix_ms)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.followed_to.unix_ms()).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.start.map(latitude)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.start.map(longitude)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.end.map(latitude)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.end.map(longitude)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.distance_mm).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.moving_ms).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.idle_ms).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.max_speed.map(SpeedKmh::get)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.fuel.map(|fuel| fuel.burnt_ml)).collect::<Vec<_>>())
        .bind(trips.iter().map(|trip| trip.figures.fuel.map(|fuel| fuel.source.as_str())).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map_err(taken("trip"))?;
    Ok(())
}
