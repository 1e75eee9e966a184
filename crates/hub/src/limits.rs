//! Bounds of the hub's buffers.

/// Bounds of the hub's buffers.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Encoded bytes that are joined for one write; a batch that is longer becomes several writes. Default 16 KiB.
    pub join_bytes: usize,
    /// Messages that may wait in a channel before newer ones replace older ones of the same key. Default 1,024.
    pub pending_messages: usize,
    /// Payload bytes that may wait in a channel. Past it a message is dropped and counted, and every subscriber of the
    /// channel has to end and resume from the store. Default 64 MiB.
    pub pending_bytes: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { join_bytes: 16 * 1024, pending_messages: 1024, pending_bytes: 64 * 1024 * 1024 }
    }
}
