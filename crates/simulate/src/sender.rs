//! Sends one vehicle's fixes in their order, whatever the server or the connection does.

use crate::Fix;
use crate::backlog::Backlog;
use crate::backoff::wait_after;
use crate::client::{Client, Posted};
use crate::fleet::Member;
use crate::tally::Tally;
use milepost_domain::Timestamp;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

/// A fix with the time that it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Report {
    pub(crate) fix: Fix,
    pub(crate) at: Timestamp,
}

/// What all senders share.
pub(crate) struct Line {
    pub(crate) client: Client,
    pub(crate) tally: Tally,
    /// Calls under way at once, over all vehicles.
    pub(crate) slots: Semaphore,
    pub(crate) batch_limit: usize,
    pub(crate) first_refusal: OnceLock<String>,
}

/// Between whoever makes a vehicle's fixes and its sender.
#[derive(Default)]
pub(crate) struct Outbox {
    /// A std mutex: held for microseconds, never across an await.
    backlog: Mutex<Backlog<Report>>,
    filled: Notify,
}

impl Outbox {
    /// Appends a fix; true when the oldest waiting one was dropped for it.
    pub(crate) fn push(&self, report: Report) -> bool {
        let dropped = self.lock().push(report);
        self.filled.notify_one();
        dropped
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Backlog<Report>> {
        self.backlog.lock().expect("nothing panics while it is held")
    }
}

/// Runs until `closing` is true and the outbox is empty.
pub(crate) async fn send_reports(
    line: Arc<Line>,
    member: Member,
    outbox: Arc<Outbox>,
    mut closing: watch::Receiver<bool>,
    seed: u64,
) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut failures = 0;
    loop {
        let reports = outbox.lock().take(line.batch_limit);
        if reports.is_empty() {
            if *closing.borrow_and_update() {
                return;
            }
            tokio::select! {
                () = outbox.filled.notified() => {}
                // An error means that the run is gone: the next look at `closing` still holds its last value.
                changed = closing.changed() => if changed.is_err() { return },
            }
            continue;
        }
        let posted = {
            let _slot = line.slots.acquire().await.expect("the semaphore is never closed");
            let begun = Instant::now();
            let posted = line.client.post_reports(&member, &reports).await;
            if !matches!(posted, Posted::Later { .. }) {
                line.tally.add_latency(begun.elapsed());
            }
            posted
        };
        let tally = &line.tally;
        let count = reports.len() as u64;
        match posted {
            Posted::Taken { accepted, duplicates, rejected } => {
                failures = 0;
                tally.sent.fetch_add(count, Relaxed);
                tally.accepted.fetch_add(accepted, Relaxed);
                tally.duplicates.fetch_add(duplicates, Relaxed);
                tally.rejected.fetch_add(rejected, Relaxed);
            }
            Posted::Refused { detail } => {
                failures = 0;
                tally.sent.fetch_add(count, Relaxed);
                tally.rejected.fetch_add(count, Relaxed);
                // One is enough to see what is wrong; a thousand vehicles would say the same.
                let logged = detail.clone();
                if line.first_refusal.set(detail).is_ok() {
                    tracing::warn!("the server refused a position: {logged}");
                }
            }
            Posted::Later { asked, reason } => {
                failures += 1;
                tally.errors.fetch_add(1, Relaxed);
                tracing::debug!(device.id = member.device_id, "position to be sent again: {reason}");
                let dropped = outbox.lock().put_back(reports);
                tally.dropped.fetch_add(dropped as u64, Relaxed);
                tokio::time::sleep(wait_after(failures, asked, &mut rng)).await;
            }
        }
    }
}
