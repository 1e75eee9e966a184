//! The decoder gives the same events however its bytes arrive, and never panics.
#![allow(clippy::unwrap_used)]

use milepost_transport::{DecodedEvent, Decoder, Violation};
use proptest::collection::vec;
use proptest::prelude::*;

const MAX_MESSAGE_BYTES: usize = 2000;

fn decode(pieces: &[&[u8]]) -> (Vec<DecodedEvent>, Option<Violation>) {
    let mut decoder = Decoder::new(MAX_MESSAGE_BYTES, true);
    let mut events = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match decoder.feed(&mut input) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation)),
            }
        }
        assert!(input.is_empty(), "without an event all input is consumed");
    }
    (events, None)
}

fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![first];
    if payload.len() < 126 {
        bytes.push(0x80 | payload.len() as u8);
    } else {
        bytes.push(0x80 | 126);
        bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    }
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    bytes
}

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        Just(0x81_u8),
        Just(0x82),
        Just(0x01),
        Just(0x02),
        Just(0x00),
        Just(0x80),
        Just(0x89),
        Just(0x8a),
        Just(0xc1),
        any::<u8>()
    ];
    let payload = prop_oneof![vec(any::<u8>(), 0..300), "\\PC{0,60}".prop_map(String::into_bytes)];
    vec((first, payload, any::<[u8; 4]>()), 0..12)
        .prop_map(|frames| frames.iter().flat_map(|(first, payload, mask)| frame(*first, payload, *mask)).collect())
}

fn split<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for cut in cuts {
        let (piece, next) = rest.split_at((*cut).min(rest.len()));
        pieces.push(piece);
        rest = next;
    }
    pieces.push(rest);
    pieces
}

proptest! {
    #[test]
    fn any_split_of_frames_gives_the_same_messages(bytes in frames(), cuts in vec(0_usize..40, 0..60)) {
        let whole = decode(&[&bytes]);
        prop_assert_eq!(&whole, &decode(&split(&bytes, &cuts)));
        let octets: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&whole, &decode(&octets));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        let (events, _) = decode(&[&bytes]);
        for event in events {
            if let DecodedEvent::Text(text) = event {
                prop_assert!(text.len() <= MAX_MESSAGE_BYTES);
            }
        }
    }
}
