//! Positions into SQLite: many rows a statement, a handful of statement shapes that stay prepared.

use super::{Connection, Db};
use crate::{PositionRow, Result, TrackCommit, TrackOutcome, VehicleNo};
use milepost_domain::Position;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Row};
use std::sync::{Arc, LazyLock};

type Bound<'q> = Query<'q, Db, SqliteArguments>;

/// Rows a statement, largest first: any number of rows is a few statements of these sizes. More than 512 is not faster.
const SIZES: [usize; 4] = [512, 64, 8, 1];

/// A statement with a list of rows in its middle, once for each of [`SIZES`].
struct Shapes([Arc<str>; SIZES.len()]);

impl Shapes {
    /// `columns` placeholders a row. Placeholders without numbers: SQLite finds numbered ones by walking a list.
    fn new(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        Self(SIZES.map(|size| format!("{head} {} {tail}", vec![row.as_str(); size].join(",")).into()))
    }

    /// Cuts rows into the sizes of the statements.
    fn cut<'r, T>(&self, mut rows: &'r [T]) -> impl Iterator<Item = (AssertSqlSafe<Arc<str>>, &'r [T])> {
        std::iter::from_fn(move || {
            let (size, sql) = SIZES.iter().zip(&self.0).find(|(size, _)| **size <= rows.len())?;
            let (now, later) = rows.split_at(*size);
            rows = later;
            Some((AssertSqlSafe(sql.clone()), now))
        })
    }
}

const INSERT: &str =
    concat!("insert into positions (vehicle_no, tenant_no, received_ms, ", position_columns!(""), ") values");

static APPEND: LazyLock<Shapes> = LazyLock::new(|| Shapes::new(INSERT, 13, "on conflict do nothing"));

static ADD_LATE: LazyLock<Shapes> =
    LazyLock::new(|| Shapes::new(INSERT, 13, "on conflict do nothing returning vehicle_no, at_ms"));

static COUNT_CLAIMS: LazyLock<Shapes> = LazyLock::new(|| {
    Shapes::new(
        "with claim (vehicle_no, version) as (values",
        2,
        ") select count(*) from claim c join vehicle_states s on s.vehicle_no = c.vehicle_no and s.version = c.version",
    )
});

/// The claim was counted before, so every row is there.
static SET_STATE: LazyLock<Shapes> = LazyLock::new(|| {
    Shapes::new(
        concat!("replace into vehicle_states (vehicle_no, version, ", position_columns!(""), ") values"),
        12,
        "",
    )
});

/// Writes positions and states, unless a claim no longer holds. The write lock is held since the transaction began, so
/// what was counted stays true.
pub(super) async fn write_tracks(connection: &mut Connection, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
    for (sql, claims) in COUNT_CLAIMS.cut(&commit.claims) {
        let query = claims.iter().fold(sqlx::query(sql), |query, (no, version)| query.bind(no.get()).bind(*version));
        let held: i64 = query.fetch_one(&mut *connection).await?.try_get(0)?;
        if usize::try_from(held) != Ok(claims.len()) {
            return Ok(TrackOutcome::Stale);
        }
    }
    for (sql, rows) in APPEND.cut(&commit.appended) {
        rows.iter().fold(sqlx::query(sql), bind_row).execute(&mut *connection).await?;
    }
    let mut late_added = Vec::new();
    for (sql, rows) in ADD_LATE.cut(&commit.late) {
        for row in rows.iter().fold(sqlx::query(sql), bind_row).fetch_all(&mut *connection).await? {
            late_added.push((VehicleNo(row.try_get(0)?), row.try_get(1)?));
        }
    }
    for (sql, states) in SET_STATE.cut(&commit.states) {
        let query = states.iter().fold(sqlx::query(sql), |query, (no, state)| {
            let query = query.bind(no.get()).bind(state.version);
            bind_position(query, state.last.as_ref().expect("a stored state has a position"))
        });
        query.execute(&mut *connection).await?;
    }
    Ok(TrackOutcome::Committed { late_added })
}

fn bind_row<'q>(query: Bound<'q>, row: &PositionRow<'_>) -> Bound<'q> {
    let query = query.bind(row.vehicle_no.get()).bind(row.tenant_no.0).bind(row.received_at.unix_ms());
    bind_position(query, row.position)
}

fn bind_position<'q>(query: Bound<'q>, position: &Position) -> Bound<'q> {
    query
        .bind(position.at.unix_ms())
        .bind(position.latitude.get())
        .bind(position.longitude.get())
        .bind(position.speed.map(|value| value.get()))
        .bind(position.heading.map(|value| value.get()))
        .bind(position.accuracy.map(|value| value.get()))
        .bind(position.altitude.map(|value| value.get()))
        .bind(position.odometer.map(|value| value.get()))
        .bind(position.fuel_level.map(|value| value.get()))
        .bind(position.ignition)
}
