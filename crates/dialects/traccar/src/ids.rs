//! Numbers of positions and events. They are computed, so that each stays the same for as long as what it names, in lists, files and
//! on the socket. Up to 65,535 vehicles of a tenant they are below 2^53, beyond which JavaScript loses digits.

use milepost_domain::Timestamp;

/// 2005-01-01T00:00:00Z, before which no position lies.
const EPOCH_MS: i64 = 1_104_537_600_000;
/// Milliseconds that share a number. Nothing reports a hundred times a second.
const STEP_MS: i64 = 10;
/// 43 years of steps.
const STEP_BITS: u32 = 37;
/// 68 years of seconds.
const SECOND_BITS: u32 = 31;
/// Kinds of events.
const KIND_BITS: u32 = 6;

/// The number of a vehicle's position at a time.
pub(crate) fn position_id(vehicle: i64, at: Timestamp) -> i64 {
    let steps = ((at.unix_ms() - EPOCH_MS) / STEP_MS).clamp(0, (1 << STEP_BITS) - 1);
    (vehicle << STEP_BITS) | steps
}

/// The vehicle of a position's number, and the times that it stands for: from the first to before the second.
pub(crate) fn position_of(id: i64) -> Option<(i64, Timestamp, Timestamp)> {
    let steps = id & ((1 << STEP_BITS) - 1);
    let from = Timestamp::from_unix_ms(EPOCH_MS + steps * STEP_MS)?;
    (id > 0).then(|| (id >> STEP_BITS, from, from.plus_ms(STEP_MS)))
}

/// The number of an event of this kind.
pub(crate) fn event_id(vehicle: i64, at: Timestamp, kind: u8) -> i64 {
    let seconds = ((at.unix_ms() - EPOCH_MS) / 1000).clamp(0, (1 << SECOND_BITS) - 1);
    (vehicle << (SECOND_BITS + KIND_BITS)) | (seconds << KIND_BITS) | i64::from(kind)
}

/// The vehicle of an event's number, its second, and its kind.
pub(crate) fn event_of(id: i64) -> Option<(i64, Timestamp, u8)> {
    let kind = u8::try_from(id & ((1 << KIND_BITS) - 1)).ok()?;
    let seconds = (id >> KIND_BITS) & ((1 << SECOND_BITS) - 1);
    let at = Timestamp::from_unix_ms(EPOCH_MS + seconds * 1000)?;
    (id > 0).then_some((id >> (SECOND_BITS + KIND_BITS), at, kind))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_to_what_they_name() {
        for (vehicle, ms) in [(1, 1_795_982_824_123), (65_535, 2_400_000_000_000), (7, EPOCH_MS)] {
            let at = Timestamp::from_unix_ms(ms).unwrap();
            let id = position_id(vehicle, at);
            let (of, from, to) = position_of(id).unwrap();
            assert_eq!(of, vehicle);
            assert!(from <= at && at < to, "{from} {at} {to}");
            assert!(id < 1 << 53, "{id}");
            let id = event_id(vehicle, at, 63);
            assert_eq!(event_of(id).unwrap(), (vehicle, Timestamp::from_unix_ms(ms / 1000 * 1000).unwrap(), 63));
            assert!(id < 1 << 53, "{id}");
        }
        assert!(position_of(0).is_none() && position_of(-5).is_none() && event_of(-1).is_none());
    }
}
