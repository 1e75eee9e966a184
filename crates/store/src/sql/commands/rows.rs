//! Commands: queued, sent, answered.

use super::super::dialect::LOCK_TENANT;
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use crate::{NewCommand, Renderer, Result, StoreError};
use milepost_domain::{
    CommandAnswer, CommandId, CommandKind, CommandText, DeviceCommand, DeviceId, Fact, IssuedCommand,
    MAX_QUEUED_COMMANDS, TenantId, Timestamp, VehicleId,
};
use sqlx::{AssertSqlSafe, Row};

macro_rules! select_commands {
    ($rest:literal) => {
        concat!(
            "select c.id, v.id as vehicle_id, c.device_id, c.kind, c.text, c.was_queued, c.asked_ms, c.sent_ms, \
             c.answered_ms, c.answer from device_commands c join vehicles v on v.vehicle_no = c.vehicle_no \
             where c.tenant_no = (select tenant_no from tenants where id = $1) ",
            $rest
        )
    };
}

fn command(row: &DbRow) -> Result<IssuedCommand> {
    let time = |column: &str| row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose();
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    Ok(IssuedCommand {
        id: CommandId::new(row.try_get("id")?)?,
        vehicle_id: VehicleId::stored(row.try_get("vehicle_id")?)?,
        device_id: text("device_id")?.as_deref().map(DeviceId::stored).transpose()?,
        command: DeviceCommand {
            kind: CommandKind::parse(row.try_get("kind")?)?,
            text: text("text")?.as_deref().map(CommandText::new).transpose()?,
        },
        was_queued: row.try_get("was_queued")?,
        asked_at: timestamp(row.try_get("asked_ms")?)?,
        sent_at: time("sent_ms")?,
        answered_at: time("answered_ms")?,
        answer: text("answer")?.as_deref().map(CommandAnswer::stored).transpose()?,
    })
}

pub(crate) async fn issue_command(
    connection: &mut Connection,
    tenant: &TenantId,
    new: &NewCommand,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    // Locks the tenant, so that only one transaction at a time counts and adds.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    if new.is_queued {
        let count = "select count(*) from device_commands where tenant_no = $1 and sent_ms is null";
        let count = sqlx::query_scalar::<Db, i64>(count).bind(tenant_no).fetch_one(&mut *connection).await?;
        if count >= i64::from(MAX_QUEUED_COMMANDS) {
            return Ok(None);
        }
    }
    let id = take_number(connection, tenant_no, Numbered::Command).await?;
    let issued = IssuedCommand {
        id: CommandId::new(id)?,
        vehicle_id: new.vehicle_id.clone(),
        device_id: new.device_id.clone(),
        command: new.command.clone(),
        was_queued: new.is_queued,
        asked_at: now,
        sent_at: (!new.is_queued).then_some(now),
        answered_at: None,
        answer: None,
    };
    let added = sqlx::query::<Db>(
        "insert into device_commands (tenant_no, id, vehicle_no, device_id, kind, text, was_queued, asked_ms, sent_ms)
         select $1, $2, vehicle_no, $4, $5, $6, $7, $8, $9 from vehicles where tenant_no = $1 and id = $3",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(new.vehicle_id.as_str())
    .bind(new.device_id.as_ref().map(DeviceId::as_str))
    .bind(new.command.kind.as_str())
    .bind(new.command.text.as_ref().map(CommandText::as_str))
    .bind(new.is_queued)
    .bind(now.unix_ms())
    .bind(issued.sent_at.map(Timestamp::unix_ms))
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() == 0 {
        return Err(StoreError::NotFound("vehicle"));
    }
    tell(connection, tenant, issued, now, renderer).await
}

pub(crate) async fn requeue_command(
    connection: &mut Connection,
    tenant: &TenantId,
    id: CommandId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    let updated = sqlx::query::<Db>(
        "update device_commands set sent_ms = null, was_queued = $3
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and answered_ms is null",
    );
    let updated = updated.bind(tenant.as_str()).bind(id.get()).bind(true).execute(&mut *connection).await?;
    told_if(connection, tenant, id, updated.rows_affected(), now, renderer).await
}

pub(crate) async fn drop_command(connection: &mut Connection, tenant: &TenantId, id: CommandId) -> Result<()> {
    sqlx::query::<Db>(
        "delete from device_commands where tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn take_command(
    connection: &mut Connection,
    tenant: &TenantId,
    id: CommandId,
    device: &DeviceId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    let updated = sqlx::query::<Db>(
        "update device_commands set sent_ms = $3, device_id = $4
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and sent_ms is null",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(now.unix_ms())
    .bind(device.as_str())
    .execute(&mut *connection)
    .await?;
    told_if(connection, tenant, id, updated.rows_affected(), now, renderer).await
}

pub(crate) async fn answer_command(
    connection: &mut Connection,
    tenant: &TenantId,
    id: CommandId,
    answer: &CommandAnswer,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    let updated = sqlx::query::<Db>(
        "update device_commands set answered_ms = $3, answer = $4
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and sent_ms is not null
         and answered_ms is null",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(now.unix_ms())
    .bind(answer.as_str())
    .execute(&mut *connection)
    .await?;
    told_if(connection, tenant, id, updated.rows_affected(), now, renderer).await
}

pub(crate) async fn queued_commands(
    connection: &mut Connection,
    tenant: &TenantId,
    limit: u32,
) -> Result<Vec<IssuedCommand>> {
    sqlx::query::<Db>(select_commands!("and c.sent_ms is null order by c.id limit $2"))
        .bind(tenant.as_str())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(command)
        .collect()
}

pub(crate) async fn unanswered_commands(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    since: Timestamp,
) -> Result<Vec<IssuedCommand>> {
    let rows = sqlx::query::<Db>(select_commands!(
        "and v.id = $2 and c.sent_ms >= $3 and c.answered_ms is null order by c.sent_ms desc, c.id desc limit 100"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(since.unix_ms())
    .fetch_all(connection)
    .await?;
    rows.iter().rev().map(command).collect()
}

pub(crate) async fn list_commands(
    connection: &mut Connection,
    tenant: &TenantId,
    device: &DeviceId,
    before: Option<CommandId>,
    limit: u32,
) -> Result<Vec<IssuedCommand>> {
    sqlx::query::<Db>(select_commands!("and c.device_id = $2 and c.id < $3 order by c.id desc limit $4"))
        .bind(tenant.as_str())
        .bind(device.as_str())
        .bind(before.map_or(i64::MAX, CommandId::get))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(command)
        .collect()
}

pub(crate) async fn commands_between(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    (from, to): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<IssuedCommand>> {
    sqlx::query::<Db>(select_commands!(
        "and v.id = $2 and ((c.sent_ms >= $3 and c.sent_ms < $4) or (c.answered_ms >= $3 and c.answered_ms < $4))
         order by c.id limit $5"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(from.unix_ms())
    .bind(to.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(command)
    .collect()
}

/// Appends the fact of a command that a statement has changed.
async fn told_if(
    connection: &mut Connection,
    tenant: &TenantId,
    id: CommandId,
    changed_rows: u64,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    if changed_rows == 0 {
        return Ok(None);
    }
    let row = sqlx::query::<Db>(select_commands!("and c.id = $2"));
    let row = row.bind(tenant.as_str()).bind(id.get()).fetch_one(&mut *connection).await?;
    let issued = command(&row)?;
    tell(connection, tenant, issued, now, renderer).await
}

async fn tell(
    connection: &mut Connection,
    tenant: &TenantId,
    issued: IssuedCommand,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<IssuedCommand>> {
    let fact = Fact::CommandChanged(Box::new(issued.clone()));
    events::append_facts(connection, tenant, &[fact], now, renderer).await?;
    Ok(Some(issued))
}
