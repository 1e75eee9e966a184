//! Whatever a kiosk posts or a viewer sends is a value or a refusal, and a value is within its ranges.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_dialect_bus::position_from_ping;
use milepost_dialect_bus::wire::{BusRequest, KioskLocation};
use milepost_domain::{DeviceId, PastAssignments, Principal, Timestamp, VehicleId};

fuzz_target!(|bytes: &[u8]| {
    let _ = milepost_http::parse_json::<BusRequest>(bytes);
    let now = Timestamp::from_unix_ms(1_736_937_045_123).expect("in range");
    let kiosk = Principal::Device {
        id: DeviceId::new("kiosk").expect("an id"),
        vehicle_id: VehicleId::new("bus").expect("an id"),
        past_vehicles: PastAssignments::default(),
    };
    if let Ok(ping) = milepost_http::parse_json::<KioskLocation>(bytes)
        && let Ok(position) = position_from_ping(&ping, &kiosk, now)
    {
        assert!(position.latitude.get().abs() <= 90.0 && position.longitude.get().abs() <= 180.0);
        assert!(position.at.ms_since(now) <= milepost_domain::MAX_AHEAD_MS);
    }
});
