//! Second factors: codes of an authenticator app, recovery codes, and challenges, such as the logins that wait for one.

use super::super::{Connection, Db};
use crate::failure::taken_or_missing;
use crate::sign_in_store::MAX_CHALLENGES;
use crate::{ChallengePurpose, Digest, Result, StoreError, TotpAttempt, TotpLimit};
use milepost_domain::{Role, TenantId, Timestamp, UserId};
use sqlx::Row;

pub(crate) async fn add_totp(connection: &mut Connection, user: UserId, secret: &[u8]) -> Result<bool> {
    let added = sqlx::query::<Db>(
        "insert into totp (user_id, secret) values ($1, $2) on conflict (user_id) do update
         set secret = excluded.secret, last_step = 0 where totp.confirmed_ms is null",
    )
    .bind(user.get())
    .bind(secret)
    .execute(connection)
    .await
    .map_err(taken_or_missing("second factor", "user"))?;
    Ok(added.rows_affected() > 0)
}

/// One statement counts the attempt and reads the secret, so that attempts on several nodes count together.
pub(crate) async fn begin_totp_attempt(
    connection: &mut Connection,
    user: UserId,
    limit: TotpLimit,
    now: Timestamp,
) -> Result<TotpAttempt> {
    let row = sqlx::query::<Db>(
        "update totp set forgiven_ms = case when forgiven_ms > $1 then forgiven_ms else $1 end + $2
         where user_id = $3 and forgiven_ms <= $1 + $4 returning secret, last_step, confirmed_ms",
    )
    .bind(now.unix_ms())
    .bind(limit.recovery_ms)
    .bind(user.get())
    .bind((limit.attempts - 1) * limit.recovery_ms)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = row {
        return Ok(TotpAttempt::Allowed {
            secret: row.try_get("secret")?,
            last_step: row.try_get("last_step")?,
            is_confirmed: row.try_get::<Option<i64>, _>("confirmed_ms")?.is_some(),
        });
    }
    let forgiven = sqlx::query_scalar::<Db, i64>("select forgiven_ms from totp where user_id = $1")
        .bind(user.get())
        .fetch_optional(connection)
        .await?;
    Ok(match forgiven {
        Some(forgiven_ms) => {
            TotpAttempt::TooMany { wait_ms: forgiven_ms - now.unix_ms() - (limit.attempts - 1) * limit.recovery_ms }
        }
        None => TotpAttempt::NoFactor,
    })
}

/// The attempt is forgiven with it.
pub(crate) async fn use_totp_step(
    connection: &mut Connection,
    user: UserId,
    step: i64,
    limit: TotpLimit,
) -> Result<bool> {
    let used = sqlx::query::<Db>(
        "update totp set last_step = $1, forgiven_ms = forgiven_ms - $2 where user_id = $3 and last_step < $1",
    )
    .bind(step)
    .bind(limit.recovery_ms)
    .bind(user.get())
    .execute(connection)
    .await?;
    Ok(used.rows_affected() > 0)
}

pub(crate) async fn confirm_totp(
    connection: &mut Connection,
    user: UserId,
    step: i64,
    recovery_codes: &[Digest],
    now: Timestamp,
) -> Result<bool> {
    let confirmed = sqlx::query::<Db>(
        "update totp set confirmed_ms = $1, last_step = $2, forgiven_ms = 0 where user_id = $3 and confirmed_ms is null",
    )
    .bind(now.unix_ms())
    .bind(step)
    .bind(user.get())
    .execute(&mut *connection)
    .await?;
    if confirmed.rows_affected() == 0 {
        return Ok(false);
    }
    set_recovery_codes(connection, user, recovery_codes).await?;
    Ok(true)
}

/// Replaces the recovery codes of a user.
pub(super) async fn set_recovery_codes(
    connection: &mut Connection,
    user: UserId,
    recovery_codes: &[Digest],
) -> Result<()> {
    sqlx::query::<Db>("delete from recovery_codes where user_id = $1")
        .bind(user.get())
        .execute(&mut *connection)
        .await?;
    for code in recovery_codes {
        sqlx::query::<Db>("insert into recovery_codes (user_id, code_hash) values ($1, $2)")
            .bind(user.get())
            .bind(code.as_slice())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn use_recovery_code(
    connection: &mut Connection,
    user: UserId,
    code_hash: &Digest,
    limit: TotpLimit,
) -> Result<bool> {
    let used = sqlx::query::<Db>("delete from recovery_codes where user_id = $1 and code_hash = $2")
        .bind(user.get())
        .bind(code_hash.as_slice())
        .execute(&mut *connection)
        .await?;
    if used.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query::<Db>("update totp set forgiven_ms = forgiven_ms - $1 where user_id = $2")
        .bind(limit.recovery_ms)
        .bind(user.get())
        .execute(connection)
        .await?;
    Ok(true)
}

pub(crate) async fn remove_totp(connection: &mut Connection, user: UserId) -> Result<bool> {
    let removed =
        sqlx::query::<Db>("delete from totp where user_id = $1").bind(user.get()).execute(&mut *connection).await?;
    remove_needless_codes(connection, user).await?;
    Ok(removed.rows_affected() > 0)
}

/// Removes the recovery codes of a user who has no second factor any more.
pub(super) async fn remove_needless_codes(connection: &mut Connection, user: UserId) -> Result<()> {
    sqlx::query::<Db>(
        "delete from recovery_codes where user_id = $1 and not exists (select 1 from passkeys p where p.user_id = $1)
         and not exists (select 1 from totp f where f.user_id = $1 and f.confirmed_ms is not null)",
    )
    .bind(user.get())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn add_challenge(
    connection: &mut Connection,
    secret_hash: &Digest,
    user: UserId,
    purpose: ChallengePurpose,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into login_challenges (secret_hash, user_id, expires_ms, purpose) values ($1, $2, $3, $4)",
    )
    .bind(secret_hash.as_slice())
    .bind(user.get())
    .bind(expires_at.unix_ms())
    .bind(purpose.as_str())
    .execute(&mut *connection)
    .await
    .map_err(taken_or_missing("challenge", "user"))?;
    sqlx::query::<Db>(
        "delete from login_challenges where user_id = $1 and secret_hash <> $2 and secret_hash not in
            (select secret_hash from login_challenges where user_id = $1 order by expires_ms desc, secret_hash limit $3)",
    )
    .bind(user.get())
    .bind(secret_hash.as_slice())
    .bind(i64::from(MAX_CHALLENGES))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find_challenge(
    connection: &mut Connection,
    secret_hash: &Digest,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar::<Db, i64>(
        "select user_id from login_challenges where secret_hash = $1 and expires_ms > $2 and purpose = 'login'",
    )
    .bind(secret_hash.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    Ok(user.map(UserId::new).transpose()?)
}

pub(crate) async fn remove_challenge(connection: &mut Connection, secret_hash: &Digest) -> Result<bool> {
    let removed = sqlx::query::<Db>("delete from login_challenges where secret_hash = $1")
        .bind(secret_hash.as_slice())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

pub(crate) async fn take_challenge(
    connection: &mut Connection,
    secret_hash: &Digest,
    purpose: ChallengePurpose,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar::<Db, i64>(
        "delete from login_challenges where secret_hash = $1 and purpose = $2 and expires_ms > $3 returning user_id",
    )
    .bind(secret_hash.as_slice())
    .bind(purpose.as_str())
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    Ok(user.map(UserId::new).transpose()?)
}

/// Ends all waiting logins of a user, whose password or right to enter has changed.
pub(crate) async fn remove_challenges_of(connection: &mut Connection, user: UserId) -> Result<()> {
    sqlx::query::<Db>("delete from login_challenges where user_id = $1").bind(user.get()).execute(connection).await?;
    Ok(())
}

pub(crate) async fn second_factor_roles(connection: &mut Connection, tenant: &TenantId) -> Result<Vec<Role>> {
    let stored = sqlx::query_scalar::<Db, String>("select second_factor_roles from tenants where id = $1")
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(stored.as_deref().map(read_roles).transpose()?.unwrap_or_default())
}

pub(crate) async fn set_second_factor_roles(
    connection: &mut Connection,
    tenant: &TenantId,
    roles: &[Role],
) -> Result<()> {
    let names = serde_json::Value::from(roles.iter().map(|role| role.as_str()).collect::<Vec<_>>()).to_string();
    let changed = sqlx::query::<Db>("update tenants set second_factor_roles = $1 where id = $2")
        .bind(names)
        .bind(tenant.as_str())
        .execute(connection)
        .await?;
    if changed.rows_affected() == 0 { Err(StoreError::NotFound("tenant")) } else { Ok(()) }
}

/// Reads a JSON array of roles.
pub(crate) fn read_roles(json: &str) -> Result<Vec<Role>> {
    let names: Vec<String> = serde_json::from_str(json)
        .map_err(|error| StoreError::Corrupt(format!("the roles that need a second factor: {error}")))?;
    Ok(names.iter().map(|name| Role::parse(name)).collect::<std::result::Result<_, _>>()?)
}
