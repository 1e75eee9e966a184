//! Writes what was folded of many vehicles into SQLite. Each statement wakes the connection's thread and waits for it, which costs more
//! than a row, so that there are few for all vehicles.

use super::sql::fleet::{
    checkpoints::save_checkpoints as save_checkpoints_of,
    trip_rows::{select_trips, trip as read_trip},
};
use super::{Connection, Db};
use crate::failure::taken;
use crate::{HistoryWrite, Result, SavedFold, VehicleNo};
use milepost_domain::{SpeedKmh, TenantId, Timestamp, Trip, TripPlace, UserId};
use sqlx::{QueryBuilder, Row};
use std::collections::{HashMap, HashSet};

/// Rows of a statement, at most: a power of two.
const ROWS_AT_ONCE: usize = 64;

const ADD_FOLDS: &str = "insert into track_folds
    (vehicle_no, version, folded_ms, code_version, state, silence, silent_after_ms) select n.* from (";
const ADD_FOLDS_OF_VEHICLES: &str = ") n where exists (select 1 from vehicles v where v.vehicle_no = n.column1)
    on conflict do nothing returning vehicle_no";

const CHANGE_FOLDS: &str =
    "update track_folds set version = n.column2, folded_ms = n.column3, code_version = n.column4,
    state = n.column5, silence = n.column6, silent_after_ms = n.column7 from (";
const CHANGE_FOLDS_OF_VEHICLES: &str = ") n where track_folds.vehicle_no = n.column1
    and track_folds.version = n.column2 - 1 and exists (select 1 from vehicles v where v.vehicle_no = n.column1)
    returning vehicle_no";

const CHANGE_TRIPS: &str = "update trips set version = n.column2, driver_id = n.column3, status = n.column4,
    started_ms = n.column5, ended_ms = n.column6, followed_ms = n.column7, start_latitude = n.column8,
    start_longitude = n.column9, end_latitude = n.column10, end_longitude = n.column11, distance_mm = n.column12,
    moving_ms = n.column13, idle_ms = n.column14, max_speed_kmh = n.column15, fuel_ml = n.column16,
    fuel_source = n.column17 from (";
const CHANGE_TRIPS_OF_VEHICLES: &str = ") n where trips.id = n.column1 and trips.version = n.column2 - 1
    and exists (select 1 from vehicles v where v.vehicle_no = trips.vehicle_no)";

/// Splits rows into powers of two, so that a connection keeps a prepared statement for each of few sizes.
fn in_few_sizes<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROWS_AT_ONCE.min(1 << rows.len().checked_ilog2()?);
        let (first, rest) = rows.split_at(size);
        rows = rest;
        Some(first)
    })
}

/// Writes the next version of each fold. Answers the vehicles of which it is the next one, and that were not removed.
pub(super) async fn claim(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<HashSet<VehicleNo>> {
    let (first, later): (Vec<&HistoryWrite>, Vec<&HistoryWrite>) =
        writes.iter().partition(|write| write.known_version == 0);
    let mut claimed = HashSet::with_capacity(writes.len());
    let statements = [(ADD_FOLDS, first, ADD_FOLDS_OF_VEHICLES), (CHANGE_FOLDS, later, CHANGE_FOLDS_OF_VEHICLES)];
    for (begin, writes, end) in statements {
        for writes in in_few_sizes(&writes) {
            let mut statement = QueryBuilder::<Db>::new(begin);
            statement.push_values(writes, |mut row, write| {
                let SavedFold { folded_at, code_version, state, silence, silent_after_ms } = &write.fold;
                row.push_bind(write.vehicle.0).push_bind(write.known_version + 1).push_bind(folded_at.unix_ms());
                row.push_bind(i64::from(*code_version)).push_bind(state.as_slice()).push_bind(silence.as_slice());
                row.push_bind(*silent_after_ms);
            });
            let written = statement.push(end).build_query_scalar::<i64>().fetch_all(&mut *connection).await?;
            claimed.extend(written.into_iter().map(VehicleNo));
        }
    }
    Ok(claimed)
}

/// Replaces the checkpoints of each vehicle from its instant on.
pub(super) async fn save_checkpoints(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<()> {
    for write in writes {
        if let Some((from, saved)) = &write.checkpoints {
            save_checkpoints_of(connection, write.vehicle, *from, saved).await?;
        }
    }
    Ok(())
}

/// Reads the trips of these vehicles that were found in positions and began at these times.
pub(super) async fn find_trips(
    connection: &mut Connection,
    keys: &[(VehicleNo, &TenantId, Timestamp)],
) -> Result<Vec<(VehicleNo, Trip)>> {
    let tenants: HashMap<VehicleNo, &TenantId> = keys.iter().map(|(vehicle, tenant, _)| (*vehicle, *tenant)).collect();
    let mut found = Vec::with_capacity(keys.len());
    for keys in in_few_sizes(keys) {
        let mut statement =
            QueryBuilder::<Db>::new(select_trips!("where p.origin = 'auto' and p.id in (select t.id from ("));
        statement.push_values(keys, |mut row, (vehicle, _, started_at)| {
            row.push_bind(vehicle.0).push_bind(started_at.unix_ms());
        });
        // A cross join is made in the order in which it is written: a search of the index for each key, never a scan.
        statement.push(") k cross join trips t where t.vehicle_no = k.column1 and t.started_ms = k.column2)");
        for row in statement.build().fetch_all(&mut *connection).await? {
            let vehicle = VehicleNo(row.try_get("vehicle_no")?);
            let tenant = tenants.get(&vehicle).copied().expect("it was asked for");
            found.push((vehicle, read_trip(&row, tenant)?));
        }
    }
    Ok(found)
}

/// Writes the next versions of trips, each of another vehicle.
pub(super) async fn change_trips(connection: &mut Connection, trips: &[Trip]) -> Result<()> {
    let latitude = |place: TripPlace| place.latitude.get();
    let longitude = |place: TripPlace| place.longitude.get();
    for trips in in_few_sizes(trips) {
        let mut statement = QueryBuilder::<Db>::new(CHANGE_TRIPS);
        statement.push_values(trips, |mut row, trip| {
            row.push_bind(trip.id.as_str()).push_bind(trip.version).push_bind(trip.driver_id.map(UserId::get));
            row.push_bind(trip.status.as_str()).push_bind(trip.started_at.unix_ms());
            row.push_bind(trip.ended_at.map(Timestamp::unix_ms)).push_bind(trip.followed_to.unix_ms());
            row.push_bind(trip.start.map(latitude)).push_bind(trip.start.map(longitude));
            row.push_bind(trip.end.map(latitude)).push_bind(trip.end.map(longitude));
            row.push_bind(trip.figures.distance_mm).push_bind(trip.figures.moving_ms).push_bind(trip.figures.idle_ms);
            row.push_bind(trip.figures.max_speed.map(SpeedKmh::get));
            row.push_bind(trip.figures.fuel.map(|fuel| fuel.burnt_ml));
            row.push_bind(trip.figures.fuel.map(|fuel| fuel.source.as_str()));
        });
        statement.push(CHANGE_TRIPS_OF_VEHICLES).build().execute(&mut *connection).await.map_err(taken("trip"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_into_powers_of_two_without_losing_any() {
        for count in [0, 1, 3, 64, 65, 200, 255] {
            let rows: Vec<usize> = (0..count).collect();
            let parts: Vec<&[usize]> = in_few_sizes(&rows).collect();
            assert_eq!(parts.concat(), rows);
            assert!(parts.iter().all(|part| part.len().is_power_of_two() && part.len() <= ROWS_AT_ONCE));
        }
    }
}
