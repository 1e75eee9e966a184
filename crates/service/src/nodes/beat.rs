//! Tells the database every second that this node lives, and reads which others do.

use super::Nodes;
use milepost_relay::RelayState;
use milepost_store::{LivingNode, NODE_SILENCE, StoreError};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the beat is written.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// The longest time for a beat.
const BEAT_PATIENCE: Duration = Duration::from_secs(2);
/// Other nodes that could not be asked about for longer are unknown.
const FORGET_AFTER: Duration = NODE_SILENCE;

impl Nodes {
    /// Writes a beat every second until the future is dropped.
    pub async fn keep_beating(&self) {
        let mut last_success = self.clock.instant();
        loop {
            if self.beat().await.is_ok() {
                last_success = self.clock.instant();
            } else if self.clock.instant().saturating_duration_since(last_success) > FORGET_AFTER {
                // The database is away, which `/ready` says. When it is back, everything is read again.
                self.lock_living().clear();
                self.tracks.share_among(self.node, &[]);
            }
            self.clock.sleep(BEAT_EVERY).await;
        }
    }

    /// Writes one beat. Call it before the first caller is served, so that this node knows whether it is alone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn beat(&self) -> Result<(), StoreError> {
        let is_leaving = self.is_leaving.load(Ordering::Acquire);
        let relay_up = match self.relay.state() {
            RelayState::InProcess => None,
            state => Some(state == RelayState::Connected && !is_leaving),
        };
        let beat = LivingNode { id: self.node, version: env!("CARGO_PKG_VERSION").to_owned(), relay_up };
        let unavailable = || StoreError::Unavailable("no answer in time".to_owned());
        let beaten = async {
            self.store.compare_clocks(&|| self.clock.unturned()).await?;
            self.store.beat(&beat).await
        };
        let living = tokio::time::timeout(BEAT_PATIENCE, beaten).await.map_err(|_| unavailable())??;
        let before = std::mem::replace(&mut *self.lock_living(), living.clone());
        self.report(&before, &living);
        self.share_vehicles(&beat, &living);
        Ok(())
    }

    /// Shares the folding of vehicles among the nodes that the relay reaches. A node of another version may not understand what is
    /// handed over: the nodes of each version share among themselves, and the versions of stored folds decide between them.
    fn share_vehicles(&self, own: &LivingNode, living: &[LivingNode]) {
        let shares = |node: &&LivingNode| node.relay_up == Some(true) && node.version == own.version;
        let sharers: Vec<_> = living.iter().filter(shares).map(|node| node.id).collect();
        self.tracks.share_among(self.node, &sharers);
    }

    /// Has the others fold this node's vehicles, because it will end. Its last positions go to them.
    pub fn begin_to_leave(&self) {
        self.is_leaving.store(true, Ordering::Release);
    }

    /// Tells the others that this node ends.
    pub async fn leave(&self) {
        // An error is ignored: the others notice its silence.
        let _ = tokio::time::timeout(BEAT_PATIENCE, self.store.leave(self.node)).await;
    }

    fn report(&self, before: &[LivingNode], living: &[LivingNode]) {
        let others =
            |nodes: &[LivingNode]| nodes.iter().map(|node| node.id).filter(|id| *id != self.node).collect::<Vec<_>>();
        let (before, now) = (others(before), others(living));
        for came in now.iter().filter(|id| !before.contains(id)) {
            tracing::info!(node.id = %came, "another node serves this database");
        }
        for gone in before.iter().filter(|id| !now.contains(id)) {
            tracing::info!(node.id = %gone, "another node has ended");
            // It may have committed something that it did not publish any more.
            self.inbox.missed_everything();
            self.tracks.missed();
            self.counts.forget(*gone);
        }
        if before.is_empty() && !now.is_empty() && self.relay.state() == RelayState::InProcess {
            tracing::warn!(
                "several nodes serve this database without REDIS_URL: positions that another node takes arrive here up to two \
                 seconds late"
            );
        }
    }
}
