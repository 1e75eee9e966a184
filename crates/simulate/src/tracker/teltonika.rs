//! Codec 8 of Teltonika.

use super::Answered;
use crate::report::Report;
use milepost_device_protocols::checksum::crc16_ibm;

pub(super) fn login(imei: &str) -> Vec<u8> {
    [&[0, imei.len() as u8], imei.as_bytes()].concat()
}

pub(super) fn login_answered(bytes: &[u8]) -> Answered {
    match bytes {
        [] => Answered::Wait,
        [1] => Answered::Taken,
        _ => Answered::Refused,
    }
}

pub(super) fn packet(reports: &[Report]) -> Vec<u8> {
    let mut body = vec![8, reports.len() as u8];
    for report in reports {
        let fix = &report.fix;
        body.extend(report.at.unix_ms().to_be_bytes());
        body.push(0);
        body.extend(((fix.longitude.get() * 1e7).round() as i32).to_be_bytes());
        body.extend(((fix.latitude.get() * 1e7).round() as i32).to_be_bytes());
        body.extend((fix.altitude.map_or(0.0, |altitude| altitude.get()) as i16).to_be_bytes());
        body.extend((fix.heading.map_or(0.0, |heading| heading.get()).round() as u16).to_be_bytes());
        body.push(12);
        body.extend((fix.speed.map_or(0.0, |speed| speed.get()).round() as u16).to_be_bytes());
        // Ignition and movement; no values of two, four and eight bytes.
        let moves = u8::from(fix.speed.is_some_and(|speed| speed.get() > 1.0));
        body.extend([0, 2, 2, 239, 1, 240, moves, 0, 0, 0]);
    }
    body.push(reports.len() as u8);
    let crc = u32::from(crc16_ibm(&body)).to_be_bytes();
    [&[0; 4][..], &(body.len() as u32).to_be_bytes(), &body, &crc].concat()
}

pub(super) fn answered(bytes: &[u8], count: usize) -> Answered {
    match bytes.first_chunk() {
        None => Answered::Wait,
        Some(taken) if u32::from_be_bytes(*taken) as usize == count => Answered::Taken,
        Some(_) => Answered::Refused,
    }
}
