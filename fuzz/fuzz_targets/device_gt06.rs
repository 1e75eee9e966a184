#![no_main]
//! Gt06: see `device.rs`.

mod device;

use milepost_device_protocols::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| device::take(Protocol::Gt06, data));
