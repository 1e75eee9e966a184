//! Suntech: the old families (ST300, ST600, SA200, …) and the universal form.

use crate::family::{Arrival, Cut, Family, Read};
use crate::fields::{self, at, number, number_at};
use crate::fix::FixDraft;
use crate::{Civil, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

/// Reports have about 1 KiB, with the text of another device inside about 2.
const MAX_FRAME_BYTES: usize = 2_560;

#[derive(Default)]
pub(crate) struct Suntech {
    /// What its commands begin with: `CMD` of the universal form, the family's name before it in the others. Nothing before it has
    /// said which.
    head: Option<String>,
}

impl Family for Suntech {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut {
        match bytes {
            // Zipped and binary frames have a length of two bytes, whose first is 0.
            [0x02 | 0x81.., 0, low, ..] => {
                let whole = 3 + usize::from(*low);
                return if bytes.len() < whole { Cut::Wait } else { Cut::Frame(whole) };
            }
            [0x02 | 0x81..] | [0x02 | 0x81.., 0] => return Cut::Wait,
            [b'A'..=b'Z', ..] => {}
            _ => {
                let next = bytes[1..].iter().position(|byte| byte.is_ascii_uppercase() || *byte == 2);
                return Cut::Skip(next.map_or(bytes.len(), |next| next + 1));
            }
        }
        // A line end within the text of another device is no end of the report.
        let is_end = |index: &usize| bytes[*index] == b'\r' && bytes.get(index + 1) != Some(&b'\n');
        match (0..bytes.len()).find(is_end) {
            Some(end) => Cut::Frame(end + 1),
            None if arrival.is_datagram => Cut::Frame(bytes.len()),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        if !frame[0].is_ascii_uppercase() {
            return Read::Nothing;
        }
        let text = fields::text(frame);
        let fields: Vec<&str> = text.trim_end_matches(['\r', '\n']).split(';').collect();
        let report = Report::of(&fields);
        let Some(report) = report else { return Read::Refused("no report", Vec::new()) };
        if !fields::is_device_id(report.id) {
            return Read::Refused("no device id", Vec::new());
        }
        let family = if report.model == Model::Universal { "" } else { &fields[0][..5] };
        if self.head.as_deref().is_none_or(|head| head.len() != family.len() + 3 || !head.starts_with(family)) {
            self.head = Some(format!("{family}CMD"));
        }
        let device_id = Some(report.id.to_owned());
        if report.kind == "ALV" {
            return Read::Message(Message::new(MessageKind::Heartbeat, device_id));
        }
        if matches!(report.kind, "RES" | "Res") {
            let result = fields.iter().skip_while(|field| **field != report.id).skip(1).copied().collect::<Vec<_>>();
            return Read::Message(Message::new(MessageKind::Other, device_id).replied(result.join(";")));
        }
        if matches!(report.kind, "CMD" | "BLE") {
            return Read::Message(Message::new(MessageKind::Other, device_id));
        }
        let Some(layout) = report.layout(&fields) else {
            // Reports of a receiver without a fix hold cells only.
            return Read::Message(Message::new(MessageKind::Other, device_id));
        };
        match layout.read(&report) {
            Some(fix) => Read::Message(Message::of_fix(device_id, fix)),
            None => Read::Refused("unreadable report", Vec::new()),
        }
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[
            CommandKind::Custom,
            CommandKind::Locate,
            CommandKind::StopEngine,
            CommandKind::ResumeEngine,
            CommandKind::Restart,
            CommandKind::Arm,
            CommandKind::Disarm,
        ]
    }

    fn write_command(&mut self, device_id: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let head = self.head.as_deref().unwrap_or("SA200CMD");
        let (universal, older) = match command.kind {
            CommandKind::Custom => {
                let text = command.text.as_ref()?.as_str();
                return Some(format!("{text}\r").into_bytes());
            }
            CommandKind::Locate => ("03;01", "StatusReq"),
            CommandKind::StopEngine => ("04;01", "Enable1"),
            CommandKind::ResumeEngine => ("04;02", "Disable1"),
            CommandKind::Restart => ("03;03", "Reboot"),
            CommandKind::Arm => ("04;03", "Enable2"),
            CommandKind::Disarm => ("04;04", "Disable2"),
            CommandKind::ShowVersion => return None,
        };
        Some(if head == "CMD" {
            format!("CMD;{device_id};{universal}\r").into_bytes()
        } else {
            format!("{head};{device_id};02;{older}\r").into_bytes()
        })
    }
}

/// A family of models.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Model {
    Universal,
    /// ST4xx and ST9xx: found by their date and time.
    Loose,
    /// ST600: cell, country, network, area, signal.
    LongCell,
    /// ST500: no cell.
    NoCell,
    /// All others: one field of the cell.
    ShortCell,
}

struct Report<'a> {
    model: Model,
    /// `STT`, `ALT`, …
    kind: &'a str,
    id: &'a str,
    is_st9: bool,
}

impl<'a> Report<'a> {
    fn of(fields: &[&'a str]) -> Option<Self> {
        let head = at(fields, 0);
        if head.len() == 3 {
            let universal =
                matches!(head, "STT" | "ALT" | "EMG" | "UEX" | "EVT" | "HTE" | "ALV" | "RES" | "CMD" | "BLE");
            return universal.then(|| Self { model: Model::Universal, kind: head, id: at(fields, 1), is_st9: false });
        }
        let (family, kind) = (head.get(..5)?, head.get(5..)?);
        if !(family.starts_with("ST") || family.starts_with("SA")) || fields::pairs::<1>(family.get(2..4)?).is_none() {
            return None;
        }
        if family.starts_with("ST9") {
            return Some(Self { model: Model::Loose, kind: at(fields, 1), id: at(fields, 2), is_st9: true });
        }
        let model = match family.as_bytes()[2] {
            b'4' => Model::Loose,
            b'5' => Model::NoCell,
            b'6' => Model::LongCell,
            _ => Model::ShortCell,
        };
        let is_answer = at(fields, 1) == "Res";
        let (kind, id) = if is_answer { ("Res", at(fields, 2)) } else { (kind, at(fields, 1)) };
        (!kind.is_empty()).then_some(Self { model, kind, id, is_st9: false })
    }

    fn layout<'f>(&self, fields: &'f [&'f str]) -> Option<Layout<'f>> {
        if self.model == Model::Universal {
            return Some(Layout::of_mask(fields));
        }
        let is_pair = |index: &usize| {
            fields[*index].len() == 8 && at(fields, index + 1).len() == 8 && at(fields, index + 1).contains(':')
        };
        let date = (2..fields.len()).find(is_pair);
        let Some(date) = date else {
            // ST4xx may have no fix; others always have a date.
            return (self.model != Model::Loose).then(Layout::default);
        };
        let skipped = match self.model {
            Model::LongCell => 5,
            Model::NoCell => 0,
            // The cell is left out by some.
            Model::Loose => usize::from(!at(fields, date + 2).contains('.')),
            _ => 1,
        };
        let rest = fields.get(date + 2 + skipped..).unwrap_or_default();
        let mut layout = Layout {
            date: fields[date],
            time: at(fields, date + 1),
            latitude: at(rest, 0),
            longitude: at(rest, 1),
            speed: at(rest, 2),
            course: at(rest, 3),
            ..Layout::default()
        };
        if self.is_st9 {
            layout.fix = at(rest, 4);
            return Some(layout);
        }
        (layout.satellites, layout.fix) = (at(rest, 4), at(rest, 5));
        if self.model != Model::Loose {
            (layout.mileage, layout.power) = (at(rest, 6), at(rest, 7));
            layout.ignition = at(rest, 8).get(..1).unwrap_or_default();
            if matches!(self.kind, "EMG" | "EVT" | "ALT") {
                layout.code = at(rest, 9);
            }
            // After mode and message number, or the code: minutes of driving, then the battery.
            layout.battery = at(rest, if self.kind == "STT" { 12 } else { 11 });
        }
        Some(layout)
    }
}

/// The fields of a report that are read.
#[derive(Default)]
struct Layout<'a> {
    date: &'a str,
    time: &'a str,
    latitude: &'a str,
    longitude: &'a str,
    speed: &'a str,
    course: &'a str,
    satellites: &'a str,
    fix: &'a str,
    signal: &'a str,
    mileage: &'a str,
    power: &'a str,
    battery: &'a str,
    ignition: &'a str,
    code: &'a str,
}

impl<'a> Layout<'a> {
    /// The universal form has a field for each bit of its mask, from the second on.
    fn of_mask(fields: &'a [&'a str]) -> Self {
        let mask = u32::from_str_radix(at(fields, 2), 16).unwrap_or(0);
        let mut layout = Self::default();
        let mut index = 3;
        for bit in 1..=21 {
            if mask & 1 << bit == 0 {
                continue;
            }
            let field = at(fields, index);
            index += 1;
            match bit {
                4 => layout.date = field,
                5 => layout.time = field,
                10 => layout.signal = field,
                11 => layout.latitude = field,
                12 => layout.longitude = field,
                13 => layout.speed = field,
                14 => layout.course = field,
                15 => layout.satellites = field,
                16 => layout.fix = field,
                17 => layout.ignition = field.get(field.len().saturating_sub(1)..).unwrap_or_default(),
                19 if matches!(fields[0], "ALT" | "EMG" | "EVT") => layout.code = field,
                _ => {}
            }
        }
        layout
    }

    fn read(&self, report: &Report<'_>) -> Option<FixDraft> {
        let [century, year, month, day] = fields::pairs(self.date)?;
        let mut parts = self.time.split(':').map(|part| part.parse().ok());
        let [hour, minute, second] = [parts.next()??, parts.next()??, parts.next()??];
        let civil = Civil { year: century * 100 + year, month, day, hour, minute, second, ms: 0 };
        let mut fix = FixDraft::new(FixTime::at(civil.as_utc()?));
        fix.set_place(number(self.latitude), number(self.longitude));
        fix.has_place().then_some(())?;
        fix.valid = Some(self.fix == "1");
        fix.set_speed_kmh(number(self.speed));
        fix.set_heading(number(self.course));
        fix.maybe("satellites", number(self.satellites));
        fix.maybe("rssi", number(self.signal));
        fix.maybe("power_v", number(self.power));
        fix.maybe("battery_v", number(self.battery).filter(|volts| (2.0..=5.0).contains(volts)));
        fix.set_odometer_m(number(self.mileage));
        fix.ignition = match self.ignition {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        set_code(&mut fix, report.kind, number_at(&[self.code], 0).map(|code| code as u32));
        if report.kind == "Emergency" {
            fix.alarm(Alarm::Sos);
        }
        Some(fix)
    }
}

fn set_code(fix: &mut FixDraft, kind: &str, code: Option<u32>) {
    let Some(code) = code else { return };
    fix.number("event", code.into());
    match (kind, code) {
        ("EMG", 1) | ("ALT", 42) => fix.alarm(Alarm::Sos),
        ("EMG", 3) | ("ALT", 41) => fix.alarm(Alarm::PowerCut),
        ("EMG", 5 | 6) => fix.flag("door_open", code == 5),
        ("EMG", 7) => fix.alarm(Alarm::Movement),
        ("EMG", 8) | ("ALT", 15) => fix.alarm(Alarm::Vibration),
        ("ALT", 1 | 49) => fix.alarm(Alarm::Overspeed),
        ("ALT", 3) => fix.alarm(Alarm::Fault),
        ("ALT", 5) => fix.alarm(Alarm::GeofenceExit),
        ("ALT", 6) => fix.alarm(Alarm::GeofenceEnter),
        ("ALT", 14) => fix.alarm(Alarm::LowBattery),
        ("ALT", 16) => fix.alarm(Alarm::Crash),
        ("ALT", 33 | 34) => fix.ignition = Some(code == 33),
        ("ALT", 46) => fix.alarm(Alarm::HarshAcceleration),
        ("ALT", 47) => fix.alarm(Alarm::HarshBraking),
        ("ALT", 48) => fix.alarm(Alarm::HarshCornering),
        ("ALT", 50) => fix.alarm(Alarm::Jamming),
        // Ends of alarms, sleep, power back, batteries and keys of drivers.
        ("ALT", 2 | 4 | 9 | 10 | 40 | 44 | 45 | 59 | 60) | ("EVT", _) => {}
        _ => fix.alarm_code(&code.to_string()),
    }
}
