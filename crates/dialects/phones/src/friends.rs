//! The answer that an OwnTracks app shows on its map: the places of the other phones of its tenant.

use crate::PhoneParts;
use milepost_cache::WeightedCache;
use milepost_domain::{AttributeValue, Position, TenantId, Timestamp, VehicleId, VehicleScope, attribute};
use milepost_service::vehicles::read_vehicles;
use milepost_service::{LiveVehicle, ServiceError};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard};

/// OwnTracks' name of a phone, two letters. What has it among its attributes is of an OwnTracks app.
const TRACKER_ID: &str = "tid";
/// Friends in an answer: those that were heard of last.
const MAX_FRIENDS: usize = 50;
/// Friends that were not heard of for this long are left out, milliseconds.
const FRIEND_MS: i64 = 86_400_000;

/// How long the phones of a tenant are known before they are read again, milliseconds.
const FRESH_MS: i64 = 10_000;
/// Memory for them. When it is full, those used least are read again.
const FRIENDS_BYTES: usize = 16 * 1024 * 1024;
/// Roughly what one takes.
const BYTES_OF_FRIEND: usize = 1_000;

/// The OwnTracks phones of tenants, as they were read last. A std mutex: held for a look-up, never across an await.
pub(crate) struct Friends(Mutex<WeightedCache<TenantId, Known>>);

#[derive(Clone)]
struct Known {
    read_at: Timestamp,
    /// The newest first, one more than an answer has.
    phones: Arc<[LiveVehicle]>,
}

impl Default for Friends {
    fn default() -> Self {
        let heap_bytes =
            |tenant: &TenantId, known: &Known| tenant.as_str().len() + known.phones.len() * BYTES_OF_FRIEND;
        Self(Mutex::new(WeightedCache::new(FRIENDS_BYTES, heap_bytes)))
    }
}

impl Friends {
    fn lock(&self) -> MutexGuard<'_, WeightedCache<TenantId, Known>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// The friends of a phone of this vehicle. None if they can't be read now: the phone's own report is stored, and must not come again.
pub(crate) async fn friends_of(
    parts: &PhoneParts,
    tenant: &TenantId,
    own: &VehicleId,
    now: Timestamp,
) -> Vec<FriendJson> {
    let known = parts.friends.lock().get(tenant).cloned();
    let phones = match known.filter(|known| (0..FRESH_MS).contains(&now.ms_since(known.read_at))) {
        Some(known) => known.phones,
        None => match read_phones(parts, tenant, now).await {
            Ok(phones) => {
                parts.friends.lock().insert(tenant.clone(), Known { read_at: now, phones: Arc::clone(&phones) });
                phones
            }
            Err(error) => {
                tracing::debug!(%error, "the friends of a phone can't be read");
                return Vec::new();
            }
        },
    };
    phones.iter().filter(|live| live.vehicle.id != *own).take(MAX_FRIENDS).filter_map(messages).flatten().collect()
}

async fn read_phones(
    parts: &PhoneParts,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<Arc<[LiveVehicle]>, ServiceError> {
    let use_cases = &parts.context.use_cases;
    let _permit = use_cases.fair_reads.in_time(use_cases.fair_reads.permit(tenant, None)).await?;
    let is_phone = |live: &LiveVehicle| {
        live.last.as_ref().is_some_and(|last| now.ms_since(last.at) <= FRIEND_MS && tracker_id(last).is_some())
    };
    let mut phones = read_vehicles(&use_cases.vehicles, tenant, &VehicleScope::All, is_phone).await?;
    phones.sort_by_key(|live| std::cmp::Reverse(live.last.as_ref().map(|last| last.at)));
    phones.truncate(MAX_FRIENDS + 1);
    Ok(phones.into())
}

/// A message to the app.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "_type", rename_all = "lowercase")]
pub(crate) enum FriendJson {
    /// Where a friend is.
    Location {
        lat: f64,
        lon: f64,
        /// Unix seconds.
        tst: i64,
        tid: String,
        topic: String,
        /// Metres.
        #[serde(skip_serializing_if = "Option::is_none")]
        acc: Option<i64>,
        /// Kilometres an hour.
        #[serde(skip_serializing_if = "Option::is_none")]
        vel: Option<i64>,
        /// Degrees.
        #[serde(skip_serializing_if = "Option::is_none")]
        cog: Option<i64>,
        /// Percent.
        #[serde(skip_serializing_if = "Option::is_none")]
        batt: Option<i64>,
    },
    /// What a friend is called.
    Card { tid: String, topic: String, name: String },
}

fn messages(live: &LiveVehicle) -> Option<[FriendJson; 2]> {
    let last = live.last.as_ref()?;
    let tid = tracker_id(last)?.to_owned();
    // No phone's own topic: who it is there is nobody's business here.
    let topic = format!("owntracks/milepost/{}", live.vehicle.id.as_str());
    let battery = match last.attributes.get(attribute::BATTERY_PERCENT) {
        Some(AttributeValue::Number(percent)) => Some(percent.round() as i64),
        _ => None,
    };
    let whole = |value: f64| value.round() as i64;
    let location = FriendJson::Location {
        lat: last.latitude.get(),
        lon: last.longitude.get(),
        tst: last.at.unix_ms().div_euclid(1_000),
        tid: tid.clone(),
        topic: topic.clone(),
        acc: last.accuracy.map(|accuracy| whole(accuracy.get())),
        vel: last.speed.map(|speed| whole(speed.get())),
        cog: last.heading.map(|heading| whole(heading.get())),
        batt: battery,
    };
    Some([location, FriendJson::Card { tid, topic, name: live.vehicle.label.as_str().to_owned() }])
}

fn tracker_id(last: &Position) -> Option<&str> {
    match last.attributes.get(TRACKER_ID)? {
        AttributeValue::Text(text) => Some(text),
        AttributeValue::Number(_) | AttributeValue::Flag(_) => None,
    }
}
