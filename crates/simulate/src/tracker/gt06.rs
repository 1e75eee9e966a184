//! GT06.

use super::Answered;
use crate::report::Report;
use milepost_device_protocols::Civil;
use milepost_device_protocols::checksum::crc16_x25;

pub(super) fn login(imei: &str) -> Vec<u8> {
    let digits: Vec<u8> = format!("{imei:0>16}").bytes().map(|digit| digit - b'0').collect();
    let packed: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    frame(0x01, &packed)
}

/// Positions, which are not acknowledged, and a heartbeat, which is. The server answers in the order of the frames.
pub(super) fn frames(reports: &[Report]) -> Vec<u8> {
    let mut frames: Vec<u8> = reports.iter().flat_map(position).collect();
    frames.extend(frame(0x13, &[0x44, 6, 4, 0, 2]));
    frames
}

/// The only answers are those of the login and of heartbeats, ten bytes long.
pub(super) fn answered(bytes: &[u8]) -> Answered {
    if bytes.len() < 10 { Answered::Wait } else { Answered::Taken }
}

fn position(report: &Report) -> Vec<u8> {
    let fix = &report.fix;
    let time = Civil::from_utc(report.at);
    let mut body: Vec<u8> =
        [time.year % 100, time.month, time.day, time.hour, time.minute, time.second].map(|part| part as u8).to_vec();
    body.push(0xC9);
    let degrees = |degrees: f64| ((degrees.abs() * 1_800_000.0).round() as u32).to_be_bytes();
    body.extend(degrees(fix.latitude.get()));
    body.extend(degrees(fix.longitude.get()));
    body.push(fix.speed.map_or(0.0, |speed| speed.get()).round().min(255.0) as u8);
    let north = u16::from(fix.latitude.get() >= 0.0) << 10;
    let west = u16::from(fix.longitude.get() < 0.0) << 11;
    let course = fix.heading.map_or(0.0, |heading| heading.get()).round() as u16 % 360;
    body.extend((1 << 12 | north | west | course).to_be_bytes());
    // A cell of nowhere.
    body.extend([0; 8]);
    frame(0x12, &body)
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x78, 0x78, body.len() as u8 + 5, kind];
    frame.extend_from_slice(body);
    frame.extend([0, 1]);
    let crc = crc16_x25(&frame[2..]);
    frame.extend(crc.to_be_bytes());
    frame.extend([0x0D, 0x0A]);
    frame
}
