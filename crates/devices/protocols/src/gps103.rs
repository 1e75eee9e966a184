//! GPS103 and TK103A of Coban, and relatives: text over TCP and UDP.

use crate::degrees::with_hemisphere;
use crate::family::{Arrival, Cut, Family, Read};
use crate::fields::{self, at, find, number, number_at};
use crate::fix::FixDraft;
use crate::{Answer, FixTime, Message, MessageKind};
use milepost_domain::{Alarm, CommandKind, DeviceCommand, Timestamp};

const MAX_FRAME_BYTES: usize = 1_024;
const MINUTE_MS: i64 = 60_000;

#[derive(Default)]
pub(crate) struct Gps103;

impl Family for Gps103 {
    fn max_frame_bytes(&self) -> usize {
        MAX_FRAME_BYTES
    }

    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut {
        let is_end = |byte: u8| matches!(byte, b';' | b'\r' | b'\n' | b'*');
        if let Some(count) = bytes.iter().position(|byte| !is_end(*byte) && *byte != b' ')
            && count > 0
        {
            return Cut::Skip(count);
        }
        let end = bytes.iter().position(|byte| is_end(*byte));
        let frame = &bytes[..end.unwrap_or(bytes.len())];
        // A heartbeat may have a report behind it without a mark between them; garbage may too.
        match find(frame, b"imei:") {
            Some(start) if start > 0 && !frame.starts_with(b"##") => {
                let is_heartbeat = frame[..start].iter().all(u8::is_ascii_digit);
                return if is_heartbeat { Cut::Frame(start) } else { Cut::Skip(start) };
            }
            _ => {}
        }
        match end {
            Some(0) => Cut::Skip(1),
            Some(end) => Cut::Frame(end + 1),
            None if arrival.is_datagram => Cut::Frame(bytes.len()),
            None => Cut::Wait,
        }
    }

    fn read(&mut self, frame: &[u8], _: Arrival) -> Read {
        let text = fields::text(frame);
        let text = text.trim_end_matches([';', '\r', '\n', '*', ' ']);
        let fields: Vec<&str> = text.split(',').collect();
        if fields::is_imei(text) {
            return Read::Message(
                Message::new(MessageKind::Heartbeat, Some(text.to_owned())).answered(Answer::taken("ON")),
            );
        }
        let login = (fields[0] == "##").then(|| at(&fields, 1).strip_prefix("imei:")).flatten();
        if let Some(imei) = login.filter(|imei| fields::is_imei(imei)) {
            let message = Message::new(MessageKind::Login, Some(imei.to_owned()));
            return Read::Message(message.answered(Answer::taken("LOAD")));
        }
        match fields[0].strip_prefix("imei:").filter(|imei| fields::is_imei(imei)) {
            Some(imei) => read_report(imei, &fields),
            None => Read::Refused("no report", Vec::new()),
        }
    }

    fn commands(&self) -> &'static [CommandKind] {
        &[
            CommandKind::Custom,
            CommandKind::Locate,
            CommandKind::StopEngine,
            CommandKind::ResumeEngine,
            CommandKind::Arm,
            CommandKind::Disarm,
        ]
    }

    fn write_command(&mut self, device_id: &str, command: &DeviceCommand, _: Timestamp) -> Option<Vec<u8>> {
        let keyword = match command.kind {
            CommandKind::Custom => command.text.as_ref()?.as_str(),
            CommandKind::Locate => "B",
            CommandKind::StopEngine => "J",
            CommandKind::ResumeEngine => "K",
            CommandKind::Arm => "L",
            CommandKind::Disarm => "M",
            _ => return None,
        };
        Some(format!("**,imei:{device_id},{keyword};").into_bytes())
    }
}

fn read_report(imei: &str, fields: &[&str]) -> Read {
    let device_id = Some(imei.to_owned());
    let keyword = at(fields, 1).trim();
    let answer = match keyword {
        "help me" => Answer::taken(format!("**,imei:{imei},E;")),
        _ => Answer::none(),
    };
    if keyword == "OBD" {
        let fix = read_obd(fields);
        return Read::Message(Message { kind: MessageKind::Other, ..Message::of_fix(device_id, fix) });
    }
    if let Some(fix) = (3..fields.len()).find_map(|start| read_alternative(&fields[start..])) {
        return Read::Message(Message::of_fix(device_id, fix));
    }
    // Extra commas may follow the IMEI.
    let Some(mark) = (3..fields.len()).find(|index| matches!(fields[*index], "F" | "L")) else {
        return Read::Refused("no report", Vec::new());
    };
    let mut fix = FixDraft::new(FixTime::MISSING);
    if fields[mark] == "F" {
        fix.time = read_time(at(fields, mark - 2), at(fields, mark + 1));
        fix.valid = Some(at(fields, mark + 2) == "A");
        set_place(&mut fix, fields.get(mark + 3..).unwrap_or_default());
        if !fix.has_place() {
            return Read::Refused("impossible coordinates", Vec::new());
        }
    }
    set_keyword(&mut fix, keyword);
    let message = Message::of_fix(device_id, fix).answered(answer);
    // A command's letter comes back in small, with a t behind it.
    let is_reply = matches!(keyword.as_bytes(), [b'a'..=b'z', b't']);
    Read::Message(if is_reply { message.replied(keyword) } else { message })
}

/// From the latitude on. Some models write the hemisphere before the number.
fn set_place(fix: &mut FixDraft, fields: &[&str]) {
    let [latitude, north, longitude, east] = [at(fields, 0), at(fields, 1), at(fields, 2), at(fields, 3)];
    let (place, rest) = if matches!(latitude, "N" | "S") {
        ((with_hemisphere(north, latitude), with_hemisphere(east, longitude)), fields.get(4..))
    } else {
        ((with_hemisphere(latitude, north), with_hemisphere(longitude, east)), fields.get(4..))
    };
    fix.set_place(place.0, place.1);
    let rest = rest.unwrap_or_default();
    fix.set_speed_knots(number_at(rest, 0).or(Some(0.0)));
    fix.set_heading(number_at(rest, 1));
    fix.set_altitude(number_at(rest, 2));
    let flag = |field: &str| match field.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    fix.ignition = flag(at(rest, 3));
    if let Some(is_open) = flag(at(rest, 4)) {
        fix.flag("door_open", is_open);
    }
    fix.maybe("fuel_percent", number_at(rest, 5).filter(|_| at(rest, 5).ends_with('%')));
    fix.maybe("temperature_c", number_at(rest, 7));
}

fn set_keyword(fix: &mut FixDraft, keyword: &str) {
    match keyword {
        "" | "tracker" => {}
        "help me" => fix.alarm(Alarm::Sos),
        "low battery" => fix.alarm(Alarm::LowBattery),
        "move" => fix.alarm(Alarm::Movement),
        "speed" => fix.alarm(Alarm::Overspeed),
        "ac alarm" => fix.alarm(Alarm::PowerCut),
        "sensor alarm" => fix.alarm(Alarm::Vibration),
        "accident alarm" => fix.alarm(Alarm::Crash),
        "DTC" => fix.alarm(Alarm::Fault),
        "acc on" => fix.ignition = Some(true),
        "acc off" => fix.ignition = Some(false),
        "door alarm" => fix.flag("door_open", true),
        "stockade" | "bonnet alarm" | "footbrake alarm" => fix.alarm_code(keyword),
        _ => {
            let value = |prefix| keyword.strip_prefix(prefix).and_then(number);
            fix.maybe("fuel_percent", value("oil "));
            fix.maybe("temperature_c", value("T:"));
            fix.text("event", keyword);
        }
    }
}

/// The device's own clock has the date, the receiver's has hours, minutes and seconds of UTC. Their difference is the zone: from more
/// than 12 hours behind to 12 hours ahead.
fn read_time(local: &str, utc: &str) -> FixTime {
    const DAY: i64 = 1_440;
    let digits: String = local.chars().filter(char::is_ascii_digit).collect();
    let [Some(date), Some(time)] = [digits.get(..6), digits.get(6..10)] else { return FixTime::MISSING };
    let (Some(date), Some([hour, minute]), Some(utc)) =
        (fields::year_month_day(date), fields::pairs(time), fields::time_of_day(utc))
    else {
        return FixTime::MISSING;
    };
    let Some(midnight) = fields::civil(date, 0).as_utc() else { return FixTime::MISSING };
    let local = hour * 60 + minute;
    let mut ahead = local - utc / MINUTE_MS;
    if ahead > DAY / 2 {
        ahead -= DAY;
    } else if ahead <= -DAY / 2 {
        ahead += DAY;
    }
    let ms = midnight.unix_ms() + (local - ahead) * MINUTE_MS + utc % MINUTE_MS;
    FixTime::maybe(Timestamp::from_unix_ms(ms))
}

/// `hhmmss,ddmmyy,fix,latitude,longitude,km/h,course,altitude,hdop,satellites,ignition,charging`, all of UTC and with signs.
fn read_alternative(fields: &[&str]) -> Option<FixDraft> {
    let [time, date, valid @ ("0" | "1" | "2" | "3"), latitude, longitude, speed, ..] = fields else { return None };
    let time = fields::civil(fields::day_month_year(date)?, fields::time_of_day(time)?).as_utc()?;
    let mut fix = FixDraft::new(FixTime::at(time));
    fix.valid = Some(*valid != "0");
    fix.set_place(number(latitude), number(longitude));
    fix.has_place().then_some(())?;
    fix.set_speed_kmh(number(speed));
    fix.set_heading(number_at(fields, 6));
    fix.set_altitude(number_at(fields, 7));
    fix.maybe("hdop", number_at(fields, 8));
    fix.maybe("satellites", number_at(fields, 9));
    fix.ignition = number_at(fields, 10).map(|on| on != 0.0);
    if let Some(charging) = number_at(fields, 11) {
        fix.flag("charging", charging != 0.0);
    }
    Some(fix)
}

/// `time,odometer,3 of the model,km/h,load,coolant,throttle,rpm,battery,codes`, without coordinates.
fn read_obd(fields: &[&str]) -> FixDraft {
    let mut fix = FixDraft::new(FixTime::MISSING);
    fix.set_speed_kmh(number_at(fields, 7));
    fix.maybe("coolant_c", number_at(fields, 9));
    fix.maybe("rpm", number_at(fields, 11));
    fix.maybe("power_v", number_at(fields, 12));
    fix
}
