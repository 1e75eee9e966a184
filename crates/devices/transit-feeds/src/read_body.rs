//! Tells a feed's form from its body, and reads its vehicles.

use crate::gtfs_rt::read_gtfs_rt;
use crate::siri::read_siri;
use milepost_device_report::ReportTime;
use milepost_domain::{AttributeValue, Attributes, Timestamp};
use milepost_service::feeds::FeedVehicle;

/// Vehicles of a feed. Those that follow are not read.
pub const MAX_VEHICLES: usize = 50_000;

pub(crate) const KMH_PER_MS: f64 = 3.6;
/// No bus or train is faster. Some producers send 255 mph for "unknown".
pub(crate) const FASTEST_KMH: f64 = 400.0;

/// Why a body can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    /// It begins as neither form does, or breaks off.
    #[error("it is neither GTFS-Realtime nor SIRI: {0}")]
    Unreadable(String),
    /// It is a good message of another kind.
    #[error("it holds no vehicles: {0}")]
    OtherKind(&'static str),
}

/// The vehicles of a feed with their places.
///
/// # Errors
/// [`BadBody`]. A vehicle that can't be read does not spoil the others.
pub fn read_body(body: &[u8]) -> Result<Vec<FeedVehicle>, BadBody> {
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if !is_xml(text) {
        return read_gtfs_rt(body);
    }
    read_siri(std::str::from_utf8(text).map_err(|_| BadBody::Unreadable("it is not UTF-8".to_owned()))?)
}

/// A message of protobuf begins with the tag of its header, 0x0A, which is a line's end too, and the header's length, which may be a
/// `<`. The tag of a field follows, and no tag is one of these characters.
fn is_xml(body: &[u8]) -> bool {
    let begin = body.trim_ascii_start();
    begin.first() == Some(&b'<')
        && begin.get(1).is_some_and(|next| matches!(next, b'?' | b'!') || next.is_ascii_alphabetic())
}

/// Unix seconds. 0 is what programs write that know no time.
pub(crate) fn at_seconds(seconds: u64) -> ReportTime {
    let ms = i64::try_from(seconds).ok().filter(|&seconds| seconds > 0).and_then(|seconds| seconds.checked_mul(1_000));
    ms.and_then(Timestamp::from_unix_ms).map_or(ReportTime::Unknown, ReportTime::At)
}

/// An attribute, if something is told.
pub(crate) fn text(name: &'static str, told: &str) -> Option<(&'static str, AttributeValue)> {
    if told.is_empty() { None } else { Some((name, AttributeValue::text(told).ok()?)) }
}

/// Those that are told.
pub(crate) fn attributes(told: impl IntoIterator<Item = Option<(&'static str, AttributeValue)>>) -> Attributes {
    Attributes::new(told.into_iter().flatten()).unwrap_or_default()
}
