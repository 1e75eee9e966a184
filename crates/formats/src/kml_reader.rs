//! Reads KML: the points of `gx:Track`, with the other values of tracks that Milepost wrote.

use crate::columns::Cell;
use crate::field::Field;
use crate::kml_arrays::{ArrayValue, SCHEMA};
use crate::limits::MAX_KML_READ_TRACK;
use crate::reader::Rows;
use crate::row_times::RowTimes;
use crate::track_point::RawPoint;
use crate::xml_elements::{Element, Elements, local};
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use std::collections::VecDeque;
use std::io::BufRead;

/// Points of a KML file. The name of the placemark that a track belongs to is its vehicle. Points and lines without times of
/// their own are places and plans, and are not read.
pub(crate) struct KmlReader<R: BufRead> {
    elements: Elements<R>,
    /// The placemark that is being read: its depth and its name.
    placemark: Option<(usize, Option<String>)>,
    track: Option<OpenTrack>,
    times: RowTimes,
    ignores_names: bool,
    tracks: u64,
    other_geometries: u64,
    /// Points of the last track. The bound on a track bounds them.
    ready: VecDeque<Result<TrackPoint, ReadError>>,
    ended: bool,
}

/// The track that is being read. Its n-th time, place and other values belong together.
#[derive(Default)]
struct OpenTrack {
    depth: usize,
    line: u64,
    times: Vec<String>,
    points: Vec<RawPoint>,
    /// The schema is ours.
    is_ours: bool,
    /// The array that is being read, and how many of its values were.
    array: Option<(ArrayValue, usize)>,
}

impl<R: BufRead> KmlReader<R> {
    pub(crate) fn new(input: R, options: &ReadOptions) -> Self {
        Self {
            elements: Elements::new(input, options.encoding, "kml"),
            placemark: None,
            track: None,
            times: RowTimes::new(options),
            ignores_names: options.columns.ignores_vehicles(),
            tracks: 0,
            other_geometries: 0,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    fn read_tag(&mut self) -> Result<(), ReadError> {
        match self.elements.next()? {
            Element::Open { name, attributes } => self.open(&name, &attributes),
            Element::Close { name, text } => return self.close(local(&name), &text),
            Element::End => {
                self.ended = true;
                if self.tracks == 0 && self.other_geometries > 0 {
                    let reason =
                        format!("the file has no track with times, only {} places and lines", self.other_geometries);
                    return Err(ReadError::file(self.elements.line(), reason));
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        let depth = self.elements.depth();
        let attribute =
            |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        match (name, &mut self.track) {
            ("Placemark", None) => self.placemark = Some((depth, None)),
            ("Track", None) => {
                self.tracks += 1;
                self.track = Some(OpenTrack { depth, line: self.elements.line(), ..OpenTrack::default() });
            }
            ("Point" | "LineString" | "Polygon", None) => self.other_geometries += 1,
            ("SchemaData", Some(track)) => {
                track.is_ours = attribute("schemaUrl").is_some_and(|url| url.trim_start_matches('#') == SCHEMA);
            }
            ("SimpleArrayData", Some(track)) if track.is_ours => {
                let named = ArrayValue::ALL.into_iter().find(|array| attribute("name") == Some(array.names().0));
                track.array = named.map(|array| (array, 0));
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) -> Result<(), ReadError> {
        let depth = self.elements.depth() + 1;
        if let Some(track) = &mut self.track {
            if track.depth == depth {
                if let Some(track) = self.track.take() {
                    self.finish(track);
                }
                return Ok(());
            }
            track.take_value(name, text);
            return if track.times.len().max(track.points.len()) > MAX_KML_READ_TRACK {
                let reason = format!("a track has more than {MAX_KML_READ_TRACK} points");
                Err(ReadError::rest(self.elements.line(), reason))
            } else {
                Ok(())
            };
        }
        if let Some((placemark_depth, placemark_name)) = &mut self.placemark {
            if *placemark_depth == depth {
                self.placemark = None;
            } else if name == "name" && depth == *placemark_depth + 1 && !text.is_empty() {
                *placemark_name = Some(text.to_owned());
            }
        }
        Ok(())
    }

    fn finish(&mut self, track: OpenTrack) {
        let OpenTrack { line, times, points, .. } = track;
        if times.len() != points.len() {
            let reason = format!("a track has {} times, but {} places", times.len(), points.len());
            self.ready.push_back(Err(ReadError::row(line, reason)));
            return;
        }
        let name = self.placemark.as_ref().and_then(|(_, name)| name.clone());
        let vehicle = name.filter(|_| !self.ignores_names);
        for (time, mut point) in times.into_iter().zip(points) {
            let cell = |field| (field == Field::Timestamp).then(|| Cell { text: (&time).into(), qualifier: None });
            let at = self.times.read(vehicle.as_deref(), cell).map_err(|refusal| ReadError::of_time(line, refusal));
            point.vehicle.clone_from(&vehicle);
            self.ready.push_back(at.and_then(|at| RawPoint { at: Some(at), ..point }.check(line)));
        }
    }
}

impl OpenTrack {
    fn take_value(&mut self, name: &str, text: &str) {
        match name {
            "when" => self.times.push(text.to_owned()),
            "coord" => {
                let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
                let mut degrees = || numbers.next().flatten().unwrap_or(f64::NAN);
                let (longitude, latitude) = (degrees(), degrees());
                let altitude_m = numbers.next().flatten();
                self.points.push(RawPoint { latitude, longitude, altitude_m, ..RawPoint::default() });
            }
            // An empty element closes without its name.
            "value" | "" => {
                if let Some((array, index)) = &mut self.array {
                    if let Some(point) = self.points.get_mut(*index) {
                        array.take(text, point);
                    }
                    *index += 1;
                }
            }
            "SimpleArrayData" => self.array = None,
            _ => {}
        }
    }
}

impl<R: BufRead> Iterator for KmlReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            if let Err(error) = self.read_tag() {
                self.ended = true;
                self.ready.push_back(Err(error));
            }
        }
        let item = self.ready.pop_front();
        if matches!(&item, Some(Err(error)) if error.ends_reading()) {
            self.ready.clear();
            self.ended = true;
        }
        item
    }
}

impl<R: BufRead + Send> Rows for KmlReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::Kml, self.elements.encoding());
        if self.other_geometries > 0 {
            let note = format!("{} places and lines have no times and are not read.", self.other_geometries);
            understanding.notes.push(note);
        }
        self.times.notes(&mut understanding.notes);
        understanding
    }
}
