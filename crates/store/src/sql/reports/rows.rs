//! Report schedules with their vehicles and receivers.

use super::super::dialect::LOCK_TENANT;
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{NewReportSchedule, Result, ScheduleQuota, StoreError};
use milepost_domain::{
    JobId, Label, Language, ReportFormat, ReportGroup, ReportKind, ReportPeriod, ReportSchedule, ReportScheduleId,
    ScheduleOrder, ScheduleOutcome, ScheduleReceiver, TenantId, TimeOfDay, Timestamp, UserId, VehicleId, ZoneName,
};
use sqlx::{AssertSqlSafe, Row};

macro_rules! select_schedules {
    ($rest:literal) => {
        concat!(
            "select s.tenant_no, s.id, t.id as tenant, s.owner_id, s.name, s.kind, s.group_by, s.all_vehicles, s.period, s.time_s,
             s.timezone, s.language, s.format, s.active, s.created_ms, s.next_ms, s.last_ms, s.last_outcome, s.last_job, s.version
             from report_schedules s join tenants t on t.tenant_no = s.tenant_no ",
            $rest
        )
    };
}
pub(super) use select_schedules;

/// A row without its vehicles and receivers.
fn schedule(row: &DbRow) -> Result<ReportSchedule> {
    let seconds = u32::try_from(row.try_get::<i64, _>("time_s")?).unwrap_or(u32::MAX);
    let order = ScheduleOrder {
        name: Label::stored(row.try_get("name")?)?,
        kind: ReportKind::parse(row.try_get("kind")?)?,
        group: row.try_get::<Option<&str>, _>("group_by")?.map(ReportGroup::parse).transpose()?,
        vehicles: (!row.try_get::<bool, _>("all_vehicles")?).then(Vec::new),
        period: ReportPeriod::parse(row.try_get("period")?)?,
        time: TimeOfDay::from_seconds(seconds)?,
        timezone: ZoneName::new(row.try_get("timezone")?)?,
        language: Language::parse(row.try_get("language")?)?,
        format: ReportFormat::parse(row.try_get("format")?)?,
        active: row.try_get("active")?,
    };
    Ok(ReportSchedule {
        id: ReportScheduleId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        owner: UserId::new(row.try_get("owner_id")?)?,
        order,
        receivers: Vec::new(),
        created_at: timestamp(row.try_get("created_ms")?)?,
        next_at: timestamp(row.try_get("next_ms")?)?,
        last_at: row.try_get::<Option<i64>, _>("last_ms")?.map(timestamp).transpose()?,
        last_outcome: row.try_get::<Option<&str>, _>("last_outcome")?.map(ScheduleOutcome::parse).transpose()?,
        last_job: row.try_get::<Option<&str>, _>("last_job")?.map(JobId::stored).transpose()?,
        version: row.try_get("version")?,
    })
}

/// Reads the vehicles and receivers of the schedules in these rows. Few are read at once: a tenant has a bounded number.
pub(super) async fn whole(connection: &mut Connection, rows: &[DbRow]) -> Result<Vec<ReportSchedule>> {
    let mut schedules = Vec::with_capacity(rows.len());
    for row in rows {
        let mut schedule = schedule(row)?;
        let tenant_no: i64 = row.try_get("tenant_no")?;
        if let Some(vehicles) = &mut schedule.order.vehicles {
            let ids = sqlx::query_scalar::<Db, String>(
                "select v.id from report_schedule_vehicles sv join vehicles v on v.vehicle_no = sv.vehicle_no
                 where sv.tenant_no = $1 and sv.schedule_id = $2 order by v.id",
            );
            let ids = ids.bind(tenant_no).bind(schedule.id.get()).fetch_all(&mut *connection).await?;
            *vehicles = ids.iter().map(|id| VehicleId::stored(id)).collect::<std::result::Result<_, _>>()?;
        }
        let receivers = sqlx::query_as::<Db, (i64, Option<i64>)>(
            "select user_id, ended_ms from report_schedule_receivers where tenant_no = $1 and schedule_id = $2 order by user_id",
        );
        for (user, ended_ms) in receivers.bind(tenant_no).bind(schedule.id.get()).fetch_all(&mut *connection).await? {
            let ended_at = ended_ms.map(timestamp).transpose()?;
            schedule.receivers.push(ScheduleReceiver { user: UserId::new(user)?, ended_at });
        }
        schedules.push(schedule);
    }
    Ok(schedules)
}

pub(crate) async fn add_schedule(
    connection: &mut Connection,
    new: &NewReportSchedule,
    quota: ScheduleQuota,
    now: Timestamp,
) -> Result<Option<ReportSchedule>> {
    // Locks the tenant, so that only one transaction at a time counts and adds its schedules.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(new.tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let (all, own): (i64, i64) = sqlx::query_as::<Db, (i64, i64)>(
        "select count(*), count(case when owner_id = $2 then 1 end) from report_schedules where tenant_no = $1",
    )
    .bind(tenant_no)
    .bind(new.owner.get())
    .fetch_one(&mut *connection)
    .await?;
    if all >= i64::from(quota.tenant) || own >= i64::from(quota.owner) {
        return Ok(None);
    }
    let id = take_number(connection, tenant_no, Numbered::ReportSchedule).await?;
    let order = &new.order;
    sqlx::query::<Db>(
        "insert into report_schedules (tenant_no, id, owner_id, name, kind, group_by, all_vehicles, period, time_s, timezone, language,
         format, active, created_ms, next_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(new.owner.get())
    .bind(order.name.as_str())
    .bind(order.kind.as_str())
    .bind(order.group.map(ReportGroup::as_str))
    .bind(order.vehicles.is_none())
    .bind(order.period.as_str())
    .bind(i64::from(order.time.seconds()))
    .bind(order.timezone.as_str())
    .bind(order.language.as_str())
    .bind(order.format.as_str())
    .bind(order.active)
    .bind(now.unix_ms())
    .bind(new.next_at.unix_ms())
    .execute(&mut *connection)
    .await?;
    add_vehicles(connection, tenant_no, id, order).await?;
    for user in &new.receivers {
        add_receiver(connection, tenant_no, id, ScheduleReceiver { user: *user, ended_at: None }).await?;
    }
    get_schedule(connection, &new.tenant, ReportScheduleId::new(id)?).await
}

async fn add_vehicles(connection: &mut Connection, tenant_no: i64, id: i64, order: &ScheduleOrder) -> Result<()> {
    for vehicle in order.vehicles.iter().flatten() {
        let added = sqlx::query::<Db>(
            "insert into report_schedule_vehicles (tenant_no, schedule_id, vehicle_no)
             select tenant_no, $2, vehicle_no from vehicles where tenant_no = $1 and id = $3",
        )
        .bind(tenant_no)
        .bind(id)
        .bind(vehicle.as_str())
        .execute(&mut *connection)
        .await?;
        if added.rows_affected() == 0 {
            return Err(StoreError::NotFound("vehicle"));
        }
    }
    Ok(())
}

/// A user that was removed meanwhile gets nothing.
async fn add_receiver(connection: &mut Connection, tenant_no: i64, id: i64, receiver: ScheduleReceiver) -> Result<()> {
    sqlx::query::<Db>(
        "insert into report_schedule_receivers (tenant_no, schedule_id, user_id, ended_ms)
         select $1, $2, u.id, $4 from users u where u.id = $3 and u.tenant_no = $1",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(receiver.user.get())
    .bind(receiver.ended_at.map(Timestamp::unix_ms))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn get_schedule(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ReportScheduleId,
) -> Result<Option<ReportSchedule>> {
    let row = sqlx::query::<Db>(select_schedules!("where t.id = $1 and s.id = $2"))
        .bind(tenant.as_str())
        .bind(id.get())
        .fetch_optional(&mut *connection)
        .await?;
    Ok(whole(connection, row.as_slice()).await?.pop())
}

pub(crate) async fn list_schedules(
    connection: &mut Connection,
    tenant: &TenantId,
    owner: Option<UserId>,
    after: Option<ReportScheduleId>,
    limit: u32,
) -> Result<Vec<ReportSchedule>> {
    let rows = sqlx::query::<Db>(select_schedules!(
        "where t.id = $1 and s.id > $2 and s.owner_id = coalesce($3, s.owner_id) order by s.id limit $4"
    ))
    .bind(tenant.as_str())
    .bind(after.map_or(0, ReportScheduleId::get))
    .bind(owner.map(UserId::get))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    whole(connection, &rows).await
}

pub(crate) async fn update_schedule(connection: &mut Connection, schedule: &ReportSchedule) -> Result<bool> {
    let order = &schedule.order;
    let tenant_no = sqlx::query_scalar::<Db, i64>(
        "update report_schedules set name = $4, kind = $5, group_by = $6, all_vehicles = $7, period = $8, time_s = $9, timezone = $10,
         language = $11, format = $12, active = $13, next_ms = $14, version = $3
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and version = $3 - 1 returning tenant_no",
    )
    .bind(schedule.tenant.as_str())
    .bind(schedule.id.get())
    .bind(schedule.version)
    .bind(order.name.as_str())
    .bind(order.kind.as_str())
    .bind(order.group.map(ReportGroup::as_str))
    .bind(order.vehicles.is_none())
    .bind(order.period.as_str())
    .bind(i64::from(order.time.seconds()))
    .bind(order.timezone.as_str())
    .bind(order.language.as_str())
    .bind(order.format.as_str())
    .bind(order.active)
    .bind(schedule.next_at.unix_ms())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(tenant_no) = tenant_no else { return Ok(false) };
    for sql in [
        "delete from report_schedule_vehicles where tenant_no = $1 and schedule_id = $2",
        "delete from report_schedule_receivers where tenant_no = $1 and schedule_id = $2",
    ] {
        sqlx::query::<Db>(sql).bind(tenant_no).bind(schedule.id.get()).execute(&mut *connection).await?;
    }
    add_vehicles(connection, tenant_no, schedule.id.get(), order).await?;
    for receiver in &schedule.receivers {
        add_receiver(connection, tenant_no, schedule.id.get(), *receiver).await?;
    }
    Ok(true)
}

pub(crate) async fn remove_schedule(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ReportScheduleId,
    version: Option<i64>,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from report_schedules where tenant_no = (select tenant_no from tenants where id = $1) and id = $2
         and version = coalesce($3, version)",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(version)
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() > 0)
}

/// The version goes on, so that nobody who read it before writes the receiver anew.
pub(crate) async fn end_receiver(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ReportScheduleId,
    user: UserId,
    now: Timestamp,
) -> Result<bool> {
    let of_tenant = sqlx::query_scalar::<Db, i64>(
        "update report_schedules set version = version + 1
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 returning tenant_no",
    );
    let of_tenant = of_tenant.bind(tenant.as_str()).bind(id.get()).fetch_optional(&mut *connection).await?;
    let Some(tenant_no) = of_tenant else { return Ok(false) };
    let ended = sqlx::query::<Db>(
        "update report_schedule_receivers set ended_ms = coalesce(ended_ms, $4)
         where tenant_no = $1 and schedule_id = $2 and user_id = $3",
    )
    .bind(tenant_no)
    .bind(id.get())
    .bind(user.get())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Takes vehicles that are not there any more off the schedules of a tenant. To be called after a vehicle's row was deleted.
pub(crate) async fn forget_removed(connection: &mut Connection, tenant_no: i64) -> Result<()> {
    let mut ids = sqlx::query_scalar::<Db, i64>(
        "delete from report_schedule_vehicles where tenant_no = $1
         and not exists (select 1 from vehicles v where v.vehicle_no = report_schedule_vehicles.vehicle_no) returning schedule_id",
    )
    .bind(tenant_no)
    .fetch_all(&mut *connection)
    .await?;
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        sqlx::query::<Db>("update report_schedules set version = version + 1 where tenant_no = $1 and id = $2")
            .bind(tenant_no)
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
