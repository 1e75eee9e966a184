//! Forgets what is older than its time, a little at a time.

use crate::Service;
use milepost_store::Retention;
use std::time::Duration;

/// How often old rows are looked for.
const ROUND: Duration = Duration::from_secs(600);
/// After a round that left more to do, and after a failure.
const SOON: Duration = Duration::from_secs(5);

impl Service {
    /// Forgets old rows until the task is dropped, expired alerts at least every `alert_cleanup`.
    pub async fn keep_forgetting(&self, retention: Retention, alert_cleanup: Duration) {
        let round = ROUND.min(alert_cleanup);
        loop {
            let wait = match self.store.prune(self.now(), &retention).await {
                Ok(pruned) => {
                    if pruned.events + pruned.positions + pruned.partitions > 0 {
                        tracing::info!(
                            pruned.events,
                            pruned.positions,
                            pruned.partitions,
                            "forgot what was older than its time"
                        );
                    }
                    if pruned.more { SOON } else { round }
                }
                Err(error) => {
                    tracing::warn!(%error, "old rows stay for now");
                    SOON
                }
            };
            tokio::time::sleep(wait).await;
        }
    }
}
