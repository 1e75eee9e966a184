//! Whatever a track file holds is read to its end or refused, in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_formats::{Format, ReadOptions};

const FORMATS: [&str; 5] = ["gpx", "csv", "nmea", "geojson", "kml"];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, body)) = data.split_first() else { return };
    let format: Format = FORMATS[usize::from(choice) % FORMATS.len()].parse().expect("a format");
    let Ok(rows) = milepost_formats::read(format, std::io::Cursor::new(body.to_vec()), &ReadOptions::default()) else { return };
    // A row takes some bytes: none are made up.
    assert!(rows.count() <= body.len() + 1);
});
