//! Trips that were found or started by hand.

use super::super::dialect::SHARE_VEHICLE;
use super::super::{Connection, Db, events};
use super::trip_rows::{select_trips, trip};
use crate::failure::taken;
use crate::{Renderer, Result, StoreError, TripCursor, TripFilter};
use milepost_domain::{
    Fact, Revision, SpeedKmh, TenantId, Timestamp, Trip, TripId, TripPlace, TripStatus, TripUpdate, UserId,
    VehicleScope,
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row};

/// Binds the fields of a trip that can change, in the order of its columns.
macro_rules! bind_trip {
    ($query:expr, $trip:ident) => {{
        let latitude = |place: TripPlace| place.latitude.get();
        let longitude = |place: TripPlace| place.longitude.get();
        $query
            .bind($trip.driver_id.map(UserId::get))
            .bind($trip.status.as_str())
            .bind($trip.started_at.unix_ms())
            .bind($trip.ended_at.map(Timestamp::unix_ms))
            .bind($trip.followed_to.unix_ms())
            .bind($trip.start.map(latitude))
            .bind($trip.start.map(longitude))
            .bind($trip.end.map(latitude))
            .bind($trip.end.map(longitude))
            .bind($trip.figures.distance_mm)
            .bind($trip.figures.moving_ms)
            .bind($trip.figures.idle_ms)
            .bind($trip.figures.max_speed.map(SpeedKmh::get))
            .bind($trip.figures.fuel.map(|fuel| fuel.burnt_ml))
            .bind($trip.figures.fuel.map(|fuel| fuel.source.as_str()))
    }};
}

pub(crate) async fn add_trip(
    connection: &mut Connection,
    update: &TripUpdate,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let trip = &update.trip;
    // Locks the vehicle, so that its removal sees the trip too.
    let sql = format!(
        "select v.tenant_no, v.vehicle_no from vehicles v
         where v.tenant_no = (select tenant_no from tenants where id = $1) and v.id = $2 {SHARE_VEHICLE}"
    );
    let vehicle = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(trip.tenant.as_str())
        .bind(trip.vehicle_id.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("vehicle"))?;
    let insert = sqlx::query::<Db>(
        "insert into trips (id, tenant_no, vehicle_no, origin, created_ms, version, driver_id, status, started_ms,
         ended_ms, followed_ms, start_latitude, start_longitude, end_latitude, end_longitude, distance_mm, moving_ms,
         idle_ms, max_speed_kmh, fuel_ml, fuel_source)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
    )
    .bind(trip.id.as_str())
    .bind(vehicle.try_get::<i64, _>("tenant_no")?)
    .bind(vehicle.try_get::<i64, _>("vehicle_no")?)
    .bind(trip.origin.as_str())
    .bind(now.unix_ms())
    .bind(trip.version);
    bind_trip!(insert, trip).execute(&mut *connection).await.map_err(taken("trip"))?;
    events::append_facts(connection, &trip.tenant, &[Fact::TripChanged(Box::new(update.clone()))], now, renderer)
        .await?;
    Ok(())
}

pub(crate) async fn change_trip(
    connection: &mut Connection,
    update: &TripUpdate,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let trip = &update.trip;
    let changed = if update.revision == Revision::Withdrawn {
        remove_version(connection, trip).await?
    } else {
        write_version(connection, trip).await?
    };
    if changed {
        events::append_facts(connection, &trip.tenant, &[Fact::TripChanged(Box::new(update.clone()))], now, renderer)
            .await?;
    }
    Ok(changed)
}

pub(crate) async fn write_version(connection: &mut Connection, trip: &Trip) -> Result<bool> {
    let change = sqlx::query::<Db>(
        "update trips set version = $1, driver_id = $2, status = $3, started_ms = $4, ended_ms = $5, followed_ms = $6,
         start_latitude = $7, start_longitude = $8, end_latitude = $9, end_longitude = $10, distance_mm = $11,
         moving_ms = $12, idle_ms = $13, max_speed_kmh = $14, fuel_ml = $15, fuel_source = $16
         where id = $17 and version = $1 - 1 and tenant_no = (select tenant_no from tenants where id = $18)
         and exists (select 1 from vehicles v where v.vehicle_no = trips.vehicle_no)",
    )
    .bind(trip.version);
    let changed = bind_trip!(change, trip)
        .bind(trip.id.as_str())
        .bind(trip.tenant.as_str())
        .execute(connection)
        .await
        .map_err(taken("trip"))?;
    Ok(changed.rows_affected() > 0)
}

pub(crate) async fn remove_version(connection: &mut Connection, trip: &Trip) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from trips where id = $1 and version = $2 - 1
         and tenant_no = (select tenant_no from tenants where id = $3)
         and exists (select 1 from vehicles v where v.vehicle_no = trips.vehicle_no)",
    )
    .bind(trip.id.as_str())
    .bind(trip.version)
    .bind(trip.tenant.as_str())
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() > 0)
}

pub(crate) async fn get_trip(connection: &mut Connection, tenant: &TenantId, id: &TripId) -> Result<Option<Trip>> {
    let row = sqlx::query::<Db>(select_trips!(
        "where p.id = $1 and p.tenant_no = (select tenant_no from tenants where id = $2)"
    ))
    .bind(id.as_str())
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(|row| trip(row, tenant)).transpose()
}

/// Lists trips that began in the time of the filter, then those that began before it. Each kind is read along its own index.
pub(crate) async fn list_trips(
    connection: &mut Connection,
    tenant: &TenantId,
    filter: &TripFilter,
    before: Option<&TripCursor>,
    limit: u32,
) -> Result<Vec<Trip>> {
    let mut trips = list_part(connection, tenant, filter, Part::BegunWithin, before, limit).await?;
    let wanted = limit as usize - trips.len();
    if wanted > 0 && filter.begun_before && filter.from < filter.to {
        let rest = limit - u32::try_from(trips.len()).expect("at most the limit");
        let mut earlier = list_part(connection, tenant, filter, Part::EndedLater, before, rest).await?;
        earlier.extend(list_part(connection, tenant, filter, Part::StillRunning, before, rest).await?);
        earlier.sort_by(|a, b| (b.started_at, b.id.as_str()).cmp(&(a.started_at, a.id.as_str())));
        trips.extend(earlier.into_iter().take(wanted));
    }
    Ok(trips)
}

/// Trips that overlap the time of a filter, by how they do.
#[derive(Clone, Copy)]
enum Part {
    BegunWithin,
    EndedLater,
    StillRunning,
}

async fn list_part(
    connection: &mut Connection,
    tenant: &TenantId,
    filter: &TripFilter,
    part: Part,
    before: Option<&TripCursor>,
    limit: u32,
) -> Result<Vec<Trip>> {
    let mut query = QueryBuilder::<Db>::new(select_trips!("where "));
    let (from_ms, to_ms) = (filter.from.unix_ms(), filter.to.unix_ms());
    match part {
        Part::BegunWithin => {
            query.push("p.started_ms >= ").push_bind(from_ms).push(" and p.started_ms < ").push_bind(to_ms);
        }
        Part::EndedLater => {
            query.push("p.ended_ms > ").push_bind(from_ms).push(" and p.started_ms < ").push_bind(from_ms);
        }
        Part::StillRunning => {
            query.push("p.status = 'started' and p.started_ms < ").push_bind(from_ms);
        }
    }
    query.push(" and p.tenant_no = (select tenant_no from tenants where id = ").push_bind(tenant.as_str()).push(")");
    if let Some(vehicle) = &filter.vehicle {
        // The tenant's number comes first, so that only its trips are read, along their index.
        query
            .push(" and p.vehicle_no = (select n.vehicle_no from vehicles n where n.id = ")
            .push_bind(vehicle.as_str())
            .push(" and n.tenant_no = (select tenant_no from tenants where id = ")
            .push_bind(tenant.as_str())
            .push("))");
    }
    match &filter.scope {
        VehicleScope::Nothing => return Ok(Vec::new()),
        VehicleScope::All => {}
        VehicleScope::Some { listed, driven_by } => {
            query.push(" and (p.driver_id = ").push_bind(driven_by.map(UserId::get));
            for vehicle in listed {
                query.push(" or v.id = ").push_bind(vehicle.as_str());
            }
            query.push(")");
        }
    }
    if let Some(status) = filter.status {
        query.push(" and p.status = ").push_bind(status.as_str());
    }
    if let Some(before) = before {
        query.push(" and (p.started_ms, p.id) < (").push_bind(before.started_at.unix_ms());
        query.push(", ").push_bind(before.id.as_str()).push(")");
    }
    query.push(" order by p.started_ms desc, p.id desc limit ").push_bind(i64::from(limit));
    // A separate statement for every length of a list would fill the connection's statement cache.
    let stays_in_cache = filter.scope == VehicleScope::All;
    let rows = query.build().persistent(stays_in_cache).fetch_all(connection).await?;
    rows.iter().map(|row| trip(row, tenant)).collect()
}

/// Counts a tenant's trips that overlap the time from `from_ms` until before `to_ms`, without cancelled ones. It adds
/// up the trips that began in it, those that began before and ended in it or later, and those that began before and
/// still run. Each kind is counted along its own index.
pub(crate) async fn count_trips(
    connection: &mut Connection,
    tenant: &TenantId,
    from_ms: i64,
    to_ms: i64,
) -> Result<u64> {
    let mut count = 0;
    for condition in [
        "p.started_ms >= $2 and p.started_ms < $3",
        "p.ended_ms > $2 and p.started_ms < $2 and $3 > $2",
        "p.status = 'started' and p.started_ms < $2 and $3 > $2",
    ] {
        let sql = format!(
            "select count(*) from trips p join vehicles v on v.vehicle_no = p.vehicle_no
             where p.tenant_no = (select tenant_no from tenants where id = $1) and {condition}
             and p.status <> '{}'",
            TripStatus::Cancelled.as_str()
        );
        count += sqlx::query_scalar::<Db, i64>(AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(from_ms)
            .bind(to_ms)
            .fetch_one(&mut *connection)
            .await?;
    }
    Ok(u64::try_from(count).expect("a count is not negative"))
}

pub(crate) use bind_trip;
