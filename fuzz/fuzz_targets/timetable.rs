//! Whatever an archive holds is a timetable or a refusal, and a timetable that was read can be asked for trips.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_domain::Timestamp;
use milepost_geo::Point;
use milepost_timetable::{Observed, read_timetable};
use std::io::{Cursor, Write as _};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const TABLES: [&str; 9] = [
    "agency.txt", "routes.txt", "stops.txt", "calendar.txt", "calendar_dates.txt", "trips.txt", "stop_times.txt", "shapes.txt",
    "frequencies.txt",
];

/// The tables stand behind each other, with a zero byte between them; without one, the data is the archive itself.
fn archive(data: &[u8]) -> Vec<u8> {
    if !data.contains(&0) || data.starts_with(b"PK") {
        return data.to_vec();
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, table) in TABLES.into_iter().zip(data.split(|&byte| byte == 0)) {
        zip.start_file(name, stored).expect("in memory");
        zip.write_all(table).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

fuzz_target!(|data: &[u8]| {
    let Ok(timetable) = read_timetable(Cursor::new(archive(data))) else { return };
    let at = Timestamp::from_unix_ms(1_775_030_670_000).expect("is a time");
    let Some(stop) = timetable.stops.first() else { return };
    let point: Point = stop.point;
    for route in [None, timetable.routes.first().map(|route| route.id.as_str())] {
        let found = timetable.find_trip(&Observed { point, heading: None, at, route, trip: None }, None);
        if let Some(found) = found {
            assert!(found.along_m.is_finite() && found.delay_s.is_finite());
        }
    }
});
