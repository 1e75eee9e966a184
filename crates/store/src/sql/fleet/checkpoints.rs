//! Saved states of the fold, from which late positions are folded.

use super::super::{Connection, Db, positions::timestamp};
use crate::{Checkpoint, Result, StoreError, VehicleNo};
use milepost_domain::Timestamp;
use sqlx::Row;

pub(crate) async fn save_checkpoints(
    connection: &mut Connection,
    vehicle: VehicleNo,
    from: Timestamp,
    checkpoints: &[Checkpoint],
) -> Result<()> {
    sqlx::query::<Db>("delete from track_checkpoints where vehicle_no = $1 and at_ms >= $2")
        .bind(vehicle.0)
        .bind(from.unix_ms())
        .execute(&mut *connection)
        .await?;
    for checkpoint in checkpoints {
        sqlx::query::<Db>(
            "insert into track_checkpoints (vehicle_no, at_ms, code_version, state) values ($1, $2, $3, $4)
             on conflict (vehicle_no, at_ms)
             do update set code_version = excluded.code_version, state = excluded.state",
        )
        .bind(vehicle.0)
        .bind(checkpoint.at.unix_ms())
        .bind(i64::from(checkpoint.code_version))
        .bind(checkpoint.state.as_slice())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(crate) async fn newest_checkpoint(
    connection: &mut Connection,
    vehicle: VehicleNo,
    before: Option<Timestamp>,
) -> Result<Option<Checkpoint>> {
    let row = sqlx::query::<Db>(
        "select at_ms, code_version, state from track_checkpoints
         where vehicle_no = $1 and at_ms < $2 order by at_ms desc limit 1",
    )
    .bind(vehicle.0)
    .bind(before.map_or(i64::MAX, Timestamp::unix_ms))
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let code_version: i64 = row.try_get("code_version")?;
    Ok(Some(Checkpoint {
        at: timestamp(row.try_get("at_ms")?)?,
        code_version: u32::try_from(code_version)
            .map_err(|_| StoreError::Corrupt(format!("a checkpoint of code {code_version}")))?,
        state: row.try_get("state")?,
    }))
}
