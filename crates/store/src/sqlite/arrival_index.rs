//! The arrival index: records which vehicles' positions arrived in which minute, to read and prune by arrival.
//!
//! An entry says that positions of a vehicle from one minute arrived in one minute. Each position has its exact arrival
//! in milliseconds. Every sorted position has an entry. An entry whose positions are deleted is harmless, and is
//! removed when it is old.

use super::sql::transaction::Transaction;
use super::{Db, Writers};
use crate::Result;
use rusqlite::{CachedStatement, Connection};

const MINUTE_MS: i64 = 60_000;

/// Entries that one step of pruning reads.
const STEP_ENTRIES: i64 = 1_000;

const INSERT_ENTRY: &str =
    "insert or ignore into arrivals (tenant_no, received_min, vehicle_no, at_min) values (?, ?, ?, ?)";

/// Adds entries for all buffered positions.
pub(super) const INDEX_BUFFERED: &str = "insert or ignore into arrivals (tenant_no, received_min, vehicle_no, at_min)
    select distinct tenant_no, received_ms / 60000, vehicle_no, at_ms / 60000 from unsorted_positions";

/// Positions of the tenant $1 that arrived at $2 or later and come after ($2, $3, $4) in the order of arrival; at most
/// $5. They are read minute by minute along the entries, so that only the positions of one minute are sorted at a time,
/// by arrival, vehicle and time.
pub(super) const RECENT_POSITIONS: &str = concat!(
    "select ",
    position_columns!("p."),
    ", p.received_ms, p.vehicle_no, v.id, a.received_min, p.attributes
     from arrivals a cross join sorted_positions p cross join vehicles v
     where a.tenant_no = (select tenant_no from tenants where id = $1) and a.received_min >= $2 / 60000
     and p.vehicle_no = a.vehicle_no and p.at_ms between a.at_min * 60000 and a.at_min * 60000 + 59999
     and p.tenant_no = a.tenant_no and p.received_ms / 60000 = a.received_min
     and (p.received_ms, p.vehicle_no, p.at_ms) > ($2, $3, $4) and v.vehicle_no = p.vehicle_no
     and not exists (select 1 from outliers o where o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     union all select ",
    position_columns!("u."),
    ", u.received_ms, u.vehicle_no, v.id, u.received_ms / 60000, u.attributes
     from unsorted_positions u join vehicles v on v.vehicle_no = u.vehicle_no
     where u.tenant_no = (select tenant_no from tenants where id = $1)
     and (u.received_ms, u.vehicle_no, u.at_ms) > ($2, $3, $4)
     and not exists (select 1 from sorted_positions s where s.vehicle_no = u.vehicle_no and s.at_ms = u.at_ms)
     and not exists (select 1 from outliers o where o.vehicle_no = u.vehicle_no and o.at_ms = u.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     order by 14, 11, 12, 1 limit $5"
);

/// The same of the vehicles $6, a JSON array of numbers: their entries of each minute. Positions older than the newest that arrived before $2 were late, and are left out.
pub(super) const RECENT_POSITIONS_OF: &str = concat!(
    "with recursive minutes (minute) as (select $2 / 60000 union all select minute + 1 from minutes where minute <
        (select max(received_min) from arrivals where tenant_no = (select tenant_no from tenants where id = $1)) limit 1001),
     seen as materialized (select w.value as vehicle_no, coalesce((select q.at_ms from sorted_positions q
        where q.vehicle_no = w.value and q.received_ms < $2 order by q.at_ms desc limit 1), -1) as floor_ms
        from json_each($6) w)
     select ",
    position_columns!("p."),
    ", p.received_ms, p.vehicle_no, v.id, p.attributes
     from minutes m cross join seen s cross join arrivals a cross join sorted_positions p cross join vehicles v
     where a.tenant_no = (select tenant_no from tenants where id = $1) and a.received_min = m.minute
     and a.vehicle_no = s.vehicle_no
     and p.vehicle_no = a.vehicle_no and p.at_ms between a.at_min * 60000 and a.at_min * 60000 + 59999
     and p.tenant_no = a.tenant_no and p.received_ms / 60000 = a.received_min and p.at_ms > s.floor_ms
     and (p.received_ms, p.vehicle_no, p.at_ms) > ($2, $3, $4) and v.vehicle_no = p.vehicle_no
     and not exists (select 1 from outliers o where o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     union all select ",
    position_columns!("u."),
    ", u.received_ms, u.vehicle_no, v.id, u.attributes
     from unsorted_positions u join seen s on s.vehicle_no = u.vehicle_no join vehicles v on v.vehicle_no = u.vehicle_no
     where u.tenant_no = (select tenant_no from tenants where id = $1) and u.at_ms > s.floor_ms
     and (u.received_ms, u.vehicle_no, u.at_ms) > ($2, $3, $4)
     and not exists (select 1 from sorted_positions s where s.vehicle_no = u.vehicle_no and s.at_ms = u.at_ms)
     and not exists (select 1 from outliers o where o.vehicle_no = u.vehicle_no and o.at_ms = u.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     order by 11, 12, 1 limit $5"
);

const LIST: &str = "select received_min, vehicle_no, at_min from arrivals
    where tenant_no = $1 and (received_min, vehicle_no, at_min) > ($2, $3, $4) and received_min <= $5 / 60000
    order by received_min, vehicle_no, at_min limit $6";

const DELETE_POSITIONS: &str = "delete from sorted_positions where (vehicle_no, at_ms) in
    (select p.vehicle_no, p.at_ms from arrivals a cross join sorted_positions p
     where a.tenant_no = $1 and (a.received_min, a.vehicle_no, a.at_min) > ($2, $3, $4)
     and (a.received_min, a.vehicle_no, a.at_min) <= ($5, $6, $7)
     and p.vehicle_no = a.vehicle_no and p.at_ms between a.at_min * 60000 and a.at_min * 60000 + 59999
     and p.tenant_no = a.tenant_no and p.received_ms < $8 limit $9)";

/// Deletes entries between two cursors. The entries of the cutoff's minute stay, because some of its positions may stay.
const DELETE_ENTRIES: &str = "delete from arrivals where tenant_no = $1
    and (received_min, vehicle_no, at_min) > ($2, $3, $4) and (received_min, vehicle_no, at_min) <= ($5, $6, $7)
    and received_min < $8 / 60000";

/// An entry of the arrival index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexEntry {
    tenant_no: i64,
    received_min: i64,
    vehicle_no: i64,
    at_min: i64,
}

impl IndexEntry {
    pub(super) const fn of(tenant_no: i64, received_ms: i64, vehicle_no: i64, at_ms: i64) -> Self {
        Self { tenant_no, received_min: received_ms / MINUTE_MS, vehicle_no, at_min: at_ms / MINUTE_MS }
    }
}

/// Adds entries for rows in their sorted order. Most rows need the same entry as the row before.
pub(super) struct IndexWriter<'connection> {
    insert: CachedStatement<'connection>,
    last: Option<IndexEntry>,
}

impl<'connection> IndexWriter<'connection> {
    pub(super) fn begin(connection: &'connection Connection) -> Result<Self> {
        Ok(Self { insert: connection.prepare_cached(INSERT_ENTRY)?, last: None })
    }

    pub(super) fn add(&mut self, entry: IndexEntry) -> Result<()> {
        if self.last != Some(entry) {
            self.insert.execute((entry.tenant_no, entry.received_min, entry.vehicle_no, entry.at_min))?;
            self.last = Some(entry);
        }
        Ok(())
    }
}

/// A cursor in a tenant's entries: the minute of arrival, the vehicle, and the minute of its positions.
type EntryCursor = (i64, i64, i64);

/// The cursor before all entries, because no time is negative.
const START: EntryCursor = (-1, -1, -1);

/// Deletes positions of a tenant that arrived before `cutoff_ms`, the earliest minutes first, in at most `steps` steps
/// of at most `step_rows` rows. Returns true if there are more.
pub(super) async fn prune(
    writers: &Writers,
    tenant_no: i64,
    cutoff_ms: i64,
    (steps, step_rows): (usize, i64),
    count: &mut u64,
) -> Result<bool> {
    let mut after = START;
    for _ in 0..steps {
        let list = sqlx::query_as::<Db, EntryCursor>(LIST).bind(tenant_no).bind(after.0).bind(after.1).bind(after.2);
        let listed = list.bind(cutoff_ms).bind(STEP_ENTRIES).fetch_all(&writers.pool).await?;
        let Some(last) = listed.last().copied() else { return Ok(false) };
        let between = |sql| {
            let query = sqlx::query::<Db>(sql).bind(tenant_no).bind(after.0).bind(after.1).bind(after.2);
            query.bind(last.0).bind(last.1).bind(last.2).bind(cutoff_ms)
        };
        let mut transaction = Transaction::begin(writers, None).await?;
        let outcome = async {
            let delete = between(DELETE_POSITIONS).bind(step_rows);
            let deleted = delete.execute(transaction.connection()).await?.rows_affected();
            let ended = i64::try_from(deleted).is_ok_and(|deleted| deleted < step_rows);
            if ended {
                between(DELETE_ENTRIES).execute(transaction.connection()).await?;
            }
            Ok((deleted, ended))
        }
        .await;
        let (deleted, ended) = transaction.finish(outcome).await?;
        *count += deleted;
        if ended {
            after = last;
        }
    }
    // Positions of the cutoff's own minute that are left are pruned when the minute is over.
    Ok(after.0 < cutoff_ms / MINUTE_MS)
}
