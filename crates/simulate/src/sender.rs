//! Sends one vehicle's fixes in their order, across failures of the server and the connection.

use crate::backoff::wait_after;
use crate::client::{Client, Posted};
use crate::device::Device;
use crate::report::ReportQueue;
use crate::tally::Tally;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// What all senders share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) tally: Tally,
    /// Bounds the concurrent calls of all vehicles.
    pub(crate) calls: Semaphore,
    pub(crate) batch_limit: usize,
    pub(crate) first_refusal: OnceLock<String>,
}

/// Runs until `closing` is true and the queue is empty.
pub(crate) async fn send_reports(
    shared: Arc<Shared>,
    device: Device,
    queue: Arc<ReportQueue>,
    mut closing: watch::Receiver<bool>,
    seed: u64,
) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut failures = 0;
    loop {
        let reports = queue.take(shared.batch_limit);
        if reports.is_empty() {
            if *closing.borrow_and_update() {
                return;
            }
            tokio::select! {
                () = queue.filled() => {}
                // An error means that the run is gone.
                changed = closing.changed() => if changed.is_err() { return },
            }
            continue;
        }
        let posted = {
            let _call = shared.calls.acquire().await.expect("the semaphore is never closed");
            let begun = Instant::now();
            let posted = shared.client.post_reports(&device, &reports).await;
            if !matches!(posted, Posted::Later { .. }) {
                shared.tally.add_latency(begun.elapsed());
            }
            posted
        };
        let tally = &shared.tally;
        let count = reports.len() as u64;
        match posted {
            Posted::Accepted { accepted, duplicates, rejected } => {
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
                // One is logged: the other vehicles are refused for the same reason.
                let logged = detail.clone();
                if shared.first_refusal.set(detail).is_ok() {
                    tracing::warn!("the server refused a position: {logged}");
                }
            }
            Posted::Later { asked, reason } => {
                failures += 1;
                tally.errors.fetch_add(1, Relaxed);
                tracing::debug!(device.id = device.id, "position has to be sent again: {reason}");
                let dropped = queue.put_back(reports);
                tally.dropped.fetch_add(dropped as u64, Relaxed);
                tokio::time::sleep(wait_after(failures, asked, &mut rng)).await;
            }
        }
    }
}
