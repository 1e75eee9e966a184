//! Writes what was folded of many vehicles into SQLite, vehicle by vehicle: a statement costs no round trip.

use super::sql::fleet::{
    checkpoints::save_checkpoints as save_checkpoints_of,
    trip_rows::{select_trips, trip as read_trip},
    trips::write_version,
};
use super::{Connection, Db};
use crate::{HistoryWrite, Result, SavedFold, VehicleNo};
use milepost_domain::{TenantId, Timestamp, Trip};
use std::collections::HashSet;

/// Writes the next version of each fold. Answers the vehicles of which it is the next one, and that were not removed.
pub(super) async fn claim(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<HashSet<VehicleNo>> {
    let mut claimed = HashSet::with_capacity(writes.len());
    for write in writes {
        // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their names are.
        let statement = if write.known_version == 0 {
            "insert into track_folds (folded_ms, code_version, state, silence, silent_after_ms, version, vehicle_no)
             select $1, $2, $3, $4, $5, $6 + 1, v.vehicle_no from vehicles v where v.vehicle_no = $7 on conflict do nothing"
        } else {
            "update track_folds set folded_ms = $1, code_version = $2, state = $3, silence = $4, silent_after_ms = $5,
             version = $6 + 1 where version = $6 and vehicle_no = $7
             and exists (select 1 from vehicles v where v.vehicle_no = $7)"
        };
        let SavedFold { folded_at, code_version, state, silence, silent_after_ms } = &write.fold;
        let written = sqlx::query::<Db>(statement)
            .bind(folded_at.unix_ms())
            .bind(i64::from(*code_version))
            .bind(state.as_slice())
            .bind(silence.as_slice())
            .bind(silent_after_ms)
            .bind(write.known_version)
            .bind(write.vehicle.0)
            .execute(&mut *connection)
            .await?;
        if written.rows_affected() > 0 {
            claimed.insert(write.vehicle);
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
    let mut found = Vec::with_capacity(keys.len());
    for (vehicle, tenant, started_at) in keys {
        let row =
            sqlx::query::<Db>(select_trips!("where p.vehicle_no = $1 and p.started_ms = $2 and p.origin = 'auto'"))
                .bind(vehicle.0)
                .bind(started_at.unix_ms())
                .fetch_optional(&mut *connection)
                .await?;
        if let Some(row) = row {
            found.push((*vehicle, read_trip(&row, tenant)?));
        }
    }
    Ok(found)
}

/// Writes the next versions of trips.
pub(super) async fn change_trips(connection: &mut Connection, trips: &[Trip]) -> Result<()> {
    for trip in trips {
        write_version(connection, trip).await?;
    }
    Ok(())
}
