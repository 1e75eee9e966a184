//! Every vector, whole, cut at every place, as a datagram, and with garbage around it.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_protocols::{Civil, Closed, Found, Message, Protocol, Session};
use milepost_device_report::{DeviceReport, ReportTime};
use milepost_domain::{AttributeValue, Timestamp};
use serde_json::Value as Json;
use std::path::Path;

/// The arrival of everything: 2026-09-01T12:00:00Z.
fn now() -> Timestamp {
    Civil { year: 2026, month: 9, day: 1, hour: 12, ..Civil::default() }.as_utc().unwrap()
}

fn vectors(protocol: Protocol) -> Vec<Json> {
    let file = format!("tests/vectors/{}.jsonl", protocol.name());
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap()).collect()
}

fn bytes_of(json: &Json, name: &str) -> Option<Vec<u8>> {
    let hex = json[format!("{name}_hex")].as_str().map(unhex);
    hex.or_else(|| json[format!("{name}_text")].as_str().map(|text| text.chars().map(|c| c as u8).collect()))
}

fn list_of(json: &Json, name: &str) -> Option<Vec<Vec<u8>>> {
    if let Some(list) = json[format!("{name}_hex")].as_array() {
        // "… or nothing" stands behind some answers.
        let hex = |item: &Json| unhex(item.as_str().unwrap().split(' ').next().unwrap());
        return Some(list.iter().map(hex).collect());
    }
    let list = json[format!("{name}_text")].as_array()?;
    Some(list.iter().map(|item| item.as_str().unwrap().chars().map(|c| c as u8).collect()).collect())
}

fn session_before(protocol: Protocol, vector: &Json) -> Session {
    let mut session = Session::new(protocol);
    for frame in vector["session_before"].as_array().into_iter().flatten() {
        let bytes = bytes_of(frame, "raw").unwrap();
        take(&mut session, &[&bytes])
            .0
            .iter()
            .for_each(|found| assert!(matches!(found, Found::Message(_)), "{found:?}"));
    }
    session
}

fn take(session: &mut Session, segments: &[&[u8]]) -> (Vec<Found>, Result<(), Closed>) {
    let mut all = Vec::new();
    for segment in segments {
        if let Err(closed) = session.take(segment, now(), |found| all.push(found)) {
            return (all, Err(closed));
        }
    }
    (all, Ok(()))
}

fn messages(found: &[Found]) -> Vec<&Message> {
    found.iter().filter_map(|found| if let Found::Message(message) = found { Some(message) } else { None }).collect()
}

fn fixes(found: &[Found]) -> Vec<(&Message, DeviceReport)> {
    let messages = messages(found).into_iter().filter(|message| message.device_id.is_some());
    messages
        .flat_map(|message| message.fixes.iter().map(move |fix| (message, fix.report(None))))
        .filter(|(_, fix)| fix.place.is_some())
        .collect()
}

/// What the device would be sent if it is known here and has no acknowledgement switched on.
fn answers(found: &[Found]) -> Vec<Vec<u8>> {
    let answers = found.iter().map(|found| match found {
        Found::Message(message) if message.device_id.is_none() || message.answer.needs_sack => Vec::new(),
        Found::Message(message) => message.answer.taken.clone(),
        Found::Refused(_, answer) => answer.clone(),
    });
    answers.filter(|answer| !answer.is_empty()).collect()
}

fn resolved(time: ReportTime) -> Option<String> {
    if let ReportTime::At(at) = time { Some(at.to_string()) } else { None }
}

fn number(value: Option<&AttributeValue>) -> Option<f64> {
    if let Some(AttributeValue::Number(number)) = value { Some(*number) } else { None }
}

/// The differences between a fix and what is expected of it.
fn differences(expected: &Json, message: &Message, fix: &DeviceReport) -> Vec<String> {
    let mut different = Vec::new();
    let mut check = |name: &str, wanted: &Json, got: Option<f64>, within: f64| {
        let equal = match (wanted.as_f64(), got) {
            (Some(wanted), Some(got)) => (wanted - got).abs() <= within,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if !equal {
            different.push(format!("{name}: expected {wanted}, got {got:?}"));
        }
    };
    let place = fix.place.unwrap();
    check("lat", &expected["lat"], Some(place.latitude), 1e-6);
    check("lon", &expected["lon"], Some(place.longitude), 1e-6);
    check("speed", &expected["speed_kmh"], fix.speed_kmh, 0.01);
    check("course", &expected["course_deg"], fix.heading_deg, 0.01);
    check("altitude", &expected["altitude_m"], fix.altitude_m, 0.01);
    check("odometer", &expected["odometer_m"], fix.odometer_km.map(|km| km * 1_000.0), 0.01);
    check("odometer", &expected["odometer_km"], fix.odometer_km, 0.01);
    check("fuel", &expected["fuel_l"], fix.fuel_level_l, 0.01);
    for (theirs, ours) in [
        ("satellites", "satellites"),
        ("hdop", "hdop"),
        ("battery_v", "battery_v"),
        ("external_power_v", "power_v"),
        ("battery_percent", "battery_percent"),
        ("gsm_signal", "rssi"),
        ("fuel_percent", "fuel_percent"),
        ("fuel1_percent", "fuel_percent"),
        ("temperature_c", "temperature_c"),
        ("event", "event"),
    ] {
        check(theirs, &expected[theirs], number(fix.attributes.get(ours)), 0.01);
        check(theirs, &expected["usual_meaning"][theirs], number(fix.attributes.get(ours)), 0.01);
    }
    for (theirs, got) in [
        ("valid", Some(fix.is_valid)),
        ("ignition", fix.ignition),
        ("ignition_from_flags", fix.ignition),
        ("door_open", fix.attributes.get("door_open").map(|v| *v == AttributeValue::Flag(true))),
        ("charging", fix.attributes.get("charging").map(|v| *v == AttributeValue::Flag(true))),
    ] {
        let usual = &expected["usual_meaning"][theirs];
        for wanted in [&expected[theirs], usual] {
            // The status of an alarm is newer than the flags.
            if wanted.is_boolean() && wanted.as_bool() != got {
                different.push(format!("{theirs}: expected {wanted}, got {got:?}"));
            }
        }
    }
    let motion = &expected["usual_meaning"]["motion"];
    if motion.is_boolean() && fix.attributes.get("motion") != Some(&AttributeValue::Flag(motion.as_bool().unwrap())) {
        different.push("motion".to_owned());
    }
    if let Some(id) = expected["device_id"].as_str()
        && message.device_id.as_deref() != Some(id)
    {
        different.push(format!("device: expected {id}, got {:?}", message.device_id));
    }
    let time = resolved(fix.time);
    let wanted = expected["time_utc"].as_str().map(|time| match time.strip_suffix('Z').unwrap() {
        seconds if seconds.contains('.') => time.to_owned(),
        seconds => format!("{seconds}.000Z"),
    });
    let undated = !expected["date_missing"].is_null() || !expected["time_of_day_missing"].is_null();
    // Some sources leave out the milliseconds.
    let same = wanted.as_ref().zip(time.as_ref()).map_or(wanted == time, |(wanted, time)| {
        wanted == time || wanted.ends_with(".000Z") && wanted[..19] == time[..19]
    });
    if !undated && !same {
        different.push(format!("time: expected {wanted:?}, got {time:?}"));
    }
    let alarm =
        if let Some(AttributeValue::Text(alarm)) = fix.attributes.get("alarm") { Some(alarm.as_ref()) } else { None };
    if let Some(wanted) = expected["alarm"].as_str() {
        let ours = match wanted {
            "main_power_cut" | "external_power_cut" => Some("power_cut"),
            "emergency" => Some("sos"),
            // Without a shared name, or depending on the model.
            "removing" => Some("tamper"),
            "sos" | "overspeed" | "low_battery" | "vibration" | "movement" | "geofence_enter" | "geofence_exit"
            | "tow" | "crash" | "tamper" | "jamming" | "harsh_acceleration" | "harsh_braking" | "harsh_cornering" => {
                Some(wanted)
            }
            _ => alarm,
        };
        if ours != alarm {
            different.push(format!("alarm: expected {wanted}, got {alarm:?}"));
        }
    }
    different
}

fn check(protocol: Protocol, vector: &Json, found: &[Found]) -> Vec<String> {
    let expected = &vector["expected"];
    let mut wrong = Vec::new();
    let fixes = fixes(found);
    let accepted = expected["accepted"] == Json::Bool(true) || expected["accepted"] == "position yes, broken item no";
    if !accepted {
        if !fixes.is_empty() {
            wrong.push(format!("a position of what must be refused: {fixes:?}"));
        }
        // The last two bytes of ruptela-015 are missing: a stream waits for them.
        if let Some(answer) = bytes_of(vector, "answer")
            && vector["id"] != "ruptela-015"
            && answers(found) != [answer.clone()]
        {
            wrong.push(format!("answer: expected {answer:x?}, got {:x?}", answers(found)));
        }
        return wrong;
    }
    if let Some(id) = expected["device_id"].as_str()
        && !messages(found).iter().any(|message| message.device_id.as_deref() == Some(id))
    {
        wrong.push(format!("no message of {id}: {found:?}"));
    }
    let positions: Vec<&Json> =
        expected["positions"].as_array().into_iter().flatten().filter(|position| !position["lat"].is_null()).collect();
    // Ruptela's parts continue a record.
    let positions: Vec<&Json> = positions
        .into_iter()
        .filter(|position| position["record_extension"]["part"].as_u64().unwrap_or(0) == 0)
        .collect();
    let given = expected.get("positions").is_some();
    if given && fixes.len() != positions.len() {
        wrong.push(format!("{} fixes expected, got {}: {found:?}", positions.len(), fixes.len()));
    } else {
        for (position, (message, fix)) in positions.iter().zip(&fixes) {
            wrong.extend(differences(position, message, fix));
        }
    }
    let names = ["answer_hex", "answer_text"];
    if let Some(name) = names.iter().find(|name| vector.get(**name).is_some()) {
        let got = answers(found);
        let ok = match bytes_of(vector, name.strip_suffix("_hex").or(name.strip_suffix("_text")).unwrap()) {
            None => got.is_empty(),
            Some(answer) => {
                let text =
                    String::from_utf8_lossy(&answer).replace("YYYYMMDDhhmmss (server UTC now)", "20260901120000");
                got.concat() == answer || got.concat() == text.as_bytes()
            }
        };
        if !ok {
            wrong.push(format!(
                "answer: expected {}, got {:x?} {}",
                vector[*name],
                got,
                String::from_utf8_lossy(&got.concat())
            ));
        }
    }
    if let Some(sack) = vector["answer_text_if_sack_on"].as_str() {
        let got = messages(found)[0].answer.clone();
        if !got.needs_sack || got.taken != sack.as_bytes() {
            wrong.push(format!("sack: expected {sack}, got {got:?}"));
        }
    }
    let _ = protocol;
    wrong
}

/// Checks all vectors of a protocol, and says which were wrong.
fn check_all(protocol: Protocol) {
    let mut wrong = Vec::new();
    let vectors = vectors(protocol);
    assert!(vectors.len() > 20);
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        let mut say = |what: &str, differences: Vec<String>| {
            wrong.extend(differences.into_iter().map(|difference| format!("{id} {what}: {difference}")));
        };
        if let Some(segments) = list_of(vector, "segments") {
            let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
            let (found, end) = take(&mut session_before(protocol, vector), &segments);
            say("framing", check_framing(vector, &found, end));
            continue;
        }
        let bytes = bytes_of(vector, "raw").unwrap();
        let transport = vector["transport"].as_str().unwrap();
        if transport.contains("udp") {
            let mut found = Vec::new();
            let mut session = session_before(protocol, vector);
            let _ = session.take_datagram(&bytes, now(), |one| found.push(one));
            say("datagram", check(protocol, vector, &found));
        }
        if transport.contains("tcp") {
            let (whole, end) = take(&mut session_before(protocol, vector), &[&bytes]);
            say("whole", check(protocol, vector, &whole));
            for cut in 1..bytes.len() {
                let (found, cut_end) = take(&mut session_before(protocol, vector), &[&bytes[..cut], &bytes[cut..]]);
                // Where a segment ends behind a line end within a report of Suntech, the rest of it is refused.
                if messages(&found) != messages(&whole) || cut_end.is_err() != end.is_err() {
                    say(&format!("cut after {cut}"), vec![format!("{found:?} instead of {whole:?}")]);
                    break;
                }
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            if messages(&take(&mut session_before(protocol, vector), &single).0) != messages(&whole) {
                say("byte by byte", vec!["other messages".to_owned()]);
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn check_framing(vector: &Json, found: &[Found], end: Result<(), Closed>) -> Vec<String> {
    let expected = &vector["expected"];
    let mut wrong = Vec::new();
    let wanted = list_of(expected, "answers").or_else(|| list_of(expected, "answers_text_sack_off"));
    let wanted = wanted.or_else(|| {
        expected["answers_text_sack_off"]
            .as_array()
            .map(|list| list.iter().map(|item| item.as_str().unwrap().as_bytes().to_vec()).collect())
    });
    if let Some(wanted) = wanted {
        let wanted: Vec<Vec<u8>> = wanted
            .into_iter()
            .map(|answer| {
                String::from_utf8_lossy(&answer)
                    .replace("YYYYMMDDhhmmss (server UTC now)", "20260901120000")
                    .into_bytes()
            })
            .collect();
        let got = answers(found);
        let texts: Vec<String> = got.iter().map(|answer| String::from_utf8_lossy(answer).into_owned()).collect();
        let wanted_texts: Vec<String> =
            wanted.iter().map(|answer| String::from_utf8_lossy(answer).into_owned()).collect();
        if texts != wanted_texts {
            wrong.push(format!("answers: expected {wanted:x?} {wanted_texts:?}, got {got:x?} {texts:?}"));
        }
    }
    if let Some(positions) = expected["positions"].as_array() {
        let fixes = fixes(found);
        if positions.len() != fixes.len() {
            wrong.push(format!("{} positions expected: {found:?}", positions.len()));
        }
        for (position, (message, fix)) in positions.iter().zip(fixes) {
            wrong.extend(differences(position, message, &fix));
        }
    }
    for name in ["frames", "frames_hex", "frames_text", "lines"] {
        if let Some(frames) = expected[name].as_array() {
            let good = messages(found).iter().filter(|message| message.device_id.is_some()).count();
            // The heartbeat before this report is a frame too.
            let glued = usize::from(vector["id"] == "gps103-085");
            if good != frames.len() + glued {
                wrong.push(format!("{} frames expected, got {good}: {found:?}", frames.len()));
            }
        }
    }
    let must_close = expected["must"].as_str().is_some_and(|must| must.contains("close"));
    if must_close && end.is_ok() {
        wrong.push("the connection must end".to_owned());
    }
    wrong
}

macro_rules! protocols {
    ($($name:ident: $protocol:ident;)*) => {$(
        #[test]
        fn $name() {
            check_all(Protocol::$protocol);
        }
    )*};
}

protocols! {
    teltonika_vectors_are_read: Teltonika;
    gt06_vectors_are_read: Gt06;
    h02_vectors_are_read: H02;
    gps103_vectors_are_read: Gps103;
    tk103_vectors_are_read: Tk103;
    jt808_vectors_are_read: Jt808;
    queclink_vectors_are_read: Queclink;
    meitrack_vectors_are_read: Meitrack;
    ruptela_vectors_are_read: Ruptela;
    suntech_vectors_are_read: Suntech;
    nmea_vectors_are_read: Nmea;
}
