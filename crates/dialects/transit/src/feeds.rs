//! The vehicles of feeds, and the feeds that were rendered last.

use crate::convert::{empty_feed, vehicle_positions};
use crate::siri::{VALID_MS, vehicle_monitoring};
use crate::wire::FeedMessage;
use bytes::Bytes;
use milepost_cache::WeightedCache;
use milepost_domain::{TenantId, Timestamp};
use milepost_service::LiveVehicle;
use prost::Message;
use std::sync::{Mutex, MutexGuard};

/// Memory for rendered feeds. When it is full, those that were asked for least are rendered again for each request.
const FEEDS_BYTES: usize = 32 * 1024 * 1024;
/// How long a rendered feed is given to everybody who asks, milliseconds. Planners poll every ten seconds or more.
const FRESH_MS: i64 = 2_000;

/// Which of the feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Feed {
    VehiclePositionsPb,
    VehiclePositionsJson,
    EmptyPb,
    EmptyJson,
    VehicleMonitoring,
}

impl Feed {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::VehiclePositionsPb | Self::EmptyPb => "application/x-protobuf",
            Self::VehiclePositionsJson | Self::EmptyJson => "application/json",
            Self::VehicleMonitoring => "application/xml",
        }
    }

    pub(crate) fn render(self, vehicles: &[LiveVehicle], now: Timestamp) -> Bytes {
        let message = |message: &FeedMessage| Bytes::from(message.encode_to_vec());
        let json = |message: &FeedMessage| Bytes::from(serde_json::to_vec(message).expect("numbers and text"));
        match self {
            Self::VehiclePositionsPb => message(&vehicle_positions(vehicles, now)),
            Self::VehiclePositionsJson => json(&vehicle_positions(vehicles, now)),
            Self::EmptyPb => message(&empty_feed(now)),
            Self::EmptyJson => json(&empty_feed(now)),
            Self::VehicleMonitoring => Bytes::from(vehicle_monitoring(vehicles, now)),
        }
    }
}

/// A feed as it goes out.
struct Rendered {
    made_at: Timestamp,
    body: Bytes,
}

type Key = (TenantId, Feed);

/// The feeds of whole tenants that were rendered last. A std mutex: held for a look-up, never across an await.
pub struct Feeds(Mutex<WeightedCache<Key, Rendered>>);

impl Default for Feeds {
    fn default() -> Self {
        let heap_bytes = |key: &Key, rendered: &Rendered| key.0.as_str().len() + rendered.body.len();
        Self(Mutex::new(WeightedCache::new(FEEDS_BYTES, heap_bytes)))
    }
}

impl Feeds {
    /// The feed, if it was rendered in the last two seconds.
    pub(crate) fn fresh(&self, key: &Key, now: Timestamp) -> Option<Bytes> {
        let feeds = self.lock();
        let rendered = feeds.get(key)?;
        (0..FRESH_MS).contains(&now.ms_since(rendered.made_at)).then(|| rendered.body.clone())
    }

    pub(crate) fn keep(&self, key: Key, made_at: Timestamp, body: Bytes) {
        self.lock().insert(key, Rendered { made_at, body });
    }

    fn lock(&self) -> MutexGuard<'_, WeightedCache<Key, Rendered>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// Was the vehicle heard of in the last ten minutes?
pub(crate) fn is_current(vehicle: &LiveVehicle, now: Timestamp) -> bool {
    vehicle.last.as_ref().is_some_and(|last| now.ms_since(last.at) <= VALID_MS)
}
