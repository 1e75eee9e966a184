//! Reads deliveries.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{DeliveryCount, DeliveryListing, Result, Ride};
use milepost_domain::{
    Delivery, DeliveryFix, DeliveryStatus, Latitude, Longitude, OrderId, Phone, RiderId, TenantId, Timestamp,
    TrackingId,
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row};

const FIVE_MINUTES_MS: i64 = 5 * 60 * 1000;
const HOUR_MS: i64 = 60 * 60 * 1000;

macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!(
            "select d.tracking_id, t.id as tenant, d.order_id, d.rider_id, d.started_by, d.phone, d.status, \
             d.dropoff_latitude, d.dropoff_longitude, d.first_ms, d.first_latitude, d.first_longitude, d.last_ms, \
             d.last_latitude, d.last_longitude, d.driven_m, d.created_ms, d.updated_ms, d.expires_ms, d.version \
             from deliveries d join tenants t on t.tenant_no = d.tenant_no ",
            $rest
        )
    };
}

/// Reads a fix from three columns, which are all null or all set.
fn fix(row: &DbRow, at_ms: &str, latitude: &str, longitude: &str) -> Result<Option<DeliveryFix>> {
    let Some(at_ms) = row.try_get::<Option<i64>, _>(at_ms)? else { return Ok(None) };
    Ok(Some(DeliveryFix {
        at: timestamp(at_ms)?,
        latitude: Latitude::new(row.try_get(latitude)?)?,
        longitude: Longitude::new(row.try_get(longitude)?)?,
    }))
}

fn first_fix(row: &DbRow) -> Result<Option<DeliveryFix>> {
    fix(row, "first_ms", "first_latitude", "first_longitude")
}

fn last_fix(row: &DbRow) -> Result<Option<DeliveryFix>> {
    fix(row, "last_ms", "last_latitude", "last_longitude")
}

fn delivery(row: &DbRow) -> Result<Delivery> {
    Ok(Delivery {
        tracking_id: TrackingId::stored(row.try_get("tracking_id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        order_id: OrderId::stored(row.try_get("order_id")?)?,
        rider_id: RiderId::stored(row.try_get("rider_id")?)?,
        started_by: row.try_get("started_by")?,
        // Older versions stored any text. One that is no number gets no messages.
        phone: row.try_get::<Option<&str>, _>("phone")?.and_then(|phone| Phone::new(phone).ok()),
        status: DeliveryStatus::parse(row.try_get("status")?)?,
        dropoff: (Latitude::new(row.try_get("dropoff_latitude")?)?, Longitude::new(row.try_get("dropoff_longitude")?)?),
        last: last_fix(row)?,
        first: first_fix(row)?,
        driven_m: row.try_get("driven_m")?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        updated_at: timestamp(row.try_get("updated_ms")?)?,
        expires_at: timestamp(row.try_get("expires_ms")?)?,
        version: row.try_get("version")?,
    })
}

pub(crate) async fn get_delivery(connection: &mut Connection, id: &TrackingId) -> Result<Option<Delivery>> {
    let row = sqlx::query::<Db>(select_deliveries!("where d.tracking_id = $1"))
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(delivery).transpose()
}

/// A rider has few sessions that have not expired. They are found by the index and then sorted.
pub(crate) async fn current_delivery(
    connection: &mut Connection,
    tenant: &TenantId,
    rider: &RiderId,
    now: Timestamp,
) -> Result<Option<Delivery>> {
    let row = sqlx::query::<Db>(select_deliveries!(
        "where t.id = $1 and d.rider_id = $2 and d.expires_ms > $3
         order by case when d.status = 'DELIVERED' then 1 else 0 end,
         case when d.status = 'DELIVERED' then d.updated_ms else d.created_ms end desc, d.delivery_no desc limit 1"
    ))
    .bind(tenant.as_str())
    .bind(rider.as_str())
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(delivery).transpose()
}

/// A tenant's sessions that have not expired are found by the index of expiry and then sorted: they are those of a day.
pub(crate) async fn list_deliveries(
    connection: &mut Connection,
    listing: &DeliveryListing,
    now: Timestamp,
) -> Result<Vec<Delivery>> {
    let mut query =
        QueryBuilder::<Db>::new(select_deliveries!("where d.tenant_no = (select tenant_no from tenants where id = "));
    query.push_bind(listing.tenant.as_str()).push(") and d.expires_ms > ").push_bind(now.unix_ms());
    if let Some(rider) = &listing.rider {
        query.push(" and d.rider_id = ").push_bind(rider.as_str());
    }
    if let Some(started_by) = &listing.started_by {
        query.push(" and d.started_by = ").push_bind(started_by.as_str());
    }
    if let Some(status) = listing.status {
        query.push(" and d.status = ").push_bind(status.as_str());
    }
    if let Some((created_at, id)) = &listing.after {
        let created_ms = created_at.unix_ms();
        query.push(" and (d.created_ms < ").push_bind(created_ms);
        query.push(" or d.created_ms = ").push_bind(created_ms);
        query.push(" and d.tracking_id < ").push_bind(id.as_str()).push(")");
    }
    query.push(" order by d.created_ms desc, d.tracking_id desc limit ").push_bind(i64::from(listing.limit));
    query.build().fetch_all(connection).await?.iter().map(delivery).collect()
}

pub(crate) async fn delivery_fixes(
    connection: &mut Connection,
    id: &TrackingId,
    after: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<DeliveryFix>> {
    let rows = sqlx::query::<Db>(
        "select at_ms, latitude, longitude from delivery_fixes
         where delivery_no = (select delivery_no from deliveries where tracking_id = $1) and at_ms > $2
         order by at_ms limit $3",
    )
    .bind(id.as_str())
    .bind(after.map_or(-1, Timestamp::unix_ms))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().filter_map(|row| fix(row, "at_ms", "latitude", "longitude").transpose()).collect()
}

/// A delivered session expires a fixed time after its delivery, so that the order of expiry is the order of delivery.
/// The index of expiry, unlike one of the last change, is not written with every fix.
pub(crate) async fn finished_rides(
    connection: &mut Connection,
    tenant: &TenantId,
    rider: &RiderId,
    limit: u32,
) -> Result<Vec<Ride>> {
    let rows = sqlx::query::<Db>(
        "select driven_m, first_ms, first_latitude, first_longitude, last_ms, last_latitude, last_longitude
         from deliveries where tenant_no = (select tenant_no from tenants where id = $1) and rider_id = $2
         and status = 'DELIVERED' and first_ms is not null and last_ms is not null
         order by expires_ms desc limit $3",
    )
    .bind(tenant.as_str())
    .bind(rider.as_str())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let mut rides = Vec::with_capacity(rows.len());
    for row in &rows {
        if let (Some(first), Some(last)) = (first_fix(row)?, last_fix(row)?) {
            rides.push(Ride { driven_m: row.try_get("driven_m")?, first, last });
        }
    }
    Ok(rides)
}

/// Along the index of expiry, as [`finished_rides`].
pub(crate) async fn finished_deliveries(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let rows = sqlx::query::<Db>(select_deliveries!(
        "where d.tenant_no = (select tenant_no from tenants where id = $1) and d.expires_ms > $2
         and d.status = 'DELIVERED' and d.first_ms is not null and d.last_ms is not null
         order by d.expires_ms desc, d.delivery_no desc limit $3"
    ))
    .bind(tenant.as_str())
    .bind(after.map_or(-1, Timestamp::unix_ms))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(delivery).collect()
}

/// Counts tenant by tenant, along the index of expiry. SQLite keeps the order of a cross join.
pub(crate) async fn count_deliveries(
    connection: &mut Connection,
    tenant: Option<&TenantId>,
    now: Timestamp,
) -> Result<Vec<DeliveryCount>> {
    let within = if tenant.is_some() { "and t.id = $4" } else { "" };
    let sql = format!(
        "select d.status, count(*) as sessions, count(case when d.updated_ms >= $2 then 1 end) as last_5_min,
         count(case when d.updated_ms >= $3 and d.updated_ms < $2 then 1 end) as last_hour
         from tenants t cross join deliveries d where d.tenant_no = t.tenant_no and d.expires_ms > $1 {within}
         group by d.status"
    );
    let mut query = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(now.unix_ms())
        .bind(now.unix_ms() - FIVE_MINUTES_MS)
        .bind(now.unix_ms() - HOUR_MS);
    if let Some(tenant) = tenant {
        query = query.bind(tenant.as_str());
    }
    let count = |row: &DbRow, column| -> Result<u64> { Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0)) };
    query
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| {
            Ok(DeliveryCount {
                status: DeliveryStatus::parse(row.try_get("status")?)?,
                sessions: count(row, "sessions")?,
                last_5_min: count(row, "last_5_min")?,
                last_hour: count(row, "last_hour")?,
            })
        })
        .collect()
}
