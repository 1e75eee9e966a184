//! TK103, KX402, GT-3101: text in brackets over TCP.

use crate::degrees::{from_minutes, with_hemisphere};
use crate::family::{Arrival, Cut, Family, Read, skip_to};
use crate::fields::{self, at, number, number_at};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

const MAX_FRAME_BYTES: usize = 1_024;

#[derive(Default)]
pub(crate) struct Tk103;

impl Family for Tk103 {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], _: Arrival) -> Cut {
        if let Some(skip) = skip_to(bytes, |byte| byte == b'(') {
            return skip;
        }
        // Free text stands between two dollar signs and may hold brackets.
        let mut in_text = false;
        for (index, byte) in bytes.iter().enumerate().skip(1) {
            match byte {
                b'$' => in_text = !in_text,
                b')' if !in_text => return Cut::Frame(index + 1),
                b'(' if !in_text => return Cut::Skip(index),
                _ => {}
            }
        }
        Cut::Wait
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let text = fields::text(&frame[1..frame.len() - 1]);
        let first = text.split(',').next().unwrap_or_default();
        if text.contains(',') && fields::is_imei(first) {
            return read_with_commas(&text.split(',').collect::<Vec<_>>());
        }
        match (text.get(..12), text.get(12..16), text.get(16..)) {
            (Some(id), Some(command), Some(data)) if fields::is_imei(id) => read_packed(id, command, data),
            _ => Read::Refused("no id", Vec::new()),
        }
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

    fn write_command(&mut self, device_id: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let content = match command.kind {
            CommandKind::Custom => command.text.as_ref()?.as_str(),
            CommandKind::Locate => "AP00",
            CommandKind::StopEngine => "AV010",
            CommandKind::ResumeEngine => "AV011",
            CommandKind::Restart => "AT00",
            CommandKind::ShowVersion => "AP07",
            _ => return None,
        };
        Some(format!("({device_id}{content})").into_bytes())
    }
}

fn read_packed(id: &str, command: &str, data: &str) -> Read {
    let device_id = Some(id.to_owned());
    let answer = match command {
        "BP00" => Answer::taken(format!("({id}AP01HSO)")),
        "BP05" => Answer::taken(format!("({id}AP05)")),
        "BO01" => Answer::taken(format!("({id}AS01{})", data.get(..1).unwrap_or_default())),
        _ => Answer::none(),
    };
    let kind = if matches!(command, "BP00" | "BP05") { MessageKind::Login } else { MessageKind::Other };
    let Some((before, date, rest)) = find_position(data) else {
        let message = Message::new(kind, device_id).answered(answer);
        return Read::Message(if is_reply(command) { message.replied(format!("{command}{data}")) } else { message });
    };
    let Some(mut fix) = read_position(date, rest) else {
        // A receiver that never had a fix has no date.
        return match rest.starts_with('V') {
            true => Read::Message(Message::new(kind, device_id).answered(answer)),
            false => Read::Refused("unreadable position", Vec::new()),
        };
    };
    if command == "BO01" {
        set_alarm(&mut fix, before);
    }
    let kind = if kind == MessageKind::Login { kind } else { MessageKind::Fixes };
    Read::Message(Message { kind, ..Message::of_fix(device_id, fix) }.answered(answer))
}

/// The answers to commands without a position: outputs, firmware, restart, and settings.
fn is_reply(command: &str) -> bool {
    matches!(command, "BV01" | "BP07" | "BT00") || command.starts_with("BS")
}

/// What stands before the date, the date, and what follows it.
fn find_position(data: &str) -> Option<(&str, &str, &str)> {
    (6..data.len()).find_map(|index| {
        let is_mark = matches!(data.as_bytes()[index], b'A' | b'V');
        let (before, date, rest) = (data.get(..index - 6)?, data.get(index - 6..index)?, data.get(index..)?);
        (is_mark && fields::pairs::<3>(date).is_some()).then_some((before, date, rest))
    })
}

/// `A2234.0297N11405.9101E000.0040137178.4800000000L00000000`, blanks inside numbers.
fn read_position(date: &str, rest: &str) -> Option<FixDraft> {
    let (valid, rest) = (rest.starts_with('A'), rest.get(1..)?);
    let (latitude, north, rest) = split_at_letter(rest, ['N', 'S'])?;
    let (longitude, east, rest) = split_at_letter(rest, ['E', 'W'])?;
    let (speed, time, course) = (rest.get(..5)?, rest.get(5..11)?, rest.get(11..17)?);
    let rest = rest.get(17..)?.trim_start_matches(',');
    let civil = fields::civil(fields::year_month_day(date)?, fields::time_of_day(time)?);
    let mut fix = FixDraft::new(FixTime::at(civil.as_utc()?));
    fix.valid = Some(valid);
    fix.set_place(with_hemisphere(&without_blanks(latitude), north), with_hemisphere(&without_blanks(longitude), east));
    fix.has_place().then_some(())?;
    fix.set_speed_kmh(number(&without_blanks(speed)));
    fix.set_heading(number(&without_blanks(course)));
    if let Some(state) = rest.get(..8) {
        fix.ignition = Some(state.as_bytes()[1] == b'1');
        fix.flag("external_power", state.as_bytes()[0] == b'0');
    }
    if let Some((_, mileage)) = rest.split_once('L') {
        let digits = mileage.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
        let raw = mileage.get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        fix.maybe("mileage", raw.map(f64::from));
        fix.maybe("temperature_c", mileage.get(digits..).filter(|rest| rest.starts_with(['+', '-'])).and_then(number));
    }
    Some(fix)
}

fn split_at_letter(text: &str, letters: [char; 2]) -> Option<(&str, &str, &str)> {
    let index = text.find(letters).filter(|index| *index <= 12)?;
    Some((&text[..index], &text[index..=index], &text[index + 1..]))
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|letter| *letter != ' ').collect()
}

fn read_with_commas(fields: &[&str]) -> Read {
    let (device_id, command) = (Some(at(fields, 0).to_owned()), at(fields, 1));
    if command == "ZC20" {
        return Read::Message(Message {
            kind: MessageKind::Heartbeat,
            ..Message::of_fix(device_id, read_status(fields))
        });
    }
    let is_start = |start: &usize| matches!(&fields[*start..], [_, "A" | "V", latitude, _, _, _, _, ..] if latitude.ends_with(['N', 'S']));
    let Some(start) = (2..fields.len()).find(is_start) else {
        return Read::Message(Message::new(MessageKind::Other, device_id));
    };
    let position = &fields[start..];
    let Some(mut fix) = read_comma_position(position) else {
        return match position[1] {
            "V" => Read::Message(Message::new(MessageKind::Other, device_id)),
            _ => Read::Refused("unreadable position", Vec::new()),
        };
    };
    match command {
        "ZC11" | "DW31" => fix.alarm(Alarm::Movement),
        "ZC12" | "DW32" | "ZC27" => fix.alarm(Alarm::LowBattery),
        "ZC13" | "DW33" => fix.alarm(Alarm::PowerCut),
        "ZC17" | "DW37" | "ZC26" => fix.alarm(Alarm::Tamper),
        "ZC25" => fix.alarm(Alarm::Sos),
        "BQ81" if at(fields, 2) == "ALARM" => set_alarm(&mut fix, at(fields, 3)),
        _ => {}
    }
    Read::Message(Message::of_fix(device_id, fix))
}

/// `ddmmyy,A,2234.0297N,11405.9101E,speed,hhmmss,course`.
fn read_comma_position(fields: &[&str]) -> Option<FixDraft> {
    let time = fields::civil(fields::day_month_year(fields[0])?, fields::time_of_day(at(fields, 5))?).as_utc()?;
    let mut fix = FixDraft::new(FixTime::at(time));
    fix.valid = Some(fields[1] == "A");
    let degrees = |text: &str, negative: char| {
        let degrees = from_minutes(text.get(..text.len().checked_sub(1)?)?)?;
        Some(if text.ends_with(negative) { -degrees } else { degrees })
    };
    fix.set_place(degrees(at(fields, 2), 'S'), degrees(at(fields, 3), 'W'));
    fix.has_place().then_some(())?;
    fix.set_speed_kmh(number_at(fields, 4));
    fix.set_heading(number_at(fields, 6));
    Some(fix)
}

/// `ZC20`: date, time, battery level from 0 to 6, battery in hundredths of a volt, power in tenths.
fn read_status(fields: &[&str]) -> FixDraft {
    let time = fields::day_month_year(at(fields, 2)).zip(fields::time_of_day(at(fields, 3)));
    let mut fix = FixDraft::new(FixTime::maybe(time.and_then(|(date, ms)| fields::civil(date, ms).as_utc())));
    let known = |value: Option<f64>| value.filter(|value| *value < 65_535.0);
    let level = number_at(fields, 4).filter(|level| *level <= 6.0);
    fix.maybe("battery_percent", level.map(|level| (level * 100.0 / 6.0).round()));
    fix.maybe("battery_v", known(number_at(fields, 5)).map(|hundredths| hundredths / 100.0));
    fix.maybe("power_v", known(number_at(fields, 6)).map(|tenths| tenths / 10.0));
    fix
}

fn set_alarm(fix: &mut FixDraft, digit: &str) {
    fix.alarm(match digit {
        "0" => Alarm::PowerCut,
        "1" => Alarm::Crash,
        "2" => Alarm::Sos,
        "3" => Alarm::Vibration,
        "5" => Alarm::Overspeed,
        "6" => Alarm::GeofenceExit,
        other => return fix.alarm_code(other),
    });
}
