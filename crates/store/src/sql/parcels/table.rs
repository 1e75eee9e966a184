//! Parcels, with the legs of their drivers.

use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, accounts::tenants, events, outgoing::calls};
use super::rows::{parcel, select_parcels};
use crate::{NewParcel, ParcelScope, Renderer, Result};
use milepost_domain::{Fact, OutgoingCall, Parcel, ParcelId, Place, TenantId, Timestamp, UserId, ZonesInside};
use sqlx::{AssertSqlSafe, Row};

pub(crate) async fn add_parcel(
    connection: &mut Connection,
    new: &NewParcel,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Parcel> {
    let tenant_no = tenants::tenant_no(connection, &new.tenant).await?;
    let bind_place = |place: &Place| (place.latitude.get(), place.longitude.get(), place.address.as_str().to_owned());
    let (pickup, destination) = (bind_place(&new.pickup), bind_place(&new.destination));
    let id = take_number(connection, tenant_no, Numbered::Parcel).await?;
    let parcel_no = sqlx::query_scalar::<Db, i64>(
        "insert into parcels (tenant_no, client_id, driver_id, pickup_latitude, pickup_longitude, pickup_address,
         destination_latitude, destination_longitude, destination_address, status, inside_pickup, inside_destination,
         created_ms, updated_ms, version, id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $12, 1, $13) returning parcel_no",
    )
    .bind(tenant_no)
    .bind(new.client_id.get())
    .bind(new.driver_id.map(UserId::get))
    .bind(pickup.0)
    .bind(pickup.1)
    .bind(pickup.2)
    .bind(destination.0)
    .bind(destination.1)
    .bind(destination.2)
    .bind(new.status.as_str())
    .bind(false)
    .bind(now.unix_ms())
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let parcel = Parcel {
        id: ParcelId::new(id)?,
        tenant: new.tenant.clone(),
        client_id: new.client_id,
        driver_id: new.driver_id,
        pickup: new.pickup.clone(),
        destination: new.destination.clone(),
        status: new.status,
        inside: ZonesInside::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    change_legs(connection, parcel_no, &parcel, now).await?;
    let added = Fact::ParcelAdded { parcel_id: parcel.id, client_id: parcel.client_id };
    events::append_facts(connection, &parcel.tenant, &[added], now, renderer).await?;
    Ok(parcel)
}

pub(crate) async fn change_parcel(
    connection: &mut Connection,
    parcel: &Parcel,
    facts: &[Fact],
    calls: &[OutgoingCall],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let changed = sqlx::query::<Db>(
        "update parcels set version = $2, client_id = $3, driver_id = $4, pickup_latitude = $5, pickup_longitude = $6,
         pickup_address = $7, destination_latitude = $8, destination_longitude = $9, destination_address = $10,
         status = $11, inside_pickup = $12, inside_destination = $13, updated_ms = $14
         where id = $1 and version = $2 - 1 and tenant_no = (select tenant_no from tenants where id = $15)
         returning tenant_no, parcel_no",
    )
    .bind(parcel.id.get())
    .bind(parcel.version)
    .bind(parcel.client_id.get())
    .bind(parcel.driver_id.map(UserId::get))
    .bind(parcel.pickup.latitude.get())
    .bind(parcel.pickup.longitude.get())
    .bind(parcel.pickup.address.as_str())
    .bind(parcel.destination.latitude.get())
    .bind(parcel.destination.longitude.get())
    .bind(parcel.destination.address.as_str())
    .bind(parcel.status.as_str())
    .bind(parcel.inside.pickup)
    .bind(parcel.inside.destination)
    .bind(parcel.updated_at.unix_ms())
    .bind(parcel.tenant.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(changed) = changed else { return Ok(false) };
    change_legs(connection, changed.try_get("parcel_no")?, parcel, now).await?;
    calls::store_calls(connection, changed.try_get("tenant_no")?, calls, now).await?;
    if !facts.is_empty() {
        events::append_facts(connection, &parcel.tenant, facts, now, renderer).await?;
    }
    Ok(true)
}

/// Ends the open leg unless it belongs to the parcel's driver, and begins the driver's leg. Every caller has locked the
/// parcel's row. A leg never begins before the end of the one before, even if the clocks of two nodes differ.
pub(crate) async fn change_legs(
    connection: &mut Connection,
    parcel_no: i64,
    parcel: &Parcel,
    now: Timestamp,
) -> Result<()> {
    let brings = if parcel.is_active() { parcel.driver_id.map(UserId::get) } else { None };
    let last = sqlx::query::<Db>(
        "select version, driver_id, from_ms, to_ms from parcel_legs where parcel_no = $1 order by version desc limit 1",
    )
    .bind(parcel_no)
    .fetch_optional(&mut *connection)
    .await?;
    let mut from_ms = now.unix_ms();
    if let Some(last) = last {
        let ended_ms: Option<i64> = last.try_get("to_ms")?;
        if ended_ms.is_none() && Some(last.try_get::<i64, _>("driver_id")?) == brings {
            return Ok(());
        }
        from_ms = from_ms.max(ended_ms.unwrap_or(last.try_get("from_ms")?));
        if ended_ms.is_none() {
            sqlx::query::<Db>("update parcel_legs set to_ms = $3 where parcel_no = $1 and version = $2")
                .bind(parcel_no)
                .bind(last.try_get::<i64, _>("version")?)
                .bind(from_ms)
                .execute(&mut *connection)
                .await?;
        }
    }
    if let Some(driver_id) = brings {
        sqlx::query::<Db>("insert into parcel_legs (parcel_no, version, driver_id, from_ms) values ($1, $2, $3, $4)")
            .bind(parcel_no)
            .bind(parcel.version)
            .bind(driver_id)
            .bind(from_ms)
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn get_parcel(connection: &mut Connection, tenant: &TenantId, id: ParcelId) -> Result<Option<Parcel>> {
    let row = sqlx::query::<Db>(select_parcels!("where t.id = $1 and p.id = $2"))
        .bind(tenant.as_str())
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(parcel).transpose()
}

pub(crate) async fn list_parcels(
    connection: &mut Connection,
    tenant: &TenantId,
    scope: ParcelScope,
    after: Option<ParcelId>,
    limit: u32,
) -> Result<Vec<Parcel>> {
    let (within, user) = match scope {
        ParcelScope::All => ("", None),
        ParcelScope::Client(client) => ("and p.client_id = $4", Some(client)),
        ParcelScope::Driver(driver) => ("and p.driver_id = $4", Some(driver)),
    };
    let sql = format!(
        "{} {within} order by p.id limit $3",
        select_parcels!("where p.tenant_no = (select tenant_no from tenants where id = $1) and p.id > $2")
    );
    let mut query = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(after.map_or(0, ParcelId::get))
        .bind(i64::from(limit));
    if let Some(user) = user {
        query = query.bind(user.get());
    }
    query.fetch_all(connection).await?.iter().map(parcel).collect()
}

pub(crate) async fn active_parcels(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
) -> Result<Vec<Parcel>> {
    sqlx::query::<Db>(select_parcels!(
        "where p.tenant_no = (select tenant_no from tenants where id = $1) and p.driver_id = $2
         and p.status not in ('delivered', 'cancelled') order by p.id"
    ))
    .bind(tenant.as_str())
    .bind(driver.get())
    .fetch_all(connection)
    .await?
    .iter()
    .map(parcel)
    .collect()
}
