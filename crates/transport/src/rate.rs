//! Counts what one connection sends against its rate limit.

use crate::config::RateLimit;

/// A bucket holds this many seconds of the rate, so that a client may send a burst after a pause.
const BURST_S: f32 = 2.0;

/// A token bucket for frames and one for bytes. They are refilled when they are used: 24 bytes, and no timer.
#[derive(Debug)]
pub(crate) struct RateGauge {
    limit: Option<RateLimit>,
    frames: f32,
    bytes: f32,
    filled_ms: u32,
}

impl RateGauge {
    pub(crate) fn new(limit: Option<RateLimit>, now_ms: u64) -> Self {
        let (frames, bytes) =
            limit.map_or((0.0, 0.0), |limit| (limit.frames_per_second as f32, limit.bytes_per_second as f32));
        Self { limit, frames: frames * BURST_S, bytes: bytes * BURST_S, filled_ms: now_ms as u32 }
    }

    /// Takes tokens for what was received. False when there are too few.
    pub(crate) fn take(&mut self, frames: u32, bytes: usize, now_ms: u64) -> bool {
        let Some(limit) = self.limit else { return true };
        let now_ms = now_ms as u32;
        let seconds = now_ms.wrapping_sub(self.filled_ms) as f32 / 1000.0;
        self.filled_ms = now_ms;
        let (per_second_frames, per_second_bytes) = (limit.frames_per_second as f32, limit.bytes_per_second as f32);
        self.frames = (self.frames + seconds * per_second_frames).min(per_second_frames * BURST_S) - frames as f32;
        self.bytes = (self.bytes + seconds * per_second_bytes).min(per_second_bytes * BURST_S) - bytes as f32;
        self.frames >= 0.0 && self.bytes >= 0.0
    }
}
