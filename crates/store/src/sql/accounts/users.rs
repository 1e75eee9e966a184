//! Users and their passwords.

use super::super::sign_in::{password_links, second_factors, sessions};
use super::super::{
    Connection, Db, DbRow, catalogue::rows as catalogue, events, positions::timestamp, push::subscriptions,
};
use super::tenants;
use crate::failure::taken_or_missing;
use crate::{Login, NewLogin, Renderer, Result, StoreError};
use milepost_domain::{
    AlertMail, Contact, EmailAddress, EntryKind, EntryRef, Fact, Language, Role, SecondFactors, TenantId, Timestamp,
    User, UserId, Username, VehicleId, ZoneName,
};
use sqlx::Row;

macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "select u.id, u.username, u.password_hash, u.role, t.id as tenant, u.approved, u.active, u.cadet_id, \
             u.vehicle_ids, u.version, u.tokens_valid_from_ms, u.email, u.language, u.timezone, u.alert_mail, u.email_refused_ms, t.second_factor_roles, \
             (select count(*) from totp f where f.user_id = u.id and f.confirmed_ms is not null) as apps, \
             (select count(*) from passkeys p where p.user_id = u.id) as passkeys from users u join tenants t on t.tenant_no = u.tenant_no ",
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
        contact: contact(row)?,
        version: row.try_get("version")?,
    })
}

fn contact(row: &DbRow) -> Result<Contact> {
    let text = |column| row.try_get::<Option<String>, _>(column);
    Ok(Contact {
        email: text("email")?.map(|email| EmailAddress::new(&email)).transpose()?,
        language: text("language")?.map(|language| Language::parse(&language)).transpose()?,
        timezone: text("timezone")?.map(|zone| ZoneName::new(&zone)).transpose()?,
        alert_mail: AlertMail::parse(row.try_get("alert_mail")?)?,
        refused_at: row.try_get::<Option<i64>, _>("email_refused_ms")?.map(timestamp).transpose()?,
    })
}

fn login(row: &DbRow) -> Result<Login> {
    let user = user(row)?;
    let demanding = second_factors::read_roles(row.try_get("second_factor_roles")?)?;
    Ok(Login {
        is_factor_demanded: demanding.contains(&user.role),
        factors: SecondFactors {
            totp: row.try_get::<i64, _>("apps")? > 0,
            passkey: row.try_get::<i64, _>("passkeys")? > 0,
        },
        user,
        password_hash: row.try_get("password_hash")?,
        tokens_valid_from: timestamp(row.try_get("tokens_valid_from_ms")?)?,
    })
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
        "insert into users (username, password_hash, role, tenant_no, approved, active, cadet_id, vehicle_ids, email, language,
         timezone, alert_mail) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id",
    )
    .bind(new.username.as_str())
    .bind(new.password_hash.as_deref())
    .bind(new.role.as_str())
    .bind(tenant_no)
    .bind(new.approved)
    .bind(new.active)
    .bind(new.cadet_id)
    .bind(vehicle_ids_json(&new.vehicle_ids))
    .bind(new.contact.email.as_ref().map(EmailAddress::as_str))
    .bind(new.contact.language.map(Language::as_str))
    .bind(new.contact.timezone.as_ref().map(ZoneName::as_str))
    .bind(new.contact.alert_mail.as_str())
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
        contact: new.contact.clone(),
        version: 1,
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

pub(crate) async fn find_logins_by_email(
    connection: &mut Connection,
    email: &EmailAddress,
    limit: u32,
) -> Result<Vec<Login>> {
    let query = sqlx::query::<Db>(select_users!("where lower(u.email) = $1 order by u.id limit $2"))
        .bind(email.as_str().to_ascii_lowercase())
        .bind(i64::from(limit));
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
    let is_locked_out = !user.may_enter();
    let ends_logins = new_password_hash.is_some() || is_locked_out;
    // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their
    // names are. A moment that lies ahead, because a clock did, moves on all the same: no fingerprint of before comes back.
    let changed = sqlx::query::<Db>(
        "update users set username = $1, password_hash = coalesce($2, password_hash), role = $3, tenant_no = $4,
         approved = $5, active = $6, cadet_id = $7, vehicle_ids = $8, version = $9,
         tokens_valid_from_ms = case when $10 = 0 then tokens_valid_from_ms
            when tokens_valid_from_ms < $11 then $11 else tokens_valid_from_ms + 1 end,
         email = $12, language = $13, timezone = $14, alert_mail = $15, email_refused_ms = $16
         where id = $17 and version = $9 - 1",
    )
    .bind(user.username.as_str())
    .bind(new_password_hash)
    .bind(user.role.as_str())
    .bind(tenant_no)
    .bind(user.approved)
    .bind(user.active)
    .bind(user.cadet_id)
    .bind(vehicle_ids_json(&user.vehicle_ids))
    .bind(user.version)
    .bind(i64::from(is_locked_out))
    .bind(now.unix_ms())
    .bind(user.contact.email.as_ref().map(EmailAddress::as_str))
    .bind(user.contact.language.map(Language::as_str))
    .bind(user.contact.timezone.as_ref().map(ZoneName::as_str))
    .bind(user.contact.alert_mail.as_str())
    .bind(user.contact.refused_at.map(Timestamp::unix_ms))
    .bind(user.id.get())
    .execute(&mut *connection)
    .await
    .map_err(taken_or_missing("username", "tenant"))?
    .rows_affected();
    if changed == 0 {
        return Ok(false);
    }
    // Done in the same transaction, so that neither a crash nor another node separates the two.
    if ends_logins {
        sessions::remove_user_sessions(connection, user.id).await?;
        second_factors::remove_challenges_of(connection, user.id).await?;
    }
    // A link that went to the old address must not open what is the owner's of the new one.
    if ends_logins || before.contact.email != user.contact.email {
        password_links::remove_of_user(connection, user.id).await?;
    }
    if ends_logins || before.tenant != user.tenant {
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

pub(crate) async fn replace_password_hash(
    connection: &mut Connection,
    id: UserId,
    before: &str,
    after: &str,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let replaced = sqlx::query::<Db>("update users set password_hash = $1 where id = $2 and password_hash = $3")
        .bind(after)
        .bind(id.get())
        .bind(before)
        .execute(&mut *connection)
        .await?;
    if replaced.rows_affected() == 0 {
        return Ok(false);
    }
    let Some(user) = get_user(connection, id).await? else { return Ok(false) };
    events::append_facts(connection, &user.tenant, &[Fact::UserChanged { user_id: id }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn remove_user(
    connection: &mut Connection,
    id: UserId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let Some(before) = get_user(connection, id).await? else { return Ok(false) };
    let removed = sqlx::query::<Db>("delete from users where id = $1 and version = coalesce($2, version)")
        .bind(id.get())
        .bind(version)
        .execute(&mut *connection)
        .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    subscriptions::remove_of_user(connection, id).await?;
    let tenant_no = tenants::tenant_no(connection, &before.tenant).await?;
    catalogue::forget(connection, tenant_no, EntryRef { kind: EntryKind::User, id: id.get() }).await?;
    // There may be any number of notices: pruning deletes them in steps, and then the first of these rows.
    for insert in ["insert into removed_users (user_id) values ($1)", "insert into erased_users (user_id) values ($1)"]
    {
        sqlx::query::<Db>(insert).bind(id.get()).execute(&mut *connection).await?;
    }
    events::append_facts(connection, &before.tenant, &[Fact::UserChanged { user_id: id }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn end_logins(
    connection: &mut Connection,
    id: UserId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let Some(user) = get_user(connection, id).await? else { return Ok(false) };
    sqlx::query::<Db>(
        "update users set tokens_valid_from_ms =
            case when tokens_valid_from_ms < $1 then $1 else tokens_valid_from_ms + 1 end where id = $2",
    )
    .bind(now.unix_ms())
    .bind(id.get())
    .execute(&mut *connection)
    .await?;
    sessions::remove_user_sessions(connection, id).await?;
    second_factors::remove_challenges_of(connection, id).await?;
    subscriptions::remove_of_user(connection, id).await?;
    events::append_facts(connection, &user.tenant, &[Fact::UserChanged { user_id: id }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn is_erased_user(connection: &mut Connection, id: UserId) -> Result<bool> {
    let erased = sqlx::query_scalar::<Db, i64>("select user_id from erased_users where user_id = $1")
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    Ok(erased.is_some())
}

pub(crate) async fn count_users(connection: &mut Connection) -> Result<u64> {
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from users").fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
