//! Attendance of cadets at training days.

use super::super::{Connection, Db, DbRow, events};
use super::cadets::{self, HeldCadet};
use crate::{Renderer, Result};
use milepost_domain::{
    Attendance, AttendanceStatus, AttendanceUpdate, CadetId, ExpectedVersion, Fact, TenantId, TimeOfDay, Timestamp,
    TrainingDayId,
};
use sqlx::Row;

fn attendance(row: &DbRow) -> Result<Attendance> {
    let time = |column| -> Result<Option<TimeOfDay>> {
        let seconds: Option<i64> = row.try_get(column)?;
        let time = |stored: i64| Ok(TimeOfDay::from_seconds(u32::try_from(stored).unwrap_or(u32::MAX))?);
        seconds.map(time).transpose()
    };
    Ok(Attendance {
        status: AttendanceStatus::parse(row.try_get("status")?)?,
        time_in: time("time_in_s")?,
        time_out: time("time_out_s")?,
    })
}

pub(crate) async fn set_attendance(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet_id: CadetId,
    expected: &ExpectedVersion,
    (day, attendance): (TrainingDayId, &Attendance),
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let held = cadets::hold_cadet(connection, tenant, cadet_id).await?;
    held.require(expected)?;
    let HeldCadet { no, cadet } = held;
    let before = get_attendance(connection, no, day).await?;
    if before.as_ref() == Some(attendance) {
        return Ok(false);
    }
    let seconds = |time: Option<TimeOfDay>| time.map(|time| i64::from(time.seconds()));
    sqlx::query::<Db>(
        "insert into attendances (cadet_no, training_day_id, status, time_in_s, time_out_s) values ($1, $2, $3, $4, $5)
         on conflict (cadet_no, training_day_id) do update
         set status = excluded.status, time_in_s = excluded.time_in_s, time_out_s = excluded.time_out_s",
    )
    .bind(no)
    .bind(day.get())
    .bind(attendance.status.as_str())
    .bind(seconds(attendance.time_in))
    .bind(seconds(attendance.time_out))
    .execute(&mut *connection)
    .await?;
    let counts = |status: AttendanceStatus| i64::from(status == AttendanceStatus::Present);
    let mut standing = cadet.standing;
    standing.attendance_present += counts(attendance.status) - before.map_or(0, |before| counts(before.status));
    cadets::set_standing(connection, no, standing).await?;
    let update = AttendanceUpdate {
        cadet_id,
        training_day_id: day,
        attendance: *attendance,
        attendance_present: standing.attendance_present,
    };
    events::append_facts(connection, &cadet.tenant, &[Fact::AttendanceUpdated(Box::new(update))], now, renderer)
        .await?;
    Ok(true)
}

async fn get_attendance(connection: &mut Connection, cadet_no: i64, day: TrainingDayId) -> Result<Option<Attendance>> {
    let row = sqlx::query::<Db>(
        "select status, time_in_s, time_out_s from attendances where cadet_no = $1 and training_day_id = $2",
    )
    .bind(cadet_no)
    .bind(day.get())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(attendance).transpose()
}

pub(crate) async fn list_attendance(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet: CadetId,
    before: Option<TrainingDayId>,
    limit: u32,
) -> Result<Vec<(TrainingDayId, Attendance)>> {
    let rows = sqlx::query::<Db>(
        "select training_day_id, status, time_in_s, time_out_s from attendances
         where cadet_no = (select c.cadet_no from cadets c join tenants t on t.tenant_no = c.tenant_no
                           where t.id = $1 and c.id = $2)
         and training_day_id <= $3 order by training_day_id desc limit $4",
    )
    .bind(tenant.as_str())
    .bind(cadet.get())
    .bind(before.map_or(i64::MAX, |before| before.get() - 1))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((TrainingDayId::new(row.try_get("training_day_id")?)?, attendance(row)?))).collect()
}
