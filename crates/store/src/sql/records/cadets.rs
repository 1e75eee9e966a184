//! Cadets, with the totals of their records.

use super::super::dialect::LOCK_CADET;
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp};
use crate::failure::taken;
use crate::{NewCadet, Renderer, Result, StoreError};
use milepost_domain::{
    Cadet, CadetId, CadetName, ExpectedVersion, Fact, Score, Scores, Standing, StudentId, TenantId, Timestamp,
};
use sqlx::{AssertSqlSafe, Row};

/// Selects the columns that [`cadet`] reads.
macro_rules! select_cadets {
    ($rest:literal) => {
        concat!(
            "select c.id, c.cadet_no, t.id as tenant, c.name, c.student_id, c.merit_points, c.demerit_points, \
             c.attendance_present, c.prelim_score, c.midterm_score, c.final_score, c.created_ms, c.version \
             from cadets c join tenants t on t.tenant_no = c.tenant_no ",
            $rest
        )
    };
}

fn cadet(row: &DbRow) -> Result<Cadet> {
    let score = |column| -> Result<Option<Score>> {
        let hundredths: Option<i64> = row.try_get(column)?;
        let score = |stored: i64| Ok(Score::from_hundredths(i32::try_from(stored).unwrap_or(-1))?);
        hundredths.map(score).transpose()
    };
    Ok(Cadet {
        id: CadetId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        name: CadetName::stored(row.try_get("name")?)?,
        student_id: row.try_get::<Option<&str>, _>("student_id")?.map(StudentId::stored).transpose()?,
        standing: Standing {
            merit_points: row.try_get("merit_points")?,
            demerit_points: row.try_get("demerit_points")?,
            attendance_present: row.try_get("attendance_present")?,
            scores: Scores {
                prelim: score("prelim_score")?,
                midterm: score("midterm_score")?,
                r#final: score("final_score")?,
            },
        },
        created_at: timestamp(row.try_get("created_ms")?)?,
        version: row.try_get("version")?,
    })
}

pub(crate) async fn add_cadet(
    connection: &mut Connection,
    new: &NewCadet,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Cadet> {
    let tenant_no = tenants::tenant_no(connection, &new.tenant).await?;
    let id = take_number(connection, tenant_no, Numbered::Cadet).await?;
    sqlx::query::<Db>("insert into cadets (tenant_no, name, student_id, created_ms, id) values ($1, $2, $3, $4, $5)")
        .bind(tenant_no)
        .bind(new.name.as_str())
        .bind(new.student_id.as_ref().map(StudentId::as_str))
        .bind(now.unix_ms())
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(taken("student_id"))?;
    let cadet = Cadet {
        id: CadetId::new(id)?,
        tenant: new.tenant.clone(),
        name: new.name.clone(),
        student_id: new.student_id.clone(),
        standing: Standing::default(),
        created_at: now,
        version: 1,
    };
    events::append_facts(connection, &cadet.tenant, &[Fact::CadetAdded { cadet_id: cadet.id }], now, renderer).await?;
    Ok(cadet)
}

pub(crate) async fn get_cadet(connection: &mut Connection, tenant: &TenantId, id: CadetId) -> Result<Option<Cadet>> {
    let row = sqlx::query::<Db>(select_cadets!("where t.id = $1 and c.id = $2"))
        .bind(tenant.as_str())
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(cadet).transpose()
}

pub(crate) async fn list_cadets(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<CadetId>,
    limit: u32,
) -> Result<Vec<Cadet>> {
    sqlx::query::<Db>(select_cadets!(
        "where c.tenant_no = (select tenant_no from tenants where id = $1) and c.id > $2 order by c.id limit $3"
    ))
    .bind(tenant.as_str())
    .bind(after.map_or(0, CadetId::get))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(cadet)
    .collect()
}

/// A cadet that is locked until the commit.
pub(crate) struct HeldCadet {
    /// The number of its row, to which its records refer.
    pub(crate) no: i64,
    pub(crate) cadet: Cadet,
}

impl HeldCadet {
    /// `Changed("cadet")` if its version is none of those that the caller expected.
    pub(crate) fn require(&self, expected: &ExpectedVersion) -> Result<()> {
        if expected.allows(self.cadet.version) { Ok(()) } else { Err(StoreError::Changed("cadet")) }
    }
}

/// Reads a cadet and locks it until the commit. Two changes of its records wait for each other here, so that both count
/// in the totals. `NotFound("cadet")`.
pub(crate) async fn hold_cadet(connection: &mut Connection, tenant: &TenantId, id: CadetId) -> Result<HeldCadet> {
    let sql = format!("{} {LOCK_CADET}", select_cadets!("where t.id = $1 and c.id = $2"));
    let row = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(id.get())
        .fetch_optional(connection)
        .await?
        .ok_or(StoreError::NotFound("cadet"))?;
    Ok(HeldCadet { no: row.try_get("cadet_no")?, cadet: cadet(&row)? })
}

/// Writes the totals of a locked cadet after a change of its records, and its next version.
pub(crate) async fn set_standing(connection: &mut Connection, cadet_no: i64, standing: Standing) -> Result<()> {
    let hundredths = |score: Option<Score>| score.map(|score| i64::from(score.hundredths()));
    sqlx::query::<Db>(
        "update cadets set merit_points = $2, demerit_points = $3, attendance_present = $4, prelim_score = $5,
         midterm_score = $6, final_score = $7, version = version + 1 where cadet_no = $1",
    )
    .bind(cadet_no)
    .bind(standing.merit_points)
    .bind(standing.demerit_points)
    .bind(standing.attendance_present)
    .bind(hundredths(standing.scores.prelim))
    .bind(hundredths(standing.scores.midterm))
    .bind(hundredths(standing.scores.r#final))
    .execute(connection)
    .await?;
    Ok(())
}
