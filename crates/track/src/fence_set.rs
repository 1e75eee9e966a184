//! Geofences as shapes of `milepost-geo`, with its index.

use crate::{FenceId, Fences};
use milepost_domain::Timestamp;
use milepost_geo::{Fence, FenceIndex, Point};
use std::collections::HashMap;

/// A fence with its number and the rules that hold inside.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedFence {
    /// Unique within the tenant.
    pub id: FenceId,
    /// Its shape on the map.
    pub fence: Fence,
    /// A visit that lasts this long gives a fact of its own, milliseconds.
    pub dwell_ms: Option<i64>,
    /// Speed limit inside, km/h.
    pub speed_limit_kmh: Option<f64>,
}

/// A tenant's geofences. Built once and shared; a wrapper of this adds lists of vehicles and schedules.
#[derive(Debug, Clone)]
pub struct FenceSet {
    fences: Vec<PlacedFence>,
    index: FenceIndex,
    places: HashMap<FenceId, usize>,
}

impl FenceSet {
    /// Builds the index. Of two fences with the same number the later one counts.
    pub fn new(fences: Vec<PlacedFence>) -> Self {
        let index = FenceIndex::new(fences.iter().map(|placed| &placed.fence));
        let places = fences.iter().enumerate().map(|(place, placed)| (placed.id, place)).collect();
        Self { fences, index, places }
    }

    /// A fence by its number.
    pub fn get(&self, id: FenceId) -> Option<&PlacedFence> {
        self.places.get(&id).map(|&place| &self.fences[place])
    }

    /// Calls `visit` for each fence that the point lies in, in no order.
    pub fn containing(&self, point: Point, mut visit: impl FnMut(FenceId)) {
        self.index.near(point, 0.0, |place| {
            let placed = &self.fences[place];
            if placed.fence.contains(point) {
                visit(placed.id);
            }
        });
    }
}

/// A fence that was deleted since a vehicle entered it is not near: the visit ends.
impl Fences for FenceSet {
    fn near(&self, from: Option<Point>, to: Point, margin_m: f64, visit: &mut dyn FnMut(FenceId)) {
        let mut found = |place: usize| {
            // The earlier of two with the same number is hidden.
            if self.places[&self.fences[place].id] == place {
                visit(self.fences[place].id);
            }
        };
        match from {
            Some(from) => self.index.near_segment(from, to, margin_m, &mut found),
            None => self.index.near(to, margin_m, &mut found),
        }
    }

    fn edge_distance_m(&self, fence: FenceId, point: Point, limit_m: f64) -> f64 {
        self.get(fence).map_or(f64::INFINITY, |placed| placed.fence.edge_distance_within_m(point, limit_m))
    }

    fn crossings(&self, fence: FenceId, from: Point, to: Point, visit: &mut dyn FnMut(f64, f64)) {
        if let Some(placed) = self.get(fence) {
            placed.fence.crossings(from, to).iter().for_each(|passage| visit(passage.enter, passage.exit));
        }
    }

    fn dwell_ms(&self, fence: FenceId) -> Option<i64> {
        self.get(fence)?.dwell_ms
    }

    fn speed_limit_kmh(&self, fence: FenceId, _: Timestamp) -> Option<f64> {
        self.get(fence)?.speed_limit_kmh
    }
}
