//! Whatever an app sends is read or refused, and a place that comes of it is one on Earth.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_device_report::{DeviceReport, Reading};
use milepost_domain::{Timestamp, UniqueId, VehicleId};
use milepost_phone_formats::{
    DeviceSecrets, Fields, names_of_topic, read_gpslogger, read_osmand, read_overland, read_owntracks, read_positions, read_traccar,
};

fn check(reports: &[DeviceReport], sent: usize) {
    let now = Timestamp::from_unix_ms(1_790_000_000_000).expect("is a time");
    // A report takes some bytes: none are made up.
    assert!(reports.len() <= sent + 1);
    for report in reports {
        let at = report.time.resolve(now);
        if let Reading::Position(position) = report.read(VehicleId::new("bus").expect("an id"), at) {
            assert!(position.latitude.get().abs() <= 90.0 && position.longitude.get().abs() <= 180.0);
            assert!(position.at.ms_since(now) <= milepost_domain::MAX_AHEAD_MS);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, body)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(body);
    match choice % 6 {
        0 => {
            if let Ok(message) = read_osmand(&Fields::of(Some(&text), &[])) {
                check(&message.reports, body.len());
            }
            if let Ok(message) = read_gpslogger(&Fields::of(None, body)) {
                check(&message.reports, body.len());
            }
        }
        1 => {
            let secrets = DeviceSecrets::new(&["jane/phone=s3cr1t".to_owned()]).expect("an entry");
            let names = [UniqueId::new("jane/phone").expect("an id")];
            if let Ok(read) = read_owntracks(body, &names, &secrets) {
                check(&read.reports, body.len());
            }
        }
        2 => {
            if let Ok(reports) = read_positions(body) {
                check(&reports, body.len());
            }
        }
        3 => drop(names_of_topic(&text)),
        _ => {
            let Ok(json) = serde_json::from_slice(body) else { return };
            let read = if choice % 2 == 0 { read_traccar(&json) } else { read_overland(&json) };
            for message in read.into_iter().flatten() {
                check(&message.reports, body.len());
            }
        }
    }
});
