//! The write buffer: positions that were appended and are merged later into the table that is sorted by vehicle.
//!
//! Sorted positions lie by vehicle, so that a vehicle's day is read from a few neighbouring pages. For many vehicles with
//! one new position each that means a page to write for each; appended one after the other, some forty share one, and
//! merging thousands at a time writes each vehicle's page once for many of its positions. Readers read both tables. A position
//! that is in both they take from the sorted one.

use super::arrivals::{Arrival, INDEX_BUFFERED, Notes};
use crate::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

/// Rows that are buffered before a round of merging begins. More would save little, and readers read through all of them.
const MAX_BUFFERED: usize = 4_096;

/// Rows that one step of a round merges. It takes about half a millisecond, in which nobody else writes.
const STEP_ROWS: usize = 128;

/// This many positions of one vehicle in one transaction fill a good part of its page, and go to the sorted table at once.
pub(super) const MERGED_AT_ONCE: usize = 4;

pub(super) const APPEND: &str = concat!(
    "insert into unsorted_positions (",
    position_columns!(""),
    ", vehicle_no, tenant_no, received_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

macro_rules! merge {
    ($from:literal) => {
        concat!(
            "insert or ignore into sorted_positions (",
            position_columns!(""),
            ", vehicle_no, tenant_no, received_ms) select ",
            position_columns!(""),
            ", vehicle_no, tenant_no, received_ms from ",
            $from
        )
    };
}

const MERGE_ALL: &str = merge!("unsorted_positions order by vehicle_no, at_ms");
/// Of a JSON array of row numbers; a cross join keeps to their order. One statement for all: they share pages, which it notes once.
const MERGE_LISTED: &str = merge!("json_each(?) listed cross join unsorted_positions u on u.rowid = listed.value");

/// What is known of the buffered rows. The counts are hints: another process may append and merge as well.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    rows: usize,
    /// Appended since the last step.
    new_rows: usize,
    round: Option<Round>,
}

/// A round of merging, a few vehicles at a time.
#[derive(Debug)]
struct Round {
    /// The rows that were buffered when it began, in the order in which they are merged.
    rows: Vec<Row>,
    /// How many of them are merged.
    merged: usize,
    /// The row that was appended last.
    last: Row,
}

/// Which position a row of `unsorted_positions` holds: in the order in which positions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    vehicle_no: i64,
    at_ms: i64,
    rowid: i64,
    arrival: Arrival,
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

    /// Notes that rows were appended.
    pub(super) fn appended(&mut self, rows: usize) {
        self.rows += rows;
        self.new_rows += rows;
    }

    /// Merges all rows, as part of a transaction.
    pub(super) fn merge_all(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        transaction.prepare_cached(MERGE_ALL)?.execute([])?;
        transaction.prepare_cached(INDEX_BUFFERED)?.execute([])?;
        transaction.prepare_cached("delete from unsorted_positions")?.execute([])?;
        *self = Self::default();
        Ok(())
    }

    /// Does one step of a round, in a transaction of its own, if enough rows are buffered. A step merges at least twice as many
    /// rows as were just appended, so that rounds end.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<()> {
        let new_rows = std::mem::take(&mut self.new_rows);
        if self.round.is_none() && self.rows < MAX_BUFFERED {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A round that fails is forgotten. Its merged rows are read from the sorted table, and the next round skips them.
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

    /// After a failure, the next round begins when enough rows are buffered again, and not with every transaction.
    pub(super) fn postpone(&mut self) {
        *self = Self::default();
    }
}

impl Round {
    /// `None` if nothing is buffered.
    fn begin(connection: &Connection) -> Result<Option<Self>> {
        let mut select = connection.prepare_cached(
            "select vehicle_no, at_ms, rowid, tenant_no, received_ms from unsorted_positions order by rowid",
        )?;
        let rows = select
            .query_map([], |row| {
                let (vehicle_no, at_ms) = (row.get(0)?, row.get(1)?);
                let arrival = Arrival::of(row.get(3)?, row.get(4)?, vehicle_no, at_ms);
                Ok(Row { vehicle_no, at_ms, rowid: row.get(2)?, arrival })
            })?
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let Some(last) = rows.last().copied() else { return Ok(None) };
        let mut round = Self { rows, merged: 0, last };
        round.rows.sort_unstable();
        Ok(Some(round))
    }

    /// While the last row is there, the rows before it belong to this round. Another process that merged meanwhile deleted all of
    /// them, and other positions may have their numbers now.
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
        let mut notes = Notes::begin(connection)?;
        for row in &self.rows[self.merged..end] {
            notes.note(row.arrival)?;
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
