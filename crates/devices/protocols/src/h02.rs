//! H02, Sinotrack and clones: text in `*…#` and binary after `$`, mixed on one connection.

use crate::civil::{Civil, full_year};
use crate::cursor::{Cursor, bcd, bcd_digits};
use crate::degrees::with_hemisphere;
use crate::family::{Arrival, Cut, Family, Read, skip_to};
use crate::fields::{self, at, number, number_at};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

const MAX_FRAME_BYTES: usize = 1_024;
/// The part of a binary frame that is read. What follows differs by model, and is skipped wherever a segment ends.
const READ_BINARY_BYTES: usize = 29;
/// The usual length of a binary frame. Some models append more, which is not read.
const BINARY_BYTES: usize = 32;
/// Models with an IMEI of eight bytes.
const LONG_BINARY_BYTES: usize = 42;
/// The longest binary frame seen.
const MAX_BINARY_BYTES: usize = 64;

#[derive(Default)]
pub(crate) struct H02 {
    device_id: Option<String>,
    /// The two letters after the star, which a device expects in commands too.
    maker: Option<String>,
}

impl Family for H02 {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        if let Some(skip) = skip_to(bytes, |byte| matches!(byte, b'*' | b'$')) {
            return skip;
        }
        if bytes[0] == b'$' {
            return cut_binary(bytes);
        }
        match bytes[1..].iter().position(|byte| matches!(byte, b'#' | b'*')) {
            Some(end) if bytes[end + 1] == b'#' => Cut::Frame(end + 2),
            // The frame broke off and another one begins.
            Some(next) => Cut::Skip(next + 1),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], arrival: Arrival) -> Read {
        if frame[0] == b'$' {
            let Some((id, fix)) = read_binary(frame) else { return Read::Refused("unreadable", Vec::new()) };
            self.device_id = Some(id);
            return Read::Message(Message::of_fix(self.device_id.clone(), fix));
        }
        let text = fields::text(&frame[1..frame.len() - 1]);
        self.read_text(&text.split(',').collect::<Vec<_>>(), arrival)
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[
            CommandKind::Custom,
            CommandKind::StopEngine,
            CommandKind::ResumeEngine,
            CommandKind::Arm,
            CommandKind::Disarm,
        ]
    }

    fn write_command(&mut self, device_id: &str, command: &DeviceCommand, now: Timestamp) -> Option<Vec<u8>> {
        let (keyword, values) = match command.kind {
            CommandKind::Custom => return Some(command.text.as_ref()?.as_str().as_bytes().to_vec()),
            CommandKind::StopEngine => ("S20", "1,1"),
            CommandKind::ResumeEngine => ("S20", "1,0"),
            CommandKind::Arm => ("SCF", "0,0"),
            CommandKind::Disarm => ("SCF", "1,1"),
            _ => return None,
        };
        let Civil { hour, minute, second, .. } = Civil::from_utc(now);
        let maker = self.maker.as_deref().unwrap_or("HQ");
        Some(format!("*{maker},{device_id},{keyword},{hour:02}{minute:02}{second:02},{values}#").into_bytes())
    }
}

impl H02 {
    fn read_text(&mut self, fields: &[&str], arrival: Arrival) -> Read {
        let [maker, id, kind, ..] = fields else { return Read::Refused("no type", Vec::new()) };
        if kind.is_empty() {
            return Read::Refused("no type", Vec::new());
        }
        if fields::is_device_id(id) {
            self.device_id = Some((*id).to_owned());
        } else if !id.is_empty() {
            return Read::Refused("no device id", Vec::new());
        }
        let Some(known) = self.device_id.clone() else { return Read::Refused("no device id", Vec::new()) };
        if maker.len() == 2
            && maker.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && self.maker.as_deref() != Some(maker)
        {
            self.maker = Some((*maker).to_owned());
        }
        let now = Civil::from_utc(arrival.at).digits();
        let confirm = || Answer::taken(format!("*{maker},{known},V4,{kind},{now}#"));
        let echo = || Answer::taken(format!("*{maker},{known},{kind}#"));
        let message = |kind| Message::new(kind, Some(known.clone()));
        Read::Message(match *kind {
            "HTBT" | "V0" => {
                let mut fix = FixDraft::new(FixTime::MISSING);
                fix.maybe("battery_percent", number_at(fields, 3));
                Message { kind: MessageKind::Heartbeat, ..Message::of_fix(Some(known.clone()), fix) }.answered(echo())
            }
            "NBR" => message(MessageKind::Other).answered(confirm()),
            "LINK" => Message { kind: MessageKind::Heartbeat, ..Message::of_fix(Some(known), read_link(fields)) },
            "VP1" => match read_undated(fields) {
                Some(fix) => Message::of_fix(Some(known), fix),
                None => message(MessageKind::Other),
            },
            "V4" => match (4..fields.len()).find(|start| looks_like_fix(&fields[*start..])) {
                Some(start) => match read_fix(&fields[start..]) {
                    Ok(fix) => Message::of_fix(Some(known), fix).replied(fields[3..start].join(",")),
                    Err(reason) => return Read::Refused(reason, Vec::new()),
                },
                None => message(MessageKind::Other).replied(fields[3..].join(",")),
            },
            "SMS" => message(MessageKind::Other).replied(fields[3..].join(",")),
            "V3" => message(MessageKind::Other),
            _ if !looks_like_fix(&fields[3..]) => message(MessageKind::Other),
            _ => match read_fix(&fields[3..]) {
                Ok(fix) if *kind == "V1" => Message::of_fix(Some(known.clone()), fix).answered(confirm()),
                Ok(fix) => Message::of_fix(Some(known), fix),
                Err(reason) => return Read::Refused(reason, Vec::new()),
            },
        })
    }
}

fn cut_binary(bytes: &[u8]) -> Cut {
    if bytes.len() < READ_BINARY_BYTES {
        // Garbage may hold the sign too: what can't become a frame is not waited for.
        let is_digits = bytes[1..bytes.len().min(12)].iter().all(|byte| bcd(*byte).is_some());
        return if is_digits { Cut::Wait } else { Cut::Skip(1) };
    }
    if read_binary(&bytes[..bytes.len().min(LONG_BINARY_BYTES)]).is_none() {
        return Cut::Skip(1);
    }
    // Only the model tells the length. Another frame behind the usual one shows it, as does a segment that holds one frame.
    if bytes.len() <= BINARY_BYTES {
        return Cut::Frame(bytes.len());
    }
    let next = bytes[BINARY_BYTES..].iter().position(|byte| matches!(byte, b'*' | b'$'));
    match next {
        Some(0) => Cut::Frame(BINARY_BYTES),
        None if bytes.len() <= MAX_BINARY_BYTES => Cut::Frame(bytes.len()),
        _ => Cut::Frame(BINARY_BYTES),
    }
}

fn read_binary(frame: &[u8]) -> Option<(String, FixDraft)> {
    let long = (frame.len() == LONG_BINARY_BYTES).then(|| read_binary_with(frame, 8)).flatten();
    long.or_else(|| read_binary_with(frame, 5))
}

fn read_binary_with(frame: &[u8], id_bytes: usize) -> Option<(String, FixDraft)> {
    let mut cursor = Cursor(frame.get(1..)?);
    let id = bcd_digits(cursor.take(id_bytes)?)?;
    let mut parts = [0; 6];
    for part in &mut parts {
        *part = bcd(cursor.u8()?)?;
    }
    let [hour, minute, second, day, month, year] = parts;
    let time = Civil { year: full_year(year), month, day, hour, minute, second, ms: 0 }.as_utc()?;
    let latitude = bcd_digits(cursor.take(4)?)?;
    let _battery = cursor.u8()?;
    let longitude = cursor.take(5)?;
    let flags = longitude[4] & 15;
    let longitude = bcd_digits(&[&longitude[..4], &[longitude[4] & 0xF0]].concat())?;
    let motion = bcd_digits(cursor.take(3)?)?;
    let status = cursor.u32()?;

    let mut fix = FixDraft::new(FixTime::at(time));
    let letter = |bit: u8, set: &'static str, clear: &'static str| if flags & bit != 0 { set } else { clear };
    fix.set_place(
        with_hemisphere(&format!("{}.{}", &latitude[..4], &latitude[4..]), letter(4, "N", "S")),
        with_hemisphere(&format!("{}.{}", &longitude[..5], &longitude[5..9]), letter(8, "E", "W")),
    );
    fix.has_place().then_some(())?;
    fix.valid = Some(flags & 2 != 0);
    fix.set_speed_knots(number(&motion[..3]));
    fix.set_heading(number(&motion[3..]));
    set_status(&mut fix, status);
    let id = if id_bytes == 8 { id.trim_start_matches('0').to_owned() } else { id };
    Some((id, fix))
}

/// Time, validity, latitude, hemisphere, longitude, hemisphere.
fn looks_like_fix(fields: &[&str]) -> bool {
    let is_time = |field: &str| field.is_empty() || fields::pairs::<3>(field).is_some();
    let is_validity = |field: &str| field.len() <= 1;
    matches!(fields, [time, validity, _, _, _, _, ..] if is_time(time) && is_validity(validity))
        && matches!(at(fields, 3), "N" | "S" | "0" | "")
}

fn read_fix(fields: &[&str]) -> Result<FixDraft, &'static str> {
    // A battery digit may stand before the date.
    let date = if at(fields, 8).len() <= 2 && at(fields, 9).len() == 6 { 9 } else { 8 };
    let mut fix = FixDraft::new(read_time(at(fields, date), at(fields, 0))?);
    fix.set_place(with_hemisphere(at(fields, 2), at(fields, 3)), with_hemisphere(at(fields, 4), at(fields, 5)));
    // A digit in place of the letter counts as valid.
    let validity = at(fields, 1);
    fix.valid = Some(validity == "A" || validity.bytes().any(|byte| byte.is_ascii_digit()));
    if !fix.has_place() && fix.valid == Some(true) {
        return Err("impossible coordinates");
    }
    fix.set_speed_knots(number_at(fields, 6));
    fix.set_heading(number_at(fields, 7));
    if let Ok(status) = u32::from_str_radix(at(fields, date + 1), 16)
        && at(fields, date + 1).len() == 8
    {
        set_status(&mut fix, status);
    }
    Ok(fix)
}

fn read_time(date: &str, time: &str) -> Result<FixTime, &'static str> {
    let time = fields::time_of_day(time);
    match (fields::day_month_year(date), time) {
        (None, _) if !date.is_empty() => Err("impossible date"),
        // Clocks that have not been set.
        (Some([_, 0, 0]), _) | (None, None) | (Some(_), None) => Ok(FixTime::MISSING),
        (None, Some(ms)) => Ok(FixTime::of_day(ms)),
        (Some(date), Some(ms)) => match fields::civil(date, ms).as_utc() {
            Some(time) => Ok(FixTime::at(time)),
            None => Err("impossible date"),
        },
    }
}

/// `VP1`: coordinates with a date and without a time of day, so that the arrival counts.
fn read_undated(fields: &[&str]) -> Option<FixDraft> {
    if at(fields, 3) != "A" {
        return None;
    }
    let mut fix = FixDraft::new(FixTime::MISSING);
    fix.set_place(with_hemisphere(at(fields, 4), at(fields, 5)), with_hemisphere(at(fields, 6), at(fields, 7)));
    fix.has_place().then_some(())?;
    fix.valid = Some(true);
    fix.set_speed_knots(number_at(fields, 8));
    fix.set_heading(number_at(fields, 9));
    Some(fix)
}

/// `LINK`: time, signal, satellites, battery, steps, rolls, date, status.
fn read_link(fields: &[&str]) -> FixDraft {
    let mut fix = FixDraft::new(read_time(at(fields, 9), at(fields, 3)).unwrap_or(FixTime::MISSING));
    fix.maybe("rssi", number_at(fields, 4));
    fix.maybe("satellites", number_at(fields, 5));
    fix.maybe("battery_percent", number_at(fields, 6));
    if let Ok(status) = u32::from_str_radix(at(fields, 10), 16) {
        set_status(&mut fix, status);
    }
    fix
}

/// A bit that is 0 is an alarm. Only the ignition is 1 when it is on.
fn set_status(fix: &mut FixDraft, status: u32) {
    fix.ignition = Some(status & 1 << 10 != 0);
    let alarms =
        [(1, Alarm::Sos), (18, Alarm::Sos), (19, Alarm::PowerCut), (0, Alarm::Vibration), (2, Alarm::Overspeed)];
    for (bit, alarm) in alarms {
        if status & 1 << bit == 0 {
            fix.alarm(alarm);
        }
    }
}
