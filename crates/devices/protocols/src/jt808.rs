//! JT/T 808 of 2011, 2013 and 2019, the standard of Chinese vehicle terminals.

use crate::checksum::xor;
use crate::civil::Civil;
use crate::cursor::{Cursor, bcd, bcd_digits};
use crate::family::{Arrival, Cut, Family, Read, skip_to};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

const MARK: u8 = 0x7E;
/// A body has at most 1023 bytes, each of which may be escaped.
const MAX_FRAME_BYTES: usize = 2_200;
/// Sub-packages that are kept until all are there. A batch of positions has a few; pictures, which have hundreds, are not taken.
const MAX_PARTS: usize = 16;
/// By the standard terminals show the time of Beijing.
const BEIJING_MINUTES: i16 = 480;

/// The part of a position that is always there.
const FIX_BYTES: usize = 28;

/// Results of the general answer 8001.
const OK: u8 = 0;
const FAILED: u8 = 1;
const BAD_MESSAGE: u8 = 2;
const NOT_SUPPORTED: u8 = 3;

#[derive(Default)]
pub(crate) struct Jt808 {
    parts: Option<Parts>,
    /// Of its last frame: commands are addressed in the same form.
    header: Option<Box<Header>>,
}

/// One message in several packages.
struct Parts {
    kind: u16,
    bodies: Vec<Option<Vec<u8>>>,
    /// The answers to the packages so far. They are sent when the whole message is durable: a package that was acknowledged is never
    /// sent again.
    answers: Vec<u8>,
}

#[derive(Clone)]
struct Header {
    kind: u16,
    /// As sent, for the answer.
    id: Vec<u8>,
    device_id: String,
    /// Of the edition of 2019.
    version: Option<u8>,
    serial: u16,
    is_encrypted: bool,
    /// The number of packages, and which one this is, from 1.
    part: Option<(u16, u16)>,
}

impl Family for Jt808 {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        if let Some(skip) = skip_to(bytes, |byte| byte == MARK) {
            return skip;
        }
        match bytes[1..].iter().position(|byte| *byte == MARK) {
            // Marks side by side.
            Some(0) => Cut::Skip(1),
            // The mark at the end may be the next frame's start: it is left.
            Some(end) if end < MAX_FRAME_BYTES => Cut::Frame(end + 1),
            Some(end) => Cut::Skip(end + 1),
            None if bytes.len() > MAX_FRAME_BYTES => Cut::Skip(bytes.len()),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let Some(content) = unescape(&frame[1..]) else { return Read::Refused("wrong escape", Vec::new()) };
        let Some((sum, content)) = content.split_last() else { return Read::Refused("too short", Vec::new()) };
        if xor(content) != *sum {
            return Read::Refused("wrong checksum", Vec::new());
        }
        let Some((header, body)) = read_header(content) else {
            return Read::Refused("unreadable header", Vec::new());
        };
        let read = self.read_message(&header, body);
        self.header = Some(Box::new(header));
        read
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[
            CommandKind::Custom,
            CommandKind::Locate,
            CommandKind::StopEngine,
            CommandKind::ResumeEngine,
            CommandKind::Restart,
        ]
    }

    fn write_command(&mut self, _: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let header = self.header.as_ref()?;
        Some(match command.kind {
            // A text for the terminal, marked as urgent.
            CommandKind::Custom => {
                write_frame(header, 0x8300, &[&[1], command.text.as_ref()?.as_str().as_bytes()].concat())
            }
            CommandKind::Locate => write_frame(header, 0x8201, &[]),
            // Of the makers' own range: the standard leaves the engine to them.
            CommandKind::StopEngine => write_frame(header, 0x8105, &[0xF0]),
            CommandKind::ResumeEngine => write_frame(header, 0x8105, &[0xF1]),
            CommandKind::Restart => write_frame(header, 0x8105, &[4]),
            _ => return None,
        })
    }
}

impl Jt808 {
    fn read_message(&mut self, header: &Header, body: &[u8]) -> Read {
        if header.kind >= 0x8000 || header.kind == 0x0001 {
            // An answer to the server, or one of the server's own.
            let message = Message::new(MessageKind::Other, Some(header.device_id.clone()));
            return Read::Message(match read_reply(header, body) {
                Some(reply) => message.replied(reply),
                None => message,
            });
        }
        if header.is_encrypted {
            return Read::Refused("an encrypted body", general_answer(header, NOT_SUPPORTED));
        }
        let Some((count, number)) = header.part else { return read_body(header, body, Vec::new()) };
        let (count, number) = (usize::from(count), usize::from(number));
        if !is_taken(header.kind) || count > MAX_PARTS || !(1..=count).contains(&number) {
            return Read::Refused("a part of something too large", general_answer(header, NOT_SUPPORTED));
        }
        if self.parts.as_ref().is_none_or(|parts| parts.kind != header.kind || parts.bodies.len() != count) {
            self.parts = Some(Parts { kind: header.kind, bodies: vec![None; count], answers: Vec::new() });
        }
        let parts = self.parts.as_mut().expect("was set above");
        let place = &mut parts.bodies[number - 1];
        if place.replace(body.to_vec()).is_some() {
            // It comes again because this terminal waits for each answer.
            return Read::Refused("a part that came before", general_answer(header, OK));
        }
        if parts.bodies.iter().any(Option::is_none) {
            parts.answers.extend(general_answer(header, OK));
            return Read::Nothing;
        }
        let whole: Vec<u8> = parts.bodies.iter().flatten().flatten().copied().collect();
        let answers = std::mem::take(&mut parts.answers);
        self.parts = None;
        read_body(header, &whole, answers)
    }
}

/// Whether messages of this kind hold something that is used.
fn is_taken(kind: u16) -> bool {
    matches!(kind, 0x0002 | 0x0003 | 0x0100 | 0x0102 | 0x0104 | 0x0107 | 0x0200 | 0x0201 | 0x0701 | 0x0704)
}

/// The general answer to a command: its kind and what became of it.
fn read_reply(header: &Header, body: &[u8]) -> Option<String> {
    let [_, _, high, low, result] = body else { return None };
    let kind = u16::from_be_bytes([*high, *low]);
    let result = match *result {
        OK => "done",
        FAILED => "failed",
        BAD_MESSAGE => "not understood",
        NOT_SUPPORTED => "not supported",
        _ => return None,
    };
    (header.kind == 0x0001 && matches!(kind, 0x8105 | 0x8201 | 0x8300)).then(|| format!("{kind:04X} {result}"))
}

fn read_body(header: &Header, body: &[u8], mut answers: Vec<u8>) -> Read {
    let device_id = Some(header.device_id.clone());
    let general = |result: u8| general_answer(header, result);
    if header.kind == 0x0100 {
        let registered = |result: u8| {
            let code = if result == OK { header.device_id.as_bytes() } else { &[] };
            let content = [&header.serial.to_be_bytes()[..], &[result], code].concat();
            write_frame(header, 0x8100, &content)
        };
        let answer = Answer { taken: registered(OK), unknown: registered(4), ..Answer::none() };
        return Read::Message(Message::new(MessageKind::Login, device_id).answered(answer));
    }
    let fixes = match header.kind {
        0x0200 => (body.len() >= FIX_BYTES).then(|| Vec::from_iter(read_fix(body))),
        0x0201 => body.get(2..).filter(|body| body.len() >= FIX_BYTES).map(|body| Vec::from_iter(read_fix(body))),
        0x0704 => read_batch(body),
        _ => Some(Vec::new()),
    };
    let Some(fixes) = fixes else { return Read::Refused("unreadable body", general(BAD_MESSAGE)) };
    answers.extend(general(if is_taken(header.kind) { OK } else { NOT_SUPPORTED }));
    let answer = Answer { taken: answers, unknown: general(FAILED), failed: general(FAILED), needs_sack: false };
    let kind = match header.kind {
        0x0102 => MessageKind::Login,
        0x0200 | 0x0201 | 0x0704 => MessageKind::Fixes,
        0x0002 => MessageKind::Heartbeat,
        _ => MessageKind::Other,
    };
    Read::Message(Message { kind, ..Message::of_fixes(device_id, fixes) }.answered(answer))
}

fn unescape(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(bytes.len());
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        content.push(match byte {
            0x7D => match bytes.next()? {
                1 => 0x7D,
                2 => MARK,
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(content)
}

fn read_header(content: &[u8]) -> Option<(Header, &[u8])> {
    let mut cursor = Cursor(content);
    let (kind, properties) = (cursor.u16()?, cursor.u16()?);
    let version = if properties & 1 << 14 != 0 { Some(cursor.u8()?) } else { None };
    let id = cursor.take(if version.is_some() { 10 } else { 6 })?.to_vec();
    let serial = cursor.u16()?;
    let part = if properties & 1 << 13 != 0 { Some((cursor.u16()?, cursor.u16()?)) } else { None };
    if cursor.len() != usize::from(properties & 0x3FF) {
        return None;
    }
    let device_id = device_id(&id)?;
    let is_encrypted = properties >> 10 & 7 != 0;
    Some((Header { kind, id, device_id, version, serial, is_encrypted, part }, cursor.0))
}

/// The digits without the zeros before them. Jimi writes the first 14 digits of an IMEI as a number; the 15th checks them.
fn device_id(id: &[u8]) -> Option<String> {
    if let Some(digits) = bcd_digits(id) {
        let digits = digits.trim_start_matches('0');
        return Some(if digits.is_empty() { "0" } else { digits }.to_owned());
    }
    let number = Cursor(id).number(id.len()).filter(|number| *number < 100_000_000_000_000)?;
    let digits = format!("{number:014}");
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    Some(format!("{digits}{}", (10 - sum % 10) % 10))
}

fn general_answer(header: &Header, result: u8) -> Vec<u8> {
    let [[high, low], [kind_high, kind_low]] = [header.serial.to_be_bytes(), header.kind.to_be_bytes()];
    write_frame(header, 0x8001, &[high, low, kind_high, kind_low, result])
}

/// A frame to the terminal that sent a frame with this header. Its own serial number is always 0: terminals do not look at it.
fn write_frame(header: &Header, kind: u16, body: &[u8]) -> Vec<u8> {
    let properties = body.len() as u16 | if header.version.is_some() { 1 << 14 } else { 0 };
    let mut content = [kind.to_be_bytes(), properties.to_be_bytes()].concat();
    content.extend(header.version);
    content.extend_from_slice(&header.id);
    content.extend_from_slice(&[0, 0]);
    content.extend_from_slice(body);
    content.push(xor(&content));
    let mut frame = vec![MARK];
    for byte in content {
        match byte {
            MARK => frame.extend([0x7D, 2]),
            0x7D => frame.extend([0x7D, 1]),
            byte => frame.push(byte),
        }
    }
    frame.push(MARK);
    frame
}

fn read_batch(body: &[u8]) -> Option<Vec<FixDraft>> {
    let mut cursor = Cursor(body);
    let (count, _kind) = (cursor.u16()?, cursor.u8()?);
    let mut fixes = Vec::new();
    for _ in 0..count {
        let length = cursor.u16()?;
        fixes.extend(read_fix(cursor.take(length.into())?));
    }
    Some(fixes)
}

fn read_fix(body: &[u8]) -> Option<FixDraft> {
    let mut cursor = Cursor(body);
    let (alarms, status) = (cursor.u32()?, cursor.u32()?);
    let (latitude, longitude) = (f64::from(cursor.u32()?) / 1e6, f64::from(cursor.u32()?) / 1e6);
    let altitude = cursor.i16()?;
    let (speed, heading) = (cursor.u16()?, cursor.u16()?);
    let mut fix = FixDraft::new(read_time(cursor.take(6)?)?);
    let bit = |number: u32| status & 1 << number != 0;
    fix.set_place(Some(if bit(2) { -latitude } else { latitude }), Some(if bit(3) { -longitude } else { longitude }));
    fix.valid = Some(bit(1));
    fix.ignition = Some(bit(0));
    fix.set_altitude(Some(altitude.into()));
    fix.set_speed_kmh(Some(f64::from(speed) / 10.0));
    fix.set_heading(Some(heading.into()));
    set_alarms(&mut fix, alarms);
    // A broken item at the end does not lose what stands before it.
    while let (Some(id), Some(length)) = (cursor.u8(), cursor.u8()) {
        let Some(value) = cursor.take(length.into()) else { break };
        let number = Cursor(value).number(value.len()).map(|number| number as f64);
        match (id, length) {
            (0x01, 4) => fix.set_odometer_m(number.map(|tenths| tenths * 100.0)),
            (0x02, 2) => fix.set_fuel_l(number.map(|tenths| tenths / 10.0)),
            (0x30, 1) => fix.maybe("rssi", number),
            (0x31, 1) => fix.maybe("satellites", number),
            _ => {}
        }
    }
    Some(fix)
}

fn read_time(bytes: &[u8]) -> Option<FixTime> {
    let mut parts = [0; 6];
    for (part, byte) in parts.iter_mut().zip(bytes) {
        *part = bcd(*byte)?;
    }
    let [year, month, day, hour, minute, second] = parts;
    FixTime::local(Civil { year: 2000 + year, month, day, hour, minute, second, ms: 0 }, BEIJING_MINUTES)
}

/// The most serious alarm. Those without a shared name keep the number of their bit.
fn set_alarms(fix: &mut FixDraft, alarms: u32) {
    const NAMED: &[(u32, Alarm)] = &[
        (0, Alarm::Sos),
        (1, Alarm::Overspeed),
        (4, Alarm::Fault),
        (5, Alarm::Fault),
        (6, Alarm::Fault),
        (7, Alarm::LowBattery),
        (8, Alarm::PowerCut),
        (28, Alarm::Movement),
        (29, Alarm::Crash),
        (30, Alarm::Crash),
    ];
    for (_, alarm) in NAMED.iter().filter(|(bit, _)| alarms & 1 << bit != 0) {
        fix.alarm(*alarm);
    }
    if alarms != 0 {
        fix.alarm_code(&alarms.trailing_zeros().to_string());
    }
}
