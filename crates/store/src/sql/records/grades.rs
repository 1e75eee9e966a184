//! Grades of cadets: merits and demerits.

use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use super::cadets;
use crate::{Renderer, Result, StoreError};
use milepost_domain::{
    CadetId, Fact, Grade, GradeGiven, GradeId, GradeKind, GradeUpdate, Points, Reason, Standing, Timestamp,
};
use sqlx::Row;

fn grade(row: &DbRow) -> Result<Grade> {
    Ok(Grade {
        id: GradeId::new(row.try_get("id")?)?,
        cadet_id: CadetId::new(row.try_get("cadet_id")?)?,
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
    cadet_id: CadetId,
    given: &GradeGiven,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Grade> {
    let cadet = cadets::hold_cadet(connection, cadet_id).await?;
    let id = sqlx::query_scalar::<Db, i64>(
        "insert into grades (cadet_id, kind, points, reason, created_ms) values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(cadet_id.get())
    .bind(given.kind.as_str())
    .bind(given.points.get())
    .bind(given.reason.as_str())
    .bind(now.unix_ms())
    .fetch_one(&mut *connection)
    .await?;
    let grade = Grade { id: GradeId::new(id)?, cadet_id, given: given.clone(), created_at: now };
    let mut standing = cadet.standing;
    *sum_of(&mut standing, given.kind) += given.points.get();
    cadets::set_standing(connection, cadet_id, standing).await?;
    let update = GradeUpdate { cadet_id, grade_id: grade.id, given: given.clone(), removed: false, standing };
    events::append_facts(connection, &cadet.tenant, &[Fact::GradeUpdated(Box::new(update))], now, renderer).await?;
    Ok(grade)
}

pub(crate) async fn remove_grade(
    connection: &mut Connection,
    cadet_id: CadetId,
    id: GradeId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<Grade>> {
    let cadet = match cadets::hold_cadet(connection, cadet_id).await {
        Err(StoreError::NotFound(_)) => return Ok(None),
        found => found?,
    };
    let removed = sqlx::query::<Db>(
        "delete from grades where id = $1 and cadet_id = $2 returning id, cadet_id, kind, points, reason, created_ms",
    )
    .bind(id.get())
    .bind(cadet_id.get())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(grade) = removed.as_ref().map(grade).transpose()? else { return Ok(None) };
    let mut standing = cadet.standing;
    *sum_of(&mut standing, grade.given.kind) -= grade.given.points.get();
    cadets::set_standing(connection, cadet_id, standing).await?;
    let update = GradeUpdate { cadet_id, grade_id: id, given: grade.given.clone(), removed: true, standing };
    events::append_facts(connection, &cadet.tenant, &[Fact::GradeUpdated(Box::new(update))], now, renderer).await?;
    Ok(Some(grade))
}

pub(crate) async fn list_grades(
    connection: &mut Connection,
    cadet: CadetId,
    before: Option<GradeId>,
    limit: u32,
) -> Result<Vec<Grade>> {
    sqlx::query::<Db>(
        "select id, cadet_id, kind, points, reason, created_ms from grades
         where cadet_id = $1 and id < $2 order by id desc limit $3",
    )
    .bind(cadet.get())
    .bind(before.map_or(i64::MAX, GradeId::get))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(grade)
    .collect()
}
