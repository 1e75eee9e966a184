//! Feeds arbitrary bytes to the frame decoder, whole and in pieces: no panic, bounded messages, the same events.
#![no_main]

use libfuzzer_sys::fuzz_target;
use milepost_transport::{Decoder, DecodedEvent, Violation};

const MAX_MESSAGE_BYTES: usize = 4096;

fn decode(pieces: &[&[u8]], deflate: bool) -> (Vec<DecodedEvent>, Option<Violation>) {
    let mut decoder = Decoder::new(MAX_MESSAGE_BYTES, deflate);
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
        assert!(input.is_empty());
    }
    (events, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let deflate = choice & 1 == 1;
    let piece_bytes = usize::from(choice >> 1) + 1;
    let whole = decode(&[bytes], deflate);
    let pieces: Vec<&[u8]> = bytes.chunks(piece_bytes).collect();
    assert_eq!(whole, decode(&pieces, deflate));
    for event in &whole.0 {
        match event {
            DecodedEvent::Text(text) => assert!(text.len() <= MAX_MESSAGE_BYTES),
            DecodedEvent::Binary(payload) => assert!(payload.len() <= MAX_MESSAGE_BYTES),
            DecodedEvent::Ping(payload) => assert!(payload.len() <= 125),
            DecodedEvent::Pong | DecodedEvent::Close(_) => {}
        }
    }
});
