//! Meitrack MVT, T, MT, TC: text reports and binary batches.

use crate::checksum::sum;
use crate::cursor::Cursor;
use crate::family::{Arrival, Cut, Family, Read};
use crate::fields::{self, at, find, number, number_at};
use crate::fix::FixDraft;
use crate::{Answer, Civil, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

/// Lengths of more than a few KiB do not occur.
const MAX_FRAME_BYTES: usize = 4_000;
/// 2000-01-01T00:00:00Z in Unix seconds, from which devices count.
const EPOCH_S: i64 = 946_684_800;

#[derive(Default)]
pub(crate) struct Meitrack;

impl Family for Meitrack {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        match bytes {
            [b'$'] | [b'$', b'$'] => return Cut::Wait,
            [b'$', b'$', ..] => {}
            _ => return Cut::Skip(find(&bytes[1..], b"$").map_or(bytes.len(), |start| start + 1)),
        }
        // A flag, then the length from the comma to the line end in at most four digits.
        let digits = bytes[3..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 4 {
            return Cut::Skip(2);
        }
        let comma = 3 + digits;
        match bytes.get(comma) {
            None => return Cut::Wait,
            Some(b',') if digits > 0 => {}
            Some(_) => return Cut::Skip(2),
        }
        let length: usize = fields::text(&bytes[3..comma]).parse().unwrap_or(0);
        let whole = comma + length;
        if whole > MAX_FRAME_BYTES || length < 20 {
            return Cut::Skip(2);
        }
        match bytes.get(whole - 2..whole) {
            None => Cut::Wait,
            Some(b"\r\n") => Cut::Frame(whole),
            Some(_) => Cut::Skip(2),
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let (counted, rest) = frame.split_at(frame.len() - 4);
        let stated = std::str::from_utf8(&rest[..2]).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if counted.last() != Some(&b'*') || stated != Some(sum(counted)) {
            return Read::Refused("wrong checksum", Vec::new());
        }
        read_frame(frame[2], counted).unwrap_or(Read::Refused("unreadable", Vec::new()))
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[CommandKind::Custom, CommandKind::Locate, CommandKind::StopEngine, CommandKind::ResumeEngine]
    }

    fn write_command(&mut self, device_id: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let content = match command.kind {
            CommandKind::Custom => command.text.as_ref()?.as_str(),
            CommandKind::Locate => "A10",
            // The first output, whatever the speed; the others stay as they are.
            CommandKind::StopEngine => "C01,0,12222",
            CommandKind::ResumeEngine => "C01,0,02222",
            _ => return None,
        };
        Some(answer(b'A', device_id, content))
    }
}

/// `$$A157,IMEI,COMMAND,…*`.
fn read_frame(flag: u8, counted: &[u8]) -> Option<Read> {
    let mut parts = counted[..counted.len() - 1].splitn(4, |byte| *byte == b',');
    let (_, imei, command) = (parts.next()?, fields::text(parts.next()?), fields::text(parts.next()?));
    let data = parts.next().unwrap_or_default();
    if !fields::is_imei(&imei) {
        return None;
    }
    let device_id = Some(imei.clone());
    let message = match command.as_str() {
        "AAA" | "AFF" => {
            let text = fields::text(data);
            let fields: Vec<&str> = text.split(',').collect();
            let fields = if command == "AFF" { fields.get(1..)? } else { &fields };
            Message::of_fix(device_id, read_text(fields)?)
        }
        "CCC" => {
            let fixes = read_fixed(data)?;
            let answer = answer(flag, &imei, &format!("CCC,{}", fixes.len()));
            Message::of_fixes(device_id, fixes).answered(Answer::taken(answer))
        }
        "CCE" => Message::of_fixes(device_id, read_groups(data)?),
        "AAC" => Message::new(MessageKind::Login, device_id).answered(Answer::taken(answer(b'z', &imei, "AAC,1"))),
        // Photos and their parts are no answers.
        command if is_command(command) && !matches!(command, "D00" | "D03") => {
            let data = fields::text(data);
            let reply = if data.is_empty() { command.to_owned() } else { format!("{command},{data}") };
            Message::new(MessageKind::Other, device_id).replied(reply)
        }
        _ => Message::new(MessageKind::Other, device_id),
    };
    Some(Read::Message(message))
}

/// A letter and two digits: what the device was told, with its result behind it.
fn is_command(name: &str) -> bool {
    matches!(name.as_bytes(), [b'A'..=b'F', tens, ones] if tens.is_ascii_hexdigit() && ones.is_ascii_digit())
}

fn answer(flag: u8, imei: &str, content: &str) -> Vec<u8> {
    let length = imei.len() + content.len() + 7;
    let mut frame = vec![b'@', b'@', flag];
    frame.extend_from_slice(format!("{length},{imei},{content}*").as_bytes());
    let sum = sum(&frame);
    frame.extend_from_slice(format!("{sum:02X}\r\n").as_bytes());
    frame
}

fn read_text(fields: &[&str]) -> Option<FixDraft> {
    let [event, latitude, longitude, time, valid, satellites, signal, speed, course, hdop, altitude, mileage, ..] =
        fields
    else {
        return None;
    };
    let [year, month, day, hour, minute, second] = fields::pairs(time)?;
    let civil = Civil { year: 2000 + year, month, day, hour, minute, second, ms: 0 };
    let mut fix = FixDraft::new(FixTime::maybe(civil.as_utc()));
    fix.valid = Some(*valid == "A");
    fix.set_place(number(latitude), number(longitude));
    fix.maybe("satellites", number(satellites));
    fix.maybe("rssi", number(signal));
    fix.set_speed_kmh(number(speed));
    fix.set_heading(number(course));
    fix.maybe("hdop", number(hdop));
    fix.set_altitude(number(altitude));
    fix.set_odometer_m(number(mileage));
    if let Some(event) = number(event) {
        set_event(&mut fix, event as u32);
    }
    set_voltages(&mut fix, at(fields, 15));
    let fuel = at(fields, 19);
    if fuel.len() == 4
        && fuel.is_ascii()
        && let (Ok(whole), Ok(hundredths)) = (u8::from_str_radix(&fuel[..2], 16), u8::from_str_radix(&fuel[2..], 16))
    {
        fix.number("fuel_percent", f64::from(whole) + f64::from(hundredths) / 100.0);
    }
    fix.maybe("run_time_s", number_at(fields, 12));
    Some(fix)
}

/// Of five analogue values the last two are usually the battery and the power, in hundredths of a volt. Models that count otherwise
/// give a battery that can't be.
fn set_voltages(fix: &mut FixDraft, analogues: &str) {
    let values: Vec<&str> = analogues.split('|').collect();
    let volts = |text: &str| u16::from_str_radix(text, 16).ok().map(|hundredths| f64::from(hundredths) / 100.0);
    if let [_, _, _, battery, power] = values.as_slice()
        && let Some(battery) = volts(battery).filter(|volts| (2.5..=5.0).contains(volts))
    {
        fix.number("battery_v", battery);
        fix.maybe("power_v", volts(power));
    }
}

fn set_event(fix: &mut FixDraft, event: u32) {
    fix.number("event", event.into());
    fix.alarm(match event {
        1 => Alarm::Sos,
        17 => Alarm::LowBattery,
        19 => Alarm::Overspeed,
        20 => Alarm::GeofenceEnter,
        21 => Alarm::GeofenceExit,
        23 => Alarm::PowerCut,
        36 => Alarm::Tow,
        44 => Alarm::Jamming,
        _ => return,
    });
}

fn time_of(seconds: u32) -> FixTime {
    FixTime::maybe(Timestamp::from_unix_ms((EPOCH_S + i64::from(seconds)) * 1_000))
}

/// `CCC`: records of 52 bytes.
fn read_fixed(data: &[u8]) -> Option<Vec<FixDraft>> {
    let mut cursor = Cursor(data);
    let (_protocol, _length, _left) = (cursor.u16_le()?, cursor.u16_le()?, cursor.u32_le()?);
    let mut fixes = Vec::new();
    while cursor.len() >= 52 {
        let mut record = Cursor(cursor.take(52)?);
        let event = record.u8()?;
        let (latitude, longitude) = (record.i32_le()?, record.i32_le()?);
        let mut fix = FixDraft::new(time_of(record.u32_le()?));
        fix.set_place(Some(f64::from(latitude) / 1e6), Some(f64::from(longitude) / 1e6));
        fix.valid = Some(record.u8()? == 1);
        fix.number("satellites", record.u8()?.into());
        fix.number("rssi", record.u8()?.into());
        fix.set_speed_kmh(Some(record.u16_le()?.into()));
        fix.set_heading(Some(record.u16_le()?.into()));
        fix.number("hdop", f64::from(record.u16_le()?) / 10.0);
        fix.set_altitude(Some(record.i16_le()?.into()));
        fix.set_odometer_m(Some(record.u32_le()?.into()));
        fix.number("run_time_s", record.u32_le()?.into());
        set_event(&mut fix, event.into());
        fixes.push(fix);
    }
    Some(fixes)
}

/// `CCE`: records of groups of one, two and four bytes.
fn read_groups(data: &[u8]) -> Option<Vec<FixDraft>> {
    let mut cursor = Cursor(data);
    let (_left, count) = (cursor.u32_le()?, cursor.u16_le()?);
    let mut fixes = Vec::new();
    for _ in 0..count {
        let length = cursor.u16_le()?;
        let mut record = Cursor(cursor.take(length.into())?);
        record.u16_le()?;
        fixes.push(read_record(&mut record)?);
    }
    Some(fixes)
}

fn read_record(record: &mut Cursor<'_>) -> Option<FixDraft> {
    let mut fix = FixDraft::new(FixTime::MISSING);
    let (mut latitude, mut longitude) = (None, None);
    for width in [1, 2, 4] {
        for _ in 0..record.u8()? {
            let id = match record.u8()? {
                0xFE => 0xFE00 | u16::from(record.u8()?),
                id => u16::from(id),
            };
            let value = record.number_le(width)?;
            let number = value as f64;
            let degrees = || Some(f64::from(value as u32 as i32) / 1e6);
            match (id, width) {
                (0x01, 1) | (0x40, 2) => set_event(&mut fix, value as u32),
                (0x05, 1) => fix.valid = Some(value == 1),
                (0x06, 1) => fix.number("satellites", number),
                (0x07, 1) => fix.number("rssi", number),
                (0x08, 2) => fix.set_speed_kmh(Some(number)),
                (0x09, 2) => fix.set_heading(Some(number)),
                (0x0A, 2) => fix.number("hdop", number / 10.0),
                (0x0B, 2) => fix.set_altitude(Some((value as u16 as i16).into())),
                (0x19, 2) => fix.number("battery_v", number / 100.0),
                (0x1A, 2) => fix.number("power_v", number / 100.0),
                (0x02, 4) => latitude = degrees(),
                (0x03, 4) => longitude = degrees(),
                (0x04, 4) => fix.time = time_of(value as u32),
                (0x0C, 4) => fix.set_odometer_m(Some(number)),
                (0x0D, 4) => fix.number("run_time_s", number),
                (0xFE69, 1) => fix.number("battery_percent", number),
                _ => {}
            }
        }
    }
    fix.set_place(latitude, longitude);
    Some(fix)
}
