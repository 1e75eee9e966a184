//! What other nodes sent: finds gaps, and hands the news on.

use crate::handover::FoldPosition;
use crate::stats::{Counters, count};
use crate::wire::{Bulletin, Handover, Unreadable, decode_bulletin, decode_handover, decode_pulse, sender_of_bulletin};
use crate::{Missed, Receiver};
use milepost_domain::{NodeId, TenantId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

/// Numbers of messages that are remembered. When there are more, all are forgotten: each tenant is read once more.
const REMEMBERED: usize = 200_000;

pub(crate) struct Incoming {
    node: NodeId,
    receiver: Arc<dyn Receiver>,
    counters: Arc<Counters>,
    /// The number of the last message of each node about each tenant. A std mutex: held for a look-up.
    last: Mutex<HashMap<(NodeId, TenantId), u64>>,
    /// The number of the last message of each node about vehicles that this one folds. Nodes are few.
    last_handovers: Mutex<HashMap<NodeId, u64>>,
}

impl Incoming {
    pub(crate) fn new(node: NodeId, receiver: Arc<dyn Receiver>, counters: Arc<Counters>) -> Self {
        Self { node, receiver, counters, last: Mutex::default(), last_handovers: Mutex::default() }
    }

    /// Takes one message of a tenant's channel. A receiver that panics costs this message only.
    pub(crate) fn take(&self, bytes: &[u8]) {
        if sender_of_bulletin(bytes).is_ok_and(|sender| sender == self.node) {
            return;
        }
        let bulletin = match decode_bulletin(bytes) {
            Ok(bulletin) => bulletin,
            Err(error) => return self.unreadable(&error),
        };
        count(&self.counters.received, 1);
        let Bulletin { node, sequence, tenant, news } = bulletin;
        if !self.follows(node, &tenant, sequence) {
            count(&self.counters.gaps, 1);
            self.missed(Missed::Of(tenant.clone()));
        }
        for news in news {
            let receive = || self.receiver.received(&tenant, news);
            if catch_unwind(AssertUnwindSafe(receive)).is_err() {
                tracing::error!("taking news of another node panicked; they are read from the database");
                self.missed(Missed::Of(tenant.clone()));
            }
        }
    }

    /// Takes a message of this node's own channel: positions of vehicles that it folds.
    pub(crate) fn take_handover(&self, bytes: &[u8]) {
        let Handover { node, sequence, batch } = match decode_handover(bytes) {
            Ok(handover) => handover,
            Err(error) => return self.unreadable(&error),
        };
        count(&self.counters.received, 1);
        // What was sent before the first message is looked for when the relay begins to work.
        let before = self.lock_handovers().insert(node, sequence);
        if before.is_some_and(|before| sequence != before + 1) {
            count(&self.counters.gaps, 1);
            self.missed(Missed::All);
        }
        for (tenant, positions) in batch {
            self.take_back(&tenant, positions);
        }
    }

    /// Hands on positions that this node folds: those of another node, or its own that could not be sent.
    pub(crate) fn take_back(&self, tenant: &TenantId, positions: Vec<FoldPosition>) {
        if catch_unwind(AssertUnwindSafe(|| self.receiver.handed_over(tenant, positions))).is_err() {
            tracing::error!("taking positions to fold panicked; they are read from the database");
            self.missed(Missed::All);
        }
    }

    fn unreadable(&self, error: &Unreadable) {
        count(&self.counters.unreadable, 1);
        // The 1st, 2nd, 4th, 8th, ...: two versions that don't understand each other must not flood the log.
        if self.counters.read().unreadable.is_power_of_two() {
            tracing::warn!(%error, "a message of another node can't be read; its news are read from the database");
        }
        self.missed(Missed::All);
    }

    /// Takes a message of the channel of all nodes. Returns true if it is this node's own.
    pub(crate) fn take_pulse(&self, bytes: &[u8]) -> bool {
        // One that can't be read is of a newer version. Its counts are not known here.
        let Ok((node, news)) = decode_pulse(bytes) else {
            count(&self.counters.unreadable, 1);
            return false;
        };
        if node != self.node {
            let receive = || self.receiver.heard_of_node(node, news);
            if catch_unwind(AssertUnwindSafe(receive)).is_err() {
                tracing::error!("taking the counts of another node panicked");
            }
        }
        node == self.node
    }

    pub(crate) fn missed(&self, missed: Missed) {
        self.receiver.missed(missed);
    }

    /// Forgets a tenant that is followed no longer, and all when `tenant` is `None`: what comes first is taken as a gap.
    pub(crate) fn forget(&self, tenant: Option<&TenantId>) {
        if tenant.is_none() {
            self.lock_handovers().clear();
        }
        self.lock().retain(|(_, known), _| tenant.is_some_and(|tenant| known != tenant));
    }

    /// Whether a message is the next of its node about its tenant. The first one is, if its number is 1.
    fn follows(&self, node: NodeId, tenant: &TenantId, sequence: u64) -> bool {
        let mut last = self.lock();
        if last.len() >= REMEMBERED {
            last.clear();
        }
        let before = last.insert((node, tenant.clone()), sequence).unwrap_or(0);
        sequence == before + 1
    }

    fn lock_handovers(&self) -> std::sync::MutexGuard<'_, HashMap<NodeId, u64>> {
        self.last_handovers.lock().expect("nothing panics while holding it")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(NodeId, TenantId), u64>> {
        self.last.lock().expect("nothing panics while holding it")
    }
}
