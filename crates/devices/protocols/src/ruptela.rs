//! Ruptela FM: binary over TCP. Layout: "Ruptela FM protocol".

use crate::checksum::crc16_kermit;
use crate::cursor::Cursor;
use crate::family::{Arrival, Cut, Family, Read};
use crate::fields;
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{CommandKind, DeviceCommand, Timestamp};

/// Packets have at most about 1 KiB. After a wrong length nothing can be found again, as there is no mark at the start.
const MAX_LENGTH: usize = 1_200;
const NO_FIX: i32 = i32::MIN;

#[derive(Default)]
pub(crate) struct Ruptela;

impl Family for Ruptela {
    fn max_frame_bytes(&self) -> usize {
        MAX_LENGTH + 4
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        let Some(length) = Cursor(bytes).u16().map(usize::from) else { return Cut::Wait };
        if !(9..=MAX_LENGTH).contains(&length) {
            return Cut::Close("impossible length");
        }
        if bytes.len() < length + 4 { Cut::Wait } else { Cut::Frame(length + 4) }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let (body, crc) = (&frame[2..frame.len() - 2], &frame[frame.len() - 2..]);
        let (command, payload) = (body[8], &body[9..]);
        let has_records = matches!(command, 1 | 68);
        let refused = || if has_records { answer(100, 0) } else { Vec::new() };
        if crc != crc16_kermit(body).to_be_bytes() {
            return Read::Refused("wrong checksum", refused());
        }
        let Some(imei) = Cursor(body).u64().filter(|imei| (100_000_000..10u64.pow(17)).contains(imei)) else {
            return Read::Refused("impossible IMEI", Vec::new());
        };
        let device_id = Some(format!("{imei:015}"));
        let message = |kind, taken: Vec<u8>| Message::new(kind, device_id.clone()).answered(Answer::taken(taken));
        Read::Message(match command {
            1 | 68 => {
                let Some(fixes) = read_records(payload, command == 68) else {
                    return Read::Refused("unreadable records", refused());
                };
                let answer = Answer { failed: answer(100, 0), ..Answer::taken(answer(100, 1)) };
                Message::of_fixes(device_id, fixes).answered(answer)
            }
            2..=4 | 7 => message(MessageKind::Other, Vec::new()).replied(fields::text(payload)),
            9 => message(MessageKind::Other, answer(109, 1)),
            15 => message(MessageKind::Login, answer(115, 1)),
            16 => message(MessageKind::Heartbeat, answer(116, 1)),
            17 => {
                let result = payload.first().map(ToString::to_string);
                message(MessageKind::Other, Vec::new()).replied(result.unwrap_or_default())
            }
            _ => message(MessageKind::Other, Vec::new()),
        })
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[CommandKind::Custom, CommandKind::StopEngine, CommandKind::ResumeEngine, CommandKind::ShowVersion]
    }

    fn write_command(&mut self, _: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        Some(match command.kind {
            // As an SMS over the connection, with the password in it if the device has one.
            CommandKind::Custom => write_frame(108, command.text.as_ref()?.as_str().as_bytes()),
            CommandKind::StopEngine => write_frame(108, b"pass immobilizer 10"),
            CommandKind::ResumeEngine => write_frame(108, b"pass resetimmob"),
            CommandKind::ShowVersion => write_frame(103, b""),
            _ => return None,
        })
    }
}

fn answer(command: u8, taken: u8) -> Vec<u8> {
    write_frame(command, &[taken])
}

fn write_frame(command: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 1).unwrap_or(u16::MAX);
    let mut frame = [&length.to_be_bytes()[..], &[command], content].concat();
    let crc = crc16_kermit(&frame[2..]);
    frame.extend_from_slice(&crc.to_be_bytes());
    frame
}

fn read_records(payload: &[u8], is_extended: bool) -> Option<Vec<FixDraft>> {
    let mut cursor = Cursor(payload);
    let (_left, count) = (cursor.u8()?, cursor.u8()?);
    let mut fixes: Vec<FixDraft> = Vec::new();
    for _ in 0..count {
        let (part, fix) = read_record(&mut cursor, is_extended)?;
        match fixes.last_mut() {
            // A part continues the record before it: same time and place, more values.
            Some(last) if part > 0 && last.time == fix.time => last.continue_with(fix),
            _ => fixes.push(fix),
        }
    }
    cursor.is_empty().then_some(fixes)
}

fn read_record(cursor: &mut Cursor<'_>, is_extended: bool) -> Option<(u8, FixDraft)> {
    let at = Timestamp::from_unix_ms(i64::from(cursor.u32()?) * 1_000);
    let mut fix = FixDraft::new(FixTime::maybe(at));
    cursor.u8()?;
    let part = if is_extended { cursor.u8()? & 15 } else { 0 };
    cursor.u8()?;
    let (longitude, latitude) = (cursor.i32()?, cursor.i32()?);
    let altitude = cursor.i16()?;
    let course = cursor.u16()?;
    let satellites = cursor.u8()?;
    let speed = cursor.u16()?;
    let hdop = cursor.u8()?;
    let has_place = longitude != NO_FIX && latitude != NO_FIX;
    fix.valid = Some(has_place);
    if has_place {
        fix.set_place(Some(f64::from(latitude) / 1e7), Some(f64::from(longitude) / 1e7));
        fix.set_altitude((altitude != -1).then(|| f64::from(altitude) / 10.0));
        fix.set_heading(Some(f64::from(course) / 100.0));
        fix.set_speed_kmh((speed != u16::MAX).then(|| speed.into()));
        fix.number("satellites", satellites.into());
        fix.maybe("hdop", (hdop != u8::MAX).then(|| f64::from(hdop) / 10.0));
    }
    let id_bytes = if is_extended { 2 } else { 1 };
    let event = cursor.number(id_bytes)?;
    fix.number("event", event as f64);
    for width in [1, 2, 4, 8] {
        for _ in 0..cursor.u8()? {
            let (id, value) = (cursor.number(id_bytes)?, cursor.number(width)?);
            set_value(&mut fix, id, value as f64);
        }
    }
    Some((part, fix))
}

fn set_value(fix: &mut FixDraft, id: u64, value: f64) {
    match id {
        29 => fix.number("power_v", value / 1_000.0),
        30 => fix.number("battery_v", value / 1_000.0),
        65 => fix.set_odometer_m(Some(value)),
        251 | 409 => fix.ignition = Some(value != 0.0),
        _ => fix.number(&format!("io{id}"), value),
    }
}
