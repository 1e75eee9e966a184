//! Queclink @Track, the text form, over TCP and UDP.

use crate::family::{Arrival, Cut, Family, Read};
use crate::fields::{self, at, find, number, number_at};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

/// Frames are shorter than about 1500 bytes.
const MAX_FRAME_BYTES: usize = 2_048;
const STARTS: [&[u8]; 3] = [b"+RESP:", b"+BUFF:", b"+ACK:"];

#[derive(Default)]
pub(crate) struct Queclink;

impl Family for Queclink {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut {
        let begins = |bytes: &[u8]| STARTS.iter().any(|start| bytes.starts_with(start));
        if !begins(bytes) {
            if STARTS.iter().any(|start| start.starts_with(bytes)) {
                return Cut::Wait;
            }
            let next = bytes[1..].iter().position(|byte| *byte == b'+');
            return Cut::Skip(next.map_or(bytes.len(), |next| next + 1));
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'$' | 0));
        let frame = &bytes[..end.unwrap_or(bytes.len())];
        // The frame broke off and another one begins.
        if let Some(next) = STARTS.iter().filter_map(|start| find(&frame[1..], start)).min() {
            return Cut::Skip(next + 1);
        }
        match end {
            Some(end) => Cut::Frame(end + 1),
            None if arrival.is_datagram => Cut::Frame(bytes.len()),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let text = fields::text(frame);
        let fields: Vec<&str> = text.trim_end_matches(['$', '\0', '\r', '\n']).split(',').collect();
        let [head, version, imei, .., count] = fields.as_slice() else {
            return Read::Refused("too short", Vec::new());
        };
        let (kind, report) = head.split_once(":GT").unwrap_or_default();
        if report.is_empty() || !fields::is_device_id(imei) {
            return Read::Refused("no report or no IMEI", Vec::new());
        }
        let device_id = Some((*imei).to_owned());
        let confirm = Answer { needs_sack: true, ..Answer::taken(format!("+SACK:{count}$")) };
        if kind == "+ACK" {
            return Read::Message(match report {
                "HBD" => Message::new(MessageKind::Heartbeat, device_id)
                    .answered(Answer::taken(format!("+SACK:GTHBD,{version},{count}$"))),
                _ => Message::new(MessageKind::Other, device_id).answered(confirm).replied(*head),
            });
        }
        match read_fixes(report, &fields) {
            Some(fixes) if fixes.is_empty() => {
                let mut fix = FixDraft::new(FixTime::MISSING);
                set_report(&mut fix, report, &fields);
                let message = Message { kind: MessageKind::Other, ..Message::of_fix(device_id, fix) };
                Read::Message(message.answered(confirm))
            }
            Some(fixes) => Read::Message(Message::of_fixes(device_id, fixes).answered(confirm)),
            None => Read::Refused("impossible time", Vec::new()),
        }
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[CommandKind::Custom]
    }

    fn write_command(&mut self, _: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        // `AT+GT…$` as it stands in the device's manual, with its own password.
        let text = command.text.as_ref().filter(|_| command.kind == CommandKind::Custom)?;
        Some(text.as_str().as_bytes().to_vec())
    }
}

/// Longitude, latitude and a time in a row are a fix, with accuracy, speed, course and altitude before them. The layout around them
/// differs by model and version. `None` if a time can't be.
fn read_fixes(report: &str, fields: &[&str]) -> Option<Vec<FixDraft>> {
    let mut fixes = Vec::new();
    for start in 4..fields.len().saturating_sub(2) {
        let [longitude, latitude, time] = [fields[start], fields[start + 1], fields[start + 2]];
        if !(longitude.contains('.') && latitude.contains('.') && fields::pairs::<7>(time).is_some()) {
            continue;
        }
        let (Some(longitude), Some(latitude)) = (number(longitude), number(latitude)) else { continue };
        let mut fix = FixDraft::new(FixTime::at(fields::full_time(time)?.as_utc()?));
        fix.set_place(Some(latitude), Some(longitude));
        let accuracy = number_at(fields, start - 4);
        // Accuracy 0 is said to be no fix, but many models send it of a moving vehicle.
        fix.valid = if accuracy == Some(0.0) { None } else { Some(true) };
        fix.maybe("hdop", accuracy.filter(|accuracy| *accuracy > 0.0));
        fix.set_speed_kmh(number_at(fields, start - 3));
        fix.set_heading(number_at(fields, start - 2));
        fix.set_altitude(number_at(fields, start - 1));
        if matches!(report, "FRI" | "ERI") && at(fields, start + 8).contains('.') {
            fix.set_odometer_m(number_at(fields, start + 8).map(|km| km * 1_000.0));
        }
        fixes.push(fix);
    }
    for fix in &mut fixes {
        set_report(fix, report, fields);
    }
    Some(fixes)
}

/// What the kind of report says, and the status of vehicle trackers: state, inputs and outputs, two digits each, after the battery's
/// percentage.
fn set_report(fix: &mut FixDraft, report: &str, fields: &[&str]) {
    match report {
        "IGN" | "VGN" => fix.ignition = Some(true),
        "IGF" | "VGF" => fix.ignition = Some(false),
        "SOS" => fix.alarm(Alarm::Sos),
        "SPD" => fix.alarm(Alarm::Overspeed),
        "TOW" => fix.alarm(Alarm::Tow),
        "PFA" | "MPF" | "EPF" => fix.alarm(Alarm::PowerCut),
        "BPL" => fix.alarm(Alarm::LowBattery),
        "JDR" | "JDS" => fix.alarm(Alarm::Jamming),
        "CRA" => fix.alarm(Alarm::Crash),
        "HBM" => match at(fields, 5).bytes().last() {
            Some(b'1') => fix.alarm(Alarm::HarshAcceleration),
            Some(b'2') => fix.alarm(Alarm::HarshCornering),
            _ => fix.alarm(Alarm::HarshBraking),
        },
        _ => {}
    }
    if !matches!(report, "FRI" | "ERI") {
        return;
    }
    let status = |field: &str| {
        let is_state = matches!(field.get(..2), Some("11" | "12" | "16" | "1A" | "21" | "22" | "41" | "42"));
        is_state && field.len() == 6 && field.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(index) = (10..fields.len().saturating_sub(2)).find(|index| status(fields[*index])) {
        let percent = number_at(fields, index - 1).filter(|percent| (0.0..=100.0).contains(percent));
        fix.maybe("battery_percent", percent);
        let state = fields[index].as_bytes();
        match state[0] {
            b'1' => fix.ignition = Some(false),
            b'2' => fix.ignition = Some(true),
            _ => {}
        }
        if matches!(state[1], b'1' | b'2') {
            fix.flag("motion", state[1] == b'2');
        }
    }
}
