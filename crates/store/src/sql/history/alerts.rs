//! Alerts that the fold corrects, takes back or moves to another subject. It raises them with [`super::alerts::insert_alert`].

use super::super::{Connection, Db, fleet::alerts};
use crate::{Result, TenantNo};
use milepost_domain::{Alert, AlertId, AlertSubject, Fact, JsonObject, Timestamp, UserId};
use sqlx::Row;

/// Gives the alert of a subject other texts, data, time and driver. It keeps its id, its marks and its expiry.
pub(crate) async fn correct_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    alert: &Alert,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "update alerts set title = $1, message = $2, data = $3, at_ms = $4, driver_id = $5
         where tenant_no = $6 and subject = $7 and expires_ms > $8",
    )
    .bind(alert.title.as_str())
    .bind(alert.message.as_str())
    .bind(alert.data.as_ref().map(JsonObject::as_str))
    .bind(alert.at.unix_ms())
    .bind(alert.driver_id.map(UserId::get))
    .bind(tenant.0)
    .bind(alert.subject.as_ref().map(AlertSubject::as_str))
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the alert of a subject, if it was not deleted. Returns its id and the fact to publish. The subject is then
/// free again. The subject of an alert that a user deleted stays taken, so that the alert is not raised again.
pub(crate) async fn take_back_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    subject: &AlertSubject,
    now: Timestamp,
) -> Result<Option<(AlertId, Fact)>> {
    take_back(connection, tenant, subject.as_str(), now).await
}

async fn take_back(
    connection: &mut Connection,
    tenant: TenantNo,
    subject: &str,
    now: Timestamp,
) -> Result<Option<(AlertId, Fact)>> {
    let deleted = sqlx::query::<Db>(
        "update alerts set deleted_ms = $1, subject = null where tenant_no = $2 and subject = $3 and expires_ms > $1
         and deleted_ms is null returning id, for_user",
    )
    .bind(now.unix_ms())
    .bind(tenant.0)
    .bind(subject)
    .fetch_optional(connection)
    .await?;
    let Some(row) = deleted else { return Ok(None) };
    let id = AlertId::stored(row.try_get("id")?)?;
    let fact = Fact::AlertDeleted { alert_id: id.clone(), user_id: alerts::addressee(&row)? };
    Ok(Some((id, fact)))
}

/// Gives alerts their new subjects. An alert is deleted if its new subject belongs to an alert that does not move.
/// Returns the facts to publish and the ids of the deleted alerts.
pub(crate) async fn move_alerts(
    connection: &mut Connection,
    tenant: TenantNo,
    moves: &[(AlertSubject, AlertSubject)],
    now: Timestamp,
) -> Result<Vec<(AlertId, Fact)>> {
    // In two steps, because an alert may take the subject that another one leaves. No subject contains this character.
    let on_the_way = |to: &AlertSubject| format!("\u{1}{}", to.as_str());
    let mut moving = Vec::new();
    for (from, to) in moves {
        let left = sqlx::query::<Db>(
            "update alerts set subject = $1 where tenant_no = $2 and subject = $3 and expires_ms > $4",
        )
        .bind(on_the_way(to))
        .bind(tenant.0)
        .bind(from.as_str())
        .bind(now.unix_ms())
        .execute(&mut *connection)
        .await?;
        if left.rows_affected() > 0 {
            moving.push(to);
        }
    }
    let mut deleted = Vec::new();
    for to in moving {
        // An expired alert that is not pruned yet does not count.
        sqlx::query::<Db>("delete from alerts where tenant_no = $1 and subject = $2 and expires_ms <= $3")
            .bind(tenant.0)
            .bind(to.as_str())
            .bind(now.unix_ms())
            .execute(&mut *connection)
            .await?;
        let arrived = sqlx::query::<Db>(
            "update alerts set subject = $1 where tenant_no = $2 and subject = $3
             and not exists (select 1 from alerts a where a.tenant_no = $2 and a.subject = $1)",
        )
        .bind(to.as_str())
        .bind(tenant.0)
        .bind(on_the_way(to))
        .execute(&mut *connection)
        .await?;
        if arrived.rows_affected() == 0 {
            deleted.extend(take_back(connection, tenant, &on_the_way(to), now).await?);
        }
    }
    Ok(deleted)
}
