//! NMEA 0183 sentences of routers and loggers that say who they are.

use crate::checksum::xor;
use crate::degrees::with_hemisphere;
use crate::family::{Arrival, Cut, Family, Read};
use crate::fields::{self, at, number, number_at};
use crate::fix::FixDraft;
use crate::{FixTime, Message, MessageKind};
use milepost_domain::Timestamp;

const MAX_LINE_BYTES: usize = 1_024;
const DAY_MS: i64 = 86_400_000;

#[derive(Default)]
pub(crate) struct Nmea {
    device_id: Option<String>,
    /// The time of the last sentence with a date.
    dated: Option<Timestamp>,
    /// A GGA or GLL sentence that waits for the RMC sentence of the same second, once they are known to come in this order.
    held: Option<(i64, FixDraft)>,
    /// The time of day of the last GGA or GLL sentence.
    undated_ms: Option<i64>,
    dated_follows: bool,
}

impl Family for Nmea {
    fn max_frame_bytes(&self) -> usize {
        MAX_LINE_BYTES
    }

    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut {
        match bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            Some(0) => Cut::Skip(1),
            Some(end) => Cut::Frame(end + 1),
            None if arrival.is_datagram => Cut::Frame(bytes.len()),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let line = fields::text(frame);
        let line = line.trim();
        if line.contains(char::REPLACEMENT_CHARACTER) || line.chars().any(char::is_control) {
            return Read::Refused("no text", Vec::new());
        }
        if let Some(rest) = line.strip_prefix("QZE,") {
            return self.read_qze(rest);
        }
        let Some((before, sentence)) = line.split_once('$') else { return self.read_id_line(line) };
        if let Some(id) = id_before(before) {
            self.device_id = Some(id);
        }
        let (body, after) = match sentence.split_once('*') {
            Some((body, after)) => (body, Some(after)),
            None => (sentence, None),
        };
        if let Some(after) = after {
            let stated = after.trim().get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            if stated != Some(xor(body.as_bytes())) {
                return Read::Refused("wrong checksum", Vec::new());
            }
        }
        let parts: Vec<&str> = body.split(',').collect();
        let behind: Vec<&str> = after.unwrap_or_default().split(',').skip(1).collect();
        self.read_sentence(&parts, &behind)
    }
}

impl Nmea {
    fn read_id_line(&mut self, line: &str) -> Read {
        let id = line.strip_prefix("IMEI").map_or(line, |rest| rest.trim_start_matches([' ', ':', '=']));
        let is_hex = id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || id.len() > 20 {
            return Read::Refused("no sentence", Vec::new());
        }
        self.log_in(id)
    }

    fn log_in(&mut self, id: &str) -> Read {
        let id = id.trim();
        if !(3..=40).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Read::Refused("no device id", Vec::new());
        }
        self.device_id = Some(id.to_owned());
        Read::Message(Message::new(MessageKind::Login, self.device_id.clone()))
    }

    fn read_sentence(&mut self, parts: &[&str], behind: &[&str]) -> Read {
        let name = parts[0];
        if let Some(id) = name.strip_prefix("IMEI=") {
            return self.log_in(id);
        }
        if matches!(name, "PGID" | "GPFID" | "DEVID" | "PSIWMDID" | "PCPTI" | "CONNECT") {
            return self.log_in(at(parts, 1));
        }
        let fix = match name {
            "TRCCR" => self.read_trccr(parts),
            "PUBX" if at(parts, 1) == "00" => self.read_pubx(parts),
            _ => match name.get(2..) {
                Some("RMC") => self.read_rmc(parts),
                Some("GGA") => self.read_gga(parts),
                Some("GLL") => self.read_gll(parts),
                _ => return Read::Message(Message::new(MessageKind::Other, self.device_id.clone())),
            },
        };
        // Behind the checksum: satellites, IMEI, ignition.
        if let [satellites, imei, ignition, ..] = behind
            && fields::is_imei(imei)
        {
            self.device_id = Some((*imei).to_owned());
            return self.message(fix.map(|fix| {
                fix.map(|mut fix| {
                    fix.maybe("satellites", number(satellites));
                    fix.ignition = number(ignition).map(|on| on != 0.0);
                    fix
                })
            }));
        }
        self.message(fix)
    }

    /// `Ok(None)`: a good sentence without a place.
    fn message(&self, fix: Result<Option<FixDraft>, &'static str>) -> Read {
        if self.device_id.is_none() {
            return Read::Refused("no device id", Vec::new());
        }
        match fix {
            Ok(Some(fix)) => Read::Message(Message::of_fix(self.device_id.clone(), fix)),
            Ok(None) => Read::Message(Message::new(MessageKind::Other, self.device_id.clone())),
            Err(reason) => Read::Refused(reason, Vec::new()),
        }
    }

    fn read_rmc(&mut self, parts: &[&str]) -> Result<Option<FixDraft>, &'static str> {
        let valid = at(parts, 2) == "A";
        let date = fields::day_month_year(at(parts, 9)).zip(fields::time_of_day(at(parts, 1)));
        let time = date.and_then(|(date, ms)| fields::civil(date, ms).as_utc());
        if time.is_none() && !at(parts, 9).is_empty() {
            return Err("impossible time");
        }
        let mut fix = FixDraft::new(FixTime::maybe(time));
        fix.valid = Some(valid);
        set_place(&mut fix, &parts[3.min(parts.len())..])?;
        fix.set_speed_knots(number_at(parts, 7));
        fix.set_heading(number_at(parts, 8));
        if let Some(time) = time {
            self.dated = Some(time);
            let of_day = time.unix_ms() % DAY_MS;
            if let Some((_, gga)) = self.held.take_if(|(ms, _)| *ms == of_day) {
                fix.complete_with(gga);
            }
            self.dated_follows |= self.undated_ms == Some(of_day);
        }
        Ok(fix.has_place().then_some(fix))
    }

    fn read_gga(&mut self, parts: &[&str]) -> Result<Option<FixDraft>, &'static str> {
        let quality = number_at(parts, 6).unwrap_or(0.0);
        let mut fix = FixDraft::new(FixTime::MISSING);
        fix.valid = Some(quality > 0.0);
        set_place(&mut fix, &parts[2.min(parts.len())..])?;
        fix.maybe("satellites", number_at(parts, 7));
        fix.maybe("hdop", number_at(parts, 8));
        fix.set_altitude(number_at(parts, 9));
        Ok(self.undated(fix, at(parts, 1)))
    }

    fn read_gll(&mut self, parts: &[&str]) -> Result<Option<FixDraft>, &'static str> {
        let mut fix = FixDraft::new(FixTime::MISSING);
        fix.valid = Some(at(parts, 6) == "A");
        set_place(&mut fix, &parts[1.min(parts.len())..])?;
        Ok(self.undated(fix, at(parts, 5)))
    }

    /// A sentence without a date: that of the last one with a date counts, or the arrival's. One second is one fix: what an RMC sentence
    /// said is not said again.
    fn undated(&mut self, mut fix: FixDraft, time: &str) -> Option<FixDraft> {
        fix.has_place().then_some(())?;
        let ms = fields::time_of_day(time)?;
        self.undated_ms = Some(ms);
        fix.time = match self.dated {
            None => FixTime::of_day(ms),
            Some(dated) => {
                let of_day = dated.unix_ms() % DAY_MS;
                if of_day == ms {
                    return None;
                }
                // The time of day fell: it is the next day.
                let day = dated.unix_ms() - of_day + if ms < of_day - DAY_MS / 2 { DAY_MS } else { 0 };
                FixTime::maybe(Timestamp::from_unix_ms(day + ms))
            }
        };
        if self.dated_follows {
            self.held = Some((ms, fix));
            return None;
        }
        Some(fix)
    }

    fn read_trccr(&mut self, parts: &[&str]) -> Result<Option<FixDraft>, &'static str> {
        let (time, fraction) = at(parts, 1).split_once('.').unwrap_or((at(parts, 1), ""));
        let civil = fields::full_time(time).map(|civil| crate::Civil { ms: fraction.parse().unwrap_or(0), ..civil });
        let time = civil.and_then(|civil| civil.as_utc()).ok_or("impossible time")?;
        let mut fix = FixDraft::new(FixTime::at(time));
        fix.valid = Some(at(parts, 2) == "A");
        fix.set_place(number_at(parts, 3), number_at(parts, 4));
        fix.set_speed_knots(number_at(parts, 5));
        fix.set_heading(number_at(parts, 6));
        fix.set_altitude(number_at(parts, 7));
        fix.has_place().then_some(Some(fix)).ok_or("impossible coordinates")
    }

    fn read_pubx(&mut self, parts: &[&str]) -> Result<Option<FixDraft>, &'static str> {
        if let Some(id) =
            parts.len().checked_sub(2).map(|index| parts[index]).filter(|id| parts.len() > 21 && id.len() > 3)
        {
            self.device_id = Some(id.to_owned());
        }
        let mut fix = FixDraft::new(FixTime::MISSING);
        fix.valid = Some(at(parts, 8) != "NF");
        set_place(&mut fix, &parts[3.min(parts.len())..])?;
        fix.set_altitude(number_at(parts, 7));
        fix.set_speed_kmh(number_at(parts, 11));
        fix.set_heading(number_at(parts, 12));
        fix.maybe("hdop", number_at(parts, 15));
        fix.maybe("satellites", number_at(parts, 18));
        Ok(self.undated(fix, at(parts, 2)))
    }

    /// `id,event,ddmmyyyy,hhmmss,latitude,longitude,km/h,course,A|V,ignition`, a maker's own.
    fn read_qze(&mut self, rest: &str) -> Read {
        let parts: Vec<&str> = rest.split(',').collect();
        if !fields::is_device_id(parts[0]) {
            return Read::Refused("no device id", Vec::new());
        }
        self.device_id = Some(parts[0].to_owned());
        let time = fields::pairs(at(&parts, 2)).zip(fields::time_of_day(at(&parts, 3)));
        let time = time.and_then(|([day, month, century, year], ms)| {
            fields::civil([century * 100 + year, month, day], ms).as_utc()
        });
        let Some(time) = time else { return Read::Refused("impossible time", Vec::new()) };
        let mut fix = FixDraft::new(FixTime::at(time));
        fix.set_place(number_at(&parts, 4), number_at(&parts, 5));
        fix.set_speed_kmh(number_at(&parts, 6));
        fix.set_heading(number_at(&parts, 7));
        fix.valid = Some(at(&parts, 8) == "A");
        fix.ignition = number_at(&parts, 9).map(|on| on != 0.0);
        fix.maybe("event", number_at(&parts, 1));
        self.message(if fix.has_place() { Ok(Some(fix)) } else { Err("impossible coordinates") })
    }
}

/// Latitude, hemisphere, longitude, hemisphere. Empty ones are no place; impossible ones an error.
fn set_place(fix: &mut FixDraft, fields: &[&str]) -> Result<(), &'static str> {
    if at(fields, 0).is_empty() && at(fields, 2).is_empty() {
        return Ok(());
    }
    fix.set_place(with_hemisphere(at(fields, 0), at(fields, 1)), with_hemisphere(at(fields, 2), at(fields, 3)));
    if !fix.has_place() { Err("impossible coordinates") } else { Ok(()) }
}

/// `355797031609284`, `990000561287964,` or `4711/022789000688081/` before the sentence.
fn id_before(text: &str) -> Option<String> {
    let id = text.split(['/', ',', ' ']).rfind(|part| !part.is_empty())?;
    fields::is_device_id(id).then(|| id.to_owned())
}
