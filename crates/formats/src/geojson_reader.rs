//! Reads GeoJSON: points with their properties, and lines with `coordTimes`.

use crate::columns::{Cell, Columns};
use crate::encoding::Utf8Input;
use crate::field::Field;
use crate::geojson_features::Features;
use crate::reader::Rows;
use crate::row_values::RowValues;
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::BufRead;

/// Points of a GeoJSON file (RFC 7946): a FeatureCollection, a single feature, or one feature on each line.
///
/// A `Point` has vehicle, time, speed, heading and the rest in its properties, under the names in `options` or the usual
/// ones.
/// A `LineString` or `MultiLineString` has its times in the property `coordTimes` (or
/// `coordinateProperties.times`), one for each vertex. Altitude is the third coordinate.
pub(crate) struct GeoJsonReader<R> {
    features: Features<Utf8Input<R>>,
    options: ReadOptions,
    /// The names of the last feature's properties, and what they hold: features of one file are mostly alike.
    names: Vec<String>,
    columns: Columns,
    values: RowValues,
    /// Points of the last feature. The bound on a feature's size bounds them.
    ready: VecDeque<Result<TrackPoint, ReadError>>,
    any: bool,
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
    pub(crate) fn new(input: R, options: &ReadOptions) -> Self {
        Self {
            features: Features::new(Utf8Input::new(input, options.encoding)),
            options: options.clone(),
            names: Vec::new(),
            columns: Columns::default(),
            values: RowValues::new(options, true),
            ready: VecDeque::new(),
            any: false,
            ended: false,
        }
    }

    fn take_feature(&mut self, line: u64, text: &[u8]) {
        self.any = true;
        let feature: Feature = match serde_json::from_slice(text) {
            Ok(feature) => feature,
            Err(error) => {
                let reason = format!("the feature cannot be read: {error}");
                return self.ready.push_back(Err(ReadError::row(line, reason)));
            }
        };
        let properties = feature.properties.unwrap_or_default();
        match feature.geometry {
            Some(Geometry::Point { coordinates }) => self.take_vertex(line, &properties, &coordinates),
            Some(Geometry::LineString { coordinates }) => self.take_line(line, &properties, &[coordinates]),
            Some(Geometry::MultiLineString { coordinates }) => self.take_line(line, &properties, &coordinates),
            Some(Geometry::MultiPoint {} | Geometry::Other) | None => {
                let reason = "the feature is no Point, LineString or MultiLineString";
                self.ready.push_back(Err(ReadError::row(line, reason)));
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
        self.find_columns(properties);
        // A line's properties name the vehicle, but not the speed at each vertex.
        let vehicle = self.columns.index(Field::Vehicle).map(|index| self.names[index].clone());
        let vehicle = vehicle.and_then(|name| Some((name.clone(), properties.get(&name)?.clone())));
        for (index, vertex) in parts.iter().flatten().enumerate() {
            let Some(time) = flat.get(index).filter(|time| !time.is_null()) else {
                self.ready.push_back(Err(ReadError::row(line, "the point has no time")));
                continue;
            };
            let timestamp = self.options.columns.get(Field::Timestamp).unwrap_or("timestamp").to_owned();
            let mut at_vertex: Map<String, Value> = vehicle.clone().into_iter().collect();
            at_vertex.insert(timestamp, (*time).clone());
            self.take_vertex(line, &at_vertex, vertex);
        }
    }

    fn take_vertex(&mut self, line: u64, properties: &Map<String, Value>, coordinates: &[f64]) {
        self.find_columns(properties);
        let place = match *coordinates {
            [longitude, latitude, ..] => (latitude, longitude),
            _ => (f64::NAN, f64::NAN),
        };
        let altitude = coordinates.get(2).map(f64::to_string);
        let (names, columns) = (&self.names, &self.columns);
        let point = self.values.read(line, Some(place), |field| {
            if let (Field::Altitude, Some(altitude)) = (field, &altitude) {
                return Some(Cell { text: Cow::Borrowed(altitude), qualifier: None });
            }
            if let (Field::Attributes, Some(object @ Value::Object(_))) = (field, properties.get("attributes")) {
                return Some(Cell { text: Cow::Owned(object.to_string()), qualifier: None });
            }
            let text = to_text(properties.get(names.get(columns.index(field)?)?)?)?;
            Some(Cell { text, qualifier: columns.qualifier(field) })
        });
        self.ready.push_back(point);
    }

    fn find_columns(&mut self, properties: &Map<String, Value>) {
        let named = properties.iter().filter(|(_, value)| to_text(value).is_some()).map(|(name, _)| name);
        if named.clone().eq(&self.names) {
            return;
        }
        self.names = named.cloned().collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        self.columns = Columns::of_properties(&names, &self.options.columns);
    }
}

impl<R: BufRead> Iterator for GeoJsonReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                if matches!(&item, Err(error) if error.ends_reading()) {
                    self.ready.clear();
                    self.ended = true;
                }
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

impl<R: BufRead + Send> Rows for GeoJsonReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::GeoJson, self.features.input().encoding());
        if self.any {
            understanding.add_columns(&self.columns, &self.names);
        }
        self.values.notes(&mut understanding.notes);
        understanding
    }
}

fn to_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Cow::Borrowed),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => None,
    }
}
