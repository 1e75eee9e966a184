//! The geofences that apply to one vehicle at one instant, as the fold asks for them.

use crate::tenant_rules::{TenantRules, fence_id};
use milepost_domain::{Timestamp, VehicleId};
use milepost_geo::Point;
use milepost_track::{FenceId, Fences};

pub(crate) struct VehicleFences<'a> {
    pub(crate) rules: &'a TenantRules,
    pub(crate) vehicle: &'a VehicleId,
    pub(crate) at: Timestamp,
}

impl Fences for VehicleFences<'_> {
    fn near(&self, from: Option<Point>, to: Point, margin_m: f64, visit: &mut dyn FnMut(FenceId)) {
        if self.rules.geofences.is_empty() {
            return;
        }
        let visit = |place: usize| {
            let built = &self.rules.geofences[place];
            if built.concerns(self.vehicle, self.at) {
                visit(fence_id(built.geofence.id));
            }
        };
        match from {
            Some(from) => self.rules.index.near_segment(from, to, margin_m, visit),
            None => self.rules.index.near(to, margin_m, visit),
        }
    }

    fn edge_distance_m(&self, fence: FenceId, point: Point, limit_m: f64) -> f64 {
        self.rules.built(fence).map_or(f64::INFINITY, |built| built.fence.edge_distance_within_m(point, limit_m))
    }

    fn crossings(&self, fence: FenceId, from: Point, to: Point, visit: &mut dyn FnMut(f64, f64)) {
        if let Some(built) = self.rules.built(fence) {
            for passage in built.fence.crossings(from, to).iter() {
                visit(passage.enter, passage.exit);
            }
        }
    }

    fn dwell_ms(&self, fence: FenceId) -> Option<i64> {
        let dwell = self.rules.geofence(fence)?.description.dwell?;
        Some(i64::from(dwell.seconds()) * 1000)
    }

    fn speed_limit_kmh(&self, fence: FenceId, at: Timestamp) -> Option<f64> {
        let built = self.rules.built(fence)?;
        built.geofence.description.speed_limit.filter(|_| built.concerns(self.vehicle, at)).map(|limit| limit.get())
    }
}
