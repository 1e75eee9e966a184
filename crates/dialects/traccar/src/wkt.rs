//! Areas as these clients write them: WKT with the latitude first, and circles.

use milepost_domain::{GeofenceDescription, GeofenceShape, GeometryText};
use milepost_service::read_geometry;
use serde_json::{Value, json};

/// The width to either side of a line without one of its own, metres.
const USUAL_WIDTH_M: f64 = 25.0;

/// An area as the domain knows it; `None` for what is none.
pub(crate) fn read_area(text: &str, width_m: Option<f64>) -> Option<(GeometryText, GeofenceShape)> {
    let (kind, rest) = text.trim().split_once('(')?;
    let inside = rest.trim().strip_suffix(')')?;
    match kind.trim().to_ascii_uppercase().as_str() {
        "CIRCLE" => {
            let (centre, radius) = inside.split_once(',')?;
            let geometry = json!({ "type": "Point", "coordinates": pair(centre)? });
            read_geometry(&geometry.to_string(), Some(radius.trim().parse().ok()?), None).ok()
        }
        "POLYGON" => {
            let geometry = json!({ "type": "Polygon", "coordinates": rings(inside)? });
            read_geometry(&geometry.to_string(), None, None).ok()
        }
        "LINESTRING" => {
            let geometry = json!({ "type": "LineString", "coordinates": pairs(inside)? });
            read_geometry(&geometry.to_string(), None, Some(width_m.unwrap_or(USUAL_WIDTH_M))).ok()
        }
        _ => None,
    }
}

fn rings(text: &str) -> Option<Vec<Vec<[f64; 2]>>> {
    text.split(')')
        .map(|part| part.trim_start_matches([',', ' ', '\n', '\t']).trim())
        .filter(|part| !part.is_empty())
        .map(|part| pairs(part.strip_prefix('(')?))
        .collect()
}

fn pairs(text: &str) -> Option<Vec<[f64; 2]>> {
    text.split(',').map(pair).collect()
}

/// Latitude and longitude, in the order of GeoJSON.
fn pair(text: &str) -> Option<[f64; 2]> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (latitude, longitude) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some([longitude, latitude])
}

/// An area that was made elsewhere.
pub(crate) fn write_area(description: &GeofenceDescription) -> String {
    let geometry: Value = serde_json::from_str(description.geometry.as_str()).unwrap_or_default();
    let coordinates = &geometry["coordinates"];
    match description.shape {
        GeofenceShape::Circle(radius) => format!("CIRCLE ({}, {})", write_pair(coordinates), radius.get()),
        GeofenceShape::Corridor(_) => format!("LINESTRING ({})", write_pairs(coordinates)),
        GeofenceShape::Polygon => format!("POLYGON ({})", write_rings(coordinates)),
        GeofenceShape::MultiPolygon => {
            let polygons = coordinates.as_array().map(Vec::as_slice).unwrap_or_default();
            let parts: Vec<String> = polygons.iter().map(|rings| format!("({})", write_rings(rings))).collect();
            format!("MULTIPOLYGON ({})", parts.join(", "))
        }
    }
}

/// The width of a line.
pub(crate) fn width_of(shape: GeofenceShape) -> Option<f64> {
    match shape {
        GeofenceShape::Corridor(width) => Some(width.get()),
        _ => None,
    }
}

fn write_rings(value: &Value) -> String {
    let rings = value.as_array().map(Vec::as_slice).unwrap_or_default();
    rings.iter().map(|ring| format!("({})", write_pairs(ring))).collect::<Vec<_>>().join(", ")
}

fn write_pairs(value: &Value) -> String {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(write_pair).collect::<Vec<_>>().join(", ")
}

fn write_pair(value: &Value) -> String {
    format!("{} {}", value[1], value[0])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn areas_are_read_with_the_latitude_first() {
        let read = |text: &str| read_area(text, None).map(|(geometry, shape)| (geometry.as_str().to_owned(), shape));
        let (circle, shape) = read("CIRCLE (30.2670 -97.7430, 250)").unwrap();
        assert_eq!(circle, r#"{"coordinates":[-97.743,30.267],"type":"Point"}"#);
        assert!(matches!(shape, GeofenceShape::Circle(radius) if radius.get() == 250.0));
        let square = "POLYGON ((30.285 -97.750, 30.285 -97.735, 30.300 -97.735, 30.300 -97.750, 30.285 -97.750))";
        assert!(read(square).unwrap().0.contains("[[-97.75,30.285],[-97.735,30.285]"));
        let with_hole = "POLYGON((0 0, 0 9, 9 9, 9 0, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))";
        assert!(read(with_hole).unwrap().0.contains("]],[[1.0,1.0]"));
        let (_, line) = read("LINESTRING (30.267 -97.743, 30.30 -97.743, 30.31 -97.75)").unwrap();
        assert_eq!(width_of(line), Some(25.0));
        for nonsense in
            ["NONSENSE (1 2)", "CIRCLE (300 -97, 10)", "CIRCLE", "CIRCLE (1 2)", "POLYGON ((1 2", "", "POLYGON ()"]
        {
            assert!(read(nonsense).is_none(), "{nonsense}");
        }
    }
}
