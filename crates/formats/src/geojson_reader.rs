//! Reads GeoJSON: points with their properties, and lines with `coordTimes`.

use crate::columns::Field;
use crate::geojson_features::Features;
use crate::time::from_unix_number;
use crate::track_point::{RawPoint, means_no_fix};
use crate::{ReadError, ReadOptions, SpeedUnit, TrackPoint, parse_timestamp};
use milepost_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::io::BufRead;

/// Points of a GeoJSON file (RFC 7946): a FeatureCollection, a single feature, or one feature on each line.
///
/// A `Point` has vehicle, time, speed, heading and accuracy in its properties, under the names in `options` or the usual
/// ones.
/// A `LineString` or `MultiLineString` has its times in the property `coordTimes` (or
/// `coordinateProperties.times`), one for each vertex. Altitude is the third coordinate.
pub struct GeoJsonReader<R> {
    features: Features<R>,
    options: ReadOptions,
    /// Points of the last feature. The bound on a feature's size bounds them.
    ready: VecDeque<Result<TrackPoint, ReadError>>,
    ended: bool,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Point {
        coordinates: Vec<f64>,
    },
    MultiPoint {},
    LineString {
        coordinates: Vec<Vec<f64>>,
    },
    MultiLineString {
        coordinates: Vec<Vec<Vec<f64>>>,
    },
    #[serde(other)]
    Other,
}

impl<R: BufRead> GeoJsonReader<R> {
    /// A reader that has read nothing yet.
    pub fn new(input: R, options: &ReadOptions) -> Self {
        Self { features: Features::new(input), options: options.clone(), ready: VecDeque::new(), ended: false }
    }

    fn take_feature(&mut self, line: u64, text: &[u8]) {
        let feature: Feature = match serde_json::from_slice(text) {
            Ok(feature) => feature,
            Err(error) => {
                self.ready.push_back(Err(ReadError::row(line, format!("the feature cannot be read: {error}"))));
                return;
            }
        };
        let properties = feature.properties.unwrap_or_default();
        match feature.geometry {
            Some(Geometry::Point { coordinates }) => {
                let at = self.property(&properties, Field::Timestamp).and_then(|(_, value)| self.time(value));
                self.take_vertex(line, &properties, &coordinates, at);
            }
            Some(Geometry::LineString { coordinates }) => self.take_line(line, &properties, &[coordinates]),
            Some(Geometry::MultiLineString { coordinates }) => self.take_line(line, &properties, &coordinates),
            Some(Geometry::MultiPoint {} | Geometry::Other) | None => {
                self.ready
                    .push_back(Err(ReadError::row(line, "the feature is no Point, LineString or MultiLineString")));
            }
        }
    }

    fn take_line(&mut self, line: u64, properties: &Map<String, Value>, parts: &[Vec<Vec<f64>>]) {
        let times = properties
            .get("coordTimes")
            .or_else(|| properties.get("coordinateProperties").and_then(|more| more.get("times")))
            .and_then(Value::as_array);
        let Some(times) = times else {
            self.ready.push_back(Err(ReadError::row(line, "the line has no coordTimes, so its points have no time")));
            return;
        };
        // For several lines the times are either nested like the coordinates or all in one list.
        let flat: Vec<&Value> = times
            .iter()
            .flat_map(|time| time.as_array().map_or_else(|| std::slice::from_ref(time), Vec::as_slice))
            .collect();
        for (index, vertex) in parts.iter().flatten().enumerate() {
            let at = flat.get(index).and_then(|value| self.time(value));
            // A line's properties name the vehicle, but not the speed at each vertex.
            let mut who = Map::new();
            if let Some((name, value)) = self.property(properties, Field::Vehicle) {
                who.insert(name.to_owned(), value.clone());
            }
            self.take_vertex(line, &who, vertex, at);
        }
    }

    fn take_vertex(&mut self, line: u64, properties: &Map<String, Value>, coordinates: &[f64], at: Option<Timestamp>) {
        let number = |field| self.property(properties, field).and_then(|(_, value)| to_number(value));
        let speed_kmh = self.property(properties, Field::Speed).and_then(|(name, value)| {
            let unit = self.options.speed_unit.or_else(|| SpeedUnit::in_name(name)).unwrap_or_default();
            Some(to_number(value)? * unit.kmh())
        });
        let point = RawPoint {
            vehicle: self.property(properties, Field::Vehicle).and_then(|(_, value)| to_text(value)),
            at,
            latitude: coordinates.get(1).copied().unwrap_or(f64::NAN),
            longitude: coordinates.first().copied().unwrap_or(f64::NAN),
            speed_kmh,
            heading_deg: number(Field::Heading),
            accuracy_m: number(Field::Accuracy),
            altitude_m: coordinates.get(2).copied().or_else(|| number(Field::Altitude)),
            no_fix: self.property(properties, Field::Fix).is_some_and(|(_, value)| match value {
                Value::String(text) => means_no_fix(text),
                other => means_no_fix(&other.to_string()),
            }),
        };
        self.ready.push_back(point.check(line));
    }

    fn property<'a>(&self, properties: &'a Map<String, Value>, field: Field) -> Option<(&'a str, &'a Value)> {
        let find = |name: &str| properties.get_key_value(name).map(|(key, value)| (key.as_str(), value));
        match self.options.columns.get(field) {
            Some(given) => find(given),
            None => field.usual_names().iter().find_map(|usual| find(usual)),
        }
        .filter(|(_, value)| !value.is_null())
    }

    fn time(&self, value: &Value) -> Option<Timestamp> {
        match value {
            Value::String(text) => parse_timestamp(text, &self.options.zone),
            Value::Number(number) => from_unix_number(number.as_f64()?),
            _ => None,
        }
    }
}

impl<R: BufRead> Iterator for GeoJsonReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.ended {
                return None;
            }
            match self.features.next() {
                Some(Ok((line, text))) => self.take_feature(line, &text),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => self.ended = true,
            }
        }
    }
}

fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
