//! Estimates when a rider arrives: by the documented formula, and from its pace and its finished rides.

use super::Deliveries;
use super::arrival_models::RIDERS_RIDES;
use crate::DeliveryView;
use milepost_cache::WeightedCache;
use milepost_domain::{Delivery, DeliveryFix, DeliveryStatus, RiderId, TenantId, Timestamp, TrackingId, lies_ahead};
use milepost_geo::{Point, distance_m};
use milepost_store::{Ride, StoreError};
use milepost_track::{
    ETA_FRESH_FOR, Eta, Fix, History, HistoryParts, Pace, estimate_eta, is_near_null_island, is_null_island,
    straight_line_eta_s,
};
use std::hash::Hash;
use std::sync::Mutex;

/// A pace that is not cached is computed from the fixes of this time before the last one.
const PACE_WINDOW_MS: i64 = 10 * 60 * 1000;
/// Fixes read at once.
const PAGE: u32 = 1_000;
/// Pages read for one estimate. If a rider sends more than sixteen fixes a second, the newest are left out.
const MAX_PAGES: usize = 10;
/// How long their sums are cached. A ride that ends on this node removes them from the cache at once.
const RIDES_KEPT_MS: i64 = 10 * 60 * 1000;
/// Memory for each of the two caches, enough for 10,000 riders. When it is full, the least used entries are removed,
/// and are read from the store again when they are needed.
const PACES_BYTES: usize = 4 * 1024 * 1024;
const HISTORIES_BYTES: usize = 4 * 1024 * 1024;
/// An id of usual length with its allocation.
const TEXT_BYTES: usize = 64;

/// Caches of riders under way. Std mutexes: held for microseconds, never across an await.
pub(super) struct Riders {
    /// With the time of the last fix that was processed. A pace leaves impossible fixes out, so that its own last fix
    /// may be older.
    paces: Mutex<WeightedCache<TrackingId, (Timestamp, Pace)>>,
    histories: Mutex<WeightedCache<(TenantId, RiderId), (Timestamp, History)>>,
}

impl Default for Riders {
    fn default() -> Self {
        Self {
            paces: Mutex::new(WeightedCache::new(PACES_BYTES, |_, _| TEXT_BYTES)),
            histories: Mutex::new(WeightedCache::new(HISTORIES_BYTES, |_, _| 2 * TEXT_BYTES)),
        }
    }
}

impl Riders {
    pub(super) fn forget_pace(&self, id: &TrackingId) {
        self.paces.lock().expect("nothing panics while holding it").remove(id);
    }

    pub(super) fn forget_rides(&self, tenant: &TenantId, rider: &RiderId) {
        let mut histories = self.histories.lock().expect("nothing panics while holding it");
        histories.remove(&(tenant.clone(), rider.clone()));
    }
}

fn insert<K: Eq + Hash, V>(cache: &Mutex<WeightedCache<K, V>>, key: K, value: V) {
    cache.lock().expect("nothing panics while holding it").insert(key, value);
}

/// Adds both estimates. If the store can't be read, the better one is missing.
pub(super) async fn view_delivery(deliveries: &Deliveries, delivery: Delivery, now: Timestamp) -> DeliveryView {
    // A store that can't be read shows no place, as if the rider were off duty.
    let is_off_duty = deliveries.is_off_duty(&delivery, now).await.unwrap_or(true);
    let last = delivery.last.filter(|_| !is_off_duty);
    let Some(last) = last else {
        let delivery = Delivery { last: None, ..delivery };
        return DeliveryView { delivery, eta_seconds: None, is_off_duty, estimate: None };
    };
    let eta_seconds = Some(straight_line_eta_s(point_of(&last), dropoff_of(&delivery)));
    let estimate = estimate_arrival(deliveries, &delivery, &last, now).await;
    DeliveryView { delivery, eta_seconds, is_off_duty, estimate }
}

/// What a rider's fix means, given those before it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NotedFix {
    /// The rider was not there.
    pub(super) is_wrong: bool,
    /// Metres driven since the fix before it.
    pub(super) driven_m: f64,
}

/// Adds a fix to the rider's pace. The pace leaves out the jumps of a parked phone, which would add up to kilometres, and
/// jumps that are too fast to drive.
pub(super) async fn note_fix(deliveries: &Deliveries, before: &Delivery, fix: &DeliveryFix) -> NotedFix {
    let id = &before.tracking_id;
    let is_expected = is_near_null_island(dropoff_of(before));
    let is_null = is_null_island(point_of(fix)) && !is_expected;
    let Some(last) = before.last.filter(|last| !lies_ahead(last.at, fix.at)) else {
        if !is_null {
            insert(&deliveries.riders.paces, id.clone(), (fix.at, Pace::start(fix_of(fix))));
        }
        return NotedFix { is_wrong: is_null, driven_m: 0.0 };
    };
    let Ok(mut pace) = pace_until(deliveries, before, &last).await else {
        return NotedFix { is_wrong: is_null, driven_m: 0.0 };
    };
    let driven_before_m = pace.driven_m();
    let is_wrong = !pace.note(fix_of(fix)) && (is_null || !is_null_island(point_of(fix)));
    insert(&deliveries.riders.paces, id.clone(), (fix.at, pace));
    NotedFix { is_wrong, driven_m: (pace.driven_m() - driven_before_m).max(0.0) }
}

async fn estimate_arrival(
    deliveries: &Deliveries,
    delivery: &Delivery,
    last: &DeliveryFix,
    now: Timestamp,
) -> Option<Eta> {
    if delivery.status == DeliveryStatus::Delivered {
        return None;
    }
    // Answered without the store, so that opening an old link reads one row.
    if now.ms_since(last.at) > i64::try_from(ETA_FRESH_FOR.as_millis()).unwrap_or(i64::MAX) {
        return Some(Eta::Stale);
    }
    let pace = pace_until(deliveries, delivery, last).await.ok()?;
    let history = history_of(deliveries, &delivery.tenant, &delivery.rider_id, now).await.ok()?;
    let model = deliveries.arrival_models.model_of(&delivery.tenant, now);
    Some(estimate_eta(&pace, &history, &model, dropoff_of(delivery), now))
}

/// The rider's pace up to its last fix. A cached pace is continued with the fixes after it.
async fn pace_until(deliveries: &Deliveries, delivery: &Delivery, last: &DeliveryFix) -> Result<Pace, StoreError> {
    let id = &delivery.tracking_id;
    let is_expected = is_near_null_island(dropoff_of(delivery));
    let known = deliveries.riders.paces.lock().expect("nothing panics while holding it").get(id).copied();
    // A cached pace that is ahead of the row includes a later change, and is good enough.
    let (mut after, mut pace) = match known {
        Some((noted, pace)) if noted >= last.at => return Ok(pace),
        Some((noted, pace)) if last.at.ms_since(noted) < PACE_WINDOW_MS => (noted, Some(pace)),
        _ => (last.at.plus_ms(-PACE_WINDOW_MS), None),
    };
    for _ in 0..MAX_PAGES {
        let page = deliveries.store.delivery_fixes(id, Some(after), PAGE).await?;
        // Later ones lie ahead: the server's clock did when they were stored.
        for fix in page.iter().take_while(|fix| fix.at <= last.at) {
            match &mut pace {
                Some(pace) => {
                    pace.note(fix_of(fix));
                }
                None => pace = (is_expected || !is_null_island(point_of(fix))).then(|| Pace::start(fix_of(fix))),
            }
            after = fix.at;
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    let pace = pace.unwrap_or_else(|| Pace::start(fix_of(last)));
    insert(&deliveries.riders.paces, id.clone(), (after.max(last.at), pace));
    Ok(pace)
}

async fn history_of(
    deliveries: &Deliveries,
    tenant: &TenantId,
    rider: &RiderId,
    now: Timestamp,
) -> Result<History, StoreError> {
    let key = (tenant.clone(), rider.clone());
    let known = deliveries.riders.histories.lock().expect("nothing panics while holding it").get(&key).copied();
    if let Some((read_at, history)) = known
        && (0..RIDES_KEPT_MS).contains(&now.ms_since(read_at))
    {
        return Ok(history);
    }
    let history = history_from(deliveries.store.finished_rides(tenant, rider, RIDERS_RIDES).await?.iter());
    insert(&deliveries.riders.histories, key, (now, history));
    Ok(history)
}

/// Sums up the distance driven, the straight distance and the time of finished rides.
pub(super) fn history_from<'a>(rides: impl Iterator<Item = &'a Ride>) -> History {
    /// A shorter straight distance is left out, because a round trip says nothing about detours.
    const SHORTEST_M: f64 = 100.0;
    let mut sums = HistoryParts::default();
    for ride in rides {
        let straight_m = distance_m(point_of(&ride.first), point_of(&ride.last));
        let seconds = ride.last.at.ms_since(ride.first.at) as f64 / 1000.0;
        if straight_m >= SHORTEST_M && ride.driven_m > 0.0 && seconds > 0.0 {
            sums.driven_m += ride.driven_m;
            sums.straight_m += straight_m;
            sums.seconds += seconds;
        }
    }
    History::from_parts(sums).unwrap_or_default()
}

pub(super) fn point_of(fix: &DeliveryFix) -> Point {
    Point::new(fix.latitude, fix.longitude)
}

fn dropoff_of(delivery: &Delivery) -> Point {
    Point::new(delivery.dropoff.0, delivery.dropoff.1)
}

pub(super) fn fix_of(fix: &DeliveryFix) -> Fix {
    Fix::new(point_of(fix), fix.at)
}
