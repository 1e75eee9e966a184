//! What a subscription asks the map: the vehicles nearest to a place, or those in a region.

use crate::inbound::Refusal;
use crate::wire::SubJson;
use milepost_domain::{TenantId, Vehicle, VehicleId, VehicleScope};
use milepost_service::space::{
    FollowedRegion, NamedRegion, Near, Point, Region, read_box, read_region, watched_nearest, watched_within,
};
use milepost_service::{GeometryRefusal, Request, UseCases};
use std::collections::HashSet;
use std::sync::Arc;

/// Subscriptions to `near` and `within` of one connection. Each is asked again twice a second at most, so that this bounds a
/// connection's share of the work. Further ones are refused with `limit`.
pub(crate) const MAX_SPACES: usize = 8;
/// Vehicles that `near` selects, if the client does not say how many.
const DEFAULT_NEAREST: usize = 20;
/// The most that it may ask for.
const MOST_NEAREST: usize = 100;
/// The most vehicles in a region. A subscription with more ends with `limit`.
pub(crate) const MOST_WITHIN: usize = 1_000;

/// A question to the map, and the vehicles that it is about.
#[derive(Clone)]
pub(crate) struct Space {
    question: Question,
    kinds: Arc<HashSet<String>>,
    routes: Arc<HashSet<String>>,
}

#[derive(Clone)]
enum Question {
    Near(Near),
    Within(FollowedRegion),
}

impl Space {
    /// The vehicles nearest to `lat`, `lon`.
    pub(crate) fn near(sub: &mut SubJson) -> Result<Self, Refusal> {
        let place = sub.lat.zip(sub.lon).and_then(|(lat, lon)| Point::from_degrees(lat, lon).ok());
        let place = place.ok_or_else(|| Refusal::new("invalid", "lat, lon: must be degrees north and east"))?;
        let limit = sub.limit.unwrap_or(DEFAULT_NEAREST);
        if !(1..=MOST_NEAREST).contains(&limit) {
            return Err(Refusal::new("invalid", format!("limit: must be 1 to {MOST_NEAREST}")));
        }
        let within_m = sub.radius_m.unwrap_or(f64::INFINITY);
        if within_m.is_nan() || within_m < 0.0 {
            return Err(Refusal::new("invalid", "radius_m: must be a number from 0"));
        }
        Ok(Self::of(sub, Question::Near(Near { place, limit, within_m })))
    }

    /// The vehicles in a box, a geofence or a polygon.
    pub(crate) async fn within(
        sub: &mut SubJson,
        use_cases: &UseCases,
        request: &Request,
        tenant: &TenantId,
    ) -> Result<Self, Refusal> {
        let named = named_region(sub)?;
        let region = FollowedRegion::find(region_parts(use_cases), request, tenant, named).await?;
        Ok(Self::of(sub, Question::Within(region)))
    }

    fn of(sub: &mut SubJson, question: Question) -> Self {
        let set = |names: Option<Vec<String>>| Arc::new(names.unwrap_or_default().into_iter().collect());
        Self { question, kinds: set(sub.kinds.take()), routes: set(sub.routes.take()) }
    }

    /// The number of names in it.
    pub(crate) fn names(&self) -> usize {
        self.kinds.len() + self.routes.len()
    }

    /// The vehicles that it selects now, within what the client may see.
    pub(crate) async fn ask(
        &mut self,
        use_cases: &UseCases,
        request: &Request,
        tenant: &TenantId,
        scope: &VehicleScope,
    ) -> Result<HashSet<VehicleId>, Refusal> {
        let (kinds, routes) = (Arc::clone(&self.kinds), Arc::clone(&self.routes));
        let is_wanted = move |vehicle: &Vehicle| {
            (kinds.is_empty() || kinds.contains(vehicle.kind.as_str()))
                && (routes.is_empty() || vehicle.route.as_ref().is_some_and(|route| routes.contains(route.as_str())))
        };
        match &mut self.question {
            Question::Near(near) => {
                let found = watched_nearest(&use_cases.vehicles, tenant, scope, near, is_wanted).await?;
                Ok(found.into_iter().map(|(live, _)| live.vehicle.id.clone()).collect())
            }
            Question::Within(region) => {
                let region: &Region = region.refresh(region_parts(use_cases), request, tenant).await?;
                let vehicles = &use_cases.vehicles;
                let found = watched_within(vehicles, tenant, scope, region, MOST_WITHIN, is_wanted).await?;
                let message = format!("more than {MOST_WITHIN} vehicles lie there: follow a view, or a smaller region");
                Ok(found.ok_or_else(|| Refusal::new("limit", message))?.into_iter().collect())
            }
        }
    }
}

fn region_parts(
    use_cases: &UseCases,
) -> (&milepost_service::vehicles::Vehicles, &milepost_service::Fleet, &milepost_service::LargeBodies) {
    (&use_cases.vehicles, &use_cases.fleet, &use_cases.large_bodies)
}

/// The one region that a message names.
fn named_region(sub: &SubJson) -> Result<NamedRegion, Refusal> {
    let invalid = |refused: GeometryRefusal| {
        let GeometryRefusal { field, message } = refused;
        let field = if field == "within" { "box" } else { &field };
        Refusal::new("invalid", format!("{field}: {message}"))
    };
    match (&sub.edges, sub.geofence, &sub.geometry) {
        (Some(edges), None, None) => {
            let edges = <[f64; 4]>::try_from(edges.as_slice())
                .map_err(|_| Refusal::new("invalid", "box: must be west, south, east and north in degrees"))?;
            Ok(NamedRegion::Region(Region::Box(read_box(edges).map_err(invalid)?)))
        }
        (None, Some(id), None) => read_region(&format!("geofence:{id}"))
            .map_err(|_| Refusal::new("invalid", "geofence: must be a geofence's number")),
        (None, None, Some(geometry)) => {
            read_region(&geometry.to_string()).map_err(invalid).and_then(|named| match named {
                NamedRegion::Region(Region::Fence(_)) => Ok(named),
                _ => Err(Refusal::new("invalid", "geometry: must be a GeoJSON Polygon or MultiPolygon")),
            })
        }
        _ => Err(Refusal::new("invalid", "give one of box, geofence and geometry")),
    }
}
