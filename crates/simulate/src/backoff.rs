//! The wait before a failed call is tried again.

use std::time::Duration;

const FIRST_MS: u64 = 250;
const LONGEST_MS: u64 = 15_000;

/// The longest wait that a `Retry-After` may ask for: the server may be back sooner.
const LONGEST_ASKED_MS: u64 = 60_000;

/// The wait after the `failures`-th failure in a row, counted from 1: doubled each time up to 15 s, of which a random
/// half is cut, so that a thousand vehicles don't come back at the same instant. `asked` is the server's `Retry-After`: the
/// wait is at least that long.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (failures, longest_ms) in [(1, 250), (2, 500), (5, 4_000), (9, 15_000), (1_000, 15_000)] {
            let waits: Vec<u128> = (0..50).map(|_| wait_after(failures, None, &mut rng).as_millis()).collect();
            assert!(waits.iter().all(|&ms| ms >= longest_ms / 2 && ms <= longest_ms), "{failures}: {waits:?}");
            assert!(waits.iter().any(|&ms| ms != waits[0]), "{failures}");
        }
    }

    #[test]
    fn the_server_is_never_called_before_the_time_that_it_named() {
        let mut rng = fastrand::Rng::with_seed(1);
        assert!((0..50).all(|_| wait_after(1, Some(Duration::from_secs(7)), &mut rng) >= Duration::from_secs(7)));
    }
}
