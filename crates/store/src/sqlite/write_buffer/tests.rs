//! Tests rounds of merging from the view of readers and other processes.

use super::*;
use std::path::Path;

const VEHICLES: i64 = 50;
const PER_VEHICLE: i64 = 100;

/// A process: its connection and its write buffer.
struct Process {
    connection: Connection,
    buffer: WriteBuffer,
}

impl Process {
    fn start(file: &Path) -> Self {
        let connection = Connection::open(file).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        let buffer = WriteBuffer::count(&connection).unwrap();
        Self { connection, buffer }
    }

    fn append(&mut self, vehicle_no: i64, at_ms: i64) {
        let mut append = self.connection.prepare_cached(APPEND).unwrap();
        let (none, no_attributes): (Option<f64>, Option<Vec<u8>>) = (None, None);
        append
            .execute(rusqlite::params![
                at_ms,
                1.0,
                2.0,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                no_attributes,
                vehicle_no,
                1,
                at_ms
            ])
            .unwrap();
        self.buffer.appended(1);
    }

    fn append_many(&mut self, from_ms: i64) {
        self.connection.execute_batch("begin").unwrap();
        for at_ms in from_ms..from_ms + PER_VEHICLE {
            for vehicle_no in 0..VEHICLES {
                self.append(vehicle_no, at_ms);
            }
        }
        self.connection.execute_batch("commit").unwrap();
    }

    fn step(&mut self) {
        // A short step, however many rows were appended.
        self.buffer.new_rows = 0;
        self.buffer.step(&mut self.connection).unwrap();
    }

    fn finish_round(&mut self) {
        self.step();
        while self.buffer.round.is_some() {
            self.step();
        }
    }

    fn count(&self, table: &str) -> i64 {
        self.connection.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap()
    }
}

/// Counts sorted positions without an entry in the arrival index.
const LOST: &str = "(select 1 from sorted_positions p where not exists
    (select 1 from arrivals a where a.tenant_no = p.tenant_no and a.received_min = p.received_ms / 60000
     and a.vehicle_no = p.vehicle_no and a.at_min = p.at_ms / 60000))";

fn database() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0001_foundation.sql")).unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0020_unsorted_positions.sql")).unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0021_arrivals.sql")).unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0037_attributes.sql")).unwrap();
    (folder, file)
}

#[test]
fn every_row_is_seen_once_at_every_step_of_a_round() {
    let (_folder, file) = database();
    let mut process = Process::start(&file);
    process.append_many(0);
    let all = VEHICLES * PER_VEHICLE;
    assert_eq!(process.count("positions"), all);
    process.step();
    while process.buffer.round.is_some() {
        assert_eq!(process.count("positions"), all);
        assert!(process.count("sorted_positions") > 0);
        assert_eq!(process.count(LOST), 0);
        assert_eq!(process.count("unsorted_positions"), all);
        process.step();
    }
    assert_eq!((process.count("sorted_positions"), process.count("unsorted_positions")), (all, 0));
    assert!(process.buffer.is_empty());
}

#[test]
fn positions_that_come_during_a_round_wait_for_the_next() {
    let (_folder, file) = database();
    let mut process = Process::start(&file);
    process.append_many(0);
    process.step();
    process.append(1, 1_000_000);
    process.finish_round();
    assert_eq!((process.count("positions"), process.count("unsorted_positions")), (VEHICLES * PER_VEHICLE + 1, 1));
    assert!(!process.buffer.is_empty());
}

#[test]
fn a_round_that_another_process_overtook_deletes_nothing() {
    let (_folder, file) = database();
    let (mut one, mut other) = (Process::start(&file), Process::start(&file));
    one.append_many(0);
    one.step();
    let transaction = other.connection.transaction().unwrap();
    other.buffer.merge_all(&transaction).unwrap();
    transaction.commit().unwrap();
    // The same row numbers with other positions.
    other.append_many(1_000_000);
    one.finish_round();
    assert_eq!(one.count(LOST), 0);
    assert_eq!(one.count("positions"), 2 * VEHICLES * PER_VEHICLE);
    other.buffer.rows = MAX_BUFFERED;
    other.finish_round();
    assert_eq!(one.count("sorted_positions"), 2 * VEHICLES * PER_VEHICLE);
    assert_eq!(one.count("unsorted_positions"), 0);
    assert_eq!(one.count(LOST), 0);
}

#[test]
fn a_round_that_a_crash_ended_begins_again() {
    let (_folder, file) = database();
    let mut process = Process::start(&file);
    process.append_many(0);
    process.step();
    drop(process);
    let mut process = Process::start(&file);
    assert_eq!(process.count("positions"), VEHICLES * PER_VEHICLE);
    process.finish_round();
    assert_eq!(process.count("positions"), VEHICLES * PER_VEHICLE);
    assert_eq!(process.count("unsorted_positions"), 0);
}
