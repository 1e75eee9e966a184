//! Route shapes: the lines that vehicles drive along, and their stops.

use crate::SimulateError;
use milepost_geo::{Path, Point};
use serde::Deserialize;

/// The shapes that are shipped: a FeatureCollection of LineStrings with `route`, `name`, `color` and `stops` in their
/// properties, and its `attribution` at the top. Wherever the shapes are shown, the attribution must be readable.
pub const DEMO_ROUTES_GEOJSON: &str = include_str!("../data/austin-routes.geojson");

/// A stop farther from a line than this belongs to another route.
const MAX_STOP_DISTANCE_M: f64 = 60.0;

/// The distance between the stops of a shape that has none of its own.
const STOP_SPACING_M: f64 = 400.0;

/// Two stops nearer than this are one: platforms of the same crossing.
const MIN_STOP_SPACING_M: f64 = 60.0;

/// A line that vehicles serve.
#[derive(Debug, Clone)]
pub struct Route {
    /// The number that passengers know: `801`.
    pub number: String,
    /// The name that passengers know.
    pub name: String,
    /// The path from start to end.
    pub path: Path,
    /// The distances of the stops from the start in metres, ascending, without the ends.
    pub stops_m: Vec<f64>,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Option<Properties>,
    geometry: Option<Geometry>,
}

#[derive(Deserialize, Default)]
struct Properties {
    #[serde(default)]
    route: serde_json::Value,
    #[serde(default)]
    name: serde_json::Value,
    #[serde(default)]
    stops: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    LineString {
        coordinates: Vec<Vec<f64>>,
    },
    MultiLineString {
        coordinates: Vec<Vec<Vec<f64>>>,
    },
    #[serde(other)]
    Other,
}

/// The shipped routes.
pub fn demo_routes() -> Vec<Route> {
    read_routes(DEMO_ROUTES_GEOJSON, "demo routes").expect("the shipped file holds lines; a test reads it")
}

/// Reads the lines of a GeoJSON FeatureCollection; other geometries are passed over. `file` names it in errors.
///
/// # Errors
/// [`SimulateError::File`] when it is no such collection or has no line.
pub fn read_routes(geojson: &str, file: &str) -> Result<Vec<Route>, SimulateError> {
    let fail = |reason: String| SimulateError::File { file: file.to_owned(), reason };
    let collection: Collection =
        serde_json::from_str(geojson).map_err(|error| fail(format!("no GeoJSON FeatureCollection: {error}")))?;
    let mut routes = Vec::new();
    for feature in collection.features {
        let properties = feature.properties.unwrap_or_default();
        let lines = match feature.geometry {
            Some(Geometry::LineString { coordinates }) => vec![coordinates],
            Some(Geometry::MultiLineString { coordinates }) => coordinates,
            Some(Geometry::Other) | None => continue,
        };
        for line in lines {
            let Some(path) = Path::new(line.iter().filter_map(|vertex| to_point(vertex.as_slice()))) else { continue };
            let number = to_text(&properties.route).unwrap_or_else(|| (routes.len() + 1).to_string());
            let name = to_text(&properties.name).unwrap_or_else(|| format!("Route {number}"));
            let stops_m = place_stops(&path, &properties.stops);
            routes.push(Route { number, name, path, stops_m });
        }
    }
    if routes.is_empty() {
        return Err(fail("it has no LineString to drive along".to_owned()));
    }
    Ok(routes)
}

fn place_stops(path: &Path, stops: &[Vec<f64>]) -> Vec<f64> {
    let length_m = path.length_m();
    let mut stops_m: Vec<f64> = stops
        .iter()
        .filter_map(|stop| to_point(stop.as_slice()))
        .map(|point| path.nearest(point))
        .filter(|nearest| nearest.distance_m <= MAX_STOP_DISTANCE_M)
        .map(|nearest| nearest.along_m)
        .collect();
    if stops_m.is_empty() {
        let count = (length_m / STOP_SPACING_M).floor();
        stops_m = (1..=count as u64).map(|index| index as f64 * STOP_SPACING_M).collect();
    }
    stops_m.sort_by(f64::total_cmp);
    let mut last_m = 0.0;
    stops_m.retain(|&at| {
        let far = at - last_m >= MIN_STOP_SPACING_M && length_m - at >= MIN_STOP_SPACING_M;
        if far {
            last_m = at;
        }
        far
    });
    stops_m
}

fn to_point(vertex: &[f64]) -> Option<Point> {
    Point::from_degrees(*vertex.get(1)?, *vertex.first()?).ok()
}

fn to_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
