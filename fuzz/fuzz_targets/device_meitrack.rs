#![no_main]
//! Meitrack: see `device.rs`.

mod device;

use milepost_device_protocols::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| device::take(Protocol::Meitrack, data));
