//! When a rider will be there: the documented formula, and an estimate from its pace and its finished rides.

use super::Deliveries;
use crate::DeliveryView;
use milepost_domain::{Delivery, DeliveryFix, DeliveryStatus, RiderId, TenantId, Timestamp, TrackingId};
use milepost_geo::{Point, distance_m};
use milepost_store::{Ride, StoreError};
use milepost_track::{ETA_FRESH_FOR, Eta, Fix, History, HistoryParts, Pace, estimate_eta, straight_line_eta_s};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

/// A pace that is not known here is made from this much of the session's last fixes.
const PACE_WINDOW_MS: i64 = 10 * 60 * 1000;
/// Fixes read at once.
const PAGE: u32 = 1_000;
/// Pages read for one estimate: a rider that sends more than sixteen fixes a second is estimated from the older ones.
const MAX_PAGES: usize = 10;
/// Rides that a rider's detour is learned from.
const RIDES: u32 = 50;
/// How long they are kept; a ride that ends on this node is seen at once.
const RIDES_KEPT_MS: i64 = 10 * 60 * 1000;
/// Entries kept of each kind, about 200 bytes each; when full, all are forgotten and made again from the store.
const MAX_KEPT: usize = 10_000;

/// What is remembered of riders under way. Std mutexes: held for microseconds, never across an await.
#[derive(Default)]
pub(super) struct Riders {
    /// With the last fix that was looked at: a pace passes over impossible ones.
    paces: Mutex<HashMap<TrackingId, (Timestamp, Pace)>>,
    histories: Mutex<HashMap<(TenantId, RiderId), (Timestamp, History)>>,
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

fn keep<K: Eq + Hash, V>(kept: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut kept = kept.lock().expect("nothing panics while holding it");
    if kept.len() >= MAX_KEPT && !kept.contains_key(&key) {
        kept.clear();
    }
    kept.insert(key, value);
}

/// The delivery with both estimates. If the store can't be read, the better one is missing.
pub(super) async fn view_delivery(deliveries: &Deliveries, delivery: Delivery, now: Timestamp) -> DeliveryView {
    let Some(last) = delivery.last else { return DeliveryView { delivery, eta_seconds: None, estimate: None } };
    let eta_seconds = Some(straight_line_eta_s(point_of(&last), dropoff_of(&delivery)));
    let estimate = estimate_arrival(deliveries, &delivery, &last, now).await;
    DeliveryView { delivery, eta_seconds, estimate }
}

/// Metres that the rider drove since the last fix. A parked phone's fixes jump about by some metres; the pace
/// leaves such jumps out, and those that nobody can drive: they would add up to kilometres.
pub(super) async fn note_fix(deliveries: &Deliveries, before: &Delivery, fix: &DeliveryFix) -> f64 {
    let id = &before.tracking_id;
    let Some(last) = before.last else {
        keep(&deliveries.riders.paces, id.clone(), (fix.at, Pace::start(fix_of(fix))));
        return 0.0;
    };
    let Ok(mut pace) = pace_until(deliveries, before, &last).await else { return 0.0 };
    let driven_before_m = pace.driven_m();
    pace.note(fix_of(fix));
    keep(&deliveries.riders.paces, id.clone(), (fix.at, pace));
    (pace.driven_m() - driven_before_m).max(0.0)
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
    // Known without the store: opening an old link reads one row.
    if now.ms_since(last.at) > i64::try_from(ETA_FRESH_FOR.as_millis()).unwrap_or(i64::MAX) {
        return Some(Eta::Stale);
    }
    let pace = pace_until(deliveries, delivery, last).await.ok()?;
    let history = history_of(deliveries, &delivery.tenant, &delivery.rider_id, now).await.ok()?;
    Some(estimate_eta(&pace, &history, dropoff_of(delivery), now))
}

/// The rider's pace up to its last fix: remembered, caught up, or computed anew.
async fn pace_until(deliveries: &Deliveries, delivery: &Delivery, last: &DeliveryFix) -> Result<Pace, StoreError> {
    let id = &delivery.tracking_id;
    let known = deliveries.riders.paces.lock().expect("nothing panics while holding it").get(id).copied();
    // A pace that is ahead of the row belongs to a later change: it is good enough.
    let (mut after, mut pace) = match known {
        Some((noted, pace)) if noted >= last.at => return Ok(pace),
        Some((noted, pace)) if last.at.ms_since(noted) < PACE_WINDOW_MS => (noted, Some(pace)),
        _ => (last.at.plus_ms(-PACE_WINDOW_MS), None),
    };
    for _ in 0..MAX_PAGES {
        let page = deliveries.store.delivery_fixes(id, Some(after), PAGE).await?;
        for fix in &page {
            match &mut pace {
                Some(pace) => pace.note(fix_of(fix)),
                None => pace = Some(Pace::start(fix_of(fix))),
            }
            after = fix.at;
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    let pace = pace.unwrap_or_else(|| Pace::start(fix_of(last)));
    keep(&deliveries.riders.paces, id.clone(), (after.max(last.at), pace));
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
    let history = learn(&deliveries.store.finished_rides(tenant, rider, RIDES).await?);
    keep(&deliveries.riders.histories, key, (now, history));
    Ok(history)
}

/// Adds up what was driven, how far it was, and how long it took.
fn learn(rides: &[Ride]) -> History {
    /// A ride that ends nearer to its start is left out: a round trip has no detour.
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

fn point_of(fix: &DeliveryFix) -> Point {
    Point::new(fix.latitude, fix.longitude)
}

fn dropoff_of(delivery: &Delivery) -> Point {
    Point::new(delivery.dropoff.0, delivery.dropoff.1)
}

fn fix_of(fix: &DeliveryFix) -> Fix {
    Fix::new(point_of(fix), fix.at)
}
