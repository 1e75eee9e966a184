//! Polls each feed in a task of its own, while this node holds the feed's lease.

use crate::fetch::{FetchError, Fetched, POLL_TIMEOUT, Validators, build_client, fetch};
use crate::{BadBody, FeedSource, FeedStats, read_body};
use milepost_clock::Clock;
use milepost_device_report::ReportTime;
use milepost_domain::Timestamp;
use milepost_service::feeds::{FeedTaken, FeedVehicle, hold_feed, record_feed};
use milepost_service::{ServiceError, UseCases};
use reqwest::Client;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

/// The longest wait after failures, and the longest that a server may ask for.
const MAX_WAIT: Duration = Duration::from_secs(600);
/// A lease lasts this much longer than the wait for the next poll: time for the poll itself.
const LEASE_MARGIN: Duration = Duration::from_secs(60);
const _: () = assert!(LEASE_MARGIN.as_secs() > POLL_TIMEOUT.as_secs());

/// What polling needs.
pub struct FeedParts {
    /// The feeds.
    pub sources: Vec<FeedSource>,
    /// Where positions are stored.
    pub use_cases: Arc<UseCases>,
    /// The present time and timers.
    pub clock: Clock,
    /// What is counted.
    pub stats: Arc<FeedStats>,
}

/// The running polls.
pub struct FeedPolls {
    running: JoinHandle<()>,
}

impl FeedPolls {
    /// Starts a task for each feed.
    pub fn start(parts: FeedParts) -> Self {
        let FeedParts { sources, use_cases, clock, stats } = parts;
        let client = build_client();
        let mut tasks = JoinSet::new();
        for source in sources {
            let poll = Poll {
                lease: source.lease(),
                source,
                client: client.clone(),
                use_cases: Arc::clone(&use_cases),
                clock: clock.clone(),
                stats: Arc::clone(&stats),
                validators: Validators::default(),
                seen: HashMap::new(),
                failures: 0,
            };
            tasks.spawn(poll.run());
        }
        // They end only by a fault, and the fault of one ends all: then the server is not whole any more.
        Self {
            running: tokio::spawn(async move { while tasks.join_next().await.is_some_and(|ended| ended.is_ok()) {} }),
        }
    }

    /// Whether a poll has ended by a fault.
    pub fn has_ended(&self) -> bool {
        self.running.is_finished()
    }

    /// Ends them. Positions that were not stored yet come with the next poll.
    pub fn stop(&self) {
        self.running.abort();
    }
}

/// One feed.
struct Poll {
    source: FeedSource,
    lease: String,
    client: Client,
    use_cases: Arc<UseCases>,
    clock: Clock,
    stats: Arc<FeedStats>,
    validators: Validators,
    /// When each vehicle of the last body was seen: what comes again is not stored again.
    seen: HashMap<String, ReportTime>,
    /// Failed polls since the last good one.
    failures: u32,
}

#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Body(#[from] BadBody),
    #[error(transparent)]
    Store(#[from] ServiceError),
    #[error("its reading failed")]
    Reading,
}

impl Poll {
    async fn run(mut self) {
        loop {
            let began = self.clock.now();
            let wait = match self.holds_lease(self.source.interval).await {
                true => self.poll_once().await,
                false => self.source.interval,
            };
            let took_ms = u64::try_from(self.clock.now().ms_since(began)).unwrap_or(0);
            // At least a moment, also for an interval that is shorter than a poll.
            let rest = wait.saturating_sub(Duration::from_millis(took_ms)).max(self.source.interval / 4);
            self.clock.sleep(rest).await;
        }
    }

    /// Polls, and says how long to wait before the next poll.
    async fn poll_once(&mut self) -> Duration {
        self.stats.polled();
        let host = self.source.host().to_owned();
        let tenant = self.source.tenant.clone();
        match self.poll().await {
            Ok(taken) => {
                if self.failures > 0 {
                    self.stats.fails(false);
                    tracing::info!(feed.host = host, tenant.id = %tenant, "the transit feed is read again");
                }
                self.failures = 0;
                self.stats.stored(taken.accepted, taken.made, taken.dropped);
                self.source.interval
            }
            Err(error) => {
                // Once for each time that it fails.
                if self.failures == 0 {
                    self.stats.fails(true);
                    tracing::warn!(feed.host = host, tenant.id = %tenant, %error, "a transit feed can't be read, trying again");
                } else {
                    tracing::debug!(feed.host = host, tenant.id = %tenant, %error, "a transit feed can't be read");
                }
                self.stats.failed();
                self.failures = self.failures.saturating_add(1);
                let wait = wait_after(&error, self.failures, self.source.interval);
                // Or another node would try it meanwhile.
                self.holds_lease(wait).await;
                wait
            }
        }
    }

    async fn poll(&mut self) -> Result<FeedTaken, PollError> {
        let (body, validators) = match fetch(&self.client, &self.source.url, &self.validators).await? {
            Fetched::Body(body, validators) => (body, validators),
            Fetched::NotModified => return Ok(FeedTaken::default()),
        };
        // A large body takes a while: away from the threads that serve.
        let vehicles =
            tokio::task::spawn_blocking(move || read_body(&body)).await.map_err(|_| PollError::Reading)??;
        let now = self.clock.now();
        let seen: HashMap<_, _> = vehicles.iter().map(|vehicle| (vehicle.id.clone(), vehicle.report.time)).collect();
        let is_new = |vehicle: &FeedVehicle| {
            vehicle.report.time == ReportTime::Unknown || self.seen.get(&vehicle.id) != Some(&vehicle.report.time)
        };
        let news: Vec<_> = vehicles.into_iter().filter(is_new).collect();
        let taken = record_feed(&self.use_cases.feeds, &self.source.tenant, &news, now).await?;
        // Only now: what was not stored must come again.
        if !taken.left_some {
            (self.seen, self.validators) = (seen, validators);
        }
        Ok(taken)
    }

    /// Whether this node polls the feed, until the wait is over.
    async fn holds_lease(&self, wait: Duration) -> bool {
        let now: Timestamp = self.clock.now();
        let for_ms = i64::try_from((wait + LEASE_MARGIN).as_millis()).unwrap_or(i64::MAX);
        match hold_feed(&self.use_cases.feeds, &self.lease, now, for_ms).await {
            Ok(holds) => holds,
            Err(error) => {
                tracing::debug!(%error, "it is not known which node polls a feed");
                false
            }
        }
    }
}

/// Twice as long after each failure, and at least as long as the server asks.
fn wait_after(error: &PollError, failures: u32, interval: Duration) -> Duration {
    let asked = match error {
        PollError::Fetch(FetchError::Refused { retry_after, .. }) => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let doubled = interval.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    doubled.max(asked).min(MAX_WAIT.max(interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    #[test]
    fn a_failing_feed_is_asked_ever_less_often_and_as_its_server_wishes() {
        let s = Duration::from_secs;
        let late = PollError::Fetch(FetchError::TooLate);
        let waits = [1, 2, 3, 20].map(|failures| wait_after(&late, failures, s(15)));
        assert_eq!(waits, [s(30), s(60), s(120), s(600)]);
        assert_eq!(wait_after(&late, 3, s(3_600)), s(3_600), "never more often than asked for");
        let busy =
            |seconds| FetchError::Refused { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(s(seconds)) };
        assert_eq!(wait_after(&PollError::Fetch(busy(300)), 1, s(15)), s(300));
        assert_eq!(wait_after(&PollError::Fetch(busy(1_000_000)), 1, s(15)), s(600), "not for ever");
    }
}
