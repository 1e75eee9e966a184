//! Times of this API.

use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use milepost_http::{parse_timestamp, rfc3339};
use serde_json::Value;

/// `2026-11-29T20:06:23.000+00:00`, never `Z`.
pub(crate) fn write_time(at: Timestamp) -> String {
    let mut text = rfc3339(at);
    if text.ends_with('Z') {
        text.pop();
        text.push_str("+00:00");
    }
    text
}

/// Reads a time of a query. A `+` may have come as a blank.
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    parse_timestamp(&Value::from(text.replace(' ', "+"))).ok()
}

/// A time on the wall clock of a zone: `2026-11-29 14:06:37`.
pub(crate) fn write_local(at: Timestamp, zone: &TimeZone) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.unix_ms()) else { return rfc3339(at) };
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The zone of this name; UTC for none that is known.
pub(crate) fn zone_named(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}
