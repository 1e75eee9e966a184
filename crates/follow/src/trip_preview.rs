//! Folds a vehicle's stored positions in memory and returns its trips. Nothing is written: the follower does that.

use crate::tenant_rules::vehicle_rules;
use milepost_domain::{Position, TenantId, Timestamp, Vehicle};
use milepost_geo::Point;
use milepost_store::{Store, StoreError, WrongPositions};
use milepost_track::{Folded, NoFences, SilenceFact, Thresholds, TrackFact, TrackState, Trip, Watch, advance, fold};
use std::collections::BTreeMap;

/// Positions read at once.
const PAGE: u32 = 5_000;

/// What is folded.
#[derive(Debug, Clone, Copy)]
pub struct PreviewRange {
    /// The first time that is read.
    pub from: Timestamp,
    /// The time after the last one.
    pub to: Timestamp,
    /// Positions at most. What comes after them is left out.
    pub most_positions: usize,
}

/// A position that was folded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoldedPosition {
    /// Its time.
    pub at: Timestamp,
    /// Its place.
    pub point: Point,
    /// What the device's odometer showed, km.
    pub odometer_km: Option<f64>,
    /// It is an outlier: stored and not used.
    pub is_outlier: bool,
}

impl FoldedPosition {
    fn of(position: &Position, folded: Folded) -> Self {
        Self {
            at: position.at,
            point: position.into(),
            odometer_km: position.odometer.map(|odometer| odometer.get()),
            is_outlier: folded == Folded::Outlier,
        }
    }
}

/// The trips of a time, and the positions that they were found in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TripPreview {
    /// In the order of time. The last one may be running.
    pub trips: Vec<Trip>,
    /// In the order of time.
    pub positions: Vec<FoldedPosition>,
}

/// Folds the stored positions of a time as the follower does, with `now` as the time at which silence is judged. Trips that began
/// before the time begin with it.
///
/// # Errors
/// [`StoreError`] if positions can't be read.
pub async fn preview_trips(
    store: &dyn Store,
    tenant: &TenantId,
    vehicle: &Vehicle,
    thresholds: &Thresholds,
    range: PreviewRange,
    now: Timestamp,
) -> Result<TripPreview, StoreError> {
    let rules = vehicle_rules(*thresholds, vehicle);
    let (mut state, mut facts) = (TrackState::default(), Vec::new());
    let (mut trips, mut positions) = (BTreeMap::new(), Vec::new());
    let mut after = None;
    loop {
        let left = range.most_positions.saturating_sub(positions.len());
        let limit = u32::try_from(left).map_or(PAGE, |left| left.min(PAGE));
        let PreviewRange { from, to, .. } = range;
        let page = store.positions(tenant, &vehicle.id, from, to, after, WrongPositions::Marked, limit).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|last| last.position.at);
        for found in page {
            let folded = fold(&mut state, &found.position, &rules, &NoFences, &mut facts);
            positions.push(FoldedPosition::of(&found.position, folded));
            for fact in facts.drain(..) {
                if let TrackFact::TripStarted(trip) | TrackFact::TripProgressed(trip) | TrackFact::TripEnded(trip) =
                    fact
                {
                    trips.insert(trip.started_at, trip);
                }
            }
        }
        if is_last {
            break;
        }
    }
    let mut silence = Vec::new();
    advance(&state, &mut Watch::default(), now, &rules, &mut silence);
    for fact in silence {
        if let SilenceFact::TripEnded(trip) = fact {
            trips.insert(trip.started_at, trip);
        }
    }
    Ok(TripPreview { trips: trips.into_values().collect(), positions })
}
