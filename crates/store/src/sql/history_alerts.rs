//! Alerts that the fold takes back; it raises them by [`super::alerts::insert_alert`].

use super::{Connection, Db, alerts};
use crate::{Result, TenantNo};
use milepost_domain::{AlertId, AlertSubject, Fact, Timestamp};
use sqlx::Row;

/// Deletes the alert of a subject, if it still stands; which one, and what is told of it.
pub(super) async fn take_back_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    subject: &AlertSubject,
    now: Timestamp,
) -> Result<Option<(AlertId, Fact)>> {
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
    let id = AlertId::new(row.try_get("id")?)?;
    let fact = Fact::AlertDeleted { alert_id: id.clone(), user_id: alerts::addressee(&row)? };
    Ok(Some((id, fact)))
}
