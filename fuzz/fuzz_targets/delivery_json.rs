//! Whatever a rider posts or a follower sends is a value or a refusal, and a value is within its ranges.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_dialect_delivery::wire::{FromFollower, StartTracking, UpdateLocation};
use milepost_dialect_delivery::{new_delivery, parse_delivery_json, update_of};

fuzz_target!(|bytes: &[u8]| {
    let _ = parse_delivery_json::<FromFollower>(bytes);
    if let Ok(start) = parse_delivery_json::<StartTracking>(bytes)
        && let Ok(new) = new_delivery(&start)
    {
        assert!(new.dropoff.0.get().abs() <= 90.0 && new.dropoff.1.get().abs() <= 180.0);
    }
    if let Ok(location) = parse_delivery_json::<UpdateLocation>(bytes)
        && let Ok(update) = update_of(&location)
    {
        assert!(update.place.is_none_or(|(lat, lng)| lat.get().abs() <= 90.0 && lng.get().abs() <= 180.0));
    }
});
