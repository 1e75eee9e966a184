//! Teltonika AVL over TCP and UDP: codec 8, 8 Extended and 16. Layout: wiki.teltonika-gps.com, "Teltonika Data Sending Protocols".

use crate::checksum::crc16_ibm;
use crate::cursor::{Cursor, hex, unhex};
use crate::family::{Arrival, Cut, Family, Read};
use crate::fields;
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

/// Devices send packets of at most 1280 bytes.
const MAX_PACKET_BYTES: usize = 4_000;
/// A byte between packets that only keeps the network's path open.
const PING: u8 = 0xFF;
/// What a device of a refused packet gets: no record was taken.
const NONE_TAKEN: [u8; 4] = [0; 4];

#[derive(Default)]
pub(crate) struct Teltonika {
    imei: Option<String>,
}

impl Family for Teltonika {
    fn max_frame_bytes(&self) -> usize {
        MAX_PACKET_BYTES
    }

    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut {
        if arrival.is_datagram {
            return Cut::Frame(bytes.len());
        }
        match bytes {
            [PING, ..] => Cut::Skip(1),
            [0] | [0, 0] | [0, 0, 0] => Cut::Wait,
            [0, 0, 0, 0, rest @ ..] => match Cursor(rest).u32() {
                None => Cut::Wait,
                Some(length) => match usize::try_from(length).unwrap_or(usize::MAX) {
                    // Codec and two counts at least, and not more than devices send.
                    length if !(3..=MAX_PACKET_BYTES - 12).contains(&length) => Cut::Close("impossible length"),
                    length if bytes.len() < length + 12 => Cut::Wait,
                    length => Cut::Frame(length + 12),
                },
            },
            [0, length @ 10..=17, ..] if bytes.len() >= usize::from(*length) + 2 => {
                Cut::Frame(usize::from(*length) + 2)
            }
            [0, 10..=17, ..] => Cut::Wait,
            _ => Cut::Close("neither a login nor a packet"),
        }
    }

    fn read(&mut self, frame: &[u8], arrival: Arrival) -> Read {
        if arrival.is_datagram {
            return read_datagram(frame).unwrap_or_else(|| Read::Refused("unreadable datagram", Vec::new()));
        }
        if let [0, length, imei @ ..] = frame
            && *length > 0
        {
            return self.log_in(&fields::text(imei));
        }
        let Some(imei) = self.imei.clone() else {
            return Read::Fatal("data before the login", Vec::new());
        };
        let (body, crc) = (&frame[8..frame.len() - 4], &frame[frame.len() - 4..]);
        if crc != u32::from(crc16_ibm(body)).to_be_bytes() {
            let has_records = matches!(body, [0x08 | 0x8E | 0x10, 1..=255, ..]);
            return Read::Refused("wrong checksum", if has_records { NONE_TAKEN.to_vec() } else { Vec::new() });
        }
        let Some(packet) = read_packet(body) else { return Read::Refused("unreadable packet", Vec::new()) };
        let fixes = match packet {
            Packet::Command(reply) => return Read::Message(reply_of(imei, reply)),
            Packet::Records(fixes) => fixes,
        };
        let taken = u32::try_from(fixes.len()).unwrap_or(0).to_be_bytes();
        let answer = Answer { failed: NONE_TAKEN.to_vec(), ..Answer::taken(taken) };
        Read::Message(Message::of_fixes(Some(imei), fixes).answered(answer))
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
            CommandKind::Locate => "getgps",
            // The first output, which installers use for the relay. Others: a text of its own.
            CommandKind::StopEngine => "setdigout 1",
            CommandKind::ResumeEngine => "setdigout 0",
            CommandKind::Restart => "cpureset",
            CommandKind::ShowVersion => "getver",
            _ => return None,
        };
        // Devices that pass bytes on to what is connected to them are told these as digits.
        Some(unhex(text).map_or_else(|| command_frame(text.as_bytes()), |bytes| command_frame(&bytes)))
    }
}

/// Codec 12: one command of type 5, a text.
fn command_frame(text: &[u8]) -> Vec<u8> {
    let mut body = vec![0x0C, 1, 5];
    body.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
    body.extend_from_slice(text);
    body.push(1);
    let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    let crc = u32::from(crc16_ibm(&body)).to_be_bytes();
    [&[0; 4], &length[..], &body, &crc].concat()
}

impl Teltonika {
    fn log_in(&mut self, imei: &str) -> Read {
        if !fields::is_imei(imei) {
            return Read::Fatal("the IMEI is no number", vec![0]);
        }
        self.imei = Some(imei.to_owned());
        let answer = Answer { unknown: vec![0], ..Answer::taken([1]) };
        Read::Message(Message::new(MessageKind::Login, self.imei.clone()).answered(answer))
    }
}

fn read_datagram(frame: &[u8]) -> Option<Read> {
    let mut cursor = Cursor(frame);
    if usize::from(cursor.u16()?) != cursor.len() {
        return None;
    }
    let packet_id = cursor.take(2)?;
    cursor.u8()?;
    let avl_id = cursor.u8()?;
    let imei_length = cursor.u16()?;
    let imei = fields::text(cursor.take(imei_length.into())?);
    if !fields::is_imei(&imei) {
        return None;
    }
    let fixes = match read_packet(cursor.0)? {
        Packet::Records(fixes) => fixes,
        Packet::Command(reply) => return Some(Read::Message(reply_of(imei, reply))),
    };
    let answer = |taken: u8| [&[0, 5], packet_id, &[1, avl_id, taken]].concat();
    let taken = u8::try_from(fixes.len()).ok()?;
    let answer = Answer { unknown: answer(0), failed: answer(0), ..Answer::taken(answer(taken)) };
    Some(Read::Message(Message::of_fixes(Some(imei), fixes).answered(answer)))
}

enum Packet {
    Records(Vec<FixDraft>),
    /// A text of the device, which is not acknowledged.
    Command(Option<String>),
}

fn reply_of(imei: String, reply: Option<String>) -> Message {
    let message = Message::new(MessageKind::Other, Some(imei));
    match reply {
        Some(reply) => message.replied(reply),
        None => message,
    }
}

/// What a device answers: codec 12 as it is, 13 with a time before it, 14 with its IMEI. Bytes that are no text become digits.
fn read_reply(codec: u8, mut cursor: Cursor<'_>) -> Option<String> {
    let _quantity = cursor.u8()?;
    let kind = cursor.u8()?;
    let length = usize::try_from(cursor.u32()?).ok()?;
    let mut content = Cursor(cursor.take(length)?);
    match (codec, kind) {
        (0x0C, 6) => {}
        (0x0D, 6) => drop(content.take(4)?),
        (0x0E, 6) => drop(content.take(8)?),
        // The IMEI in the command was another one.
        (0x0E, 0x11) => return Some("refused".to_owned()),
        _ => return None,
    }
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    Some(if content.0.iter().all(is_text) { fields::text(content.0) } else { hex(content.0) })
}

/// How a codec writes its records.
struct Codec {
    /// Bytes of ids.
    id: usize,
    /// Bytes of counts.
    count: usize,
    has_generation: bool,
    has_texts: bool,
}

fn read_packet(body: &[u8]) -> Option<Packet> {
    let mut cursor = Cursor(body);
    let codec = match cursor.u8()? {
        0x08 => Codec { id: 1, count: 1, has_generation: false, has_texts: false },
        0x8E => Codec { id: 2, count: 2, has_generation: false, has_texts: true },
        0x10 => Codec { id: 2, count: 1, has_generation: true, has_texts: false },
        codec @ 0x0C..=0x0F => return Some(Packet::Command(read_reply(codec, cursor))),
        _ => return None,
    };
    let count = cursor.u8()?;
    let fixes = (0..count).map(|_| read_record(&mut cursor, &codec)).collect::<Option<Vec<_>>>()?;
    let is_whole = cursor.u8()? == count && cursor.is_empty();
    is_whole.then_some(Packet::Records(fixes))
}

fn read_record(cursor: &mut Cursor<'_>, codec: &Codec) -> Option<FixDraft> {
    let at = i64::try_from(cursor.u64()?).ok().and_then(Timestamp::from_unix_ms);
    let mut fix = FixDraft::new(FixTime::maybe(at));
    let _priority = cursor.u8()?;
    let (longitude, latitude) = (cursor.i32()?, cursor.i32()?);
    fix.set_place(Some(f64::from(latitude) / 1e7), Some(f64::from(longitude) / 1e7));
    fix.set_altitude(Some(cursor.i16()?.into()));
    fix.set_heading(Some(cursor.u16()?.into()));
    let satellites = cursor.u8()?;
    fix.number("satellites", satellites.into());
    // Without a fix the coordinates are the last ones, and satellites and speed are 0.
    fix.valid = Some(satellites > 0);
    fix.set_speed_kmh(Some(cursor.u16()?.into()));
    let event = cursor.number(codec.id)?;
    if codec.has_generation {
        cursor.u8()?;
    }
    cursor.number(codec.count)?;
    if event != 0 {
        fix.number("event", event as f64);
    }
    for width in [1, 2, 4, 8] {
        for _ in 0..cursor.number(codec.count)? {
            let (id, value) = (cursor.number(codec.id)?, cursor.number(width)?);
            set_value(&mut fix, event, id, value, width);
        }
    }
    if codec.has_texts {
        for _ in 0..cursor.u16()? {
            let (id, length) = (cursor.u16()?, cursor.u16()?);
            let value = cursor.take(length.into())?;
            fix.text(&format!("io{id}"), &hex(value));
        }
    }
    Some(fix)
}

/// Sets what an element means in the FMB family. Other families differ: those elements keep their number.
fn set_value(fix: &mut FixDraft, event: u64, id: u64, value: u64, width: usize) {
    let number = value as f64;
    match (id, width) {
        (239, 1) => fix.ignition = Some(value != 0),
        (240, 1) => fix.flag("motion", value != 0),
        (66, 2) => fix.number("power_v", number / 1_000.0),
        (67, 2) => fix.number("battery_v", number / 1_000.0),
        (113, 1) => fix.number("battery_percent", number),
        (16, 4) => fix.set_odometer_m(Some(number)),
        (21, 1) => fix.number("rssi", number),
        (182, 2) => fix.number("hdop", number / 10.0),
        (36, 2) => fix.number("rpm", number),
        (72, 4) if value < 0x8000_0000 => fix.number("temperature_c", number / 10.0),
        (72, 4) => fix.number("temperature_c", f64::from(value as u32 as i32) / 10.0),
        _ => fix.number(&format!("io{id}"), number),
    }
    if event == id && value != 0 {
        let alarm = match (id, value) {
            (236, _) => Alarm::Sos,
            (246, 1) => Alarm::Tow,
            (247, _) => Alarm::Crash,
            (249, 1) => Alarm::Jamming,
            (252, 1) => Alarm::PowerCut,
            (253, 1) => Alarm::HarshAcceleration,
            (253, 2) => Alarm::HarshBraking,
            (253, 3) => Alarm::HarshCornering,
            (255, _) => Alarm::Overspeed,
            _ => return,
        };
        fix.alarm(alarm);
    }
}
