//! Alerts that the fold raises and takes back.

use super::{Connection, Db};
use crate::{Result, TenantNo};
use milepost_domain::{Alert, AlertId, AlertSubject, Fact, JsonObject, Timestamp, UserId, VehicleId};
use sqlx::Row;

/// `for_user` of an alert that everybody who sees the whole fleet may see.
const COMPANY: i64 = 0;

/// Adds an alert; false if its subject has one that has not expired, even if it was read or deleted. It tells nobody.
pub(super) async fn insert_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    alert: &Alert,
    now: Timestamp,
) -> Result<bool> {
    if let Some(subject) = &alert.subject {
        // One that has expired, and that upkeep did not meet yet, does not count.
        sqlx::query::<Db>("delete from alerts where tenant_no = $1 and subject = $2 and expires_ms <= $3")
            .bind(tenant.0)
            .bind(subject.as_str())
            .bind(now.unix_ms())
            .execute(&mut *connection)
            .await?;
    }
    let raised = sqlx::query::<Db>(
        "insert into alerts (id, tenant_no, kind, severity, for_user, vehicle_id, driver_id, title, message, data,
         subject, at_ms, expires_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (tenant_no, subject) where subject is not null do nothing",
    )
    .bind(alert.id.as_str())
    .bind(tenant.0)
    .bind(alert.kind.as_str())
    .bind(alert.severity.as_str())
    .bind(alert.user_id.map_or(COMPANY, UserId::get))
    .bind(alert.vehicle_id.as_ref().map(VehicleId::as_str))
    .bind(alert.driver_id.map(UserId::get))
    .bind(alert.title.as_str())
    .bind(alert.message.as_str())
    .bind(alert.data.as_ref().map(JsonObject::as_str))
    .bind(alert.subject.as_ref().map(AlertSubject::as_str))
    .bind(alert.at.unix_ms())
    .bind(alert.expires_at.unix_ms())
    .execute(connection)
    .await?;
    Ok(raised.rows_affected() > 0)
}

/// Deletes the alert of a subject, if it still stands; what is told of it.
pub(super) async fn take_back_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    subject: &AlertSubject,
    now: Timestamp,
) -> Result<Option<Fact>> {
    let deleted = sqlx::query::<Db>(
        "update alerts set deleted_ms = $1 where tenant_no = $2 and subject = $3 and expires_ms > $1
         and deleted_ms is null returning id, for_user",
    )
    .bind(now.unix_ms())
    .bind(tenant.0)
    .bind(subject.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = deleted else { return Ok(None) };
    let user_id = match row.try_get("for_user")? {
        COMPANY => None,
        user => Some(UserId::new(user)?),
    };
    Ok(Some(Fact::AlertDeleted { alert_id: AlertId::new(row.try_get("id")?)?, user_id }))
}
