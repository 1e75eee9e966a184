//! H02, its text form.

use super::Answered;
use crate::report::Report;
use milepost_device_protocols::Civil;

/// Kilometres an hour of a knot.
const KNOT_KMH: f64 = 1.852;

pub(super) fn frames(id: &str, reports: &[Report]) -> Vec<u8> {
    reports.iter().flat_map(|report| frame(id, report).into_bytes()).collect()
}

fn frame(id: &str, report: &Report) -> String {
    let fix = &report.fix;
    let Civil { year, month, day, hour, minute, second, .. } = Civil::from_utc(report.at);
    let minutes = |degrees: f64, digits: usize| {
        // In ten-thousandths of a minute, so that 59.99999 does not become 60.
        let all = (degrees.abs() * 600_000.0).round() as u64;
        format!("{:0digits$}{:02}.{:04}", all / 600_000, all / 10_000 % 60, all % 10_000)
    };
    let (latitude, longitude) = (fix.latitude.get(), fix.longitude.get());
    let (north, east) = (if latitude < 0.0 { 'S' } else { 'N' }, if longitude < 0.0 { 'W' } else { 'E' });
    let speed = fix.speed.map_or(0.0, |speed| speed.get()) / KNOT_KMH;
    let course = fix.heading.map_or(0.0, |heading| heading.get()).round();
    format!(
        "*HQ,{id},V1,{hour:02}{minute:02}{second:02},A,{},{north},{},{east},{speed:06.2},{course:03},{day:02}{month:02}{:02},FFFFFFFF#",
        minutes(latitude, 2),
        minutes(longitude, 3),
        year % 100,
    )
}

/// One answer for each position.
pub(super) fn answered(bytes: &[u8], count: usize) -> Answered {
    let ends = bytes.iter().filter(|byte| **byte == b'#').count();
    if ends < count { Answered::Wait } else { Answered::Taken }
}
