//! Writes deliveries: sessions with their fixes, facts and calls.

use super::super::{Connection, Db, accounts::tenants, events, outgoing::calls};
use crate::failure::taken;
use crate::{DeliveryChange, Renderer, Result};
use milepost_domain::{Delivery, DeliveryFix, Phone, Timestamp};
use sqlx::Row;
use sqlx::query::Query;

type DbQuery = Query<'static, Db, <Db as sqlx::Database>::Arguments>;

/// Binds $1 to $19: the columns of a session without its key and its version.
fn bind_delivery(query: DbQuery, delivery: &Delivery) -> DbQuery {
    fn bind_fix(query: DbQuery, fix: Option<&DeliveryFix>) -> DbQuery {
        query
            .bind(fix.map(|fix| fix.at.unix_ms()))
            .bind(fix.map(|fix| fix.latitude.get()))
            .bind(fix.map(|fix| fix.longitude.get()))
    }
    let query = query
        .bind(delivery.tracking_id.as_str().to_owned())
        .bind(delivery.version)
        .bind(delivery.order_id.as_str().to_owned())
        .bind(delivery.rider_id.as_str().to_owned())
        .bind(delivery.started_by.clone())
        .bind(delivery.phone.as_ref().map(|phone: &Phone| phone.as_str().to_owned()))
        .bind(delivery.status.as_str())
        .bind(delivery.dropoff.0.get())
        .bind(delivery.dropoff.1.get());
    let query = bind_fix(bind_fix(query, delivery.first.as_ref()), delivery.last.as_ref());
    query
        .bind(delivery.driven_m)
        .bind(delivery.created_at.unix_ms())
        .bind(delivery.updated_at.unix_ms())
        .bind(delivery.expires_at.unix_ms())
}

pub(crate) async fn add_delivery(
    connection: &mut Connection,
    change: &DeliveryChange<'_>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let tenant_no = tenants::tenant_no(connection, &change.delivery.tenant).await?;
    let insert = sqlx::query::<Db>(
        "insert into deliveries (tracking_id, version, order_id, rider_id, started_by, phone, status, dropoff_latitude,
         dropoff_longitude, first_ms, first_latitude, first_longitude, last_ms, last_latitude, last_longitude, driven_m,
         created_ms, updated_ms, expires_ms, tenant_no)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         returning delivery_no",
    );
    let row = bind_delivery(insert, change.delivery)
        .bind(tenant_no)
        .fetch_one(&mut *connection)
        .await
        .map_err(taken("tracking_id"))?;
    write_consequences(connection, change, row.try_get("delivery_no")?, tenant_no, now, renderer).await
}

pub(crate) async fn change_delivery(
    connection: &mut Connection,
    change: &DeliveryChange<'_>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let update = sqlx::query::<Db>(
        "update deliveries set version = $2, order_id = $3, rider_id = $4, started_by = $5, phone = $6, status = $7,
         dropoff_latitude = $8, dropoff_longitude = $9, first_ms = $10, first_latitude = $11, first_longitude = $12,
         last_ms = $13, last_latitude = $14, last_longitude = $15, driven_m = $16, created_ms = $17, updated_ms = $18,
         expires_ms = $19
         where tracking_id = $1 and version = $2 - 1 and tenant_no = (select tenant_no from tenants where id = $20)
         returning delivery_no, tenant_no",
    );
    let row = bind_delivery(update, change.delivery)
        .bind(change.delivery.tenant.as_str().to_owned())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(false) };
    write_consequences(connection, change, row.try_get("delivery_no")?, row.try_get("tenant_no")?, now, renderer)
        .await?;
    Ok(true)
}

pub(crate) async fn write_consequences(
    connection: &mut Connection,
    change: &DeliveryChange<'_>,
    delivery_no: i64,
    tenant_no: i64,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    if let Some(fix) = change.fix {
        // If several fixes have the same millisecond, the last one counts.
        sqlx::query::<Db>(
            "insert into delivery_fixes (delivery_no, at_ms, latitude, longitude) values ($1, $2, $3, $4)
             on conflict (delivery_no, at_ms) do update set latitude = excluded.latitude, longitude = excluded.longitude",
        )
        .bind(delivery_no)
        .bind(fix.at.unix_ms())
        .bind(fix.latitude.get())
        .bind(fix.longitude.get())
        .execute(&mut *connection)
        .await?;
    }
    calls::store_calls(connection, tenant_no, change.calls, now).await?;
    // Taking event ids blocks the tenant's other writers, so that a fix without facts takes none.
    if !change.facts.is_empty() {
        events::append_facts(connection, &change.delivery.tenant, change.facts, now, renderer).await?;
    }
    Ok(())
}
