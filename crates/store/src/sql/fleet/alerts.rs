//! Alerts and who may see them.

use super::super::dialect::{SHARE_VEHICLE, by_index};
use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp, push::alert_calls};
use crate::failure::taken;
use crate::{AlertCursor, AlertReadOutcome, Renderer, Result, StoreError, TenantNo};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertRead, AlertSubject, AlertTitle, Fact, FleetViewer, JsonObject, NotificationText,
    Severity, TenantId, Timestamp, UserId, VehicleId,
};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;

/// The value of `for_user` in an alert for everyone who sees the whole fleet.
const COMPANY: i64 = 0;
/// A value of `for_user` that no alert has.
const NOBODY: i64 = -1;

/// The columns that [`alert`] reads.
macro_rules! alert_columns {
    () => {
        "id, kind, severity, for_user, vehicle_id, driver_id, title, message, data, subject, at_ms, expires_ms, \
         read_ms, read_by"
    };
}

fn alert(row: &DbRow, tenant: &TenantId) -> Result<Alert> {
    let user =
        |column| -> Result<Option<UserId>> { Ok(row.try_get::<Option<i64>, _>(column)?.map(UserId::new).transpose()?) };
    let data = row.try_get::<Option<String>, _>("data")?;
    let read_at = row.try_get::<Option<i64>, _>("read_ms")?.map(timestamp).transpose()?;
    let read_by = user("read_by")?;
    Ok(Alert {
        id: AlertId::stored(row.try_get("id")?)?,
        tenant: tenant.clone(),
        kind: AlertKind::parse(row.try_get("kind")?)?,
        severity: Severity::parse(row.try_get("severity")?)?,
        user_id: addressee(row)?,
        vehicle_id: row.try_get::<Option<&str>, _>("vehicle_id")?.map(VehicleId::stored).transpose()?,
        driver_id: user("driver_id")?,
        title: AlertTitle::stored(row.try_get("title")?)?,
        message: NotificationText::stored(row.try_get("message")?)?,
        data: data.map(|data| JsonObject::of_parsed(data, "data")).transpose()?,
        subject: row.try_get::<Option<&str>, _>("subject")?.map(AlertSubject::stored).transpose()?,
        at: timestamp(row.try_get("at_ms")?)?,
        expires_at: timestamp(row.try_get("expires_ms")?)?,
        read: read_at.map(|at| AlertRead { at, by: read_by }),
    })
}

/// The user that the alert is for; `None` for the company.
pub(crate) fn addressee(row: &DbRow) -> Result<Option<UserId>> {
    match row.try_get("for_user")? {
        COMPANY => Ok(None),
        user => Ok(Some(UserId::new(user)?)),
    }
}

/// The two values of `for_user` that a viewer may see.
fn seen_by(viewer: FleetViewer) -> (i64, i64) {
    (if viewer.company { COMPANY } else { NOBODY }, viewer.user.map_or(NOBODY, UserId::get))
}

pub(crate) async fn raise_alert(
    connection: &mut Connection,
    alert: &Alert,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let tenant_no = tenants::tenant_no(connection, &alert.tenant).await?;
    let tenant = TenantNo(tenant_no);
    if let Some(vehicle) = &alert.vehicle_id {
        share_vehicle(connection, tenant, vehicle).await?;
    }
    if !insert_alert(connection, tenant, alert, now).await? {
        return Ok(false);
    }
    let raised = alert_calls::Raised { tenant, alert, known_at: alert.at };
    alert_calls::call_browsers(connection, &[raised], &BTreeSet::from([&alert.tenant]), now, renderer).await?;
    let unread = Alert { read: None, ..alert.clone() };
    events::append_facts(connection, &alert.tenant, &[Fact::AlertRaised(Box::new(unread))], now, renderer).await?;
    Ok(true)
}

/// Locks the vehicle, so that its removal sees the alert too.
async fn share_vehicle(connection: &mut Connection, tenant: TenantNo, vehicle: &VehicleId) -> Result<()> {
    let sql = format!("select v.vehicle_no from vehicles v where v.tenant_no = $1 and v.id = $2 {SHARE_VEHICLE}");
    let found = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(vehicle.as_str())
        .fetch_optional(connection)
        .await?;
    found.map(drop).ok_or(StoreError::NotFound("vehicle"))
}

/// Adds an alert without an event. Returns false if its subject has an alert that has not expired, even if that one was
/// read or deleted.
pub(crate) async fn insert_alert(
    connection: &mut Connection,
    tenant: TenantNo,
    alert: &Alert,
    now: Timestamp,
) -> Result<bool> {
    if let Some(subject) = &alert.subject {
        // An expired alert that is not pruned yet does not count.
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
    .await
    .map_err(taken("alert"))?;
    Ok(raised.rows_affected() > 0)
}

pub(crate) async fn get_alert(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    id: &AlertId,
    now: Timestamp,
) -> Result<Option<Alert>> {
    let (company, user) = seen_by(viewer);
    let row = sqlx::query::<Db>(concat!(
        "select ",
        alert_columns!(),
        " from alerts where id = $1 and tenant_no = (select tenant_no from tenants where id = $2)
         and for_user in ($3, $4) and expires_ms > $5 and deleted_ms is null"
    ))
    .bind(id.as_str())
    .bind(tenant.as_str())
    .bind(company)
    .bind(user)
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(|row| alert(row, tenant)).transpose()
}

/// Lists the newest alerts for the company and the newest for the viewer alone, each along its index, merged.
pub(crate) async fn list_alerts(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    unread: bool,
    before: Option<&AlertCursor>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Alert>> {
    let (index, condition) = if unread { ("alerts_unread", "and read_ms is null") } else { ("alerts_viewer", "") };
    let branch = |for_user: &str| {
        format!(
            "select * from (select {} from alerts {}
             where tenant_no = (select tenant_no from tenants where id = $1) and for_user = {for_user}
             and (at_ms, id) < ($3, $4) and expires_ms > $5 and deleted_ms is null {condition}
             order by at_ms desc, id desc limit $6) m",
            alert_columns!(),
            by_index(index)
        )
    };
    // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their
    // names are.
    let sql = format!("{} union all {} order by at_ms desc, id desc limit $6", branch("$2"), branch("$7"));
    let (company, user) = seen_by(viewer);
    sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(company)
        .bind(before.map_or(i64::MAX, |before| before.at.unix_ms()))
        .bind(before.map_or("", |before| before.id.as_str()))
        .bind(now.unix_ms())
        .bind(i64::from(limit))
        .bind(user)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| alert(row, tenant))
        .collect()
}

/// Few alerts have data, and all that have not expired are looked through.
pub(crate) async fn list_alerts_with_key(
    connection: &mut Connection,
    tenant: &TenantId,
    key: &str,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Alert>> {
    let rows = sqlx::query::<Db>(concat!(
        "select ",
        alert_columns!(),
        " from alerts where tenant_no = (select tenant_no from tenants where id = $1) and for_user = $2
         and expires_ms > $3 and deleted_ms is null and data like $4 order by at_ms desc, id desc limit $5"
    ))
    .bind(tenant.as_str())
    .bind(COMPANY)
    .bind(now.unix_ms())
    .bind(format!("%\"{key}\"%"))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| alert(row, tenant)).collect()
}

pub(crate) async fn read_alert(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    id: &AlertId,
    by: Option<UserId>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<AlertReadOutcome>> {
    let (company, user) = seen_by(viewer);
    let marked = sqlx::query::<Db>(concat!(
        "update alerts set read_ms = $1, read_by = $2
         where id = $3 and tenant_no = (select tenant_no from tenants where id = $4) and for_user in ($5, $6)
         and expires_ms > $1 and deleted_ms is null and read_ms is null returning ",
        alert_columns!()
    ))
    .bind(now.unix_ms())
    .bind(by.map(UserId::get))
    .bind(id.as_str())
    .bind(tenant.as_str())
    .bind(company)
    .bind(user)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = marked else {
        return Ok(get_alert(connection, tenant, viewer, id, now).await?.map(AlertReadOutcome::WasRead));
    };
    let alert = alert(&row, tenant)?;
    alert_calls::take_back_calls(connection, std::slice::from_ref(id)).await?;
    let fact = Fact::AlertRead { alert_id: id.clone(), user_id: alert.user_id, read_by: by, read_at: now };
    events::append_facts(connection, tenant, &[fact], now, renderer).await?;
    Ok(Some(AlertReadOutcome::Marked(alert)))
}

pub(crate) async fn delete_alert(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    id: &AlertId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let (company, user) = seen_by(viewer);
    let deleted = sqlx::query::<Db>(
        "update alerts set deleted_ms = $1
         where id = $2 and tenant_no = (select tenant_no from tenants where id = $3) and for_user in ($4, $5)
         and expires_ms > $1 and deleted_ms is null returning for_user",
    )
    .bind(now.unix_ms())
    .bind(id.as_str())
    .bind(tenant.as_str())
    .bind(company)
    .bind(user)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = deleted else { return Ok(false) };
    alert_calls::take_back_calls(connection, std::slice::from_ref(id)).await?;
    let fact = Fact::AlertDeleted { alert_id: id.clone(), user_id: addressee(&row)? };
    events::append_facts(connection, tenant, &[fact], now, renderer).await?;
    Ok(true)
}
