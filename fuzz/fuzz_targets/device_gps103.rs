#![no_main]
//! Gps103: see `device.rs`.

mod device;

use milepost_device_protocols::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| device::take(Protocol::Gps103, data));
