//! Carries the time of sending inside a position, so that each receipt shows its own delay.
//!
//! The server passes a heading on unchanged and applies no rule to it, so that microseconds can be sent as degrees:
//! 12,345,678 µs is `12.345678`.
//! The clock is the machine's monotonic one, shared by all programs of a run.

use rustix::time::{ClockId, clock_gettime};

/// A stamp wraps to 0 after 100 seconds, so that longer delays can't be measured.
const WRAP_US: u64 = 100_000_000;

/// Microseconds of the monotonic clock.
pub(crate) fn now_us() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// `at_us` as a heading in degrees.
pub(crate) fn heading_of(at_us: u64) -> f64 {
    (at_us % WRAP_US) as f64 / 1e6
}

/// The stamp in a `location_update`, in microseconds; `None` when the payload has no heading.
pub(crate) fn stamp_in(payload: &[u8]) -> Option<u64> {
    stamp_of(payload, b"\"heading\":")
}

/// The stamp in the number behind this key, which a server calls the heading by.
pub(crate) fn stamp_of(payload: &[u8], key: &[u8]) -> Option<u64> {
    let digits = number_after(payload, key)?;
    let degrees: f64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((degrees * 1e6).round() as u64)
}

/// The time from `stamp_us` to `now_us`.
pub(crate) const fn age_us(stamp_us: u64, now_us: u64) -> u64 {
    (now_us % WRAP_US + WRAP_US - stamp_us % WRAP_US) % WRAP_US
}

/// The bytes of the JSON number that follows `key`. Only a scan: parsing JSON would cost more than the receipt.
fn number_after<'a>(payload: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = &payload[payload.windows(key.len()).position(|window| window == key)? + key.len()..];
    let start = rest.iter().position(|&byte| byte != b' ')?;
    let length =
        rest[start..].iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+')).count();
    Some(&rest[start..start + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_json() {
        for us in [0, 1, 999_999, 12_345_678, 99_999_999] {
            let payload =
                serde_json::json!({"type": "location_update", "data": {"heading": heading_of(us), "speed": 3}});
            assert_eq!(stamp_in(payload.to_string().as_bytes()), Some(us), "{payload}");
        }
    }

    #[test]
    fn a_payload_without_heading_has_no_stamp() {
        assert_eq!(stamp_in(br#"{"type":"presence","data":{"viewing":3}}"#), None);
        assert_eq!(stamp_in(br#"{"heading":null}"#), None);
    }

    #[test]
    fn ages_count_across_the_wrap() {
        assert_eq!(age_us(99_999_000, 3 * WRAP_US + 500), 1500);
        assert_eq!(age_us(250, WRAP_US + 1250), 1000);
    }
}
