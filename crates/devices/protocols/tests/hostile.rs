//! Whatever arrives: no panic, bounded memory, and good frames are found again after garbage.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_protocols::{Found, MAX_BUFFERED_BYTES, Protocol, Session};
use milepost_domain::Timestamp;
use proptest::prelude::*;
use std::path::Path;

fn now() -> Timestamp {
    Timestamp::from_unix_ms(1_790_000_000_000).unwrap()
}

/// The frames of a protocol's vectors, with those that must come before them.
fn frames(protocol: Protocol) -> Vec<(Vec<Vec<u8>>, Vec<u8>)> {
    let file = format!("tests/vectors/{}.jsonl", protocol.name());
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let raw = |json: &serde_json::Value| {
        let hex = json["raw_hex"].as_str().map(|hex| {
            (0..hex.len() / 2).map(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap()).collect()
        });
        hex.or_else(|| json["raw_text"].as_str().map(|text| text.chars().map(|letter| letter as u8).collect()))
    };
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let streams = lines.filter(|vector| vector["transport"].as_str().unwrap().contains("tcp"));
    streams
        .filter_map(|vector| {
            let before = vector["session_before"].as_array().into_iter().flatten().filter_map(raw).collect();
            Some((before, raw(&vector)?))
        })
        .collect()
}

fn messages(session: &mut Session, bytes: &[u8]) -> (Vec<Found>, bool) {
    let mut found = Vec::new();
    let end = session.take(bytes, now(), |one| found.push(one));
    found.retain(|one| matches!(one, Found::Message(_)));
    (found, end.is_ok())
}

fn session(protocol: Protocol, before: &[Vec<u8>]) -> Session {
    let mut session = Session::new(protocol);
    for frame in before {
        messages(&mut session, frame);
    }
    session
}

/// Garbage without bytes that begin a frame of the protocol. Teltonika and Ruptela have no start mark: there it ends the connection.
fn harmless_garbage(protocol: Protocol) -> Option<&'static [u8]> {
    match protocol {
        Protocol::Teltonika | Protocol::Ruptela => None,
        Protocol::Nmea => Some(b"\x01\x00\xFFgarbage\r\n"),
        Protocol::Gps103 => Some(b"\x01\x00\xFFgarbage;\r\n"),
        _ => Some(b"\x01\x00\xFFgarbage\r\n"),
    }
}

#[test]
fn frames_are_found_after_garbage_and_before_it() {
    for protocol in Protocol::ALL {
        let Some(garbage) = harmless_garbage(*protocol) else { continue };
        for (before, frame) in frames(*protocol) {
            let (whole, _) = messages(&mut session(*protocol, &before), &frame);
            let joined = [garbage, &frame, garbage].concat();
            let (found, _) = messages(&mut session(*protocol, &before), &joined);
            assert!(found.starts_with(&whole), "{}: {}", protocol.name(), String::from_utf8_lossy(&frame));
        }
    }
}

#[test]
fn a_flipped_bit_in_a_frame_with_a_checksum_gives_no_fix() {
    use Protocol::{Gt06, Jt808, Meitrack, Ruptela, Teltonika};
    for protocol in [Teltonika, Gt06, Jt808, Meitrack, Ruptela] {
        for (before, frame) in frames(protocol) {
            let (whole, _) = messages(&mut session(protocol, &before), &frame);
            if whole.len() != 1 {
                continue;
            }
            // Not the first bytes: a frame that begins with other ones is another frame, or none.
            for index in 4..frame.len() {
                let mut flipped = frame.clone();
                flipped[index] ^= 0x10;
                let (found, _) = messages(&mut session(protocol, &before), &flipped);
                let is_fix = |found: &Found| matches!(found, Found::Message(message) if message.fixes.iter().any(|fix| fix.has_place()));
                // A packet of Teltonika and a line end are not covered by the sum.
                assert!(found == whole || !found.iter().any(is_fix), "{} byte {index}: {found:?}", protocol.name());
            }
        }
    }
}

#[test]
fn an_unfinished_frame_gives_nothing() {
    for protocol in Protocol::ALL {
        for (before, frame) in frames(*protocol) {
            let (whole, _) = messages(&mut session(*protocol, &before), &frame);
            let first = &frame[..frame.len() / 2];
            let (found, _) = messages(&mut session(*protocol, &before), first);
            assert!(found.len() < whole.len().max(1) || whole.starts_with(&found), "{}", protocol.name());
        }
    }
}

#[test]
fn an_endless_frame_is_given_up() {
    let starts: [(Protocol, &[u8]); 11] = [
        (Protocol::Teltonika, &[0, 0, 0, 0, 0, 0, 0x0E, 0xFF, 8]),
        (Protocol::Gt06, &[0x79, 0x79, 0x07, 0xF0]),
        (Protocol::H02, b"*HQ,"),
        (Protocol::Gps103, b"imei:"),
        (Protocol::Tk103, b"("),
        (Protocol::Jt808, &[0x7E, 2, 0]),
        (Protocol::Queclink, b"+RESP:GTFRI,"),
        (Protocol::Meitrack, b"$$A3999,"),
        (Protocol::Ruptela, &[0x04, 0xB0]),
        (Protocol::Suntech, b"ST300STT;"),
        (Protocol::Nmea, b"$GPRMC,"),
    ];
    for (protocol, start) in starts {
        let mut session = Session::new(protocol);
        let mut open = messages(&mut session, start).1;
        for _ in 0..4_000 {
            open = open && messages(&mut session, b"1111").1;
            assert!(session.buffered_bytes() <= MAX_BUFFERED_BYTES, "{}", protocol.name());
        }
    }
}

fn any_protocol() -> impl Strategy<Value = Protocol> {
    proptest::sample::select(Protocol::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_input_panics_or_is_kept_beyond_the_bound(
        protocol in any_protocol(),
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
    ) {
        let mut session = Session::new(protocol);
        for chunk in &chunks {
            let _ = session.take_datagram(chunk, now(), |_| {});
            if session.take(chunk, now(), |_| {}).is_err() {
                break;
            }
            prop_assert!(session.buffered_bytes() <= MAX_BUFFERED_BYTES);
        }
    }

    /// Frames of the vectors with some bytes changed, left out or doubled: these reach deeper than noise.
    #[test]
    fn no_damaged_frame_panics(
        protocol in any_protocol(),
        pick in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let frames = frames(protocol);
        let (before, frame) = &frames[pick.index(frames.len())];
        let mut frame = frame.clone();
        for (place, byte, how) in &damage {
            if frame.is_empty() {
                break;
            }
            let place = place.index(frame.len());
            match how {
                0 => frame[place] = *byte,
                1 => drop(frame.remove(place)),
                _ => frame.insert(place, *byte),
            }
        }
        let mut session = session(protocol, before);
        let _ = session.take_datagram(&frame, now(), |_| {});
        let _ = session.take(&frame, now(), |_| {});
        prop_assert!(session.buffered_bytes() <= MAX_BUFFERED_BYTES);
    }
}
