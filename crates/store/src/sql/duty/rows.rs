//! Rows of off-duty time.

use super::super::dialect::LOCK_TENANT;
use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use crate::{Renderer, Result};
use milepost_domain::{Fact, MAX_OFF_DUTY, OffDuty, OffDutyRule, OffDutyTimes, TenantId, Timestamp, UserId, VehicleId};
use sqlx::{AssertSqlSafe, Row};

/// What came of a driver's change of duty.
pub(crate) struct DutyChange {
    /// The time that began or ended, or that goes on.
    pub(crate) time: Option<OffDuty>,
    /// It began or ended now.
    pub(crate) is_new: bool,
}

fn off_duty(row: &DbRow) -> Result<OffDuty> {
    Ok(OffDuty {
        from: timestamp(row.try_get("from_ms")?)?,
        to: row.try_get::<Option<i64>, _>("to_ms")?.map(timestamp).transpose()?,
        with_vehicle: row.try_get("with_vehicle")?,
    })
}

pub(crate) async fn off_duty_rule(connection: &mut Connection, tenant: &TenantId) -> Result<OffDutyRule> {
    read_rule(connection, tenant, "").await
}

async fn read_rule(connection: &mut Connection, tenant: &TenantId, lock: &str) -> Result<OffDutyRule> {
    let sql = format!("select off_duty from tenants where id = $1 {lock}");
    let rule = sqlx::query_scalar::<Db, String>(AssertSqlSafe(sql));
    let rule = rule.bind(tenant.as_str()).fetch_optional(connection).await?;
    Ok(rule.map_or(Ok(OffDutyRule::Kept), |rule| OffDutyRule::parse(&rule))?)
}

pub(crate) async fn set_off_duty_rule(
    connection: &mut Connection,
    tenant: &TenantId,
    rule: OffDutyRule,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let before = read_rule(connection, tenant, LOCK_TENANT).await?;
    let set = sqlx::query::<Db>("update tenants set off_duty = $2 where id = $1")
        .bind(tenant.as_str())
        .bind(rule.as_str())
        .execute(&mut *connection)
        .await?;
    if set.rows_affected() == 0 {
        return Ok(false);
    }
    if before == rule {
        return Ok(true);
    }
    let off = sqlx::query_scalar::<Db, i64>(
        "select o.user_id from off_duty o join users u on u.id = o.user_id join tenants t on t.tenant_no = u.tenant_no
         where t.id = $1 and o.to_ms is null order by o.user_id",
    );
    for driver in off.bind(tenant.as_str()).fetch_all(&mut *connection).await? {
        let driver = UserId::new(driver)?;
        end(connection, driver, now).await?;
        if rule != OffDutyRule::Kept {
            begin(connection, driver, rule, now).await?;
        }
        let facts = touch_vehicles(connection, tenant, driver).await?;
        events::append_facts(connection, tenant, &facts, now, renderer).await?;
    }
    events::append_facts(connection, tenant, &[Fact::OffDutyRuleChanged { rule }], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn change_duty(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
    is_off: bool,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<DutyChange> {
    // The lock keeps the rule, and makes two changes of one driver follow each other.
    let rule = read_rule(connection, tenant, LOCK_TENANT).await?;
    let present = present(connection, driver).await?;
    let time = match (present, is_off) {
        (None, true) if rule != OffDutyRule::Kept => begin(connection, driver, rule, now).await?,
        (Some(_), false) => end(connection, driver, now).await?,
        (present, _) => return Ok(DutyChange { time: present, is_new: false }),
    };
    let mut facts = vec![Fact::DutyChanged { user_id: driver, off_duty: time }];
    facts.extend(touch_vehicles(connection, tenant, driver).await?);
    // Those who watch a delivery of this rider see no stale place either.
    sqlx::query::<Db>(
        "update deliveries set version = version + 1 where tenant_no = (select tenant_no from tenants where id = $1)
         and rider_id = $2 and expires_ms > $3 and status <> 'DELIVERED'",
    )
    .bind(tenant.as_str())
    .bind(driver.to_string())
    .bind(now.unix_ms())
    .execute(&mut *connection)
    .await?;
    events::append_facts(connection, tenant, &facts, now, renderer).await?;
    Ok(DutyChange { time: Some(time), is_new: true })
}

async fn present(connection: &mut Connection, driver: UserId) -> Result<Option<OffDuty>> {
    let row =
        sqlx::query::<Db>("select from_ms, to_ms, with_vehicle from off_duty where user_id = $1 and to_ms is null");
    row.bind(driver.get()).fetch_optional(connection).await?.as_ref().map(off_duty).transpose()
}

/// Begins a time off duty, not before the last one ended.
async fn begin(connection: &mut Connection, driver: UserId, rule: OffDutyRule, now: Timestamp) -> Result<OffDuty> {
    let row = sqlx::query::<Db>(
        "insert into off_duty (user_id, from_ms, with_vehicle)
         select $1, case when l.ended_ms > $2 then l.ended_ms else $2 end, $3
         from (select coalesce(max(o.to_ms), 0) as ended_ms from off_duty o where o.user_id = $1) l
         returning from_ms, to_ms, with_vehicle",
    )
    .bind(driver.get())
    .bind(now.unix_ms())
    .bind(rule == OffDutyRule::Vehicles)
    .fetch_one(&mut *connection)
    .await?;
    let begun = off_duty(&row)?;
    join_oldest(connection, driver).await?;
    Ok(begun)
}

/// Ends the time that goes on. One of no length at all lasts for a millisecond, because it was told of.
async fn end(connection: &mut Connection, driver: UserId, now: Timestamp) -> Result<OffDuty> {
    let row = sqlx::query::<Db>(
        "update off_duty set to_ms = case when from_ms >= $2 then from_ms + 1 else $2 end
         where user_id = $1 and to_ms is null returning from_ms, to_ms, with_vehicle",
    );
    off_duty(&row.bind(driver.get()).bind(now.unix_ms()).fetch_one(connection).await?)
}

/// Makes one time of the two oldest if there are too many, with all between them.
async fn join_oldest(connection: &mut Connection, driver: UserId) -> Result<()> {
    let oldest = sqlx::query::<Db>(
        "select from_ms, to_ms, with_vehicle from off_duty where user_id = $1 and to_ms is not null
         and (select count(*) from off_duty o where o.user_id = $1) > $2 order by from_ms limit 2",
    )
    .bind(driver.get())
    .bind(i64::try_from(MAX_OFF_DUTY).expect("a small number"))
    .fetch_all(&mut *connection)
    .await?;
    let [first, second] = oldest.as_slice() else { return Ok(()) };
    let (first, second) = (off_duty(first)?, off_duty(second)?);
    sqlx::query::<Db>("delete from off_duty where user_id = $1 and from_ms = $2")
        .bind(driver.get())
        .bind(second.from.unix_ms())
        .execute(&mut *connection)
        .await?;
    sqlx::query::<Db>("update off_duty set to_ms = $3, with_vehicle = $4 where user_id = $1 and from_ms = $2")
        .bind(driver.get())
        .bind(first.from.unix_ms())
        .bind(second.to.map(Timestamp::unix_ms))
        .bind(first.with_vehicle || second.with_vehicle)
        .execute(connection)
        .await?;
    Ok(())
}

/// The vehicles of a driver are shown in another way from now on.
async fn touch_vehicles(connection: &mut Connection, tenant: &TenantId, driver: UserId) -> Result<Vec<Fact>> {
    let ids = sqlx::query_scalar::<Db, String>(
        "update vehicles set version = version + 1
         where tenant_no = (select tenant_no from tenants where id = $1) and driver_id = $2 returning id",
    );
    let ids = ids.bind(tenant.as_str()).bind(driver.get()).fetch_all(connection).await?;
    ids.iter().map(|id| Ok(Fact::VehicleChanged { vehicle_id: VehicleId::stored(id)? })).collect()
}

pub(crate) async fn off_duty_times(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: Option<UserId>,
) -> Result<OffDutyTimes> {
    let rows = sqlx::query::<Db>(
        "select o.user_id, o.from_ms, o.to_ms, o.with_vehicle
         from users u join off_duty o on o.user_id = u.id
         where u.tenant_no = (select tenant_no from tenants where id = $1) and u.id = coalesce($2, u.id)",
    )
    .bind(tenant.as_str())
    .bind(driver.map(UserId::get))
    .fetch_all(connection)
    .await?;
    let times = rows.iter().map(|row| Ok((UserId::new(row.try_get("user_id")?)?, off_duty(row)?)));
    Ok(OffDutyTimes::new(times.collect::<Result<Vec<_>>>()?))
}

pub(crate) async fn list_off_duty(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<OffDuty>> {
    let rows = sqlx::query::<Db>(
        "select o.from_ms, o.to_ms, o.with_vehicle from off_duty o join users u on u.id = o.user_id
         where u.tenant_no = (select tenant_no from tenants where id = $1) and o.user_id = $2 and o.from_ms < $3
         order by o.from_ms desc limit $4",
    )
    .bind(tenant.as_str())
    .bind(driver.get())
    .bind(before.map_or(i64::MAX, Timestamp::unix_ms))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(off_duty).collect()
}
