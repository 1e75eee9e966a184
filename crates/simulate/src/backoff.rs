//! How long to wait before a failed call is tried again.

use std::time::Duration;

const FIRST_MS: u64 = 250;
const LONGEST_MS: u64 = 15_000;

/// Never wait longer for a server than this, whatever its `Retry-After` says: it may be back sooner.
const LONGEST_ASKED_MS: u64 = 60_000;

/// The wait after the `failures`-th failure in a row, counted from 1: doubled each time up to 15 s, of which a random
/// half is cut, so that a thousand vehicles don't come back in the same instant. `asked` is the server's `Retry-After`:
/// it is never undercut; the random part comes on top.
pub(crate) fn wait_after(failures: u32, asked: Option<Duration>, rng: &mut fastrand::Rng) -> Duration {
    let doubled_ms = FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_MS);
    match asked {
        Some(asked) => {
            let asked_ms = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX).min(LONGEST_ASKED_MS);
            Duration::from_millis(asked_ms + rng.u64(0..=doubled_ms / 2))
        }
        None => Duration::from_millis(doubled_ms / 2 + rng.u64(0..=doubled_ms / 2)),
    }
}
