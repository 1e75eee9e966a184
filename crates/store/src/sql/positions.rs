//! Reads positions.

use super::arrival_index::{RECENT_POSITIONS, RECENT_POSITIONS_OF};
use super::dialect::IS_NUMBER_IN_PARAMETER_1;
use super::{Connection, Db, DbRow};
use crate::attribute_bytes;
use crate::{ArrivalCursor, Arrived, Result, StoreError, TrackPosition, VehicleNo, WrongPositions};
use milepost_domain::{
    AccuracyM, AltitudeM, Attributes, FuelLevelL, HeadingDeg, Invalid, Latitude, Longitude, OdometerKm, Position,
    SpeedKmh, TenantId, Timestamp, VehicleId,
};
use milepost_track::OutlierReason;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};

pub(crate) fn timestamp(ms: i64) -> Result<Timestamp> {
    Timestamp::from_unix_ms(ms).ok_or_else(|| StoreError::Corrupt(format!("time {ms}")))
}

/// Reads a position from a row whose first columns are `position_columns!`, without its attributes.
pub(crate) fn position(row: &DbRow, vehicle_id: VehicleId) -> Result<Position> {
    fn measure<T>(row: &DbRow, column: usize, new: impl Fn(f64) -> Result<T, Invalid>) -> Result<Option<T>> {
        Ok(row.try_get::<Option<f64>, _>(column)?.map(new).transpose()?)
    }
    Ok(Position {
        vehicle_id,
        at: timestamp(row.try_get(0)?)?,
        latitude: Latitude::new(row.try_get(1)?)?,
        longitude: Longitude::new(row.try_get(2)?)?,
        speed: measure(row, 3, SpeedKmh::new)?,
        heading: measure(row, 4, HeadingDeg::new)?,
        accuracy: measure(row, 5, AccuracyM::new)?,
        altitude: measure(row, 6, AltitudeM::new)?,
        odometer: measure(row, 7, OdometerKm::new)?,
        fuel_level: measure(row, 8, FuelLevelL::new)?,
        ignition: row.try_get(9)?,
        attributes: Attributes::NONE,
        is_invalid: false,
    })
}

/// The position with its attributes, from a row that has them too.
pub(crate) fn with_attributes(row: &DbRow, position: Position) -> Result<Position> {
    let bytes: Option<&[u8]> = row.try_get("attributes")?;
    Ok(Position { attributes: attribute_bytes::decode(bytes)?, ..position })
}

#[allow(clippy::too_many_arguments, reason = "a range, its page, and what to leave out")]
pub(crate) async fn positions(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    after: Option<Timestamp>,
    wrong: WrongPositions,
    limit: u32,
) -> Result<Vec<TrackPosition>> {
    let from_ms = after.map_or(0, |after| after.unix_ms() + 1).max(from.unix_ms());
    sqlx::query::<Db>(concat!(
        "select ",
        position_columns!("p."),
        ", p.attributes, o.reason from positions p
         left join outliers o on o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms and o.reason in ",
        wrong_reasons!(),
        " where p.vehicle_no =
            (select v.vehicle_no from vehicles v join tenants t on t.tenant_no = v.tenant_no where t.id = $1 and v.id = $2)
         and p.at_ms >= $3 and p.at_ms < $4 and ($6 or o.at_ms is null) order by p.at_ms limit $5"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(from_ms)
    .bind(to.unix_ms())
    .bind(i64::from(limit))
    .bind(wrong == WrongPositions::Marked)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        let reason: Option<&str> = row.try_get("reason")?;
        let position = Position {
            is_invalid: reason.and_then(OutlierReason::parse) == Some(OutlierReason::Invalid),
            ..with_attributes(row, position(row, vehicle.clone())?)?
        };
        Ok(TrackPosition { position, is_wrong: reason.is_some() })
    })
    .collect()
}

/// One look along the vehicle's key for each.
pub(crate) async fn positions_at(
    connection: &mut Connection,
    vehicles: &[VehicleNo],
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Position>> {
    let numbers: Vec<i64> = vehicles.iter().map(|vehicle| vehicle.0).collect();
    // The outer bounds on time say which partitions are read.
    let sql = format!(
        concat!(
            "select ",
            position_columns!("p."),
            ", p.attributes, v.id from vehicles v join positions p on p.vehicle_no = v.vehicle_no
             and p.at_ms > $2 and p.at_ms <= $3 and p.at_ms =
             (select q.at_ms from positions q where q.vehicle_no = v.vehicle_no and q.at_ms > $2 and q.at_ms <= $3
              and not exists (select 1 from outliers o where o.vehicle_no = q.vehicle_no and o.at_ms = q.at_ms
              and o.reason in ",
            wrong_reasons!(),
            ") order by q.at_ms desc limit 1) where v.vehicle_no {}"
        ),
        IS_NUMBER_IN_PARAMETER_1
    );
    sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(json!(numbers).to_string())
        .bind(since.unix_ms())
        .bind(until.unix_ms())
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| with_attributes(row, position(row, VehicleId::stored(row.try_get("id")?)?)?))
        .collect()
}

pub(crate) async fn recent_positions(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicles: Option<&[VehicleNo]>,
    received_since: Timestamp,
    after: Option<ArrivalCursor>,
    limit: u32,
) -> Result<Vec<Arrived>> {
    // No row has a negative time, so that this cursor is before all of them.
    let start = ArrivalCursor { received_ms: received_since.unix_ms(), vehicle_no: -1, at_ms: -1 };
    let after = after.map_or(start, |after| after.max(start));
    let query = sqlx::query::<Db>(if vehicles.is_some() { RECENT_POSITIONS_OF } else { RECENT_POSITIONS })
        .bind(tenant.as_str())
        .bind(after.received_ms)
        .bind(after.vehicle_no)
        .bind(after.at_ms)
        .bind(i64::from(limit));
    let query = match vehicles {
        Some(vehicles) => {
            let numbers: Vec<i64> = vehicles.iter().map(|vehicle| vehicle.get()).collect();
            query.bind(serde_json::Value::from(numbers).to_string())
        }
        None => query,
    };
    let rows = query.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let position = with_attributes(row, position(row, VehicleId::stored(row.try_get("id")?)?)?)?;
            let received_ms = row.try_get("received_ms")?;
            let cursor =
                ArrivalCursor { received_ms, vehicle_no: row.try_get("vehicle_no")?, at_ms: position.at.unix_ms() };
            Ok(Arrived { position, received_at: timestamp(received_ms)?, cursor })
        })
        .collect()
}
