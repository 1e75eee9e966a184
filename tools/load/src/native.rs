//! `native`: what the live protocol's connections (`/ws`) take: memory while they wait, time until many are ready, and bytes an
//! update in each form.

mod bytes;
mod waiting;

use crate::client::Listener;
use crate::frame::{Closing, client_text_frame};
use crate::http::Response;
use crate::milepost::ServerOptions;
use crate::process::{pin_to, raise_open_files};
use anyhow::{Result, bail, ensure};
use bytes::measure_bytes;
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, rounded};
use serde::Serialize;
use waiting::{measure_crowd, measure_memory};

/// Files that a process needs beside its sockets.
const SPARE_FILES: u64 = 100;
/// What each connection follows: a map with all vehicles in it, and two topics.
const SUBSCRIPTIONS: [&str; 3] = [
    r#"{"op":"sub","s":1,"to":"view","box":[-98.5,29.5,-97,31]}"#,
    r#"{"op":"sub","s":2,"to":"alerts"}"#,
    r#"{"op":"sub","s":3,"to":"trips"}"#,
];

/// Options of `native`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct NativeOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Connections with three subscriptions each, whose memory is measured; 0 leaves that out
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Vehicles in view while memory is measured, one measurement each
    #[arg(long, value_delimiter = ',', default_values_t = [20, 500])]
    vehicles: Vec<usize>,
    /// Connections that come at once, with the most vehicles in view each; 0 leaves them out
    #[arg(long, default_value_t = 1_000)]
    crowd: usize,
    /// Vehicles that move once a second, to one viewer, while bytes are counted; 0 leaves that out
    #[arg(long, default_value_t = 1_000)]
    moving: usize,
    /// Seconds for which each form's bytes are counted
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Seconds to wait until the server has settled
    #[arg(long, default_value_t = 5.0)]
    settle_seconds: f64,
}

/// Measures what was asked for, and prints the report.
pub(crate) fn run_native(options: &NativeOptions) -> Result<()> {
    let open_files = raise_open_files()?;
    let most = options.connections.max(options.crowd);
    ensure!(
        most as u64 + SPARE_FILES <= open_files,
        "{most} connections need more open files than the {open_files} that the system allows: raise `ulimit -Hn`"
    );
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let mut report = Report::new("native", options)?;
    if options.connections > 0 {
        let mut table = Table::new(["vehicles in view", "connections", "before MiB", "after MiB", "KiB each"]);
        let mut goals = Vec::new();
        for &vehicles in &options.vehicles {
            let memory = measure_memory(options, vehicles)?;
            table.row(memory.row(vehicles, options.connections));
            goals.push((format!("rss_kib_with_{vehicles}_vehicles"), memory.kib_each()));
        }
        report.table(table);
        for (name, kib) in goals {
            report.against_goal(&name, kib, Goal::AtMost(6.0));
        }
    }
    let in_view = options.vehicles.iter().copied().max().unwrap_or_default();
    if options.crowd > 0 {
        let crowd = measure_crowd(options, in_view)?;
        report.figure("crowd_all_open_s", rounded(crowd.open_s));
        report.against_goal("crowd_all_ready_s", crowd.ready_s, Goal::AtMost(1.0));
    }
    if options.moving > 0 {
        let mut table = Table::new(["form", "deflate", "in a batch", "messages", "bytes an update"]);
        for sample in measure_bytes(options)? {
            let (name, deflate) = (sample.form.name, if sample.deflate { "yes" } else { "no" });
            table.row([
                name.to_owned(),
                deflate.to_owned(),
                sample.batch.to_string(),
                sample.messages.to_string(),
                figure_text(sample.bytes_an_update),
            ]);
            let figure =
                format!("{name}_{}_bytes_in_{}", if sample.deflate { "deflate" } else { "plain" }, sample.batch);
            match (name, sample.deflate, sample.batch) {
                ("rows", _, 25) => report.against_goal(&figure, sample.bytes_an_update, Goal::AtMost(21.0)),
                ("json", true, 10) => report.against_goal(&figure, sample.bytes_an_update, Goal::AtMost(60.0)),
                _ => report.figure(&figure, rounded(sample.bytes_an_update)),
            }
        }
        report.table(table);
    }
    report.print()
}

/// How a connection takes places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// As in the figures' names.
    pub(crate) name: &'static str,
    hello: &'static str,
}

impl Form {
    /// Text messages.
    pub(crate) const JSON: Self = Self { name: "json", hello: r#"{"op":"hello","v":1}"# };
    /// Binary messages of 20 bytes a place.
    pub(crate) const ROWS: Self = Self { name: "rows", hello: r#"{"op":"hello","v":1,"form":"rows"}"# };

    /// The frames of a client that says hello and subscribes.
    pub(crate) fn greeting(self, subscriptions: &[&str]) -> Vec<u8> {
        let messages = std::iter::once(self.hello).chain(subscriptions.iter().copied());
        messages.flat_map(|message| client_text_frame(message.as_bytes())).collect()
    }
}

/// Counts what comes on all connections.
#[derive(Debug, Default)]
struct Counted {
    messages: u64,
    /// Of whole frames.
    bytes: u64,
    /// Subscriptions that are ready, as far as messages can be read: those that are not compressed.
    ready: usize,
    /// Places in messages that can be read.
    places: u64,
    failure: Option<String>,
}

impl Counted {
    /// Fails if a request was refused or a connection ended, because such a run measures nothing.
    fn check(&self) -> Result<()> {
        match &self.failure {
            Some(failure) => bail!("{failure}"),
            None => Ok(()),
        }
    }
}

impl Listener for Counted {
    fn message(&mut self, _watcher: usize, payload: &[u8], _at_us: u64) {
        self.messages += 1;
        let head_bytes = match payload.len() {
            0..126 => 2,
            126..=0xFFFF => 4,
            _ => 10,
        };
        self.bytes += head_bytes + payload.len() as u64;
        if payload.starts_with(br#"{"op":"ready""#) {
            self.ready += 1;
        } else if payload.starts_with(br#"{"op":"at""#) {
            self.places += payload.windows(6).filter(|window| window == br#""lat":"#).count() as u64;
        } else if payload.starts_with(br#"{"op":"error""#) {
            self.failure = Some(String::from_utf8_lossy(payload).into_owned());
        }
    }

    fn answer(&mut self, _publisher: usize, response: &Response<'_>) {
        if !(200..300).contains(&response.status) {
            let body = String::from_utf8_lossy(response.body);
            self.failure = Some(format!("a publication was answered {}: {body}", response.status));
        }
    }

    fn closed(&mut self, _watcher: usize, closing: &Closing) {
        self.failure = Some(format!("the server closed a connection: {} {}", closing.code, closing.reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_counted_with_its_heads() {
        let mut counted = Counted::default();
        counted.message(0, br#"{"op":"ready","s":1}"#, 0);
        counted.message(0, br#"{"op":"at","p":[{"id":"a","lat":1,"lon":2},{"id":"b","lat":1,"lon":2}]}"#, 0);
        counted.message(0, &[1; 200], 0);
        assert_eq!((counted.messages, counted.ready, counted.places), (3, 1, 2));
        assert_eq!(counted.bytes, 22 + 73 + 204);
        assert!(counted.check().is_ok());
        counted.message(0, br#"{"op":"error","s":1}"#, 0);
        assert!(counted.check().is_err());
    }

    #[test]
    fn a_greeting_is_short_enough_for_its_frames() {
        let longest = SUBSCRIPTIONS.iter().chain(&[Form::JSON.hello, Form::ROWS.hello]).map(|text| text.len()).max();
        assert!(longest < Some(126));
    }
}
