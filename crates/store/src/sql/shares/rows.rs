//! Shares and their vehicles.

use super::super::dialect::LOCK_TENANT;
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use crate::failure::taken;
use crate::{Digest, NewShare, Renderer, Result, StoreError};
use milepost_domain::{Fact, Label, Share, ShareId, TenantId, Timestamp, UserId, VehicleId};
use sqlx::{AssertSqlSafe, Row};

/// A share that has ended is listed for so long.
const KEEP_ENDED_MS: i64 = 30 * 86_400_000;

macro_rules! select_shares {
    ($rest:literal) => {
        concat!(
            "select s.id, s.tenant_no, t.id as tenant, s.name, s.created_by, s.created_ms, s.expires_ms, s.recalled_ms, \
             s.opened_count, s.opened_ms \
             from shares s join tenants t on t.tenant_no = s.tenant_no ",
            $rest
        )
    };
}

fn share(row: &DbRow, vehicle_ids: Vec<VehicleId>) -> Result<Share> {
    let time = |column: &str| row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose();
    Ok(Share {
        id: ShareId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        name: Label::stored(row.try_get("name")?)?,
        vehicle_ids,
        created_by: row.try_get::<Option<i64>, _>("created_by")?.map(UserId::new).transpose()?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        expires_at: timestamp(row.try_get("expires_ms")?)?,
        recalled_at: time("recalled_ms")?,
        opened_count: row.try_get("opened_count")?,
        opened_at: time("opened_ms")?,
    })
}

/// The vehicles of the shares with numbers from `first` to `last`, by share and id.
async fn vehicles(connection: &mut Connection, tenant_no: i64, first: i64, last: i64) -> Result<Vec<(i64, VehicleId)>> {
    let rows = sqlx::query_as::<Db, (i64, String)>(
        "select sv.share_id, v.id from share_vehicles sv join vehicles v on v.vehicle_no = sv.vehicle_no
         where sv.tenant_no = $1 and sv.share_id between $2 and $3 order by sv.share_id, v.id",
    )
    .bind(tenant_no)
    .bind(first)
    .bind(last)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|(share, id)| Ok((share, VehicleId::stored(&id)?))).collect()
}

pub(crate) async fn add_share(
    connection: &mut Connection,
    new: &NewShare,
    most: u32,
    now: Timestamp,
) -> Result<Option<Share>> {
    // Locks the tenant, so that only one transaction at a time counts and adds its shares.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(new.tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    sqlx::query::<Db>("delete from shares where tenant_no = $1 and (expires_ms < $2 or recalled_ms < $2)")
        .bind(tenant_no)
        .bind(now.unix_ms() - KEEP_ENDED_MS)
        .execute(&mut *connection)
        .await?;
    let count = sqlx::query_scalar::<Db, i64>(
        "select count(*) from shares where tenant_no = $1 and expires_ms > $2 and recalled_ms is null",
    )
    .bind(tenant_no)
    .bind(now.unix_ms())
    .fetch_one(&mut *connection)
    .await?;
    if count >= i64::from(most) {
        return Ok(None);
    }
    let id = take_number(connection, tenant_no, Numbered::Share).await?;
    sqlx::query::<Db>(
        "insert into shares (tenant_no, id, name, token_hash, created_by, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(new.name.as_str())
    .bind(new.hash.as_slice())
    .bind(new.created_by.map(UserId::get))
    .bind(now.unix_ms())
    .bind(new.expires_at.unix_ms())
    .execute(&mut *connection)
    .await
    .map_err(taken("share"))?;
    for vehicle in &new.vehicle_ids {
        let added = sqlx::query::<Db>(
            "insert into share_vehicles (tenant_no, share_id, vehicle_no)
             select tenant_no, $2, vehicle_no from vehicles where tenant_no = $1 and id = $3",
        )
        .bind(tenant_no)
        .bind(id)
        .bind(vehicle.as_str())
        .execute(&mut *connection)
        .await?;
        if added.rows_affected() == 0 {
            return Err(StoreError::NotFound("vehicle"));
        }
    }
    let mut vehicle_ids = new.vehicle_ids.clone();
    vehicle_ids.sort_unstable();
    Ok(Some(Share {
        id: ShareId::new(id)?,
        tenant: new.tenant.clone(),
        name: new.name.clone(),
        vehicle_ids,
        created_by: new.created_by,
        created_at: now,
        expires_at: new.expires_at,
        recalled_at: None,
        opened_count: 0,
        opened_at: None,
    }))
}

pub(crate) async fn list_shares(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<ShareId>,
    limit: u32,
) -> Result<Vec<Share>> {
    let rows = sqlx::query::<Db>(select_shares!("where t.id = $1 and s.id > $2 order by s.id limit $3"))
        .bind(tenant.as_str())
        .bind(after.map_or(0, ShareId::get))
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let of = vehicles(connection, first.try_get("tenant_no")?, first.try_get("id")?, last.try_get("id")?).await?;
    let mut of = of.into_iter().peekable();
    let mut shares = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: i64 = row.try_get("id")?;
        let mut ids = Vec::new();
        while let Some((_, vehicle)) = of.next_if(|(share, _)| *share == id) {
            ids.push(vehicle);
        }
        shares.push(share(row, ids)?);
    }
    Ok(shares)
}

pub(crate) async fn find_share(connection: &mut Connection, hash: &Digest) -> Result<Option<Share>> {
    let row = sqlx::query::<Db>(select_shares!("where s.token_hash = $1"))
        .bind(hash.as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id: i64 = row.try_get("id")?;
    let of = vehicles(connection, row.try_get("tenant_no")?, id, id).await?;
    share(&row, of.into_iter().map(|(_, vehicle)| vehicle).collect()).map(Some)
}

pub(crate) async fn recall_share(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ShareId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let recalled = sqlx::query::<Db>(
        "update shares set recalled_ms = $3
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and recalled_ms is null",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(now.unix_ms())
    .execute(&mut *connection)
    .await?;
    if recalled.rows_affected() == 0 {
        return Ok(false);
    }
    events::append_facts(connection, tenant, &[Fact::ShareChanged { share_id: id }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn count_opening(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ShareId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "update shares set opened_count = opened_count + 1, opened_ms = $3
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes vehicles that are not there any more off the shares of a tenant, and returns the numbers of those that had one in ascending
/// order. To be called after a vehicle's row was deleted.
pub(crate) async fn forget_removed(connection: &mut Connection, tenant_no: i64) -> Result<Vec<ShareId>> {
    let mut ids = sqlx::query_scalar::<Db, i64>(
        "delete from share_vehicles where tenant_no = $1
         and not exists (select 1 from vehicles v where v.vehicle_no = share_vehicles.vehicle_no) returning share_id",
    )
    .bind(tenant_no)
    .fetch_all(connection)
    .await?;
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| Ok(ShareId::new(id)?)).collect()
}
