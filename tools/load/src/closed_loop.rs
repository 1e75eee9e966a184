//! Connections that each send their next request as soon as the last one is answered.

use crate::client::{Client, Listener, Waiting};
use crate::frame::Closing;
use crate::histogram::{Durations, durations, quantile_ms};
use crate::http::Response;
use crate::milepost::Milepost;
use crate::stamp::now_us;
use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The result of one measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Server CPU microseconds for each.
    pub(crate) cpu_us: f64,
}

/// The connections.
pub(crate) struct ClosedLoop {
    client: Client,
    /// The answers so far.
    pub(crate) answers: Answers,
    sent_us: Vec<u64>,
    /// The connection that sends first in the next run: one that never sends anything is closed by the server.
    first: usize,
}

impl ClosedLoop {
    pub(crate) fn open(milepost: &Milepost, connections: usize) -> Result<Self> {
        Self::open_at(milepost.address, connections)
    }

    pub(crate) fn open_at(address: SocketAddr, connections: usize) -> Result<Self> {
        let mut client = Client::new(Waiting::Sleep)?;
        client.open_publishers(connections, address)?;
        let answers = Answers { latency: durations(), accepted: 0, answered: Vec::new(), refused: None };
        Ok(Self { client, answers, sent_us: vec![0; connections], first: 0 })
    }

    /// Runs until `duration` has passed or `next` returns nothing more. Returns the time until the last answer.
    pub(crate) fn run(
        &mut self,
        duration: Duration,
        mut next: impl FnMut(usize) -> Option<Vec<u8>>,
    ) -> Result<Duration> {
        let start = Instant::now();
        let mut idle: Vec<usize> = (0..self.sent_us.len()).collect();
        idle.rotate_left(self.first);
        self.first = (self.first + 1) % self.sent_us.len();
        loop {
            for connection in idle.drain(..) {
                if start.elapsed() < duration
                    && let Some(request) = next(connection)
                {
                    self.sent_us[connection] = now_us();
                    self.client.publish(connection, request)?;
                }
            }
            if self.client.waiting_publishers() == 0 {
                return Ok(start.elapsed());
            }
            self.client.poll(Instant::now() + Duration::from_millis(100), &mut self.answers)?;
            let now_us = now_us();
            for connection in self.answers.answered.drain(..) {
                self.answers.latency.saturating_record(now_us - self.sent_us[connection]);
                idle.push(connection);
            }
            if let Some(refused) = &self.answers.refused {
                bail!("a request was refused: {refused}");
            }
            if start.elapsed() > Duration::from_secs(300) {
                bail!("no end after five minutes: the server does not answer");
            }
        }
    }

    pub(crate) fn rate(&self, positions: u64, elapsed: Duration, cpu_s: f64) -> Result<Rate> {
        ensure!(positions > 0, "nothing was answered");
        Ok(Rate {
            per_second: positions as f64 / elapsed.as_secs_f64(),
            p50_ms: quantile_ms(&self.answers.latency, 0.5),
            p99_ms: quantile_ms(&self.answers.latency, 0.99),
            cpu_us: cpu_s * 1e6 / positions as f64,
        })
    }
}

/// The answers: to the requests since the last poll, and in all.
pub(crate) struct Answers {
    pub(crate) latency: Durations,
    pub(crate) accepted: u64,
    answered: Vec<usize>,
    refused: Option<String>,
}

/// The answer to a batch. The answer to a single position has no count.
#[derive(Deserialize)]
struct BatchAnswer {
    #[serde(default)]
    accepted: u64,
}

impl Listener for Answers {
    fn message(&mut self, _watcher: usize, _payload: &[u8], _at_us: u64) {}

    fn answer(&mut self, publisher: usize, response: &Response<'_>) {
        self.answered.push(publisher);
        let is_taken = (200..300).contains(&response.status);
        match serde_json::from_slice::<BatchAnswer>(response.body) {
            Ok(answer) if is_taken => self.accepted += answer.accepted,
            // Apps' own protocols are answered without a body.
            Err(_) if is_taken && response.body.is_empty() => {}
            _ => self.refused = Some(format!("{} {}", response.status, String::from_utf8_lossy(response.body))),
        }
    }

    fn closed(&mut self, _watcher: usize, _closing: &Closing) {}
}
