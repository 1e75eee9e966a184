//! Users and their passwords.

use super::super::{Connection, Db, DbRow, events, push::subscriptions};
use super::sessions;
use crate::failure::taken_or_missing;
use crate::{Login, NewLogin, Renderer, Result, StoreError};
use milepost_domain::{Fact, Role, TenantId, Timestamp, User, UserId, Username, VehicleId};
use sqlx::Row;

macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "select u.id, u.username, u.password_hash, u.role, t.id as tenant, u.approved, u.active, u.cadet_id, \
             u.vehicle_ids from users u join tenants t on t.tenant_no = u.tenant_no ",
            $rest
        )
    };
}

fn user(row: &DbRow) -> Result<User> {
    let vehicle_ids: Vec<String> = serde_json::from_str(row.try_get("vehicle_ids")?)
        .map_err(|error| StoreError::Corrupt(format!("vehicle_ids of a user: {error}")))?;
    Ok(User {
        id: UserId::new(row.try_get("id")?)?,
        username: Username::stored(row.try_get("username")?)?,
        role: Role::parse(row.try_get("role")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        approved: row.try_get("approved")?,
        active: row.try_get("active")?,
        cadet_id: row.try_get("cadet_id")?,
        vehicle_ids: vehicle_ids.iter().map(|id| VehicleId::stored(id)).collect::<Result<_, _>>()?,
    })
}

fn login(row: &DbRow) -> Result<Login> {
    Ok(Login { user: user(row)?, password_hash: row.try_get("password_hash")? })
}

fn vehicle_ids_json(ids: &[VehicleId]) -> String {
    serde_json::Value::from(ids.iter().map(VehicleId::as_str).collect::<Vec<_>>()).to_string()
}

pub(crate) async fn add_user(
    connection: &mut Connection,
    new: &NewLogin,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<User> {
    let tenant_no = super::super::accounts::tenants::tenant_no(connection, &new.tenant).await?;
    let id = sqlx::query_scalar::<Db, i64>(
        "insert into users (username, password_hash, role, tenant_no, approved, active, cadet_id, vehicle_ids)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
    )
    .bind(new.username.as_str())
    .bind(new.password_hash.as_deref())
    .bind(new.role.as_str())
    .bind(tenant_no)
    .bind(new.approved)
    .bind(new.active)
    .bind(new.cadet_id)
    .bind(vehicle_ids_json(&new.vehicle_ids))
    .fetch_one(&mut *connection)
    .await
    .map_err(taken_or_missing("username", "tenant"))?;
    let id = UserId::new(id)?;
    events::append_facts(connection, &new.tenant, &[Fact::UserChanged { user_id: id }], now, renderer).await?;
    Ok(User {
        id,
        username: new.username.clone(),
        role: new.role,
        tenant: new.tenant.clone(),
        approved: new.approved,
        active: new.active,
        cadet_id: new.cadet_id,
        vehicle_ids: new.vehicle_ids.clone(),
    })
}

pub(crate) async fn get_user(connection: &mut Connection, id: UserId) -> Result<Option<User>> {
    let row = sqlx::query::<Db>(select_users!("where u.id = $1")).bind(id.get()).fetch_optional(connection).await?;
    row.as_ref().map(user).transpose()
}

pub(crate) async fn find_logins(
    connection: &mut Connection,
    tenant: Option<&TenantId>,
    forms: [&str; 2],
) -> Result<Vec<Login>> {
    // A tenant has at most one user of each form, so that three rows are of two tenants at least.
    let query = match tenant {
        Some(tenant) => sqlx::query::<Db>(select_users!(
            "where u.tenant_no = (select tenant_no from tenants where id = $3) and u.username in ($1, $2)"
        ))
        .bind(forms[0])
        .bind(forms[1])
        .bind(tenant.as_str()),
        None => sqlx::query::<Db>(select_users!("where u.username in ($1, $2) limit 3")).bind(forms[0]).bind(forms[1]),
    };
    query.fetch_all(connection).await?.iter().map(login).collect()
}

pub(crate) async fn get_login(connection: &mut Connection, id: UserId) -> Result<Option<Login>> {
    let row = sqlx::query::<Db>(select_users!("where u.id = $1")).bind(id.get()).fetch_optional(connection).await?;
    row.as_ref().map(login).transpose()
}

pub(crate) async fn list_users(
    connection: &mut Connection,
    tenant: Option<&TenantId>,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>> {
    let after = after.map_or(0, UserId::get);
    let query = match tenant {
        Some(tenant) => sqlx::query::<Db>(select_users!("where u.id > $1 and t.id = $3 order by u.id limit $2"))
            .bind(after)
            .bind(i64::from(limit))
            .bind(tenant.as_str()),
        None => sqlx::query::<Db>(select_users!("where u.id > $1 order by u.id limit $2"))
            .bind(after)
            .bind(i64::from(limit)),
    };
    query.fetch_all(connection).await?.iter().map(user).collect()
}

pub(crate) async fn update_user(
    connection: &mut Connection,
    user: &User,
    new_password_hash: Option<&str>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let Some(before) = get_user(connection, user.id).await? else { return Ok(false) };
    let tenant_no = super::super::accounts::tenants::tenant_no(connection, &user.tenant).await?;
    let changed = sqlx::query::<Db>(
        "update users set username = $2, password_hash = coalesce($3, password_hash), role = $4, tenant_no = $5,
         approved = $6, active = $7, cadet_id = $8, vehicle_ids = $9 where id = $1",
    )
    .bind(user.id.get())
    .bind(user.username.as_str())
    .bind(new_password_hash)
    .bind(user.role.as_str())
    .bind(tenant_no)
    .bind(user.approved)
    .bind(user.active)
    .bind(user.cadet_id)
    .bind(vehicle_ids_json(&user.vehicle_ids))
    .execute(&mut *connection)
    .await
    .map_err(taken_or_missing("username", "tenant"))?
    .rows_affected();
    if changed == 0 {
        return Ok(false);
    }
    // Done in the same transaction, so that neither a crash nor another node separates the two.
    let locked_out = new_password_hash.is_some() || !user.may_enter();
    if locked_out {
        sessions::remove_user_sessions(connection, user.id).await?;
    }
    if locked_out || before.tenant != user.tenant {
        subscriptions::remove_of_user(connection, user.id).await?;
    }
    // If the user moves, both tenants get the event.
    let mut tenants = vec![&before.tenant, &user.tenant];
    tenants.sort();
    tenants.dedup();
    for tenant in tenants {
        events::append_facts(connection, tenant, &[Fact::UserChanged { user_id: user.id }], now, renderer).await?;
    }
    Ok(true)
}

pub(crate) async fn remove_user(
    connection: &mut Connection,
    id: UserId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let Some(before) = get_user(connection, id).await? else { return Ok(false) };
    let removed = sqlx::query::<Db>("delete from users where id = $1").bind(id.get()).execute(&mut *connection).await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    subscriptions::remove_of_user(connection, id).await?;
    // There may be any number of notices: pruning deletes them in steps.
    sqlx::query::<Db>("insert into removed_users (user_id) values ($1)")
        .bind(id.get())
        .execute(&mut *connection)
        .await?;
    events::append_facts(connection, &before.tenant, &[Fact::UserChanged { user_id: id }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn count_users(connection: &mut Connection) -> Result<u64> {
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from users").fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
