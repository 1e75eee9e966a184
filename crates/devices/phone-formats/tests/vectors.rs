//! Requests and messages of public test suites: what each says, and which are refused. Credits: `testdata/CREDITS.md`.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_report::{DeviceReport, ReportTime};
use milepost_domain::{AttributeValue, Timestamp, UniqueId, attribute};
use milepost_phone_formats::{
    DeviceSecrets, Fields, Malformed, Message, read_gpslogger, read_osmand, read_overland, read_owntracks, read_traccar,
};
use serde_json::Value;

fn vectors(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn number_of(report: &DeviceReport, name: &str) -> Option<f64> {
    match report.attributes.get(name)? {
        AttributeValue::Number(number) => Some(*number),
        other => panic!("{name} is {other:?}"),
    }
}

fn flag_of(report: &DeviceReport, name: &str) -> Option<bool> {
    match report.attributes.get(name)? {
        AttributeValue::Flag(flag) => Some(*flag),
        other => panic!("{name} is {other:?}"),
    }
}

fn at_ms(report: &DeviceReport) -> Option<i64> {
    match report.time {
        ReportTime::At(at) => Some(at.unix_ms()),
        ReportTime::Unknown | ReportTime::OfDay { .. } => None,
    }
}

/// Compares a number if the vector has one, and finds that there is none if it is null.
fn same(actual: Option<f64>, expected: &Value, what: &str, by: f64) {
    match expected.as_f64() {
        Some(expected) => assert!((actual.unwrap() - expected).abs() <= by, "{what}: {actual:?} instead of {expected}"),
        None => assert!(expected.is_null(), "{what}: {expected}"),
    }
}

/// A position of the vectors of devices.
fn check_position(report: &DeviceReport, expected: &Value, id: &str) {
    let place = report.place.unwrap();
    same(Some(place.latitude), &expected["lat"], id, 1e-6);
    same(Some(place.longitude), &expected["lon"], id, 1e-6);
    let at = expected["time_utc"].as_str().map(|text| text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    assert_eq!(at_ms(report), at, "{id}");
    assert_eq!(report.is_valid, expected["valid"] != false, "{id}");
    for (actual, name) in [
        (report.speed_kmh, "speed_kmh"),
        (report.heading_deg, "course_deg"),
        (report.altitude_m, "altitude_m"),
        (report.accuracy_m, "accuracy_m"),
        (report.odometer_km, "odometer_km"),
        (number_of(report, attribute::BATTERY_PERCENT), "battery_percent"),
        (number_of(report, attribute::SATELLITES), "satellites"),
        (number_of(report, attribute::BATTERY_V), "battery_v"),
        (number_of(report, attribute::POWER_V), "external_power_v"),
    ] {
        same(actual, &expected[name], &format!("{id}: {name}"), 0.01);
    }
    if let Some(charging) = expected["charging"].as_bool() {
        assert_eq!(flag_of(report, attribute::CHARGING), Some(charging), "{id}");
    }
    if let Some(ignition) = expected["ignition"].as_bool() {
        assert_eq!(report.ignition, Some(ignition), "{id}");
    }
    if let Some(alarm) = expected["alarm"].as_str() {
        assert_eq!(report.attributes.alarm().unwrap().as_str(), alarm, "{id}");
    }
}

/// The reports with a place that is one.
fn placed(reports: &[DeviceReport]) -> Vec<&DeviceReport> {
    let is_place = |report: &&DeviceReport| report.place.is_some_and(|place| place.latitude.abs() <= 90.0);
    reports.iter().filter(is_place).collect()
}

#[test]
fn what_traccars_tests_send_is_read_as_documented() {
    let mut read = 0;
    for vector in vectors(include_str!("../testdata/osmand_owntracks.json")) {
        let (protocol, expected) = (vector["protocol"].as_str().unwrap(), &vector["expected"]);
        let body = vector["body"].as_str().unwrap_or_default();
        let shown = vector["request_line"].as_str().unwrap_or(body);
        let query = vector["request_line"].as_str().and_then(|line| line.split_once('?')).map(|(_, query)| query);
        let message: Result<Message, Malformed> = match protocol {
            "osmand-query" => read_osmand(&Fields::of(query, &[])),
            "osmand-json" => read_traccar(&serde_json::from_str(body).unwrap()).map(|mut all| all.pop().unwrap()),
            _ => read_owntracks(body.as_bytes(), &[], &DeviceSecrets::default())
                .map(|read| Message { names: read.names, reports: read.reports }),
        };
        let message = message.unwrap();
        if expected["accepted"] == false {
            assert!(message.names.is_empty(), "{shown}: nothing names the device");
            continue;
        }
        let names: Vec<_> = message.names.iter().map(UniqueId::as_str).collect();
        let wanted = expected["device_id"].as_str().unwrap();
        assert!(names.contains(&wanted), "{shown}: {names:?}");
        let [report] = message.reports.as_slice() else { panic!("{shown}") };
        assert_eq!(report.place.is_some(), !expected["lat"].is_null(), "{shown}");
        if let Some(place) = report.place {
            same(Some(place.latitude), &expected["lat"], shown, 1e-9);
            same(Some(place.longitude), &expected["lon"], shown, 1e-9);
        }
        assert_eq!(at_ms(report), expected["fix_time_unix_ms"].as_i64(), "{shown}");
        let kmh = expected["speed_mps"].as_f64().map_or(Value::Null, |mps| (mps * 3.6).into());
        let speed = report.speed_kmh.filter(|kmh| *kmh >= 0.0);
        assert_eq!(speed.is_some(), !kmh.is_null(), "{shown}");
        same(speed, &kmh, shown, 1e-6);
        let heading = report.heading_deg.filter(|degrees| *degrees >= 0.0);
        assert_eq!(heading, expected["course_deg"].as_f64(), "{shown}");
        same(report.altitude_m, &expected["altitude_m"], shown, 1e-9);
        same(report.accuracy_m, &expected["accuracy_m"], shown, 1e-9);
        same(number_of(report, attribute::BATTERY_PERCENT), &expected["battery_pct"], shown, 1e-9);
        same(number_of(report, attribute::HDOP), &expected["hdop"], shown, 1e-9);
        if let Some(motion) = expected["motion"].as_bool() {
            assert_eq!(flag_of(report, attribute::MOTION), Some(motion), "{shown}");
        }
        read += 1;
    }
    assert!(read >= 20, "{read}");
}

#[test]
fn what_traccar_client_sends_is_read_as_documented() {
    for vector in vectors(include_str!("../testdata/traccar_client.json")) {
        let (id, expected) = (vector["id"].as_str().unwrap(), &vector["expected"]);
        let body = vector["body"].as_str().unwrap();
        let is_json = vector["headers"]["Content-Type"].as_str().unwrap().contains("json");
        let read = if is_json {
            serde_json::from_str(body).map_err(|_| Malformed("not JSON")).and_then(|json| read_traccar(&json))
        } else {
            read_osmand(&Fields::of(None, body.as_bytes())).map(|message| vec![message])
        };
        let reports: Vec<_> = read.iter().flatten().flat_map(|message| message.reports.clone()).collect();
        match expected["why"].as_str() {
            Some("no id") => assert!(read.unwrap()[0].names.is_empty(), "{id}"),
            Some("latitude above 90") => assert!(placed(&reports).is_empty() && reports.len() == 1, "{id}: dropped"),
            Some("device not known to the server") => {}
            Some(_) => assert!(read.is_err(), "{id}"),
            None => {
                let messages = read.unwrap();
                if let Some(name) = expected["device_id"].as_str() {
                    assert_eq!((messages.len(), messages[0].names[0].as_str()), (1, name), "{id}");
                }
                let positions = expected["positions"].as_array().unwrap();
                let placed = placed(&reports);
                assert_eq!(placed.len(), positions.len(), "{id}");
                placed.iter().zip(positions).for_each(|(report, expected)| check_position(report, expected, id));
            }
        }
    }
}

#[test]
fn what_overland_sends_is_read_as_documented() {
    for vector in vectors(include_str!("../testdata/overland.json")) {
        let id = vector["id"].as_str().unwrap();
        let messages = read_overland(&vector["body"]).unwrap();
        let positions: Vec<_> = messages.iter().flat_map(|message| &message.reports).collect();
        let expected = vector["positions"].as_array().unwrap();
        assert_eq!(positions.len(), expected.len(), "{id}");
        for (report, expected) in positions.into_iter().zip(expected) {
            check_position(report, expected, id);
        }
        let named = messages[0].names.first().map(UniqueId::as_str);
        assert_eq!(named, vector["device_id"].as_str(), "{id}");
    }
}

#[test]
fn what_gpslogger_sends_is_read_as_documented() {
    let mut read = 0;
    for vector in vectors(include_str!("../testdata/gpslogger.json")) {
        let (id, expected) = (vector["id"].as_str().unwrap(), &vector["expected"]);
        let line = vector["request_line"].as_str().unwrap();
        let url = line.split(' ').nth(1).unwrap();
        let query = url.split_once('?').map(|(_, query)| query);
        let body = vector["body"].as_str().unwrap_or_default();
        let message = read_gpslogger(&Fields::of(query, body.as_bytes()));
        match expected["why"].as_str() {
            Some("latitude above 90") => assert!(placed(&message.unwrap().reports).is_empty(), "{id}: dropped"),
            // The method is not looked at here.
            Some(why) if why.contains("method") => {}
            Some(_) => assert!(message.is_err(), "{id}"),
            None => {
                let message = message.unwrap();
                assert_eq!(message.names.first().map(UniqueId::as_str), expected["device_id"].as_str(), "{id}");
                if let Some(positions) = expected["positions"].as_array() {
                    check_position(&message.reports[0], &positions[0], id);
                }
                read += 1;
            }
        }
    }
    assert!(read >= 14, "{read}");
}

#[test]
fn what_owntracks_sends_is_read_as_documented() {
    let mut read = 0;
    for vector in vectors(include_str!("../testdata/owntracks.json")) {
        let (id, expected) = (vector["id"].as_str().unwrap(), &vector["expected"]);
        let secret = vector["secret_text"].as_str().map(|secret| format!("jane/phone={secret}"));
        let secrets = DeviceSecrets::new(&secret.into_iter().collect::<Vec<_>>()).unwrap();
        let names = [UniqueId::new("jane/phone").unwrap()];
        let message = read_owntracks(vector["payload"].as_str().unwrap().as_bytes(), &names, &secrets);
        match expected["why"].as_str() {
            Some(why) if why.contains("topic") || why.contains("account") => {}
            Some(why) if why.contains("empty payload") => assert_eq!(message.unwrap().reports, [], "{id}"),
            Some(why) if why.contains("neither tid nor topic") => assert_eq!(message.unwrap().names, [], "{id}"),
            Some(why) if why.contains("latitude") => assert!(placed(&message.unwrap().reports).is_empty(), "{id}"),
            Some(_) => assert!(message.is_err(), "{id}: {message:?}"),
            None => {
                let message = message.unwrap();
                let positions = expected["positions"].as_array().cloned().unwrap_or_default();
                let placed = placed(&message.reports);
                assert_eq!(placed.len(), positions.len(), "{id}");
                placed.iter().zip(&positions).for_each(|(report, expected)| check_position(report, expected, id));
                read += 1;
            }
        }
    }
    assert!(read >= 20, "{read}");
}

#[test]
fn an_encrypted_message_is_read_with_the_devices_secret() {
    let secrets = DeviceSecrets::new(&["jane/phone=s3cr1t-of-the-fleet".to_owned()]).unwrap();
    let name = |name: &str| [UniqueId::new(name).unwrap()];
    // Made with libsodium's crypto_secretbox_easy: nonce 0 to 23, the secret filled with zeros.
    let sealed = include_str!("../testdata/encrypted.txt").trim();
    let body = format!(r#"{{"_type":"encrypted","data":"{sealed}"}}"#);
    let read = read_owntracks(body.as_bytes(), &name("jane/phone"), &secrets).unwrap();
    assert_eq!(at_ms(&read.reports[0]), Timestamp::from_unix_ms(1_787_356_799_000).map(Timestamp::unix_ms));
    assert!(read_owntracks(body.as_bytes(), &name("bob/phone"), &secrets).is_err());
    let other = DeviceSecrets::new(&["jane/phone=another".to_owned()]).unwrap();
    assert!(read_owntracks(body.as_bytes(), &name("jane/phone"), &other).is_err());
    for entries in ["jane/phone", "jane/phone=", "=secret", &format!("a={}", "x".repeat(33))] {
        assert_eq!(DeviceSecrets::new(&[entries.to_owned()]).err(), Some(1), "{entries}");
    }
    assert!(!format!("{secrets:?}").contains("s3cr1t"));
}

proptest::proptest! {
    /// No bytes make a reader panic.
    #[test]
    fn garbage_is_refused_or_ignored(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), text in ".{0,200}") {
        let secrets = DeviceSecrets::default();
        let _ = read_owntracks(&bytes, &[], &secrets);
        for fields in [Fields::of(Some(&text), &bytes), Fields::of(None, text.as_bytes())] {
            let _ = (read_osmand(&fields), read_gpslogger(&fields));
        }
        if let Ok(json) = serde_json::from_slice::<Value>(&bytes) {
            let _ = (read_traccar(&json), read_overland(&json));
        }
    }

    /// Nor does JSON of the right names and any values.
    #[test]
    fn any_values_are_refused_or_ignored(values in proptest::collection::vec(".{0,12}", 8)) {
        let quoted: Vec<_> = values.iter().map(|value| Value::from(value.as_str()).to_string()).collect();
        let any = |place: usize| values[place].parse::<f64>().map_or_else(|_| quoted[place].clone(), |_| values[place].clone());
        let body = format!(
            r#"{{"_type":{},"id":{},"lat":{},"lon":{},"tst":{},"timestamp":{},"data":{},"locations":[{{"geometry":{{"type":"Point","coordinates":[{},{}]}}}}]}}"#,
            quoted[0], any(1), any(2), any(3), any(4), any(5), any(6), any(7), any(0),
        );
        let _ = read_owntracks(body.as_bytes(), &[], &DeviceSecrets::default());
        if let Ok(json) = serde_json::from_slice::<Value>(body.as_bytes()) {
            let _ = (read_traccar(&json), read_overland(&json));
        }
    }
}
