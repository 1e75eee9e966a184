//! Reads NMEA 0183 logs: a point for every valid RMC sentence, with the altitude of the GGA of the same instant.

use crate::limits::MAX_LINE_BYTES;
use crate::lines::{Line, Lines};
use crate::nmea_sentence::{Rmc, Sentence, parse};
use crate::track_point::RawPoint;
use crate::{ReadError, SpeedUnit, TrackPoint, Zone};
use jiff::civil::Time;
use std::io::BufRead;

/// Points of an NMEA log of any talker. Sentences without a fix and sentences of other kinds are skipped. A
/// sentence with a wrong checksum is reported.
pub struct NmeaReader<R> {
    lines: Lines<R>,
    /// The altitude of the newest GGA, for an RMC that follows it.
    altitude: Option<(Time, f64)>,
    /// An RMC whose GGA may follow: receivers send the two in either order.
    pending: Option<(u64, Rmc)>,
    without_fix: u64,
    ended: bool,
}

impl<R: BufRead> NmeaReader<R> {
    /// A reader that has read nothing yet.
    pub fn new(input: R) -> Self {
        Self { lines: Lines::new(input), altitude: None, pending: None, without_fix: 0, ended: false }
    }

    /// Sentences so far that had no position: no fix, or another kind.
    pub fn without_fix(&self) -> u64 {
        self.without_fix
    }

    fn finish(&mut self) -> Option<Result<TrackPoint, ReadError>> {
        let (line, rmc) = self.pending.take()?;
        let altitude_m = self.altitude.filter(|(time, _)| *time == rmc.time).map(|(_, altitude_m)| altitude_m);
        Some(
            RawPoint {
                vehicle: None,
                at: Zone::default().instant(rmc.date.to_datetime(rmc.time)),
                latitude: rmc.latitude,
                longitude: rmc.longitude,
                speed_kmh: rmc.speed_knots.map(|knots| knots * SpeedUnit::Knots.kmh()),
                heading_deg: rmc.course_deg,
                accuracy_m: None,
                altitude_m,
                // A sentence without a fix did not come so far.
                no_fix: false,
            }
            .check(line),
        )
    }
}

impl<R: BufRead> Iterator for NmeaReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let number = self.lines.number() + 1;
            let parsed = match self.lines.next() {
                Ok(Line::Whole(line)) => parse(line),
                Ok(Line::TooLong) => {
                    return Some(Err(ReadError::row(
                        number,
                        format!("the line is longer than {MAX_LINE_BYTES} bytes"),
                    )));
                }
                Ok(Line::End) => {
                    self.ended = true;
                    return self.finish();
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(ReadError::fatal(number, format!("the file cannot be read: {error}"))));
                }
            };
            match parsed {
                None => {}
                Some(Err(reason)) => return Some(Err(ReadError::row(number, reason))),
                Some(Ok(Sentence::NoPosition)) => self.without_fix += 1,
                Some(Ok(Sentence::Gga { time, altitude_m })) => {
                    let before = self.finish_if_other(time);
                    self.altitude = Some((time, altitude_m));
                    if before.is_some() {
                        return before;
                    }
                }
                Some(Ok(Sentence::Rmc(rmc))) => {
                    let before = self.finish();
                    self.pending = Some((number, rmc));
                    if before.is_some() {
                        return before;
                    }
                }
            }
        }
        None
    }
}

impl<R: BufRead> NmeaReader<R> {
    /// A GGA of another instant completes the pending RMC, with the altitude that was known before.
    fn finish_if_other(&mut self, time: Time) -> Option<Result<TrackPoint, ReadError>> {
        if self.pending.as_ref().is_some_and(|(_, rmc)| rmc.time != time) { self.finish() } else { None }
    }
}
