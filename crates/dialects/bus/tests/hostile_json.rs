//! Every input is read as values within their ranges or refused. The fuzz target `bus_json` checks the same for longer.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_dialect_bus::position_from_ping;
use milepost_dialect_bus::wire::{BusRequest, KioskLocation};
use milepost_domain::{DeviceId, MAX_AHEAD_MS, PastAssignments, Principal, Timestamp, VehicleId};
use milepost_http::parse_json;
use proptest::prelude::*;

fn check(bytes: &[u8]) {
    let _ = parse_json::<BusRequest>(bytes);
    let now = Timestamp::from_unix_ms(1_736_937_045_123).unwrap();
    let Ok(ping) = parse_json::<KioskLocation>(bytes) else { return };
    let kiosk = Principal::Device {
        id: DeviceId::new("kiosk").unwrap(),
        vehicle_id: VehicleId::new("bus").unwrap(),
        past_vehicles: PastAssignments::default(),
    };
    let Ok(position) = position_from_ping(&ping, &kiosk, now) else { return };
    assert!(position.latitude.get().abs() <= 90.0 && position.longitude.get().abs() <= 180.0);
    assert!(position.speed.is_none_or(|speed| (0.0..=1000.0).contains(&speed.get())));
    assert!(position.at.ms_since(now) <= MAX_AHEAD_MS);
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn any_values_in_the_known_fields(
        latitude in "-?[0-9]{1,4}(\\.[0-9]{1,3})?(e[0-9]{1,3})?",
        longitude in "-?[0-9]{1,4}(\\.[0-9]{1,3})?",
        speed in "null|NaN|-?[0-9]{1,5}|\"fast\"|\\[\\]",
        timestamp in "null|-?[0-9]{1,20}(\\.[0-9])?|\"[0-9TZ:.+-]{0,30}\"|\\{\\}",
    ) {
        let json = format!(
            "{{\"latitude\":{latitude},\"longitude\":{longitude},\"speed\":{speed},\"timestamp\":{timestamp}}}"
        );
        check(json.as_bytes());
    }
}
