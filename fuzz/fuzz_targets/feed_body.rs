//! Whatever a transit feed answers is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(vehicles) = milepost_transit_feeds::read_body(data) {
        // A vehicle takes some bytes: none are made up.
        assert!(vehicles.len() <= data.len());
    }
});
