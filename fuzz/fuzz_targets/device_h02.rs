#![no_main]
//! H02: see `device.rs`.

mod device;

use milepost_device_protocols::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| device::take(Protocol::H02, data));
