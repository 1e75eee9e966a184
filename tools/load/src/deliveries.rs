//! Counts the messages that watchers receive, and their delays.

use crate::client::Listener;
use crate::frame::Closing;
use crate::histogram::{Durations, durations};
use crate::http::Response;
use crate::stamp::{age_us, stamp_in};
use anyhow::{Result, bail};
use std::collections::HashMap;

/// Messages of one run, over all sockets.
#[derive(Debug)]
pub(crate) struct Deliveries {
    /// Messages received.
    pub(crate) messages: u64,
    /// Their payloads' bytes.
    pub(crate) payload_bytes: u64,
    /// The time from before a position is published to each receipt.
    pub(crate) latency: Durations,
    /// The time from the first socket's receipt of a position to each other socket's: fan-out alone, without ingest and commit.
    pub(crate) spread: Durations,
    /// The close code of the last socket that the server closed.
    pub(crate) closed: Option<u16>,
    /// First and last receipt.
    pub(crate) span_us: Option<(u64, u64)>,
    timed: bool,
    first_receipts: HashMap<u64, u64>,
    refused: Option<String>,
}

impl Deliveries {
    /// Counts from 0. `timed` reads the stamp of every message, for which a flood leaves no time.
    pub(crate) fn new(timed: bool) -> Self {
        Self {
            messages: 0,
            payload_bytes: 0,
            latency: durations(),
            spread: durations(),
            closed: None,
            span_us: None,
            timed,
            first_receipts: HashMap::new(),
            refused: None,
        }
    }

    /// Deliveries a second between the first and the last receipt.
    pub(crate) fn per_second(&self) -> f64 {
        match self.span_us {
            Some((first_us, last_us)) if last_us > first_us => self.messages as f64 * 1e6 / (last_us - first_us) as f64,
            _ => 0.0,
        }
    }

    /// Fails if a publication was refused or a socket was closed, because such a run measures nothing.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(refused) = &self.refused {
            bail!("a publication was refused: {refused}");
        }
        if let Some(code) = self.closed {
            bail!("the server closed a socket with code {code}");
        }
        Ok(())
    }
}

impl Listener for Deliveries {
    fn message(&mut self, _watcher: usize, payload: &[u8], at_us: u64) {
        self.messages += 1;
        self.payload_bytes += payload.len() as u64;
        self.span_us = Some((self.span_us.map_or(at_us, |(first_us, _)| first_us), at_us));
        if self.timed
            && let Some(stamp_us) = stamp_in(payload)
        {
            self.latency.saturating_record(age_us(stamp_us, at_us));
            let first_us = *self.first_receipts.entry(stamp_us).or_insert(at_us);
            self.spread.saturating_record(at_us.saturating_sub(first_us));
        }
    }

    fn answer(&mut self, _publisher: usize, response: &Response<'_>) {
        if !(200..300).contains(&response.status) {
            self.refused = Some(format!("{} {}", response.status, String::from_utf8_lossy(response.body)));
        }
    }

    fn closed(&mut self, _watcher: usize, closing: &Closing) {
        self.closed = Some(closing.code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_counts_from_the_stamp_and_spread_from_the_first_receipt() {
        let mut deliveries = Deliveries::new(true);
        let message = br#"{"type":"location_update","data":{"heading":0.001}}"#;
        deliveries.message(0, message, 1500);
        deliveries.message(1, message, 1530);
        assert_eq!((deliveries.latency.max(), deliveries.spread.max()), (530, 30));
        assert_eq!((deliveries.messages, deliveries.per_second()), (2, 2.0 * 1e6 / 30.0));
    }

    #[test]
    fn a_refused_publication_or_a_closed_socket_spoils_a_run() {
        let refused = Response { status: 422, head: "", body: b"{}", length_bytes: 2 };
        let mut deliveries = Deliveries::new(false);
        deliveries.answer(0, &Response { status: 201, ..refused });
        assert!(deliveries.check().is_ok());
        deliveries.answer(0, &refused);
        assert!(deliveries.check().is_err());
        let mut deliveries = Deliveries::new(false);
        deliveries.closed(0, &Closing { code: 1012, reason: String::new() });
        assert!(deliveries.check().is_err());
    }
}
