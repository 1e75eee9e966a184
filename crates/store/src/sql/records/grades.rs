//! Grades of cadets: merits and demerits.

use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp};
use super::cadets::{self, HeldCadet};
use crate::{Renderer, Result, StoreError};
use milepost_domain::{
    CadetId, ExpectedVersion, Fact, Grade, GradeGiven, GradeId, GradeKind, GradeUpdate, Points, Reason, Standing,
    TenantId, Timestamp,
};
use sqlx::Row;

fn grade(row: &DbRow, cadet_id: CadetId) -> Result<Grade> {
    Ok(Grade {
        id: GradeId::new(row.try_get("id")?)?,
        cadet_id,
        given: GradeGiven {
            kind: GradeKind::parse(row.try_get("kind")?)?,
            points: Points::new(row.try_get("points")?)?,
            reason: Reason::stored(row.try_get("reason")?)?,
        },
        created_at: timestamp(row.try_get("created_ms")?)?,
    })
}

/// The total that grades of this kind add to.
fn sum_of(standing: &mut Standing, kind: GradeKind) -> &mut i64 {
    match kind {
        GradeKind::Merit => &mut standing.merit_points,
        GradeKind::Demerit => &mut standing.demerit_points,
    }
}

pub(crate) async fn add_grade(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet_id: CadetId,
    given: &GradeGiven,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Grade> {
    let HeldCadet { no, cadet } = cadets::hold_cadet(connection, tenant, cadet_id).await?;
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    let id = take_number(connection, tenant_no, Numbered::Grade).await?;
    sqlx::query::<Db>(
        "insert into grades (cadet_no, kind, points, reason, created_ms, id) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(no)
    .bind(given.kind.as_str())
    .bind(given.points.get())
    .bind(given.reason.as_str())
    .bind(now.unix_ms())
    .bind(id)
    .execute(&mut *connection)
    .await?;
    let grade = Grade { id: GradeId::new(id)?, cadet_id, given: given.clone(), created_at: now };
    let mut standing = cadet.standing;
    *sum_of(&mut standing, given.kind) += given.points.get();
    cadets::set_standing(connection, no, standing).await?;
    let update = GradeUpdate { cadet_id, grade_id: grade.id, given: given.clone(), removed: false, standing };
    events::append_facts(connection, &cadet.tenant, &[Fact::GradeUpdated(Box::new(update))], now, renderer).await?;
    Ok(grade)
}

pub(crate) async fn remove_grade(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet_id: CadetId,
    expected: &ExpectedVersion,
    id: GradeId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<Grade>> {
    let held = match cadets::hold_cadet(connection, tenant, cadet_id).await {
        Err(StoreError::NotFound(_)) => return Ok(None),
        found => found?,
    };
    let removed = sqlx::query::<Db>(
        "delete from grades where cadet_no = $1 and id = $2 returning id, kind, points, reason, created_ms",
    )
    .bind(held.no)
    .bind(id.get())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(grade) = removed.as_ref().map(|row| grade(row, cadet_id)).transpose()? else { return Ok(None) };
    // Undoes the removal. What is not there is answered so, whatever the version.
    held.require(expected)?;
    let HeldCadet { no, cadet } = held;
    let mut standing = cadet.standing;
    *sum_of(&mut standing, grade.given.kind) -= grade.given.points.get();
    cadets::set_standing(connection, no, standing).await?;
    let update = GradeUpdate { cadet_id, grade_id: id, given: grade.given.clone(), removed: true, standing };
    events::append_facts(connection, &cadet.tenant, &[Fact::GradeUpdated(Box::new(update))], now, renderer).await?;
    Ok(Some(grade))
}

pub(crate) async fn list_grades(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet: CadetId,
    before: Option<GradeId>,
    limit: u32,
) -> Result<Vec<Grade>> {
    sqlx::query::<Db>(
        "select id, kind, points, reason, created_ms from grades
         where cadet_no = (select c.cadet_no from cadets c join tenants t on t.tenant_no = c.tenant_no
                           where t.id = $1 and c.id = $2)
         and id < $3 order by id desc limit $4",
    )
    .bind(tenant.as_str())
    .bind(cadet.get())
    .bind(before.map_or(i64::MAX, GradeId::get))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| grade(row, cadet))
    .collect()
}
