//! Reads the GeoJSON geometry of a geofence. A refusal names the wrong place in it.

use milepost_domain::{GeofenceShape, GeometryText, Invalid, RadiusM, WidthM};
use milepost_follow::build_fence;
use milepost_geo::{Fence, InvalidFence};
use serde_json::Value;

/// Why a geometry was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeometryRefusal {
    /// The wrong field: `geometry`, a place within it such as `geometry.coordinates[0][3]`, `radius_m` or `width_m`.
    pub field: String,
    /// What the field must be.
    pub message: String,
}

impl GeometryRefusal {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<Invalid> for GeometryRefusal {
    fn from(refused: Invalid) -> Self {
        Self::new(refused.field, refused.message)
    }
}

impl From<InvalidFence> for GeometryRefusal {
    /// Names the place with six decimals, a tenth of a metre, so that it can be found on a map.
    fn from(refused: InvalidFence) -> Self {
        let InvalidFence { reason: Invalid { field, message }, place } = refused;
        let Some(place) = place else { return Self::new(field, message) };
        let (latitude, longitude) = (place.latitude.get(), place.longitude.get());
        Self::new(field, format!("{message} (see longitude {longitude:.6}, latitude {latitude:.6})"))
    }
}

/// A GeoJSON type that a geofence can have. Its number is the depth of the lists that its positions are in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Point = 0,
    LineString = 1,
    Polygon = 2,
    MultiPolygon = 3,
}

/// Reads the text of a GeoJSON geometry (RFC 7946, section 3.1): `Polygon`, `MultiPolygon`, `Point` with a radius or
/// `LineString` with a width, both in metres. The geometry is checked by building its fence.
///
/// # Errors
/// [`GeometryRefusal`] for other geometries, for a radius or width that is missing or does not belong to the type, and
/// for geometries that can't be a [`Fence`].
pub fn read_geometry(
    text: &str,
    radius_m: Option<f64>,
    width_m: Option<f64>,
) -> Result<(GeometryText, GeofenceShape), GeometryRefusal> {
    let geometry = GeometryText::of_parsed(text.to_owned())?;
    let value: Value = serde_json::from_str(text).map_err(|_| GeometryRefusal::new("geometry", TAKES))?;
    let kind = read_kind(&value)?;
    let mut walk = Walk { path: "geometry.coordinates".to_owned(), positions: 0 };
    walk.check(value.get("coordinates").unwrap_or(&Value::Null), kind as usize)?;
    let shape = read_shape(kind, radius_m, width_m)?;
    build_fence(&geometry, shape)?;
    Ok((geometry, shape))
}

const TAKES: &str = "must be a GeoJSON Polygon, MultiPolygon, Point (a circle) or LineString (a corridor)";

fn read_kind(geometry: &Value) -> Result<Kind, GeometryRefusal> {
    match geometry.get("type").and_then(Value::as_str) {
        Some("Point") => Ok(Kind::Point),
        Some("LineString") => Ok(Kind::LineString),
        Some("Polygon") => Ok(Kind::Polygon),
        Some("MultiPolygon") => Ok(Kind::MultiPolygon),
        Some("Feature" | "FeatureCollection") => {
            Err(GeometryRefusal::new("geometry", "must be a geometry: of a Feature send its geometry alone"))
        }
        _ => Err(GeometryRefusal::new("geometry", TAKES)),
    }
}

fn read_shape(kind: Kind, radius_m: Option<f64>, width_m: Option<f64>) -> Result<GeofenceShape, GeometryRefusal> {
    if radius_m.is_some() && kind != Kind::Point {
        return Err(GeometryRefusal::new("radius_m", "goes with a Point only"));
    }
    if width_m.is_some() && kind != Kind::LineString {
        return Err(GeometryRefusal::new("width_m", "goes with a LineString only"));
    }
    match kind {
        Kind::Polygon => Ok(GeofenceShape::Polygon),
        Kind::MultiPolygon => Ok(GeofenceShape::MultiPolygon),
        Kind::Point => {
            let radius = radius_m.ok_or_else(|| GeometryRefusal::new("radius_m", "is required with a Point"))?;
            Ok(GeofenceShape::Circle(RadiusM::new(radius)?))
        }
        Kind::LineString => {
            let width = width_m.ok_or_else(|| GeometryRefusal::new("width_m", "is required with a LineString"))?;
            Ok(GeofenceShape::Corridor(WidthM::new(width)?))
        }
    }
}

/// Finds the first invalid position, for a refusal that names its place among thousands.
struct Walk {
    path: String,
    positions: usize,
}

impl Walk {
    /// Checks that `value` is positions within `depth` lists. Recurses no deeper than `depth`.
    fn check(&mut self, value: &Value, depth: usize) -> Result<(), GeometryRefusal> {
        let Some(items) = value.as_array() else {
            let takes = if depth == 0 { POSITION } else { "must be a list" };
            return Err(GeometryRefusal::new(self.path.as_str(), takes));
        };
        if depth == 0 {
            return self.check_position(items);
        }
        for (index, item) in items.iter().enumerate() {
            let length = self.path.len();
            self.path.push_str(&format!("[{index}]"));
            self.check(item, depth - 1)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn check_position(&mut self, numbers: &[Value]) -> Result<(), GeometryRefusal> {
        self.positions += 1;
        if self.positions > Fence::MAX_CORNERS {
            return Err(GeometryRefusal::new("geometry", "must not have more than 10000 corners"));
        }
        let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
        let is_position = |numbers: &Vec<f64>| {
            numbers.len() >= 2 && (-180.0..=180.0).contains(&numbers[0]) && (-90.0..=90.0).contains(&numbers[1])
        };
        match numbers.filter(is_position) {
            Some(_) => Ok(()),
            None => Err(GeometryRefusal::new(self.path.as_str(), POSITION)),
        }
    }
}

const POSITION: &str = "must be a position: longitude from -180 to 180, then latitude from -90 to 90";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, radius_m: Option<f64>, width_m: Option<f64>, field: &str, message: &str) {
        let refusal = read_geometry(text, radius_m, width_m).unwrap_err();
        assert_eq!(refusal.field, field, "{text} {}", refusal.message);
        assert!(refusal.message.contains(message), "{text} {}", refusal.message);
    }

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}"#;
    const POINT: &str = r#"{"type":"Point","coordinates":[88.3639,22.5726,12.5]}"#;
    const LINE: &str = r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#;

    #[test]
    fn every_geometry_of_the_contract_is_read_and_its_text_kept() {
        let read = |text: &str, radius_m, width_m| {
            let (geometry, shape) = read_geometry(text, radius_m, width_m).unwrap();
            assert_eq!(geometry.as_str(), text);
            shape
        };
        assert_eq!(read(SQUARE, None, None), GeofenceShape::Polygon);
        let two = r#"{"bbox":[0,0,3,1],"coordinates":[[[[0,0],[1,0],[1,1],[0,1]]],[[[2,0],[3,0],[3,1],[2,0]]]],"type":"MultiPolygon"}"#;
        assert_eq!(read(two, None, None), GeofenceShape::MultiPolygon);
        assert_eq!(read(POINT, Some(150.0), None), GeofenceShape::Circle(RadiusM::new(150.0).unwrap()));
        assert_eq!(read(LINE, None, Some(20.0)), GeofenceShape::Corridor(WidthM::new(20.0).unwrap()));
    }

    #[test]
    fn a_wrong_position_is_named_by_its_place() {
        let wrong = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]],[[0,0],[22.5,91],[1,1]]]}"#;
        refused(wrong, None, None, "geometry.coordinates[1][1]", "then latitude");
        for position in ["[0]", "[]", "7", "null", "\"0,0\"", "[\"0\",0]", "[181,0]", "[0,-90.1]", "[0,0,\"x\"]", "{}"]
        {
            let text = format!(r#"{{"type":"LineString","coordinates":[[0,0],{position}]}}"#);
            refused(&text, None, Some(20.0), "geometry.coordinates[1]", "must be a position");
        }
        refused(
            r#"{"type":"Polygon","coordinates":[[0,0],[1,0],[1,1]]}"#,
            None,
            None,
            "geometry.coordinates[0][0]",
            "position",
        );
        refused(r#"{"type":"Polygon","coordinates":7}"#, None, None, "geometry.coordinates", "must be a list");
        refused(r#"{"type":"Point"}"#, Some(20.0), None, "geometry.coordinates", "must be a position");
    }

    #[test]
    fn what_is_no_fence_is_refused_with_the_place_where_it_shows() {
        let bow = r#"{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,1],[0,0]]]}"#;
        refused(bow, None, None, "geometry", "(see longitude 0.66");
        refused(r#"{"type":"Polygon","coordinates":[]}"#, None, None, "geometry", "");
        refused(r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#, None, None, "geometry", "");
        let many = format!(r#"{{"type":"LineString","coordinates":[{}[1,1]]}}"#, "[0,0],".repeat(10_000));
        refused(&many, None, Some(20.0), "geometry", "10000 corners");
        refused(&format!("{SQUARE}{}", " ".repeat(GeometryText::MAX_BYTES)), None, None, "geometry", "longer");
    }

    #[test]
    fn radius_and_width_go_with_their_geometry_only() {
        refused(POINT, None, None, "radius_m", "is required");
        refused(LINE, None, None, "width_m", "is required");
        refused(SQUARE, Some(100.0), None, "radius_m", "Point only");
        refused(POINT, Some(100.0), Some(10.0), "width_m", "LineString only");
        refused(POINT, Some(9.9), None, "radius_m", "from 10 to 100000");
        refused(POINT, Some(f64::NAN), None, "radius_m", "from 10 to 100000");
        refused(LINE, None, Some(1e9), "width_m", "from 5 to 5000");
    }

    #[test]
    fn other_json_is_no_geometry() {
        for text in ["", "null", "7", "[]", "{}", r#"{"type":"polygon"}"#, r#"{"type":7}"#, r#"{"type":"MultiPoint"}"#]
        {
            refused(text, None, None, "geometry", "GeoJSON");
        }
        let feature = format!(r#"{{"type":"Feature","geometry":{SQUARE},"properties":{{}}}}"#);
        refused(&feature, None, None, "geometry", "its geometry alone");
        let deep = format!(r#"{{"type":"Polygon","coordinates":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        refused(&deep, None, None, "geometry", "GeoJSON");
    }
}
