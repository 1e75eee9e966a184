//! Activity of vehicles in buckets of time, and its sums over a fleet.

use super::super::{Connection, Db};
use super::trips;
use crate::{ActivityChange, FleetStats, Result, StatsWindow, TenantNo, VehicleNo};
use milepost_domain::TenantId;
use sqlx::{QueryBuilder, Row};
use std::collections::BTreeMap;

/// Buckets that one statement changes.
const ROWS_AT_ONCE: usize = 100;

pub(crate) async fn add_activity(
    connection: &mut Connection,
    tenant: TenantNo,
    vehicle: VehicleNo,
    changes: &[ActivityChange],
) -> Result<()> {
    add_activities(connection, &[(tenant, vehicle, changes)]).await
}

/// Adds the activity of many vehicles. Buckets are written in their order, so that two writers can't deadlock, and each once, because
/// a statement can't change a row twice.
pub(crate) async fn add_activities(
    connection: &mut Connection,
    added: &[(TenantNo, VehicleNo, &[ActivityChange])],
) -> Result<()> {
    let mut buckets: BTreeMap<(i64, i64, i64), [i64; 4]> = BTreeMap::new();
    for (tenant, vehicle, changes) in added {
        for change in *changes {
            let sums = buckets.entry((tenant.0, change.bucket.unix_ms(), vehicle.0)).or_default();
            let parts = [change.distance_mm, change.moving_ms, change.idle_ms, change.fuel_ml];
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
    }
    let buckets: Vec<_> = buckets.into_iter().filter(|(_, sums)| *sums != [0; 4]).collect();
    for buckets in buckets.chunks(ROWS_AT_ONCE) {
        let mut upsert = QueryBuilder::<Db>::new(
            "insert into activity (tenant_no, bucket_ms, vehicle_no, distance_mm, moving_ms, idle_ms, fuel_ml) ",
        );
        upsert.push_values(
            buckets,
            |mut row, ((tenant, bucket_ms, vehicle), [distance_mm, moving_ms, idle_ms, fuel_ml])| {
                row.push_bind(*tenant).push_bind(*bucket_ms).push_bind(*vehicle);
                row.push_bind(*distance_mm).push_bind(*moving_ms).push_bind(*idle_ms).push_bind(*fuel_ml);
            },
        );
        upsert.push(
            " on conflict (tenant_no, bucket_ms, vehicle_no) do update set
             distance_mm = activity.distance_mm + excluded.distance_mm,
             moving_ms = activity.moving_ms + excluded.moving_ms, idle_ms = activity.idle_ms + excluded.idle_ms,
             fuel_ml = activity.fuel_ml + excluded.fuel_ml",
        );
        // A separate statement for every number of buckets would fill the connection's statement cache.
        let stays_in_cache = buckets.len() <= 2 || buckets.len() == ROWS_AT_ONCE;
        upsert.build().persistent(stays_in_cache).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn fleet_stats(
    connection: &mut Connection,
    tenant: &TenantId,
    window: StatsWindow,
) -> Result<FleetStats> {
    let (from_ms, to_ms) = (window.from.unix_ms(), window.to.unix_ms());
    // Summed by vehicle first, so that a vehicle's price is read once and not for each bucket. The outer sums have a
    // wider type than the inner ones.
    let sums = sqlx::query::<Db>(
        "select cast(coalesce(sum(a.distance_mm), 0) as bigint) as distance_mm,
         cast(coalesce(sum(a.moving_ms), 0) as bigint) as moving_ms,
         cast(coalesce(sum(a.idle_ms), 0) as bigint) as idle_ms,
         cast(coalesce(sum(a.fuel_ml), 0) as bigint) as fuel_ml,
         cast(coalesce(sum(a.fuel_ml * v.fuel_price_per_l), 0) as double precision) / 1000 as fuel_cost,
         cast(coalesce(sum(case when v.fuel_price_per_l is not null then a.distance_mm end), 0) as bigint)
         as priced_distance_mm
         from (select vehicle_no, sum(distance_mm) as distance_mm, sum(moving_ms) as moving_ms, sum(idle_ms) as idle_ms,
               sum(fuel_ml) as fuel_ml from activity
               where tenant_no = (select tenant_no from tenants where id = $1) and bucket_ms >= $2 and bucket_ms < $3
               group by vehicle_no) a
         join vehicles v on v.vehicle_no = a.vehicle_no",
    )
    .bind(tenant.as_str())
    .bind(from_ms)
    .bind(to_ms)
    .fetch_one(&mut *connection)
    .await?;
    let vehicles = sqlx::query::<Db>(
        "select count(*) as vehicles, count(case when coalesce(s.held_ms, s.at_ms) >= $1 then 1 end) as active_vehicles
         from vehicles v join vehicle_states s on s.vehicle_no = v.vehicle_no
         where v.tenant_no = (select tenant_no from tenants where id = $2)",
    )
    .bind(window.active_since.unix_ms())
    .bind(tenant.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let count = |column| -> Result<u64> {
        Ok(u64::try_from(vehicles.try_get::<i64, _>(column)?).expect("a count is not negative"))
    };
    Ok(FleetStats {
        vehicles: count("vehicles")?,
        active_vehicles: count("active_vehicles")?,
        trips: trips::count_trips(connection, tenant, from_ms, to_ms).await?,
        distance_mm: sums.try_get("distance_mm")?,
        moving_ms: sums.try_get("moving_ms")?,
        idle_ms: sums.try_get("idle_ms")?,
        fuel_ml: sums.try_get("fuel_ml")?,
        fuel_cost: sums.try_get("fuel_cost")?,
        priced_distance_mm: sums.try_get("priced_distance_mm")?,
    })
}
