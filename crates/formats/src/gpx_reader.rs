//! Reads GPX 1.0 and 1.1: track points, with the speed and course of either version.

use crate::columns::Cell;
use crate::field::Field;
use crate::gpx_point::OpenPoint;
use crate::reader::Rows;
use crate::row_times::RowTimes;
use crate::track_point::RawPoint;
use crate::xml_elements::{Element, Elements, local, number_of};
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use quick_xml::escape::unescape;
use std::borrow::Cow;
use std::io::BufRead;

/// Points of a GPX file. The name of the track that a point belongs to is its vehicle. Waypoints and routes are places and
/// plans, and are not read.
///
/// `speed` (metres a second) and `course` are read where GPX 1.0 has them and from the extensions of GPX 1.1 whatever
/// their namespace, as Garmin's TrackPointExtension and others write them.
pub(crate) struct GpxReader<R: BufRead> {
    elements: Elements<R>,
    point: Option<OpenPoint>,
    /// The track that is being read: its depth and its name.
    track: Option<(usize, Option<String>)>,
    times: RowTimes,
    ignores_names: bool,
    track_points: u64,
    waypoints: u64,
    route_points: u64,
    ended: bool,
}

impl<R: BufRead> GpxReader<R> {
    pub(crate) fn new(input: R, options: &ReadOptions) -> Self {
        Self {
            elements: Elements::new(input, options.encoding, "gpx"),
            point: None,
            track: None,
            times: RowTimes::new(options),
            ignores_names: options.columns.ignores_vehicles(),
            track_points: 0,
            waypoints: 0,
            route_points: 0,
            ended: false,
        }
    }

    /// Reads one tag, which may complete a point.
    fn read_tag(&mut self) -> Option<Result<TrackPoint, ReadError>> {
        match self.elements.next() {
            Err(error) => Some(Err(error)),
            Ok(Element::Open { name, attributes }) => {
                self.open(&name, &attributes);
                None
            }
            Ok(Element::Close { name, text }) => self.close(&name, &text),
            Ok(Element::End) => {
                self.ended = true;
                self.refuse_without_track()
            }
        }
    }

    fn refuse_without_track(&self) -> Option<Result<TrackPoint, ReadError>> {
        if self.track_points > 0 || self.waypoints + self.route_points == 0 {
            return None;
        }
        let Self { waypoints, route_points, .. } = self;
        Some(Err(ReadError::file(
            self.elements.line(),
            format!("the file has no track, only {waypoints} waypoints and {route_points} points of routes"),
        )))
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        let depth = self.elements.depth();
        match name {
            "trk" => self.track = Some((depth, None)),
            "wpt" => self.waypoints += 1,
            "rtept" => self.route_points += 1,
            "trkpt" if self.point.is_none() => {
                self.track_points += 1;
                let name = self.track.as_ref().and_then(|(_, name)| name.clone());
                let vehicle = name.filter(|_| !self.ignores_names);
                // NaN stands for a missing or invalid attribute: the check refuses it like 91 degrees.
                let degrees = |name| number_of(attributes, name).unwrap_or(f64::NAN);
                let values =
                    RawPoint { vehicle, latitude: degrees("lat"), longitude: degrees("lon"), ..RawPoint::default() };
                self.point = Some(OpenPoint { depth, line: self.elements.line(), time: None, attribute: None, values });
            }
            "attribute" => {
                if let Some(point) = &mut self.point {
                    let name = attributes.iter().find(|(key, _)| key == "name").map(|(_, name)| name);
                    point.attribute = name.and_then(|name| unescape(name).ok()).map(Cow::into_owned);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) -> Option<Result<TrackPoint, ReadError>> {
        let depth = self.elements.depth() + 1;
        if let Some(point) = &mut self.point {
            if point.depth == depth {
                return self.point.take().map(|point| self.finish(point));
            }
            point.take_value(name, depth, text);
        } else if let Some((track_depth, track_name)) = &mut self.track {
            if *track_depth == depth {
                self.track = None;
            } else if local(name) == "name" && depth == *track_depth + 1 && !text.is_empty() {
                *track_name = Some(text.to_owned());
            }
        }
        None
    }

    fn finish(&mut self, point: OpenPoint) -> Result<TrackPoint, ReadError> {
        let OpenPoint { line, time, mut values, .. } = point;
        if let Some(time) = &time {
            let cell = |field| (field == Field::Timestamp).then(|| Cell { text: time.into(), qualifier: None });
            let at = self.times.read(values.vehicle.as_deref(), cell);
            values.at = Some(at.map_err(|refusal| ReadError::of_time(line, refusal))?);
        }
        values.check(line)
    }
}

impl<R: BufRead> Iterator for GpxReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            if let Some(item) = self.read_tag() {
                self.ended |= matches!(&item, Err(error) if error.ends_reading());
                return Some(item);
            }
        }
        None
    }
}

impl<R: BufRead + Send> Rows for GpxReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::Gpx, self.elements.encoding());
        let Self { waypoints, route_points, .. } = self;
        if waypoints + route_points > 0 {
            understanding.notes.push(format!(
                "{waypoints} waypoints and {route_points} points of routes are no track and are not read."
            ));
        }
        self.times.notes(&mut understanding.notes);
        understanding
    }
}
