//! Parts of the world, as questions name them.

use crate::fleet::{Fleet, GeometryRefusal, get_geofence, read_geometry};
use crate::vehicles::Vehicles;
use crate::{LargeBodies, Request, ServiceError};
use milepost_domain::{GeofenceId, Latitude, Longitude, TenantId};
use milepost_follow::build_fence;
use milepost_geo::{Bounds, Fence, Point};
use std::sync::Arc;

/// The longest GeoJSON in a question, bytes. Longer ones are geofences.
const MAX_GEOMETRY_BYTES: usize = 8 * 1024;

/// A part of the world.
#[derive(Debug, Clone)]
pub enum Region {
    /// A box, with its edges.
    Box(Bounds),
    /// A polygon or a geofence.
    Fence(Arc<Fence>),
}

impl Region {
    /// Whether a place lies in it.
    pub fn contains(&self, place: Point) -> bool {
        match self {
            Self::Box(bounds) => bounds.contains(place),
            Self::Fence(fence) => fence.contains(place),
        }
    }

    /// The smallest box around it.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Box(bounds) => *bounds,
            Self::Fence(fence) => fence.bounds(),
        }
    }
}

/// A region, or the name of one.
#[derive(Debug, Clone)]
pub enum NamedRegion {
    /// It is in the question.
    Region(Region),
    /// A geofence as it is.
    Geofence(GeofenceId),
}

/// Reads a place: latitude and longitude by a comma.
///
/// # Errors
/// [`GeometryRefusal`] for anything else.
pub fn read_place(text: &str) -> Result<Point, GeometryRefusal> {
    let refusal = || refused("near", "must be a latitude from -90 to 90 and a longitude from -180 to 180, by a comma");
    let [latitude, longitude] = numbers::<2>(text).ok_or_else(refusal)?;
    Point::from_degrees(latitude, longitude).map_err(|_| refusal())
}

/// A box of west, south, east and north in degrees. Longitudes up to 540 are turned back: maps that were turned around the world give
/// them.
///
/// # Errors
/// [`GeometryRefusal`] for anything else.
pub fn read_box(edges: [f64; 4]) -> Result<Bounds, GeometryRefusal> {
    let refusal = || refused("within", "must be west, south, east and north in degrees, from south to north");
    let [west, south, east, north] = edges;
    let is_longitude = |degrees: f64| degrees.is_finite() && degrees.abs() <= 540.0;
    if !is_longitude(west) || !is_longitude(east) {
        return Err(refusal());
    }
    let around = |degrees: f64| {
        if (-180.0..=180.0).contains(&degrees) { degrees } else { (degrees + 180.0).rem_euclid(360.0) - 180.0 }
    };
    let (west, east) = if east - west >= 360.0 { (-180.0, 180.0) } else { (around(west), around(east)) };
    let edges = || {
        let (west, east) = (Longitude::new(west)?, Longitude::new(east)?);
        Bounds::of_edges(west, Latitude::new(south)?, east, Latitude::new(north)?)
    };
    edges().map_err(|_| refusal())
}

/// Reads a region: `west,south,east,north`, `geofence:ID`, or a GeoJSON `Polygon` or `MultiPolygon`.
///
/// # Errors
/// [`GeometryRefusal`] for anything else.
pub fn read_region(text: &str) -> Result<NamedRegion, GeometryRefusal> {
    if let Some(id) = text.strip_prefix("geofence:") {
        let id = id.parse().ok().and_then(|number| GeofenceId::new(number).ok());
        return id.map(NamedRegion::Geofence).ok_or_else(|| refused("within", "must be geofence: and its number"));
    }
    if text.trim_start().starts_with('{') {
        if text.len() > MAX_GEOMETRY_BYTES {
            return Err(refused("within", "must not be longer than 8 KiB: add a geofence, and name it"));
        }
        let (geometry, shape) = read_geometry(text, None, None)?;
        return Ok(NamedRegion::Region(Region::Fence(Arc::new(build_fence(&geometry, shape)?))));
    }
    let edges = numbers::<4>(text).ok_or_else(|| {
        refused("within", "must be west,south,east,north in degrees, geofence: and its number, or a GeoJSON polygon")
    })?;
    Ok(NamedRegion::Region(Region::Box(read_box(edges)?)))
}

/// The region that is named.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a geofence, if the caller may see none; [`ServiceError::NotFound`].
pub async fn find_region(
    fleet: &Fleet,
    bodies: &LargeBodies,
    request: &Request,
    tenant: &TenantId,
    named: &NamedRegion,
) -> Result<Region, ServiceError> {
    let id = match named {
        NamedRegion::Region(region) => return Ok(region.clone()),
        NamedRegion::Geofence(id) => *id,
    };
    let description = get_geofence(fleet, request, tenant, id).await?.description;
    // Ten thousand corners take a tenth of a second, too long for a thread that serves sockets.
    let build = move || build_fence(&description.geometry, description.shape);
    let built = bodies.compute(tenant, &request.caller, build).await?;
    let fence = built.map_err(|_| ServiceError::Conflict("the geofence is none any more: change it".to_owned()))?;
    Ok(Region::Fence(Arc::new(fence)))
}

/// A region that is as its geofence is, also when that is changed.
#[derive(Debug, Clone)]
pub struct FollowedRegion {
    named: NamedRegion,
    region: Region,
    /// The tenant's rules when the geofence was read.
    rules_version: u64,
}

impl FollowedRegion {
    /// Finds the region.
    ///
    /// # Errors
    /// As [`find_region`].
    pub async fn find(
        parts: (&Vehicles, &Fleet, &LargeBodies),
        request: &Request,
        tenant: &TenantId,
        named: NamedRegion,
    ) -> Result<Self, ServiceError> {
        let (vehicles, fleet, bodies) = parts;
        let rules_version = vehicles.live(tenant).await?.rules_version();
        let region = find_region(fleet, bodies, request, tenant, &named).await?;
        Ok(Self { named, region, rules_version })
    }

    /// Reads the geofence again, if one was changed. To be called before each use.
    ///
    /// # Errors
    /// As [`find_region`].
    pub async fn refresh(
        &mut self,
        parts: (&Vehicles, &Fleet, &LargeBodies),
        request: &Request,
        tenant: &TenantId,
    ) -> Result<&Region, ServiceError> {
        let is_geofence = matches!(self.named, NamedRegion::Geofence(_));
        if is_geofence && parts.0.live(tenant).await?.rules_version() != self.rules_version {
            *self = Self::find(parts, request, tenant, self.named.clone()).await?;
        }
        Ok(&self.region)
    }
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers?.try_into().ok()
}

fn refused(field: &str, message: &str) -> GeometryRefusal {
    GeometryRefusal { field: field.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn places_and_regions_are_read_and_others_refused() {
        assert_eq!(read_place("48.85, 2.35").unwrap(), Point::from_degrees(48.85, 2.35).unwrap());
        for text in ["", "48.85", "91,0", "0,181", "NaN,0", "1,2,3", "a,b", "inf,0"] {
            assert_eq!(read_place(text).unwrap_err().field, "near", "{text}");
        }
        let holds = |text: &str, latitude, longitude| {
            let NamedRegion::Region(region) = read_region(text).unwrap() else { panic!("{text}") };
            region.contains(Point::from_degrees(latitude, longitude).unwrap())
        };
        assert!(holds("2,48,3,49", 48.5, 2.5) && !holds("2,48,3,49", 48.5, 3.5));
        assert!(holds("170,-5,-170,5", 0.0, 180.0) && holds("170,-5,190,5", 0.0, -175.0));
        assert!(holds("-200,-90,200,90", 12.0, 34.0));
        let polygon = r#"{"type":"Polygon","coordinates":[[[2,48],[3,48],[3,49]]]}"#;
        assert!(holds(polygon, 48.1, 2.9) && !holds(polygon, 48.9, 2.1));
        assert!(matches!(read_region("geofence:7").unwrap(), NamedRegion::Geofence(id) if id.get() == 7));
        for text in ["", "1,2,3", "2,49,3,48", "geofence:", "geofence:0", "geofence:x", "{}", "1,2,3,x", "0,0,9e9,1"] {
            assert!(read_region(text).is_err(), "{text}");
        }
        let long = format!("{polygon}{}", " ".repeat(MAX_GEOMETRY_BYTES));
        assert!(read_region(&long).unwrap_err().message.contains("8 KiB"));
    }
}
