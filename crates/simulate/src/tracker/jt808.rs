//! JT/T 808 of 2013.

use super::Answered;
use crate::report::Report;
use milepost_device_protocols::Civil;
use milepost_device_protocols::checksum::xor;

const MARK: u8 = 0x7E;
/// By the standard terminals show the time of Beijing.
const BEIJING_MS: i64 = 8 * 3_600_000;

pub(super) fn authenticate(id: &str) -> Vec<u8> {
    frame(id, 0x0102, id.as_bytes())
}

pub(super) fn batch(id: &str, reports: &[Report]) -> Vec<u8> {
    let mut body = (reports.len() as u16).to_be_bytes().to_vec();
    body.push(0);
    for report in reports {
        let position = position(report);
        body.extend((position.len() as u16).to_be_bytes());
        body.extend(position);
    }
    frame(id, 0x0704, &body)
}

fn position(report: &Report) -> Vec<u8> {
    let fix = &report.fix;
    let (latitude, longitude) = (fix.latitude.get(), fix.longitude.get());
    let status = 0b11 | u32::from(latitude < 0.0) << 2 | u32::from(longitude < 0.0) << 3;
    let mut body = [0_u32.to_be_bytes(), status.to_be_bytes()].concat();
    body.extend(((latitude.abs() * 1e6).round() as u32).to_be_bytes());
    body.extend(((longitude.abs() * 1e6).round() as u32).to_be_bytes());
    body.extend((fix.altitude.map_or(0.0, |altitude| altitude.get()) as i16).to_be_bytes());
    body.extend(((fix.speed.map_or(0.0, |speed| speed.get()) * 10.0).round() as u16).to_be_bytes());
    body.extend((fix.heading.map_or(0.0, |heading| heading.get()).round() as u16).to_be_bytes());
    let time = Civil::from_utc(report.at.plus_ms(BEIJING_MS));
    let parts = [time.year % 100, time.month, time.day, time.hour, time.minute, time.second];
    body.extend(parts.map(|part| (part / 10 * 16 + part % 10) as u8));
    body
}

fn frame(id: &str, kind: u16, body: &[u8]) -> Vec<u8> {
    let mut content = [kind.to_be_bytes(), (body.len() as u16).to_be_bytes()].concat();
    let digits: Vec<u8> = format!("{id:0>12}").bytes().map(|digit| digit - b'0').collect();
    content.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
    content.extend([0, 1]);
    content.extend_from_slice(body);
    content.push(xor(&content));
    let mut frame = vec![MARK];
    for byte in content {
        match byte {
            MARK => frame.extend([0x7D, 2]),
            0x7D => frame.extend([0x7D, 1]),
            byte => frame.push(byte),
        }
    }
    frame.push(MARK);
    frame
}

/// A general answer, whose last byte before the checksum is the result. Neither of them is escaped in an answer of success.
pub(super) fn answered(bytes: &[u8]) -> Answered {
    match bytes {
        [MARK, .., result, _, MARK] if bytes.len() >= 20 => {
            if *result == 0 {
                Answered::Taken
            } else {
                Answered::Refused
            }
        }
        _ => Answered::Wait,
    }
}
