//! Positions that were appended and wait to be sorted in among those of their vehicles.
//!
//! Sorted positions lie by vehicle, so that a vehicle's day is read from a few neighbouring pages. For many vehicles with
//! one new position each that means a page to write for each; appended one after the other, some forty share one, and
//! sorting in thousands at a time writes each vehicle's page once for many of its positions. Readers read both tables, and
//! of what is in both only the sorted one.

use super::arrivals::{Arrival, NOTE_UNSORTED, Notes};
use crate::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

/// Rows that wait before a round of sorting begins. More would save little, and readers read through all of them.
const MOST_WAITING: usize = 4_096;

/// Rows that one step of a round sorts in, about half a millisecond: meanwhile nobody else writes.
const STEP_ROWS: usize = 128;

/// So many positions of one vehicle in one transaction fill a good part of its page: they are not appended first.
pub(super) const SORTED_AT_ONCE: usize = 4;

pub(super) const APPEND: &str = concat!(
    "insert into unsorted_positions (",
    position_columns!(""),
    ", vehicle_no, tenant_no, received_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
);

macro_rules! sort_in {
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

const SORT_ALL: &str = sort_in!("unsorted_positions order by vehicle_no, at_ms");
/// Of a JSON array of row numbers; a cross join keeps to their order. One statement for all: they share pages, which it notes once.
const SORT_LISTED: &str = sort_in!("json_each(?) listed cross join unsorted_positions u on u.rowid = listed.value");

/// What is known of the rows that wait. Another process may append and sort as well: what is counted here is a hint.
#[derive(Debug, Default)]
pub(super) struct Unsorted {
    rows: usize,
    /// Appended since the last step.
    new_rows: usize,
    round: Option<Round>,
}

/// A round of sorting, a few vehicles at a time.
#[derive(Debug)]
struct Round {
    /// What waited when it began, in the order in which it is sorted in.
    rows: Vec<Row>,
    /// How many of them are sorted in.
    sorted: usize,
    /// The one that was appended last.
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

impl Unsorted {
    /// Counts what was left here.
    pub(super) fn count(connection: &Connection) -> Result<Self> {
        let rows: u32 = connection.query_row("select count(*) from unsorted_positions", [], |row| row.get(0))?;
        Ok(Self { rows: rows as usize, ..Self::default() })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// So many were appended.
    pub(super) fn appended(&mut self, rows: usize) {
        self.rows += rows;
        self.new_rows += rows;
    }

    /// Sorts everything in; part of a transaction.
    pub(super) fn sort_all(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        transaction.prepare_cached(SORT_ALL)?.execute([])?;
        transaction.prepare_cached(NOTE_UNSORTED)?.execute([])?;
        transaction.prepare_cached("delete from unsorted_positions")?.execute([])?;
        *self = Self::default();
        Ok(())
    }

    /// One step of a round, if many wait: in a transaction of its own, and at least twice as many rows as were just appended,
    /// so that rounds end.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<()> {
        let new_rows = std::mem::take(&mut self.new_rows);
        if self.round.is_none() && self.rows < MOST_WAITING {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A round that fails is forgotten: what it sorted in is read there, and the next one passes over it.
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
        let ended = round.sorted == round.rows.len();
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

    /// After a failure: the next round begins when as many wait again, and not with every transaction.
    pub(super) fn put_off(&mut self) {
        *self = Self::default();
    }
}

impl Round {
    /// `None` if nothing waits.
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
        let mut round = Self { rows, sorted: 0, last };
        round.rows.sort_unstable();
        Ok(Some(round))
    }

    /// While the last row is there, those before it are this round's; another process that sorted meanwhile took all of them
    /// away, and their numbers may be other positions' now.
    fn is_overtaken(&self, connection: &Connection) -> Result<bool> {
        let Row { vehicle_no, at_ms, rowid, .. } = self.last;
        let last = connection
            .prepare_cached("select 1 from unsorted_positions where rowid = ? and vehicle_no = ? and at_ms = ?")?
            .query_row((rowid, vehicle_no, at_ms), |_| Ok(()))
            .optional()?;
        Ok(last.is_none())
    }

    fn step(&mut self, connection: &Connection, rows: usize) -> Result<()> {
        let end = self.rows.len().min(self.sorted + rows);
        let mut listed = String::with_capacity(8 * rows);
        let mut notes = Notes::begin(connection)?;
        for row in &self.rows[self.sorted..end] {
            notes.note(row.arrival)?;
            listed.push(if listed.is_empty() { '[' } else { ',' });
            listed.push_str(&row.rowid.to_string());
        }
        listed.push(']');
        connection.prepare_cached(SORT_LISTED)?.execute([listed])?;
        self.sorted = end;
        Ok(())
    }

    /// Deletes what was sorted in.
    fn delete(&self, connection: &Connection) -> Result<()> {
        connection.prepare_cached("delete from unsorted_positions where rowid <= ?")?.execute([self.last.rowid])?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
