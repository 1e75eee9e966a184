//! Claims about streams of server-sent events that are written to their connection directly.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use milepost_clock::{Clock, TurnableClock};
use milepost_transport::{Abort, EventBody, EventStream, Framing, Transport, WsConfig, write_detached};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const QUEUE_BYTES: usize = 1024 * 1024;

fn open(transport: &Arc<Transport>) -> (Arc<EventStream>, EventBody, Abort) {
    let cut = Abort::default();
    let (stream, body) = transport.open_stream(QUEUE_BYTES, Some(cut.clone()));
    (stream, body, cut)
}

/// A stream that is being written to a connection that holds `room` bytes: the reader's end, and the writing.
fn streaming(transport: &Arc<Transport>, room: usize) -> (Arc<EventStream>, DuplexStream, JoinHandle<()>) {
    let (stream, body, cut) = open(transport);
    let (ours, theirs) = duplex(room);
    (stream, theirs, tokio::spawn(write_detached(ours, body, Framing::Chunked, cut)))
}

/// The chunks of a body, and whether it has its end; strict, as RFC 9112, section 7.1, writes it.
fn chunks(mut bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut chunks = Vec::new();
    loop {
        let Some(line_end) = bytes.windows(2).position(|pair| pair == b"\r\n") else { return (chunks, false) };
        let digits = std::str::from_utf8(&bytes[..line_end]).unwrap();
        let length = usize::from_str_radix(digits, 16).unwrap();
        let Some(data) = bytes.get(line_end + 2..line_end + 4 + length) else { return (chunks, false) };
        assert!(data.ends_with(b"\r\n"), "a chunk ends where its length says");
        bytes = &bytes[line_end + 4 + length..];
        if length == 0 {
            assert!(bytes.is_empty(), "nothing follows the end");
            return (chunks, true);
        }
        chunks.push(data[..length].to_vec());
    }
}

/// A body of ready pieces, or one that fails after them.
struct Pieces {
    pieces: std::vec::IntoIter<Bytes>,
    fails: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.pieces.next() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.fails => Poll::Ready(Some(Err("lost"))),
            None => Poll::Ready(None),
        }
    }
}

async fn written(pieces: Vec<Bytes>, fails: bool, framing: Framing, room: usize) -> Vec<u8> {
    let (ours, mut theirs) = duplex(room);
    let body = Pieces { pieces: pieces.into_iter(), fails };
    let writing = tokio::spawn(write_detached(ours, body, framing, Abort::default()));
    let mut seen = Vec::new();
    timeout(PATIENCE, theirs.read_to_end(&mut seen)).await.expect("an end in time").unwrap();
    writing.await.unwrap();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_piece_is_a_chunk_however_little_the_connection_takes_at_once(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..12),
        room in 1_usize..200,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let given: Vec<Bytes> = pieces.iter().cloned().map(Bytes::from).collect();
        let seen = runtime.block_on(written(given.clone(), false, Framing::Chunked, room));
        let expected: Vec<_> = pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect();
        prop_assert_eq!(chunks(&seen), (expected, true));
        let seen = runtime.block_on(written(given, false, Framing::UntilClose, room));
        prop_assert_eq!(seen, pieces.concat());
    }
}

#[tokio::test]
async fn long_pieces_have_long_lengths() {
    let piece = Bytes::from(vec![b'x'; 0x0012_3456]);
    let seen = written(vec![piece.clone()], false, Framing::Chunked, 4096).await;
    assert!(seen.starts_with(b"123456\r\nx"));
    assert_eq!(chunks(&seen), (vec![piece.to_vec()], true));
}

#[tokio::test]
async fn a_body_that_fails_has_no_end() {
    let seen = written(vec![Bytes::from_static(b"data: 1\n\n")], true, Framing::Chunked, 4096).await;
    assert_eq!(chunks(&seen), (vec![b"data: 1\n\n".to_vec()], false));
}

#[tokio::test]
async fn pieces_arrive_at_once_and_the_end_closes_the_connection() {
    let transport = Transport::start(WsConfig::default(), Clock::system());
    let (stream, mut reader, writing) = streaming(&transport, 4096);
    stream.greet(3000);
    let mut seen = [0; 64];
    let read = timeout(PATIENCE, reader.read(&mut seen)).await.expect("a greeting").unwrap();
    assert_eq!(&seen[..read], b"19\r\nretry: 3000\n: connected\n\n\r\n");
    stream.send_resume_id("7");
    stream.end();
    let mut rest = Vec::new();
    timeout(PATIENCE, reader.read_to_end(&mut rest)).await.expect("an end").unwrap();
    assert_eq!(rest, b"7\r\nid: 7\n\n\r\n0\r\n\r\n");
    writing.await.unwrap();
    assert_eq!(transport.stats().streams_open, 0);
}

#[tokio::test]
async fn a_reader_that_closes_ends_its_stream_though_nothing_is_sent() {
    let transport = Transport::start(WsConfig::default(), Clock::system());
    let (stream, reader, writing) = streaming(&transport, 4096);
    drop(reader);
    timeout(PATIENCE, writing).await.expect("an end in time").unwrap();
    assert!(stream.has_ended());
    assert_eq!(transport.stats().streams_open, 0);
}

#[tokio::test]
async fn a_reader_that_closes_while_it_is_written_to_ends_its_stream() {
    let transport = Transport::start(WsConfig::default(), Clock::system());
    let (stream, mut reader, writing) = streaming(&transport, 8);
    stream.greet(3000);
    let mut seen = [0; 4];
    timeout(PATIENCE, reader.read_exact(&mut seen)).await.expect("a beginning").unwrap();
    drop(reader);
    timeout(PATIENCE, writing).await.expect("an end in time").unwrap();
    assert_eq!(transport.stats().pending_bytes, 0);
}

#[tokio::test]
async fn bytes_from_a_reader_are_dropped_until_they_are_too_many() {
    let transport = Transport::start(WsConfig::default(), Clock::system());
    let (stream, mut reader, writing) = streaming(&transport, 4096);
    reader.write_all(b"GET /api/events HTTP/1.1\r\n\r\n").await.unwrap();
    stream.send_resume_id("1");
    let mut seen = [0; 12];
    timeout(PATIENCE, reader.read_exact(&mut seen)).await.expect("the stream goes on").unwrap();
    assert_eq!(&seen, b"7\r\nid: 1\n\n\r\n");
    // Refused in the middle: a receiver that accepts all of it would accept any amount.
    let chatter = timeout(PATIENCE, reader.write_all(&vec![b'x'; 1024 * 1024])).await.expect("an end in time");
    assert!(chatter.is_err());
    timeout(PATIENCE, writing).await.expect("an end in time").unwrap();
    assert!(stream.has_ended());
}

#[tokio::test]
async fn a_reader_that_stops_reading_leaves_the_rest_in_the_queue_and_is_disconnected() {
    let clock = TurnableClock::new();
    let transport = Transport::start(WsConfig::default(), clock.clock());
    let (stream, reader, writing) = streaming(&transport, 8);
    for _ in 0..1000 {
        stream.send_resume_id("1");
        tokio::task::yield_now().await;
    }
    assert!(stream.pending_bytes() > 0, "one piece is being written, the others wait");
    stream.end();
    assert_eq!(transport.stats().streams_open, 1, "its reader has a while to take the rest");
    clock.turn(WsConfig::default().write_wait);
    timeout(PATIENCE, writing).await.expect("it is cut in time").unwrap();
    drop(reader);
    assert_eq!((transport.stats().streams_open, transport.stats().pending_bytes), (0, 0));
}

#[tokio::test]
async fn a_drain_waits_until_the_end_of_a_stream_is_written() {
    let transport = Transport::start(WsConfig::default(), Clock::system());
    let (_stream, mut reader, _writing) = streaming(&transport, 4);
    let drained = tokio::spawn({
        let transport = transport.clone();
        async move { transport.drain(milepost_transport::Drain::default()).await }
    });
    let mut seen = Vec::new();
    timeout(PATIENCE, reader.read_to_end(&mut seen)).await.expect("an end in time").unwrap();
    assert_eq!(chunks(&seen), (vec![b"retry: 1000\n\n".to_vec()], true));
    let report = timeout(PATIENCE, drained).await.expect("a drain in time").unwrap();
    assert_eq!((report.closed, report.cut), (1, 0));
}
