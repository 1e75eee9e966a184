//! GT06, Concox, Jimi: binary over TCP. Layout: "GT06 GPS tracker communication protocol", Concox.

use crate::checksum::crc16_x25;
use crate::civil::Civil;
use crate::cursor::{Cursor, bcd_digits};
use crate::family::{Arrival, Cut, Family, Read};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

/// The longest text of a device has some hundred bytes.
const MAX_FRAME_BYTES: usize = 2_048;
/// What the one byte of the length leaves for the text of a command.
const MAX_COMMAND_CHARS: usize = 245;
const END: [u8; 2] = [0x0D, 0x0A];

#[derive(Default)]
pub(crate) struct Gt06 {
    imei: Option<String>,
    /// Numbers commands.
    serial: u16,
}

impl Family for Gt06 {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        // Type, serial number and checksum at least; type to checksum is what the length counts.
        let (overhead, length) = match bytes {
            [0x78, 0x78, length, ..] => (5, usize::from(*length)),
            [0x79, 0x79, high, low, ..] => (6, usize::from(u16::from_be_bytes([*high, *low]))),
            [0x78] | [0x79] | [0x78, 0x78] | [0x79, 0x79] | [0x79, 0x79, _] => return Cut::Wait,
            _ => {
                let next = bytes[1..].iter().position(|byte| matches!(byte, 0x78 | 0x79));
                return Cut::Skip(next.map_or(bytes.len(), |next| next + 1));
            }
        };
        let whole = length + overhead;
        if length < 5 || whole > MAX_FRAME_BYTES {
            return Cut::Skip(1);
        }
        match bytes.get(whole - 2..whole) {
            None => Cut::Wait,
            Some(end) if end == END => Cut::Frame(whole),
            // Start and length were part of garbage.
            Some(_) => Cut::Skip(1),
        }
    }

    fn read(&mut self, frame: &[u8], arrival: Arrival) -> Read {
        let head = if frame[0] == 0x78 { 3 } else { 4 };
        let (counted, crc) = (&frame[2..frame.len() - 4], &frame[frame.len() - 4..frame.len() - 2]);
        if crc != crc16_x25(counted).to_be_bytes() {
            return Read::Refused("wrong checksum", Vec::new());
        }
        let (kind, body, serial) = match &frame[head..frame.len() - 4] {
            [kind, rest @ ..] if rest.len() >= 2 => (*kind, &rest[..rest.len() - 2], &rest[rest.len() - 2..]),
            _ => return Read::Refused("too short", Vec::new()),
        };
        let acknowledged = || Answer::taken(answer(kind, &[], serial));
        Read::Message(match kind {
            0x01 => {
                let digits = body.get(..8).and_then(bcd_digits);
                let Some(digits) = digits else { return Read::Refused("the IMEI is no number", Vec::new()) };
                self.imei = Some(digits[1..].to_owned());
                Message::new(MessageKind::Login, self.imei.clone()).answered(acknowledged())
            }
            0x13 | 0x23 => self.heartbeat(kind, body).answered(acknowledged()),
            0x10 | 0x12 | 0x22 | 0x2D | 0xA0 => self.fixes(kind, body),
            0x16 | 0x26 | 0x27 | 0xA4 => self.fixes(kind, body).answered(acknowledged()),
            0x8A => {
                let now = Civil::from_utc(arrival.at);
                let time = [now.year % 100, now.month, now.day, now.hour, now.minute, now.second];
                let time = time.map(|part| part as u8);
                Message::new(MessageKind::Other, self.imei.clone()).answered(Answer::taken(answer(kind, &time, serial)))
            }
            0x94 if frame[0] == 0x79 => self.information(body),
            0x15 | 0x21 => match read_reply(kind, body) {
                Some(reply) => Message::new(MessageKind::Other, self.imei.clone()).replied(reply),
                None => Message::new(MessageKind::Other, self.imei.clone()),
            },
            _ => Message::new(MessageKind::Other, self.imei.clone()),
        })
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[
            CommandKind::Custom,
            CommandKind::Locate,
            CommandKind::StopEngine,
            CommandKind::ResumeEngine,
            CommandKind::Restart,
            CommandKind::ShowVersion,
        ]
    }

    fn write_command(&mut self, _: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let text = match command.kind {
            CommandKind::Custom => command.text.as_ref()?.as_str(),
            CommandKind::Locate => "WHERE#",
            CommandKind::StopEngine => "Relay,1#",
            CommandKind::ResumeEngine => "Relay,0#",
            CommandKind::Restart => "RESET#",
            CommandKind::ShowVersion => "VERSION#",
            _ => return None,
        };
        if text.len() > MAX_COMMAND_CHARS {
            return None;
        }
        self.serial = self.serial.wrapping_add(1);
        // Four bytes that come back in the device's answer, and the text.
        let content = [&[text.len() as u8 + 4, 0, 0, 0, 0], text.as_bytes()].concat();
        Some(answer(0x80, &content, &self.serial.to_be_bytes()))
    }
}

impl Gt06 {
    fn fixes(&self, kind: u8, body: &[u8]) -> Message {
        match read_fix(kind, body) {
            Some(fix) => Message::of_fix(self.imei.clone(), fix),
            None => Message::new(MessageKind::Other, self.imei.clone()),
        }
    }

    fn heartbeat(&self, kind: u8, body: &[u8]) -> Message {
        let mut fix = FixDraft::new(FixTime::MISSING);
        let mut cursor = Cursor(body);
        if let Some(bits) = cursor.u8() {
            set_status_bits(&mut fix, bits);
            if kind == 0x13 {
                if let Some(level) = cursor.u8() {
                    set_battery_level(&mut fix, level);
                }
            } else {
                fix.maybe("battery_v", cursor.u16().map(|hundredths| f64::from(hundredths) / 100.0));
            }
            fix.maybe("rssi", cursor.u8().map(f64::from));
        }
        Message { kind: MessageKind::Heartbeat, ..Message::of_fix(self.imei.clone(), fix) }
    }

    /// Of the information packets only the voltage is read.
    fn information(&self, body: &[u8]) -> Message {
        let mut fix = FixDraft::new(FixTime::MISSING);
        if let [0, high, low, ..] = body {
            fix.number("power_v", f64::from(u16::from_be_bytes([*high, *low])) / 100.0);
        }
        Message { kind: MessageKind::Other, ..Message::of_fix(self.imei.clone(), fix) }
    }
}

/// A text of the device. Type 15: length, the four bytes of the command, ASCII, language. Type 21, in long frames: the four bytes, the
/// encoding, the text.
fn read_reply(kind: u8, body: &[u8]) -> Option<String> {
    let mut cursor = Cursor(body);
    let length = if kind == 0x15 { usize::from(cursor.u8()?).checked_sub(4)? } else { body.len().checked_sub(5)? };
    cursor.take(4)?;
    let is_wide = kind == 0x21 && cursor.u8()? != 1;
    let text = cursor.take(length)?;
    if is_wide {
        let units: Vec<u16> = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        return Some(String::from_utf16_lossy(&units));
    }
    Some(String::from_utf8_lossy(text).into_owned())
}

fn answer(kind: u8, content: &[u8], serial: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x78, 0x78, content.len() as u8 + 5, kind];
    frame.extend_from_slice(content);
    frame.extend_from_slice(serial);
    let crc = crc16_x25(&frame[2..]);
    frame.extend_from_slice(&crc.to_be_bytes());
    frame.extend_from_slice(&END);
    frame
}

/// The GPS block, and what follows it in frames of this type.
fn read_fix(kind: u8, body: &[u8]) -> Option<FixDraft> {
    let mut cursor = Cursor(body);
    let mut date = [0; 6];
    for part in &mut date {
        *part = i64::from(cursor.u8()?);
    }
    let [year, month, day, hour, minute, second] = date;
    let shown = Civil { year: year + 2000, month, day, hour, minute, second, ms: 0 };
    let mut fix = FixDraft::new(FixTime::local(shown, 0)?);
    fix.number("satellites", f64::from(cursor.u8()? & 15));
    let (latitude, longitude) = (f64::from(cursor.u32()?) / 1_800_000.0, f64::from(cursor.u32()?) / 1_800_000.0);
    fix.set_speed_kmh(Some(cursor.u8()?.into()));
    let flags = cursor.u16()?;
    let sign = |is_positive: bool| if is_positive { 1.0 } else { -1.0 };
    fix.set_place(Some(latitude * sign(flags & 1 << 10 != 0)), Some(longitude * sign(flags & 1 << 11 == 0)));
    fix.set_heading(Some(f64::from(flags & 0x3FF)));
    fix.valid = Some(flags & 1 << 12 != 0);
    if flags & 1 << 14 != 0 {
        fix.ignition = Some(flags & 1 << 15 != 0);
    }
    let rest = cursor.0;
    match kind {
        0x22 | 0xA0 => set_ignition(&mut fix, kind, rest),
        // Where the status stands is told by the length: the count of cells before it means different things in models.
        0x16 | 0x26 if rest.len() == 14 => set_status(&mut fix, &rest[9..14]),
        0x27 if rest.len() == 15 => set_status(&mut fix, &rest[9..14]),
        0xA4 if rest.len() == 23 => set_status(&mut fix, &rest[17..22]),
        _ => {}
    }
    Some(fix)
}

/// After the cell: ignition, reason, whether the fix was stored.
fn set_ignition(fix: &mut FixDraft, kind: u8, rest: &[u8]) {
    let has_long_network = rest.first().is_some_and(|country| country & 0x80 != 0);
    let cell = if kind == 0xA0 { 15 } else { 8 } + usize::from(has_long_network);
    if let Some([on @ 0..=1, _, _, ..]) = rest.get(cell..) {
        fix.ignition = Some(*on == 1);
    }
}

fn set_status(fix: &mut FixDraft, status: &[u8]) {
    let [bits, level, signal, code, _] = status else { return };
    set_status_bits(fix, *bits);
    set_battery_level(fix, *level);
    fix.number("rssi", f64::from(*signal));
    // Codes 09, 0C, 19, 28 and 29 mean other things in some models.
    let alarm = match code {
        0x00 => return,
        0x01 => Alarm::Sos,
        0x02 => Alarm::PowerCut,
        0x03 => Alarm::Vibration,
        0x04 => Alarm::GeofenceEnter,
        0x05 => Alarm::GeofenceExit,
        0x06 => Alarm::Overspeed,
        0x0E | 0x0F | 0x19 => Alarm::LowBattery,
        0x13 | 0x25 => Alarm::Tamper,
        0x14 => return fix.flag("door_open", true),
        0x29 => Alarm::HarshAcceleration,
        0x2A | 0x2B => Alarm::HarshCornering,
        0x2C => Alarm::Crash,
        0x30 => Alarm::HarshBraking,
        0xFE => return fix.ignition = Some(true),
        0xFF => return fix.ignition = Some(false),
        code => return fix.alarm_code(&code.to_string()),
    };
    fix.alarm(alarm);
}

fn set_status_bits(fix: &mut FixDraft, bits: u8) {
    fix.ignition = Some(bits & 2 != 0);
    fix.flag("charging", bits & 4 != 0);
    match bits >> 3 & 7 {
        1 => fix.alarm(Alarm::Vibration),
        2 => fix.alarm(Alarm::PowerCut),
        3 => fix.alarm(Alarm::LowBattery),
        4 => fix.alarm(Alarm::Sos),
        _ => {}
    }
}

/// A step from 0 to 6; in some models a percentage.
fn set_battery_level(fix: &mut FixDraft, level: u8) {
    match level {
        0..=6 => fix.number("battery_percent", (f64::from(level) * 100.0 / 6.0).round()),
        7..=100 => fix.number("battery_percent", level.into()),
        _ => {}
    }
}
