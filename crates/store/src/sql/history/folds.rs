//! The saved states of the fold, and the positions that are not folded yet.

use super::super::{
    Connection, Db,
    positions::{position, timestamp},
};
use crate::{BehindFilter, FoldedVehicle, Result, SavedFold, StoreError, TenantNo, UnfoldedPosition, VehicleNo};
use milepost_domain::{Position, TenantId, Timestamp, VehicleId};
use milepost_track::OutlierReason;
use sqlx::Row;

pub(crate) async fn load_fold(connection: &mut Connection, vehicle: VehicleNo) -> Result<Option<FoldedVehicle>> {
    let row = sqlx::query::<Db>(
        "select v.tenant_no, t.id as tenant, v.id, coalesce(s.held_ms, s.at_ms) as heard_ms, f.version, f.folded_ms, f.code_version, f.state, f.silence,
         f.silent_after_ms, (select min(l.at_ms) from late_positions l where l.vehicle_no = v.vehicle_no) as late_ms
         from vehicles v join tenants t on t.tenant_no = v.tenant_no
         join vehicle_states s on s.vehicle_no = v.vehicle_no
         left join track_folds f on f.vehicle_no = v.vehicle_no
         where v.vehicle_no = $1",
    )
    .bind(vehicle.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let time = |column| row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose();
    let fold = match row.try_get::<Option<i64>, _>("code_version")? {
        None => None,
        Some(code_version) => Some(SavedFold {
            folded_at: timestamp(row.try_get("folded_ms")?)?,
            code_version: u32::try_from(code_version)
                .map_err(|_| StoreError::Corrupt(format!("a fold of code {code_version}")))?,
            state: row.try_get("state")?,
            silence: row.try_get("silence")?,
            silent_after_ms: row.try_get("silent_after_ms")?,
        }),
    };
    Ok(Some(FoldedVehicle {
        vehicle,
        tenant_no: TenantNo(row.try_get("tenant_no")?),
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        vehicle_id: VehicleId::stored(row.try_get("id")?)?,
        newest: time("heard_ms")?,
        late_from: time("late_ms")?,
        version: row.try_get::<Option<i64>, _>("version")?.unwrap_or(0),
        fold,
    }))
}

/// A position and its row of late positions are written by one transaction and read by one statement, so that they
/// always agree.
pub(crate) async fn positions_to_fold(
    connection: &mut Connection,
    vehicle: VehicleNo,
    vehicle_id: &VehicleId,
    after: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<UnfoldedPosition>> {
    sqlx::query::<Db>(concat!(
        "select ",
        position_columns!("p."),
        ", p.received_ms, l.at_ms is not null as is_late, o.reason from positions p
         left join late_positions l on l.vehicle_no = p.vehicle_no and l.at_ms = p.at_ms
         left join outliers o on o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms
         where p.vehicle_no = $1 and p.at_ms > $2 order by p.at_ms limit $3"
    ))
    .bind(vehicle.0)
    .bind(after.map_or(-1, Timestamp::unix_ms))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        let mark = row.try_get::<Option<&str>, _>("reason")?.and_then(OutlierReason::parse);
        let is_invalid = mark == Some(OutlierReason::Invalid);
        Ok(UnfoldedPosition {
            position: Position { is_invalid, ..position(row, vehicle_id.clone())? },
            received_at: timestamp(row.try_get("received_ms")?)?,
            is_late: row.try_get("is_late")?,
            mark,
        })
    })
    .collect()
}

pub(crate) async fn vehicles_behind(
    connection: &mut Connection,
    filter: BehindFilter,
    after: Option<VehicleNo>,
    limit: u32,
) -> Result<Vec<VehicleNo>> {
    // Two conditions, each along its own table, because late positions are few.
    numbers(
        sqlx::query_scalar::<Db, i64>(
            "select s.vehicle_no from vehicle_states s left join track_folds f on f.vehicle_no = s.vehicle_no
             where s.vehicle_no > $1 and coalesce(s.held_ms, s.at_ms) < $2
             and (f.folded_ms is null or f.folded_ms < coalesce(s.held_ms, s.at_ms))
             union
             select l.vehicle_no from late_positions l join vehicle_states n on n.vehicle_no = l.vehicle_no
             where l.vehicle_no > $1 and l.noted_ms < $3
             order by 1 limit $4",
        )
        .bind(after.map_or(-1, VehicleNo::get))
        .bind(filter.newest_before.unix_ms())
        .bind(filter.late_noted_before.unix_ms())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?,
    )
}

pub(crate) async fn vehicles_silent(
    connection: &mut Connection,
    now: Timestamp,
    after: Option<VehicleNo>,
    limit: u32,
) -> Result<Vec<VehicleNo>> {
    // No column that changes with every position is indexed. The newest position is looked up for each vehicle whose
    // silence still has consequences.
    numbers(
        sqlx::query_scalar::<Db, i64>(
            "select f.vehicle_no from track_folds f join vehicle_states s on s.vehicle_no = f.vehicle_no
             where f.vehicle_no > $1 and f.silent_after_ms is not null
             and coalesce(s.held_ms, s.at_ms) + f.silent_after_ms <= $2
             order by f.vehicle_no limit $3",
        )
        .bind(after.map_or(-1, VehicleNo::get))
        .bind(now.unix_ms())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?,
    )
}

fn numbers(found: Vec<i64>) -> Result<Vec<VehicleNo>> {
    Ok(found.into_iter().map(VehicleNo).collect())
}
