//! permessage-deflate: negotiation, both directions, and what must not get through.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use milepost_hub::{Message, Sink};
use milepost_transport::Link;

use crate::raw_client::{BINARY, RawClient, TEXT, frame};
use crate::server::{TestServer, position_of};

const OFFER: &str = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";

fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut state = Compress::new(Compression::default(), false);
    let mut output = Vec::with_capacity(payload.len() + 1024);
    state.compress_vec(payload, &mut output, FlushCompress::Sync).unwrap();
    output.truncate(output.len() - 4);
    output
}

fn inflate(payload: &[u8]) -> Vec<u8> {
    let input = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut output = Vec::with_capacity(4 * 1024 * 1024);
    Decompress::new(false).decompress_vec(&input, &mut output, FlushDecompress::Sync).unwrap();
    output
}

async fn check_negotiation(offer: &str, expected: Option<&str>) {
    let server = TestServer::start().await;
    let header = format!("sec-websocket-extensions: {offer}\r\n");
    let client = RawClient::connect_with(server.address, "/echo", &header).await;
    let answer = client.response.lines().find_map(|line| line.strip_prefix("sec-websocket-extensions: "));
    assert_eq!(answer, expected, "offer: {offer}");
}

#[tokio::test]
async fn offers_are_accepted_when_frames_can_be_shared() {
    let accepted = "permessage-deflate; client_no_context_takeover";
    let with_window = format!("{accepted}; server_max_window_bits=15");
    for offer in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "x-unknown, permessage-deflate; client_max_window_bits=\"9\"",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    ] {
        check_negotiation(offer, Some(accepted)).await;
    }
    let each_alone = format!("{accepted}; server_no_context_takeover");
    check_negotiation("permessage-deflate; client_max_window_bits=10; server_no_context_takeover", Some(&each_alone))
        .await;
    check_negotiation("permessage-deflate; server_max_window_bits=15", Some(&with_window)).await;
    let small_window = format!("{accepted}; server_max_window_bits=10");
    check_negotiation("permessage-deflate; server_max_window_bits=10", Some(&small_window)).await;
    for offer in [
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; unknown",
        "x-webkit-deflate-frame",
    ] {
        check_negotiation(offer, None).await;
    }
}

#[tokio::test]
async fn a_client_with_a_small_window_sends_compressed_and_is_sent_plain_messages() {
    let server = TestServer::start().await;
    let offer = "sec-websocket-extensions: permessage-deflate; server_max_window_bits=9\r\n";
    let mut client = RawClient::connect_with(server.address, "/echo", offer).await;
    let text = "again and again ".repeat(500);
    client.send_frame(TEXT | 0x40, &deflate(text.as_bytes())).await;
    let echo = client.receive().await;
    assert_eq!((echo.first & 0x40, echo.payload.as_slice()), (0, text.as_bytes()));
}

#[tokio::test]
async fn compressed_messages_of_every_size_are_echoed() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
    for length in [0_u64, 16, 64, 399, 400, 512, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 1_048_576] {
        let text: String = (0..length).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect();
        client.send_frame(TEXT | 0x40, &deflate(text.as_bytes())).await;
        let echo = client.receive().await;
        let echoed = if echo.first & 0x40 == 0 { echo.payload } else { inflate(&echo.payload) };
        assert!(echoed == text.as_bytes(), "{length} bytes differ");
        assert_eq!(echo.first & 0x40 != 0, length >= 400, "compressed at {length} bytes");
    }
}

#[tokio::test]
async fn compressed_fragments_and_plain_messages_mix() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
    let compressed = deflate(b"one message in three fragments");
    client
        .send(&[frame(0x41, &compressed[..5]), frame(0x00, &compressed[5..9]), frame(0x80, &compressed[9..])].concat())
        .await;
    client.send_frame(TEXT, b"plain").await;
    assert_eq!(client.receive().await.text(), "one message in three fragments");
    assert_eq!(client.receive().await.text(), "plain");
}

#[tokio::test]
async fn a_message_that_ends_with_a_final_block_is_inflated() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"finished").unwrap();
    let stream = [encoder.finish().unwrap(), vec![0]].concat();
    client.send_frame(TEXT | 0x40, &stream).await;
    assert_eq!(client.receive().await.text(), "finished");
}

#[tokio::test]
async fn data_that_does_not_compress_is_sent_as_it_is() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1000)
    .collect();
    client.send_frame(BINARY, &noise).await;
    let echo = client.receive().await;
    assert_eq!((echo.first, echo.payload), (BINARY, noise));
}

#[tokio::test]
async fn the_compression_bit_fails_where_it_must_not_be() {
    let server = TestServer::start().await;
    for bytes in [[frame(0x41, b""), frame(0xc0, b"")].concat(), frame(0xc9, b""), frame(TEXT | 0x60, b"x")] {
        let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
        client.send(&bytes).await;
        client.expect_close(1002).await;
    }
}

#[tokio::test]
async fn corrupt_data_and_inflated_text_that_is_not_utf8_fail() {
    let server = TestServer::start().await;
    for payload in [vec![0xff; 20], deflate(b"\xce\xba\xff")] {
        let mut client = RawClient::connect_with(server.address, "/echo", OFFER).await;
        client.send_frame(TEXT | 0x40, &payload).await;
        client.expect_close(1007).await;
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_stopped_at_the_limit() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect_with(server.address, "/channel", OFFER).await;
    assert_eq!(client.receive().await.text(), "subscribed");
    let bomb = deflate(&vec![0; 1024 * 1024]);
    assert!(bomb.len() < 4096, "the bomb itself must pass the limit");
    client.send_frame(BINARY | 0x40, &bomb).await;
    client.expect_close(1009).await;
}

/// A socket that follows the channel, and its link.
async fn follow(server: &TestServer, headers: &str) -> (RawClient, Arc<Link>) {
    let mut client = RawClient::connect_with(server.address, "/channel", headers).await;
    assert_eq!(client.receive().await.text(), "subscribed");
    let link = server.links.lock().unwrap().last().unwrap().clone();
    (client, link)
}

fn snapshot(version: i64) -> Vec<Message> {
    (1..=20).map(|bus| position_of(&format!("bus-{bus}"), version, 300)).collect()
}

fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| String::from_utf8(message.payload().to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn the_messages_of_a_snapshot_refer_to_those_before_them() {
    let server = TestServer::start().await;
    let (mut client, link) = follow(&server, OFFER).await;
    // What was compressed before is no part of it.
    server.channel().publish(position_of("bus-0", 1, 500));
    let mut inflater = Decompress::new(false);
    let mut inflate_next = async |client: &mut RawClient| {
        let frame = client.receive().await;
        assert_eq!(frame.first, TEXT | 0x40);
        let mut text = Vec::with_capacity(4096);
        let data = [&frame.payload[..], &[0, 0, 0xff, 0xff]].concat();
        inflater.decompress_vec(&data, &mut text, FlushDecompress::Sync).unwrap();
        (String::from_utf8(text).unwrap(), frame.payload.len())
    };
    assert!(inflate_next(&mut client).await.0.starts_with("bus-0 1 "));

    link.cork();
    link.send_snapshot(&snapshot(5));
    link.uncork();
    server.channel().publish(position_of("bus-1", 6, 500));
    let (mut found, mut bytes) = (Vec::new(), 0);
    for _ in 0..20 {
        let (text, length) = inflate_next(&mut client).await;
        found.push(text);
        bytes += length;
    }
    assert_eq!(found, texts(&snapshot(5)));
    assert!(bytes < 400, "{bytes} bytes for 20 messages");
    assert!(inflate_next(&mut client).await.0.starts_with("bus-1 6 "));
}

#[tokio::test]
async fn a_client_that_keeps_no_context_gets_each_message_of_a_snapshot_by_itself() {
    let server = TestServer::start().await;
    let offer = "sec-websocket-extensions: permessage-deflate; server_no_context_takeover\r\n";
    for headers in [offer, ""] {
        let (mut client, link) = follow(&server, headers).await;
        let long: Vec<Message> = (1..=3).map(|bus| position_of(&format!("bus-{bus}"), 5, 500)).collect();
        link.cork();
        link.send_snapshot(&long);
        link.uncork();
        for expected in texts(&long) {
            let frame = client.receive().await;
            assert_eq!(frame.first & 0x40 != 0, !headers.is_empty());
            let text = if headers.is_empty() { frame.payload } else { inflate(&frame.payload) };
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn a_live_message_that_comes_before_its_snapshot_is_sent_and_takes_its_place_there() {
    for headers in [OFFER, ""] {
        let server = TestServer::start().await;
        let (mut client, link) = follow(&server, headers).await;
        link.cork();
        let live = position_of("bus-3", 9, 300);
        server.channel().publish(live.clone());
        server.wait_until("the fan-out", |server| server.hub.stats().deliveries == 1).await;
        link.send_snapshot(&snapshot(5));
        link.uncork();
        let mut found = Vec::new();
        for _ in 0..20 {
            found.push(client.receive().await.text().to_owned());
        }
        let mut expected = texts(&snapshot(5));
        expected[2] = texts(&[live])[0].clone();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        client.assert_silent(Duration::from_millis(50)).await;
    }
}
