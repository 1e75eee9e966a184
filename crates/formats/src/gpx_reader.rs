//! Reads GPX 1.0 and 1.1: track points, with the speed and course of either version.

use crate::columns::Cell;
use crate::encoding::Utf8Input;
use crate::field::Field;
use crate::gpx_point::{OpenPoint, local};
use crate::limits::MAX_XML_DEPTH;
use crate::reader::Rows;
use crate::row_times::RowTimes;
use crate::track_point::RawPoint;
use crate::xml::{TokenBound, attribute, push_bounded, resolve};
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use quick_xml::Reader;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};
use std::io::BufRead;

/// Points of a GPX file. The name of the track that a point belongs to is its vehicle. Waypoints and routes are places and
/// plans, and are not read.
///
/// `speed` (metres a second) and `course` are read where GPX 1.0 has them and from the extensions of GPX 1.1 whatever
/// their namespace, as Garmin's TrackPointExtension and others write them. Entities of a document type are not
/// expanded: a file that uses them, or has a document type, is refused.
pub(crate) struct GpxReader<R: BufRead> {
    xml: Reader<TokenBound<Utf8Input<R>>>,
    buffer: Vec<u8>,
    depth: usize,
    point: Option<OpenPoint>,
    /// The track that is being read: its depth and its name.
    track: Option<(usize, Option<String>)>,
    /// The text of the innermost element so far.
    text: String,
    times: RowTimes,
    ignores_names: bool,
    seen_gpx: bool,
    track_points: u64,
    waypoints: u64,
    route_points: u64,
    ended: bool,
}

const CUT_OFF: &str = "the file ends in the middle: it was cut off";

impl<R: BufRead> GpxReader<R> {
    pub(crate) fn new(input: R, options: &ReadOptions) -> Self {
        Self {
            xml: Reader::from_reader(TokenBound::new(Utf8Input::new(input, options.encoding))),
            buffer: Vec::new(),
            depth: 0,
            point: None,
            track: None,
            text: String::new(),
            times: RowTimes::new(options),
            ignores_names: options.columns.ignores_vehicles(),
            seen_gpx: false,
            track_points: 0,
            waypoints: 0,
            route_points: 0,
            ended: false,
        }
    }

    /// Reads one XML event, which may complete a point.
    fn read_event(&mut self) -> Option<Result<TrackPoint, ReadError>> {
        self.buffer.clear();
        self.xml.get_mut().start_token();
        let event = self.xml.read_event_into(&mut self.buffer);
        let line = self.xml.get_ref().line();
        let rest = |reason: String| Some(Err(ReadError::rest(line, reason)));
        match event {
            // All but one of these say that the input ended too early.
            Err(quick_xml::Error::Syntax(error)) if self.seen_gpx && error != SyntaxError::InvalidBangMarkup => {
                rest(CUT_OFF.to_owned())
            }
            Err(error) if self.seen_gpx => rest(format!("not well-formed XML: {error}")),
            Err(error) => Some(Err(ReadError::file(line, format!("not well-formed XML: {error}")))),
            Ok(Event::Eof) if self.depth > 0 => rest(CUT_OFF.to_owned()),
            Ok(Event::Eof) => {
                self.ended = true;
                self.refuse_without_track(line)
            }
            Ok(Event::DocType(_)) => {
                rest("the file has a document type, which GPX does not need and is not taken".to_owned())
            }
            Ok(Event::Start(tag)) => {
                if self.depth >= MAX_XML_DEPTH {
                    return rest("elements are nested too deeply for GPX".to_owned());
                }
                self.depth += 1;
                self.text.clear();
                let opened = Opened::of(&tag);
                self.open(opened, line);
                None
            }
            Ok(Event::Empty(tag)) => {
                let opened = Opened::of(&tag);
                self.depth += 1;
                self.open(opened, line);
                self.close("")
            }
            Ok(Event::End(tag)) => {
                let name = tag.name().as_ref().to_owned();
                self.close(&name)
            }
            Ok(Event::Text(text)) => {
                push_bounded(&mut self.text, &text.xml10_content());
                None
            }
            Ok(Event::CData(text)) => {
                push_bounded(&mut self.text, &text.xml10_content());
                None
            }
            Ok(Event::GeneralRef(reference)) => match resolve(&reference) {
                Some(c) => {
                    push_bounded(&mut self.text, c.encode_utf8(&mut [0; 4]));
                    None
                }
                None => rest("the file uses an entity that XML does not define itself".to_owned()),
            },
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => None,
        }
    }

    fn refuse_without_track(&self, line: u64) -> Option<Result<TrackPoint, ReadError>> {
        if !self.seen_gpx {
            return Some(Err(ReadError::file(line, "the file is no GPX: it has no <gpx> element")));
        }
        if self.track_points > 0 || self.waypoints + self.route_points == 0 {
            return None;
        }
        let Self { waypoints, route_points, .. } = self;
        Some(Err(ReadError::file(
            line,
            format!("the file has no track, only {waypoints} waypoints and {route_points} points of routes"),
        )))
    }

    fn open(&mut self, opened: Opened, line: u64) {
        match opened {
            Opened::Gpx => self.seen_gpx = true,
            Opened::Track => self.track = Some((self.depth, None)),
            Opened::Waypoint => self.waypoints += 1,
            Opened::RoutePoint => self.route_points += 1,
            Opened::TrackPoint { latitude, longitude } if self.point.is_none() => {
                self.track_points += 1;
                let name = self.track.as_ref().and_then(|(_, name)| name.clone());
                let vehicle = name.filter(|_| !self.ignores_names);
                let values = RawPoint { vehicle, latitude, longitude, ..RawPoint::default() };
                self.point = Some(OpenPoint { depth: self.depth, line, time: None, values });
            }
            Opened::TrackPoint { .. } | Opened::Other => {}
        }
    }

    fn close(&mut self, name: &str) -> Option<Result<TrackPoint, ReadError>> {
        let depth = self.depth;
        self.depth = self.depth.saturating_sub(1);
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
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
            if let Some(item) = self.read_event() {
                self.ended |= matches!(&item, Err(error) if error.ends_reading());
                return Some(item);
            }
        }
        None
    }
}

impl<R: BufRead + Send> Rows for GpxReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::Gpx, self.xml.get_ref().input().encoding());
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

/// The kind of element that a tag opens.
enum Opened {
    Gpx,
    Track,
    TrackPoint { latitude: f64, longitude: f64 },
    RoutePoint,
    Waypoint,
    Other,
}

impl Opened {
    fn of(tag: &BytesStart<'_>) -> Self {
        match tag.local_name().as_ref() {
            "gpx" => Self::Gpx,
            "trk" => Self::Track,
            "wpt" => Self::Waypoint,
            "rtept" => Self::RoutePoint,
            // NaN stands for a missing or invalid attribute: the check refuses it like 91 degrees.
            "trkpt" => {
                let degrees = |name| attribute(tag, name).unwrap_or(f64::NAN);
                Self::TrackPoint { latitude: degrees("lat"), longitude: degrees("lon") }
            }
            _ => Self::Other,
        }
    }
}
