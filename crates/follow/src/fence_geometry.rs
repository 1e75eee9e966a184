//! Builds a fence from a geofence's GeoJSON.

use milepost_domain::{GeofenceShape, GeometryText, Invalid, RadiusM, WidthM};
use milepost_geo::{Fence, InvalidFence, Point};
use serde::Deserialize;

/// A GeoJSON geometry (RFC 7946). Numbers of a position beyond the second are ignored.
#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Point(Vec<f64>),
    LineString(Vec<Vec<f64>>),
    Polygon(Vec<Vec<Vec<f64>>>),
    MultiPolygon(Vec<Vec<Vec<Vec<f64>>>>),
}

/// Builds the fence that a geometry and its shape describe.
///
/// # Errors
/// [`InvalidFence`] if the text is not a GeoJSON geometry, does not go with the shape, or describes no valid fence.
pub fn build_fence(geometry: &GeometryText, shape: GeofenceShape) -> Result<Fence, InvalidFence> {
    let parsed: Geometry = serde_json::from_str(geometry.as_str()).map_err(|_| {
        Invalid::new("geometry", "must be a GeoJSON Polygon, MultiPolygon, Point (a circle) or LineString (a corridor)")
    })?;
    match (parsed, shape) {
        (Geometry::Polygon(rings), GeofenceShape::Polygon) => Fence::polygon(&polygon(&rings)?),
        (Geometry::MultiPolygon(polygons), GeofenceShape::MultiPolygon) => {
            let polygons: Vec<_> = polygons.iter().map(|rings| polygon(rings)).collect::<Result<_, _>>()?;
            Fence::multi_polygon(&polygons)
        }
        (Geometry::Point(position), GeofenceShape::Circle(radius)) => {
            Fence::circle(point(&position)?, RadiusM::get(radius))
        }
        (Geometry::LineString(line), GeofenceShape::Corridor(width)) => {
            Fence::corridor(&points(&line)?, WidthM::get(width))
        }
        _ => Err(Invalid::new("geometry", "must be of the type that its shape asks for").into()),
    }
}

fn polygon(rings: &[Vec<Vec<f64>>]) -> Result<Vec<Vec<Point>>, Invalid> {
    rings.iter().map(|ring| points(ring)).collect()
}

fn points(positions: &[Vec<f64>]) -> Result<Vec<Point>, Invalid> {
    positions.iter().map(|position| point(position)).collect()
}

/// GeoJSON says longitude first.
fn point(position: &[f64]) -> Result<Point, Invalid> {
    let [longitude, latitude, ..] = position else {
        return Err(Invalid::new("geometry", "must give a longitude and a latitude for each position"));
    };
    Point::from_degrees(*latitude, *longitude)
}
