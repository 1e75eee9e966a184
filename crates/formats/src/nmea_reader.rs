//! Reads NMEA 0183 logs: a point for every valid RMC sentence, with the altitude of the GGA of the same instant.

use crate::limits::MAX_LINE_BYTES;
use crate::lines::{Line, Lines};
use crate::nmea_sentence::{Rmc, Sentence, find_sentence, parse_body};
use crate::reader::Rows;
use crate::track_point::RawPoint;
use crate::zone::{Instants, Zone};
use crate::{Format, ReadError, ReadOptions, SpeedUnit, TrackPoint, Understanding};
use jiff::civil::Time;
use milepost_domain::Timestamp;
use std::collections::VecDeque;
use std::io::BufRead;

/// Points of an NMEA log of any talker. Sentences without a fix and sentences of other kinds are skipped. A sentence with a
/// wrong checksum is refused, and one without a checksum too as soon as others had one: it is likely to be cut off.
pub(crate) struct NmeaReader<R> {
    lines: Lines<R>,
    /// The altitude of the newest GGA, for an RMC that follows it.
    altitude: Option<(Time, f64)>,
    /// An RMC whose GGA may follow: receivers send the two in either order.
    pending: Option<(u64, Rmc)>,
    /// Points and refusals that wait to be returned, at most three.
    ready: VecDeque<Result<TrackPoint, ReadError>>,
    with_checksum: u64,
    without_checksum: u64,
    /// RMC sentences, and sentences with a fix but without a date.
    dated: u64,
    undated: u64,
    without_fix: u64,
    ended: bool,
}

impl<R: BufRead> NmeaReader<R> {
    pub(crate) fn new(input: R, options: &ReadOptions) -> Self {
        Self {
            lines: Lines::new(input, options.encoding),
            altitude: None,
            pending: None,
            ready: VecDeque::new(),
            with_checksum: 0,
            without_checksum: 0,
            dated: 0,
            undated: 0,
            without_fix: 0,
            ended: false,
        }
    }

    /// Reads one line, which may make points ready.
    fn read_line(&mut self) {
        let number = self.lines.number() + 1;
        let parsed = match self.lines.next() {
            Ok(Line::Whole(line)) => match find_sentence(line) {
                Some(Ok(body)) => {
                    self.with_checksum += u64::from(body.has_checksum);
                    self.without_checksum += u64::from(!body.has_checksum);
                    if !body.has_checksum && self.with_checksum > 0 {
                        Err("the sentence has no checksum")
                    } else {
                        parse_body(body.text)
                    }
                }
                Some(Err(reason)) => Err(reason),
                None => return,
            },
            Ok(Line::TooLong) => {
                let reason = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                return self.ready.push_back(Err(ReadError::row(number, reason)));
            }
            Ok(Line::End) => return self.end(number),
            Err(error) => {
                self.ended = true;
                return self.ready.push_back(Err(ReadError::of_input(number, &error)));
            }
        };
        match parsed {
            Err(_) if self.lines.is_open_ended() => {
                self.finish();
                self.ended = true;
                let reason = "the file ends in the middle of a sentence: it was cut off";
                self.ready.push_back(Err(ReadError::rest(number, reason)));
            }
            Err(reason) => self.ready.push_back(Err(ReadError::row(number, reason))),
            Ok(Sentence::WithoutFix) => self.without_fix += 1,
            Ok(Sentence::OtherKind) => {}
            Ok(Sentence::Gga { time, altitude_m }) => {
                self.undated += 1;
                // A GGA of another instant completes the pending RMC, with the altitude that was known before.
                if self.pending.as_ref().is_some_and(|(_, rmc)| rmc.time != time) {
                    self.finish();
                }
                self.altitude = Some((time, altitude_m));
            }
            Ok(Sentence::Rmc(rmc)) => {
                self.dated += 1;
                self.finish();
                self.pending = Some((number, rmc));
            }
        }
    }

    fn finish(&mut self) {
        let Some((line, rmc)) = self.pending.take() else { return };
        let altitude_m = self.altitude.filter(|(time, _)| *time == rmc.time).map(|(_, altitude_m)| altitude_m);
        let at = match Zone::default().instants(rmc.date.to_datetime(rmc.time)) {
            Instants::One(ms) => Timestamp::from_unix_ms(ms),
            _ => None,
        };
        let point = RawPoint {
            at,
            latitude: rmc.latitude,
            longitude: rmc.longitude,
            speed_kmh: rmc.speed_knots.map(|knots| knots * SpeedUnit::Knots.kmh()),
            heading_deg: rmc.course_deg,
            altitude_m,
            ..RawPoint::default()
        };
        self.ready.push_back(point.check(line));
    }

    fn end(&mut self, line: u64) {
        self.finish();
        self.ended = true;
        if self.dated == 0 && self.undated > 0 {
            let reason = "the log has no RMC sentence, and no other that is read holds the date";
            self.ready.push_back(Err(ReadError::file(line, reason)));
        } else if self.dated == 0 && self.without_fix > 0 {
            let reason = format!("the receiver had no fix in any of {} sentences", self.without_fix);
            self.ready.push_back(Err(ReadError::file(line, reason)));
        }
    }
}

impl<R: BufRead> Iterator for NmeaReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            self.read_line();
        }
        self.ready.pop_front()
    }
}

impl<R: BufRead + Send> Rows for NmeaReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::Nmea, self.lines.encoding());
        if self.without_checksum > 0 && self.with_checksum == 0 {
            understanding.notes.push("The sentences have no checksums, so that damage does not show.".to_owned());
        }
        if self.without_fix > 0 {
            understanding.notes.push(format!("The receiver had no fix in {} sentences.", self.without_fix));
        }
        understanding
    }
}
