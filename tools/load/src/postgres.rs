//! A plain COPY into PostgreSQL of as many rows as a batch load: the lower bound of storing them.

use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

/// An interrupted run leaves its table, so the next run drops it first.
const BEGIN: &str = "\\set ON_ERROR_STOP on\n\
    set client_min_messages = warning;\n\
    drop table if exists milepost_load_copy;\n\
    create table milepost_load_copy (vehicle_id text not null, at timestamptz not null, latitude double precision not null,\n\
    longitude double precision not null, speed double precision, heading double precision);\n\
    \\timing on\n\
    copy milepost_load_copy from stdin;\n";
const END: &str = "\\.\n\\timing off\ndrop table milepost_load_copy;\n";

/// Seconds that `psql` measures for one COPY of `rows` rows into a table without indexes.
pub(crate) fn copy_seconds(database_url: &str, rows: usize) -> Result<f64> {
    let mut process = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", database_url])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("can't start psql: install the PostgreSQL client")?;
    let mut stdin = process.stdin.take().context("standard input was asked for above")?;
    let script = script(rows);
    let writer = thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = process.wait_with_output()?;
    if writer.join().is_err() || !output.status.success() {
        bail!("psql failed: {}", output.status);
    }
    timed_seconds(&String::from_utf8_lossy(&output.stdout)).context("psql printed no time")
}

fn script(rows: usize) -> String {
    let mut script = BEGIN.to_owned();
    let start_ms = 1_768_473_045_123_i64;
    for row in 0..rows {
        let (bus, step) = (row % 200, (row / 200) as i64);
        let at = jiff::Timestamp::from_millisecond(start_ms + step).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        writeln!(script, "batch-{bus:04}\t{at:.3}\t30.267153\t-97.743061\t18.0\t12.345678")
            .expect("writing into a string can't fail");
    }
    script + END
}

/// From a line such as `Time: 1234.567 ms (00:01.235)`.
fn timed_seconds(output: &str) -> Option<f64> {
    let line = output.lines().find_map(|line| line.strip_prefix("Time: "))?;
    Some(line.split(' ').next()?.parse::<f64>().ok()? / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_from_what_psql_prints() {
        assert_eq!(timed_seconds("COPY 5\nTime: 1234.567 ms (00:01.235)\n"), Some(1.234_567));
        assert_eq!(timed_seconds("ERROR\n"), None);
    }

    #[test]
    fn a_script_has_a_row_a_line_between_copy_and_its_end() {
        let script = script(401);
        let rows = script.lines().filter(|line| line.starts_with("batch-")).count();
        assert_eq!(rows, 401);
        assert!(script.contains("\nbatch-0000\t2026-01-15T10:30:45.125Z\t"), "the third round is two milliseconds on");
    }
}
