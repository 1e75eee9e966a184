//! Publishes positions at a fixed pace, or as fast as watchers receive them.

use crate::client::{Client, Listener};
use crate::deliveries::Deliveries;
use crate::stamp::now_us;
use anyhow::Result;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// After this long without a message, a flood counts the missing messages as replaced by newer positions.
const MAX_FLOOD_STALL: Duration = Duration::from_millis(20);

/// A summary of the published requests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Published {
    /// The number of requests.
    pub(crate) requests: u64,
    /// The longest delay of a request, because all connections were waiting for answers.
    pub(crate) max_late_us: u64,
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// `per_second` evenly spaced times for `seconds`.
pub(crate) fn even_pace(per_second: f64, seconds: f64) -> impl Iterator<Item = Duration> {
    let count = (per_second * seconds).round() as u64;
    (0..count).map(move |number| Duration::from_secs_f64(number as f64 / per_second))
}

/// Sends the request that `make` builds from its number and stamp at each of `times` from now, and polls meanwhile.
pub(crate) fn publish_on_time(
    client: &mut Client,
    times: impl IntoIterator<Item = Duration>,
    mut make: impl FnMut(u64, u64) -> Vec<u8>,
    listener: &mut impl Listener,
) -> Result<Published> {
    let start = Instant::now();
    let mut published = Published::default();
    for time in times {
        let due = start + time;
        while Instant::now() < due {
            client.poll(due, listener)?;
        }
        let publisher = loop {
            match client.idle_publisher() {
                Some(publisher) => break publisher,
                None => client.poll(Instant::now() + Duration::from_millis(1), listener)?,
            };
        };
        published.max_late_us = published.max_late_us.max(due.elapsed().as_micros() as u64);
        let request = make(published.requests, now_us());
        client.publish(publisher, request)?;
        published.requests += 1;
    }
    Ok(published)
}

/// Sends bursts of `frames` positions one after the other for `seconds`. It is never more than `window` messages a socket
/// ahead of what the sockets have received.
pub(crate) fn publish_flood(
    client: &mut Client,
    (sockets, frames, window): (u64, u64, u64),
    seconds: f64,
    mut make: impl FnMut(u64, u64) -> Vec<u8>,
    listener: &mut Deliveries,
) -> Result<Published> {
    let start = Instant::now();
    let mut published = Published::default();
    // Messages that will not come, because newer ones replaced them.
    let mut replaced = 0;
    let (mut seen, mut seen_at) = (0, start);
    while start.elapsed().as_secs_f64() < seconds {
        let expected = published.requests * frames * sockets;
        if listener.messages != seen {
            (seen, seen_at) = (listener.messages, Instant::now());
        } else if seen_at.elapsed() > MAX_FLOOD_STALL && client.waiting_publishers() == 0 {
            (replaced, seen_at) = (expected.saturating_sub(seen), Instant::now());
        }
        let ahead = expected.saturating_sub(seen + replaced);
        if ahead + frames * sockets <= window * sockets
            && let Some(publisher) = client.idle_publisher()
        {
            client.publish(publisher, make(published.requests, now_us()))?;
            published.requests += 1;
        }
        client.poll(Instant::now() + Duration::from_millis(1), listener)?;
    }
    Ok(published)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_pace_has_its_count_and_its_distance() {
        let times: Vec<Duration> = even_pace(50.0, 2.0).collect();
        assert_eq!(times.len(), 100);
        assert_eq!(times[1] - times[0], Duration::from_millis(20));
        assert_eq!(times[99], Duration::from_millis(1980));
    }
}
