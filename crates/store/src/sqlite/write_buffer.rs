//! The write buffer: appends positions to one table, and later merges them into the table that is sorted by vehicle.
//!
//! Sorted positions are stored by vehicle, so that a vehicle's day is read from a few neighbouring pages. With one new
//! position for each of many vehicles, every position would write its own page. In the buffer some forty positions
//! share a page, and merging thousands at once writes each vehicle's page once for many of its positions. Readers read
//! both tables. If both have a position, the sorted table counts.

use super::arrival_index::{INDEX_BUFFERED, IndexEntry, IndexWriter};
use crate::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

/// Buffered rows at which a round of merging begins. More would save little, and readers read all of them.
const MAX_BUFFERED: usize = 4_096;

/// Rows that one step of a round merges. A step takes about half a millisecond, during which there are no other writes.
const STEP_ROWS: usize = 128;

/// This many positions of one vehicle in one transaction fill a good part of a page, and go to the sorted table at
/// once.
pub(super) const MERGED_AT_ONCE: usize = 4;

pub(super) const APPEND: &str = concat!(
    "insert into unsorted_positions (",
    stored_columns!(),
    ", vehicle_no, tenant_no, received_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

macro_rules! merge {
    ($from:literal) => {
        concat!(
            "insert or ignore into sorted_positions (",
            stored_columns!(),
            ", vehicle_no, tenant_no, received_ms) select ",
            stored_columns!(),
            ", vehicle_no, tenant_no, received_ms from ",
            $from
        )
    };
}

const MERGE_ALL: &str = merge!("unsorted_positions order by vehicle_no, at_ms");
/// Merges the rows whose numbers are in a JSON array; a cross join keeps their order. One statement saves each shared
/// page only once.
const MERGE_LISTED: &str = merge!("json_each(?) listed cross join unsorted_positions u on u.rowid = listed.value");

/// What this process knows about the buffered rows. The counts are hints, because another process may append and merge
/// too.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    rows: usize,
    /// Rows that were appended since the last step.
    new_rows: usize,
    round: Option<Round>,
}

/// A round of merging, which merges a few vehicles at a time.
#[derive(Debug)]
struct Round {
    /// The rows that were buffered when the round began, in the order of merging.
    rows: Vec<Row>,
    /// The number of merged rows.
    merged: usize,
    /// The row that was appended last.
    last: Row,
}

/// Identifies the position in a row of `unsorted_positions`, in the sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    vehicle_no: i64,
    at_ms: i64,
    rowid: i64,
    arrival: IndexEntry,
}

impl WriteBuffer {
    /// Counts the rows that the last process left.
    pub(super) fn count(connection: &Connection) -> Result<Self> {
        let rows: u32 = connection.query_row("select count(*) from unsorted_positions", [], |row| row.get(0))?;
        Ok(Self { rows: rows as usize, ..Self::default() })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Counts appended rows.
    pub(super) fn appended(&mut self, rows: usize) {
        self.rows += rows;
        self.new_rows += rows;
    }

    /// Merges all rows as part of a transaction.
    pub(super) fn merge_all(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        transaction.prepare_cached(MERGE_ALL)?.execute([])?;
        transaction.prepare_cached(INDEX_BUFFERED)?.execute([])?;
        transaction.prepare_cached("delete from unsorted_positions")?.execute([])?;
        *self = Self::default();
        Ok(())
    }

    /// Does one step of a round in its own transaction, if enough rows are buffered. A step merges at least twice as
    /// many rows as were just appended, so that rounds end.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<()> {
        let new_rows = std::mem::take(&mut self.new_rows);
        if self.round.is_none() && self.rows < MAX_BUFFERED {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A failed round is dropped. Its merged rows are read from the sorted table, and the next round skips them.
        let round = match self.round.take() {
            Some(round) if round.is_overtaken(&transaction)? => {
                *self = Self::count(&transaction)?;
                return Ok(());
            }
            Some(round) => Some(round),
            None => Round::begin(&transaction)?,
        };
        let Some(mut round) = round else {
            self.rows = 0;
            return Ok(());
        };
        round.step(&transaction, STEP_ROWS.max(2 * new_rows))?;
        let ended = round.merged == round.rows.len();
        if ended {
            round.delete(&transaction)?;
        }
        transaction.commit()?;
        if ended {
            self.rows = self.rows.saturating_sub(round.rows.len());
        } else {
            self.round = Some(round);
        }
        Ok(())
    }

    /// Delays the next round after a failure until enough rows are buffered again, so that it is not tried with every
    /// transaction.
    pub(super) fn postpone(&mut self) {
        *self = Self::default();
    }
}

impl Round {
    /// Begins a round; `None` if nothing is buffered.
    fn begin(connection: &Connection) -> Result<Option<Self>> {
        let mut select = connection.prepare_cached(
            "select vehicle_no, at_ms, rowid, tenant_no, received_ms from unsorted_positions order by rowid",
        )?;
        let rows = select
            .query_map([], |row| {
                let (vehicle_no, at_ms) = (row.get(0)?, row.get(1)?);
                let arrival = IndexEntry::of(row.get(3)?, row.get(4)?, vehicle_no, at_ms);
                Ok(Row { vehicle_no, at_ms, rowid: row.get(2)?, arrival })
            })?
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let Some(last) = rows.last().copied() else { return Ok(None) };
        let mut round = Self { rows, merged: 0, last };
        round.rows.sort_unstable();
        Ok(Some(round))
    }

    /// While the last row exists, the rows before it belong to this round. Another process that merged in the meantime
    /// has deleted all of them, and other positions may have their row numbers now.
    fn is_overtaken(&self, connection: &Connection) -> Result<bool> {
        let Row { vehicle_no, at_ms, rowid, .. } = self.last;
        let last = connection
            .prepare_cached("select 1 from unsorted_positions where rowid = ? and vehicle_no = ? and at_ms = ?")?
            .query_row((rowid, vehicle_no, at_ms), |_| Ok(()))
            .optional()?;
        Ok(last.is_none())
    }

    fn step(&mut self, connection: &Connection, rows: usize) -> Result<()> {
        let end = self.rows.len().min(self.merged + rows);
        let mut listed = String::with_capacity(8 * rows);
        let mut index = IndexWriter::begin(connection)?;
        for row in &self.rows[self.merged..end] {
            index.add(row.arrival)?;
            listed.push(if listed.is_empty() { '[' } else { ',' });
            listed.push_str(&row.rowid.to_string());
        }
        listed.push(']');
        connection.prepare_cached(MERGE_LISTED)?.execute([listed])?;
        self.merged = end;
        Ok(())
    }

    /// Deletes the merged rows.
    fn delete(&self, connection: &Connection) -> Result<()> {
        connection.prepare_cached("delete from unsorted_positions where rowid <= ?")?.execute([self.last.rowid])?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
