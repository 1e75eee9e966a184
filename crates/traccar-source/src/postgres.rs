//! Reads a Traccar's PostgreSQL database. Rows come by `COPY`, the fastest way out of it.

use crate::copy_text::{Lines, split};
use crate::objects::{POSITIONS, kind_of_table, kinds_of_links, link_of};
use crate::position_row::{Batcher, COLUMNS, PositionColumns, vehicle_of};
use crate::trips::{MAX_TRIPS, MotionEvent, TripsOfEvents};
use crate::{Batch, ForeignTrip, Found, Objects, Progress, SourceError, Vehicles, plain_address};
use futures_util::TryStreamExt as _;
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use url::Url;

/// A row may have got its number before another, and been committed after it. A later import reads from so many numbers before the
/// end of the one before.
const OVERLAP: i64 = 10_000;
/// Rows that are sorted and sent at once, after which the progress is noted.
const PART: i64 = 200_000;

pub(crate) struct Postgres {
    connection: PgConnection,
    name: String,
    zone: TimeZone,
}

impl Postgres {
    pub(crate) async fn open(address: &str, zone: TimeZone) -> Result<Self, SourceError> {
        let url =
            Url::parse(address).map_err(|_| SourceError::Refused("the database's URL can't be read".to_owned()))?;
        let mut connection = PgConnection::connect(address).await?;
        // Nothing is changed, and a time is written in one way whatever the server prefers.
        sqlx::raw_sql(
            "set default_transaction_read_only = on; set datestyle = 'ISO'; set bytea_output = 'hex';
             set work_mem = '96MB'",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self { connection, name: plain_address(&url), zone })
    }

    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    pub(crate) async fn read_objects(&mut self) -> Result<Objects, SourceError> {
        let rows = sqlx::query(
            "select table_name::text, column_name::text from information_schema.columns
             where table_schema = current_schema() and table_name like 'tc\\_%' order by table_name, ordinal_position",
        )
        .fetch_all(&mut self.connection)
        .await?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &rows {
            tables.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
        }
        let mut objects = Objects::default();
        for (table, columns) in &tables {
            let columns: Arc<[String]> = columns.clone().into();
            if let Some(kind) = kind_of_table(table) {
                let add = |objects: &mut Objects, cells: &[crate::position_row::Cell<'_>]| {
                    let cells = cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect();
                    objects.add(kind, Found::Row { columns: Arc::clone(&columns), cells })
                };
                self.read_table(table, &columns, "order by id", &mut objects, add).await?;
            } else if let Some(kinds) = kinds_of_links(table) {
                let add = |objects: &mut Objects, cells: &[crate::position_row::Cell<'_>]| match link_of(
                    kinds,
                    cells.first().and_then(|cell| cell.as_deref()),
                    cells.get(1).and_then(|cell| cell.as_deref()),
                ) {
                    Some(link) => objects.add_link(link),
                    None => Ok(()),
                };
                self.read_table(table, &columns, "order by 1, 2", &mut objects, add).await?;
            } else if table == POSITIONS {
                objects.positions = Some(self.count(table).await?);
            } else {
                let rows = self.count(table).await?;
                objects.left.push((table.clone(), rows));
            }
        }
        objects.checked()
    }

    async fn read_table(
        &mut self,
        table: &str,
        columns: &[String],
        order: &str,
        objects: &mut Objects,
        mut add: impl FnMut(&mut Objects, &[crate::position_row::Cell<'_>]) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.replace('"', "\"\""))).collect();
        let select = format!("copy (select {} from {table} {order}) to stdout", names.join(", "));
        let mut pieces = self.connection.copy_out_raw(&select).await?;
        let mut lines = Lines::default();
        while let Some(piece) = pieces.try_next().await? {
            lines.feed(&piece, |line| {
                let mut cells = Vec::with_capacity(columns.len());
                split(line, &mut cells);
                add(objects, &cells)
            })?;
        }
        Ok(())
    }

    /// As the statistics have it for a large table, else counted.
    async fn count(&mut self, table: &str) -> Result<u64, SourceError> {
        let estimate: Option<f32> = sqlx::query_scalar("select reltuples from pg_class where oid = to_regclass($1)")
            .bind(table)
            .fetch_optional(&mut self.connection)
            .await?;
        if let Some(estimate) = estimate.filter(|rows| *rows > 1e6) {
            return Ok(estimate as u64);
        }
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut self.connection)
            .await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// A device's trips, from the events of its motion.
    pub(crate) async fn list_trips(
        &mut self,
        device: i64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ForeignTrip>, SourceError> {
        let rows = sqlx::query(
            "select event.type::text, coalesce(position.fixtime, event.eventtime)::text, coalesce(position.attributes, '')::text
             from tc_events event left join tc_positions position on position.id = event.positionid
             where event.deviceid = $1 and event.type in ('deviceMoving', 'deviceStopped')
             and event.eventtime between $2::text::timestamp and $3::text::timestamp
             order by event.eventtime, event.id limit $4",
        )
        .bind(device)
        .bind(self.wall(from))
        .bind(self.wall(to))
        .bind(2 * MAX_TRIPS as i64)
        .fetch_all(&mut self.connection)
        .await?;
        let mut found = TripsOfEvents::default();
        for row in &rows {
            let (kind, at, attributes): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            found.take(&MotionEvent { kind: &kind, at: &at, attributes: &attributes }, &self.zone);
        }
        Ok(found.trips)
    }

    pub(crate) async fn send_positions(
        mut self,
        vehicles: &Vehicles,
        progress: Progress,
        now: Timestamp,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        let newest: Option<i64> = sqlx::query_scalar(AssertSqlSafe(format!("select max(id)::bigint from {POSITIONS}")))
            .fetch_one(&mut self.connection)
            .await?;
        let newest = newest.unwrap_or(0);
        let is_indexed = self.numbers_are_indexed().await?;
        // An import that began by device goes on so.
        if progress.until > 0 || progress.done == 0 && !is_indexed {
            return self.send_by_device(vehicles, progress, newest, now, batches).await;
        }
        let part = if is_indexed { PART } else { i64::MAX };
        self.send_by_number(vehicles, progress.done, newest, part, now, batches).await
    }

    /// Whether rows can be found by their numbers: with TimescaleDB an operator may have dropped that index.
    async fn numbers_are_indexed(&mut self) -> Result<bool, SourceError> {
        let is_indexed = sqlx::query_scalar(AssertSqlSafe(format!(
            "select exists (select 1 from pg_index one join pg_attribute field
             on field.attrelid = one.indrelid and field.attnum = one.indkey[0]
             where one.indrelid = to_regclass('{POSITIONS}') and one.indpred is null and field.attname = 'id')"
        )))
        .fetch_one(&mut self.connection)
        .await?;
        Ok(is_indexed)
    }

    /// All devices together, some hundred thousand rows after the other: they lie side by side in the database's files, where those of
    /// one device are spread over all of them. Within such a part each device's are in the order of time.
    async fn send_by_number(
        &mut self,
        vehicles: &Vehicles,
        done: i64,
        newest: i64,
        part: i64,
        now: Timestamp,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        let mut batcher = Batcher::new(batches, now);
        let mut after = if done > 0 { done - OVERLAP } else { -1 };
        while after < newest {
            let end: Option<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
                "select max(id)::bigint from
                 (select id from {POSITIONS} where id > {after} and id <= {newest} order by id limit {part}) part"
            )))
            .fetch_one(&mut self.connection)
            .await?;
            let Some(end) = end else { break };
            let rows = format!("where id > {after} and id <= {end} order by deviceid, fixtime, id");
            self.send_rows(&rows, vehicles, &mut batcher, |_, _| None).await?;
            batcher.send(Some(Progress { done: end, ..Progress::default() })).await?;
            after = end;
        }
        batcher.send(Some(Progress { done: newest, ..Progress::default() })).await
    }

    /// One device after the other, where nothing finds rows by their numbers.
    async fn send_by_device(
        &mut self,
        vehicles: &Vehicles,
        progress: Progress,
        newest: i64,
        now: Timestamp,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), SourceError> {
        let mut state = if progress.until > 0 { progress } else { Progress { until: newest, ..Progress::default() } };
        let mut batcher = Batcher::new(batches, now);
        for device in vehicles.keys().copied().filter(|device| *device >= state.device).collect::<Vec<_>>() {
            let after = state.after.take().filter(|_| device == state.device);
            // A millisecond has several of the database's times.
            let after = after.map(|at| format!(" and fixtime >= '{}'", self.wall(at))).unwrap_or_default();
            state.device = device;
            let rows = format!("where deviceid = {device}{after} and id <= {} order by fixtime, id", state.until);
            let base = state.clone();
            let note = |_: i64, newest: Option<Timestamp>| Some(Progress { after: newest, ..base.clone() });
            self.send_rows(&rows, vehicles, &mut batcher, note).await?;
            batcher.send(Some(Progress { device: device + 1, ..state.clone() })).await?;
        }
        batcher.send(Some(Progress { done: state.until, ..Progress::default() })).await
    }

    /// A time as the database writes it.
    fn wall(&self, at: Timestamp) -> String {
        let instant = jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or_default();
        // In the hour that clocks show twice, the first of both is meant in reading: an earlier text reads more, never less.
        self.zone.to_datetime(instant).strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
    }

    async fn send_rows(
        &mut self,
        rows: &str,
        vehicles: &Vehicles,
        batcher: &mut Batcher<'_>,
        progress: impl Fn(i64, Option<Timestamp>) -> Option<Progress>,
    ) -> Result<(), SourceError> {
        let columns = PositionColumns::first();
        let zone = self.zone.clone();
        let select = format!("copy (select {COLUMNS} from {POSITIONS} {rows}) to stdout");
        let mut pieces = self.connection.copy_out_raw(&select).await?;
        let mut lines = Lines::default();
        while let Some(piece) = pieces.try_next().await? {
            let mut full = None;
            lines.feed(&piece, |line| {
                let mut cells = Vec::with_capacity(10);
                split(line, &mut cells);
                let device = columns.device(&cells);
                if let Some(vehicle) = vehicle_of(vehicles, device)
                    && batcher.take(vehicle, &columns.report(&cells, &zone))
                {
                    full = device;
                }
                Ok::<_, SourceError>(())
            })?;
            if let Some(device) = full {
                let progress = progress(device, batcher.newest());
                batcher.send(progress).await?;
            }
        }
        Ok(())
    }
}
