//! Versions of a link's last snapshot, so that no older live message follows it.

use milepost_hub::{Key, KeyMap};

/// How long after a snapshot its versions are remembered, in milliseconds: longer than a message takes from its commit
/// to the socket.
const GRACE_MS: u64 = 5000;

/// The versions of a snapshot's messages.
#[derive(Default)]
pub(super) struct SnapshotVersions {
    versions: KeyMap<i64>,
    /// While the link is corked the snapshot is still being read, and there is no end.
    until_ms: Option<u64>,
}

impl SnapshotVersions {
    pub(super) fn note(&mut self, key: &Key, version: i64) {
        let newest = self.versions.entry(key.clone()).or_insert(version);
        *newest = version.max(*newest);
    }

    /// Whether the snapshot holds something newer for `key`.
    pub(super) fn is_newer(&self, key: &Key, version: i64) -> bool {
        self.versions.get(key).is_some_and(|&newest| version < newest)
    }

    /// The snapshot is complete: returns until when it is remembered.
    pub(super) fn complete(&mut self, now_ms: u64) -> u64 {
        *self.until_ms.insert(now_ms + GRACE_MS)
    }

    pub(super) fn until_ms(&self) -> Option<u64> {
        self.until_ms
    }
}
