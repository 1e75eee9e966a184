//! Reads GPX 1.0 and 1.1: track points, route points and way-points, with the speed and course of either version.

use crate::limits::{MAX_XML_DEPTH, MAX_XML_TEXT_BYTES};
use crate::track_point::{RawPoint, means_no_fix};
use crate::xml::TokenBound;
use crate::{ReadError, SpeedUnit, TrackPoint, Zone, parse_timestamp};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::BufRead;

/// Points of a GPX file. The name of the track or route that a point belongs to is its vehicle.
///
/// `speed` (metres a second) and `course` are read where GPX 1.0 has them and from the extensions of GPX 1.1 whatever
/// their namespace, as Garmin's TrackPointExtension and others write them. Entities of a document type are not
/// expanded: a file that uses them, or has a document type, is refused.
pub struct GpxReader<R: BufRead> {
    xml: Reader<TokenBound<R>>,
    buffer: Vec<u8>,
    depth: usize,
    /// The point that is being read: the depth and line of its element, and its values so far.
    point: Option<(usize, u64, RawPoint)>,
    /// The track or route that is being read: its depth and its name.
    track: Option<(usize, Option<String>)>,
    /// The text of the innermost element so far.
    text: String,
    zone: Zone,
    seen_gpx: bool,
    ended: bool,
}

impl<R: BufRead> GpxReader<R> {
    /// A reader that has read nothing yet. GPX times are UTC; `zone` is for files that omit the Z.
    pub fn new(input: R, zone: Zone) -> Self {
        Self {
            xml: Reader::from_reader(TokenBound::new(input)),
            buffer: Vec::new(),
            depth: 0,
            point: None,
            track: None,
            text: String::new(),
            zone,
            seen_gpx: false,
            ended: false,
        }
    }

    /// Reads one XML event, which may complete a point.
    fn read_event(&mut self) -> Option<Result<TrackPoint, ReadError>> {
        self.buffer.clear();
        self.xml.get_mut().start_token();
        let event = self.xml.read_event_into(&mut self.buffer);
        let line = self.xml.get_ref().line();
        let fatal = |reason: &str| Some(Err(ReadError::fatal(line, reason)));
        match event {
            Err(error) => Some(Err(ReadError::fatal(line, format!("not well-formed XML: {error}")))),
            Ok(Event::Eof) if self.depth > 0 => fatal("the file ends in the middle: it was cut off"),
            Ok(Event::Eof) if !self.seen_gpx => fatal("the file is no GPX: it has no <gpx> element"),
            Ok(Event::Eof) => {
                self.ended = true;
                None
            }
            Ok(Event::DocType(_)) => fatal("the file has a document type, which GPX does not need and is not taken"),
            Ok(Event::Start(tag)) => {
                if self.depth >= MAX_XML_DEPTH {
                    return fatal("elements are nested too deeply for GPX");
                }
                self.depth += 1;
                self.text.clear();
                let opened = Opened::of(&tag);
                self.open(opened, line)
            }
            Ok(Event::Empty(tag)) => {
                let opened = Opened::of(&tag);
                self.depth += 1;
                let failed = self.open(opened, line);
                let closed = self.close("");
                failed.or(closed)
            }
            Ok(Event::End(tag)) => {
                let name = tag.local_name().as_ref().to_owned();
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
            Ok(Event::GeneralRef(reference)) => {
                let known = match &*reference.xml10_content() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                match known {
                    Some(c) => push_bounded(&mut self.text, c.encode_utf8(&mut [0; 4])),
                    None => return fatal("the file uses an entity that XML does not define itself"),
                }
                None
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => None,
        }
    }

    fn open(&mut self, opened: Opened, line: u64) -> Option<Result<TrackPoint, ReadError>> {
        match opened {
            Opened::Gpx => self.seen_gpx = true,
            Opened::Track => self.track = Some((self.depth, None)),
            Opened::Point { latitude, longitude } if self.point.is_none() => {
                let vehicle = self.track.as_ref().and_then(|(_, name)| name.clone());
                let raw = RawPoint { vehicle, latitude, longitude, ..RawPoint::default() };
                self.point = Some((self.depth, line, raw));
            }
            Opened::Point { .. } | Opened::Other => {}
        }
        None
    }

    fn close(&mut self, name: &str) -> Option<Result<TrackPoint, ReadError>> {
        let depth = self.depth;
        self.depth = self.depth.saturating_sub(1);
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if let Some((point_depth, line, mut raw)) = self.point.take() {
            if point_depth == depth {
                return Some(raw.check(line));
            }
            let number = || text.parse::<f64>().ok();
            match name {
                "time" if depth == point_depth + 1 => raw.at = parse_timestamp(text, &self.zone),
                "ele" if depth == point_depth + 1 => raw.altitude_m = number(),
                "speed" => raw.speed_kmh = number().map(kmh_of_ms),
                "course" | "heading" => raw.heading_deg = number(),
                // Where a file has both, the course is the direction of travel.
                "bearing" if raw.heading_deg.is_none() => raw.heading_deg = number(),
                "accuracy" => raw.accuracy_m = number(),
                "fix" => raw.no_fix = means_no_fix(text),
                _ => {}
            }
            self.point = Some((point_depth, line, raw));
        } else if let Some((track_depth, track_name)) = &mut self.track {
            if *track_depth == depth {
                self.track = None;
            } else if name == "name" && depth == *track_depth + 1 && !text.is_empty() {
                *track_name = Some(text.to_owned());
            }
        }
        None
    }
}

impl<R: BufRead> Iterator for GpxReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            if let Some(item) = self.read_event() {
                self.ended |= matches!(&item, Err(error) if error.ends_file);
                return Some(item);
            }
        }
        None
    }
}

/// Rounds to a millionth of a km/h: 50 km/h, written as 13.888888888888889 m/s, are read as 50.
fn kmh_of_ms(speed_ms: f64) -> f64 {
    (speed_ms * SpeedUnit::Ms.kmh() * 1e6).round() / 1e6
}

/// The kind of element that a tag opens.
enum Opened {
    Gpx,
    Track,
    Point { latitude: f64, longitude: f64 },
    Other,
}

impl Opened {
    fn of(tag: &BytesStart<'_>) -> Self {
        match tag.local_name().as_ref() {
            "gpx" => Self::Gpx,
            "trk" | "rte" => Self::Track,
            "trkpt" | "rtept" | "wpt" => {
                // NaN stands for a missing or invalid attribute: the check refuses it like 91 degrees.
                let degrees = |name: &str| {
                    let attribute = tag.try_get_attribute(name).ok().flatten();
                    attribute.and_then(|found| found.value.trim().parse().ok()).unwrap_or(f64::NAN)
                };
                Self::Point { latitude: degrees("lat"), longitude: degrees("lon") }
            }
            _ => Self::Other,
        }
    }
}

/// Appends text up to the limit: nothing longer is a number, a time or a name.
fn push_bounded(text: &mut String, more: &str) {
    let room = MAX_XML_TEXT_BYTES.saturating_sub(text.len());
    let mut end = more.len().min(room);
    while !more.is_char_boundary(end) {
        end -= 1;
    }
    text.push_str(&more[..end]);
}
