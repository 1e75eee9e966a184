//! Prepares the tables for the next days, and deletes rows that are older than their retention, a batch at a time. Of several
//! nodes one does so.

use milepost_clock::Clock;
use milepost_store::{Retention, Store};
use std::time::Duration;

/// How often old rows are deleted, and the next days prepared.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// How often a node asks whether it is the one that does this: sooner after the end of the one that was.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// The wait after a failure, and the longest after a batch that left more to delete.
const SOON: Duration = Duration::from_secs(5);
/// The shortest wait after such a batch. Others write for at least half of the time.
const BREATH: Duration = Duration::from_millis(250);

/// Deletes old rows until the task is dropped, expired alerts at least every `alert_cleanup`, while no other node does.
pub async fn keep_pruning(store: &dyn Store, clock: &Clock, retention: Retention, alert_cleanup: Duration) {
    let prune_every = PRUNE_EVERY.min(alert_cleanup);
    let mut is_leader = false;
    loop {
        let led_before = is_leader;
        is_leader = store.lead_upkeep().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known which node removes old data, trying again later");
            false
        });
        if !is_leader {
            clock.sleep(ASK_AGAIN.min(prune_every)).await;
            continue;
        }
        if !led_before {
            tracing::debug!("this node removes old data");
        }
        if let Err(error) = store.prepare(clock.now()).await {
            tracing::warn!(%error, "the tables for the next days could not be prepared, trying again later");
        }
        let begun = clock.instant();
        let wait = match store.prune(clock.now(), &retention).await {
            Ok(pruned) => {
                if pruned.events + pruned.positions + pruned.partitions > 0 {
                    tracing::info!(
                        pruned.events,
                        pruned.positions,
                        pruned.partitions,
                        "deleted rows that were older than their retention"
                    );
                }
                if pruned.more { (clock.instant() - begun).clamp(BREATH, SOON) } else { prune_every }
            }
            Err(error) => {
                tracing::warn!(%error, "old rows could not be deleted, trying again soon");
                SOON
            }
        };
        clock.sleep(wait).await;
    }
}
