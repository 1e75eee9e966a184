#![no_main]
//! Tk103: see `device.rs`.

mod device;

use milepost_device_protocols::Protocol;

libfuzzer_sys::fuzz_target!(|data: &[u8]| device::take(Protocol::Tk103, data));
