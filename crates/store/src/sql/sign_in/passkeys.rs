//! Passkeys of users.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use super::second_factors::{remove_needless_codes, set_recovery_codes};
use crate::failure::taken_or_missing;
use crate::sign_in_store::MAX_PASSKEYS;
use crate::{Digest, NewPasskey, Passkey, PasskeyAdded, Result, StoreError};
use milepost_domain::{Label, Timestamp, UserId};
use sqlx::Row;

/// One statement counts and adds, so that no two of them go beyond the limit by much: at most by those that run at once.
pub(crate) async fn add_passkey(
    connection: &mut Connection,
    passkey: &NewPasskey,
    recovery_codes: &[Digest],
    now: Timestamp,
) -> Result<PasskeyAdded> {
    let factors: i64 = sqlx::query_scalar::<Db, i64>(
        "select (select count(*) from passkeys p where p.user_id = $1)
            + (select count(*) from totp f where f.user_id = $1 and f.confirmed_ms is not null)",
    )
    .bind(passkey.user.get())
    .fetch_one(&mut *connection)
    .await?;
    let number = sqlx::query_scalar::<Db, i64>(
        "insert into passkeys (user_id, credential_id, public_key, counter, name, created_ms)
         select u.id, $2, $3, $4, $5, $6 from users u
         where u.id = $1 and (select count(*) from passkeys p where p.user_id = u.id) < $7 returning passkey_no",
    )
    .bind(passkey.user.get())
    .bind(passkey.credential_id.as_slice())
    .bind(passkey.public_key.as_slice())
    .bind(i64::from(passkey.counter))
    .bind(passkey.name.as_str())
    .bind(now.unix_ms())
    .bind(i64::from(MAX_PASSKEYS))
    .fetch_optional(&mut *connection)
    .await
    .map_err(taken_or_missing("passkey", "user"))?;
    let Some(number) = number else {
        return if factors == 0 { Err(StoreError::NotFound("user")) } else { Ok(PasskeyAdded::TooMany) };
    };
    let is_first = factors == 0;
    if is_first {
        set_recovery_codes(connection, passkey.user, recovery_codes).await?;
    }
    Ok(PasskeyAdded::Added { number, is_first })
}

pub(crate) async fn list_passkeys(connection: &mut Connection, user: UserId) -> Result<Vec<Passkey>> {
    let rows = sqlx::query::<Db>(
        "select passkey_no, user_id, credential_id, public_key, counter, name, created_ms, last_used_ms from passkeys
         where user_id = $1 order by passkey_no",
    )
    .bind(user.get())
    .fetch_all(connection)
    .await?;
    rows.iter().map(passkey).collect()
}

fn passkey(row: &DbRow) -> Result<Passkey> {
    let counter: i64 = row.try_get("counter")?;
    Ok(Passkey {
        number: row.try_get("passkey_no")?,
        new: NewPasskey {
            user: UserId::new(row.try_get("user_id")?)?,
            credential_id: row.try_get("credential_id")?,
            public_key: row.try_get("public_key")?,
            counter: u32::try_from(counter).map_err(|_| StoreError::Corrupt("a passkey's counter".to_owned()))?,
            name: Label::new(row.try_get("name")?)?,
        },
        created_at: timestamp(row.try_get("created_ms")?)?,
        last_used_at: row.try_get::<Option<i64>, _>("last_used_ms")?.map(timestamp).transpose()?,
    })
}

/// Of two answers with one counter, one is noted.
pub(crate) async fn use_passkey(
    connection: &mut Connection,
    user: UserId,
    number: i64,
    counter: u32,
    now: Timestamp,
) -> Result<bool> {
    let used = sqlx::query::<Db>(
        "update passkeys set counter = $1, last_used_ms = $2
         where user_id = $3 and passkey_no = $4 and (counter < $1 or (counter = 0 and $1 = 0))",
    )
    .bind(i64::from(counter))
    .bind(now.unix_ms())
    .bind(user.get())
    .bind(number)
    .execute(connection)
    .await?;
    Ok(used.rows_affected() > 0)
}

pub(crate) async fn remove_passkeys(connection: &mut Connection, user: UserId, number: Option<i64>) -> Result<u64> {
    let removed =
        sqlx::query::<Db>("delete from passkeys where user_id = $1 and passkey_no = coalesce($2, passkey_no)")
            .bind(user.get())
            .bind(number)
            .execute(&mut *connection)
            .await?;
    remove_needless_codes(connection, user).await?;
    Ok(removed.rows_affected())
}
