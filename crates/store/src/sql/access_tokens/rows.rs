//! Access tokens of programs.

use super::super::dialect::{LOCK_TENANT, VEHICLE_IDS_HOLD_PARAMETER_1, VEHICLE_IDS_WITHOUT_PARAMETER_1};
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use crate::failure::taken;
use crate::{Digest, NewAccessToken, Renderer, Result, StoreError};
use milepost_domain::{AccessToken, AccessTokenId, Fact, Label, Scope, Scopes, TenantId, Timestamp, UserId, VehicleId};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};

macro_rules! select_access_tokens {
    ($rest:literal) => {
        concat!(
            "select a.id, t.id as tenant, a.name, a.scopes, a.vehicle_ids, a.created_by, a.created_ms, a.expires_ms, \
             a.last_used_ms from access_tokens a join tenants t on t.tenant_no = a.tenant_no ",
            $rest
        )
    };
}

fn access_token(row: &DbRow) -> Result<AccessToken> {
    let texts = |json: &str| -> Result<Vec<String>> {
        serde_json::from_str(json).map_err(|error| StoreError::Corrupt(format!("a list of an access token: {error}")))
    };
    let vehicle_ids = row.try_get::<Option<&str>, _>("vehicle_ids")?.map(texts).transpose()?;
    let vehicle_ids = vehicle_ids.map(|ids| ids.iter().map(|id| VehicleId::stored(id)).collect()).transpose()?;
    let time = |column: &str| -> Result<Option<Timestamp>> {
        row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose()
    };
    Ok(AccessToken {
        id: AccessTokenId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        name: Label::stored(row.try_get("name")?)?,
        scopes: Scopes::parse(texts(row.try_get("scopes")?)?.iter().map(String::as_str))?,
        vehicle_ids,
        created_by: row.try_get::<Option<i64>, _>("created_by")?.map(UserId::new).transpose()?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        expires_at: time("expires_ms")?,
        last_used_at: time("last_used_ms")?,
    })
}

fn ids_json(ids: &[VehicleId]) -> String {
    Value::from(ids.iter().map(VehicleId::as_str).collect::<Vec<_>>()).to_string()
}

pub(crate) async fn add_access_token(
    connection: &mut Connection,
    new: &NewAccessToken,
    most: u32,
    now: Timestamp,
) -> Result<Option<AccessToken>> {
    // Locks the tenant, so that only one transaction at a time counts and adds its tokens.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(new.tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from access_tokens where tenant_no = $1")
        .bind(tenant_no)
        .fetch_one(&mut *connection)
        .await?;
    if count >= i64::from(most) {
        return Ok(None);
    }
    let id = take_number(connection, tenant_no, Numbered::AccessToken).await?;
    sqlx::query::<Db>(
        "insert into access_tokens (tenant_no, id, name, token_hash, scopes, vehicle_ids, created_by, created_ms, expires_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(new.name.as_str())
    .bind(new.hash.as_slice())
    .bind(json!(new.scopes.iter().map(Scope::as_str).collect::<Vec<_>>()).to_string())
    .bind(new.vehicle_ids.as_deref().map(ids_json))
    .bind(new.created_by.map(UserId::get))
    .bind(now.unix_ms())
    .bind(new.expires_at.map(Timestamp::unix_ms))
    .execute(connection)
    .await
    .map_err(taken("access token"))?;
    Ok(Some(AccessToken {
        id: AccessTokenId::new(id)?,
        tenant: new.tenant.clone(),
        name: new.name.clone(),
        scopes: new.scopes.clone(),
        vehicle_ids: new.vehicle_ids.clone(),
        created_by: new.created_by,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
    }))
}

pub(crate) async fn list_access_tokens(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<AccessTokenId>,
    limit: u32,
) -> Result<Vec<AccessToken>> {
    sqlx::query::<Db>(select_access_tokens!("where t.id = $1 and a.id > $2 order by a.id limit $3"))
        .bind(tenant.as_str())
        .bind(after.map_or(0, AccessTokenId::get))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(access_token)
        .collect()
}

pub(crate) async fn made_by(
    connection: &mut Connection,
    tenant: &TenantId,
    user: UserId,
    limit: u32,
) -> Result<Vec<AccessToken>> {
    sqlx::query::<Db>(select_access_tokens!("where a.created_by = $1 and t.id = $2 order by a.id limit $3"))
        .bind(user.get())
        .bind(tenant.as_str())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(access_token)
        .collect()
}

pub(crate) async fn find_access_token(connection: &mut Connection, hash: &Digest) -> Result<Option<AccessToken>> {
    let row = sqlx::query::<Db>(select_access_tokens!("where a.token_hash = $1"))
        .bind(hash.as_slice())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(access_token).transpose()
}

pub(crate) async fn note_use(
    connection: &mut Connection,
    tenant: &TenantId,
    id: AccessTokenId,
    at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "update access_tokens set last_used_ms = $3
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and coalesce(last_used_ms, 0) < $3",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(at.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remove_access_token(
    connection: &mut Connection,
    tenant: &TenantId,
    id: AccessTokenId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from access_tokens where tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .execute(&mut *connection)
    .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    let fact = Fact::AccessTokenChanged { access_token_id: id };
    events::append_facts(connection, tenant, &[fact], now, renderer).await?;
    Ok(true)
}

/// Takes a removed vehicle off the lists of tokens, and returns the numbers of those that had it in ascending order. A token keeps its
/// list even if it is empty then: without one it would be for everything.
pub(crate) async fn forget_vehicle(
    connection: &mut Connection,
    tenant_no: i64,
    vehicle: &VehicleId,
) -> Result<Vec<AccessTokenId>> {
    let sql = format!(
        "update access_tokens set vehicle_ids = {VEHICLE_IDS_WITHOUT_PARAMETER_1}
         where tenant_no = $2 and vehicle_ids is not null and {VEHICLE_IDS_HOLD_PARAMETER_1} returning id"
    );
    let mut ids = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(sql))
        .bind(vehicle.as_str())
        .bind(tenant_no)
        .fetch_all(connection)
        .await?;
    ids.sort_unstable();
    ids.into_iter().map(|id| Ok(AccessTokenId::new(id)?)).collect()
}
