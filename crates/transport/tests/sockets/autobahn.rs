//! What the Autobahn suite asks, by its categories, with frames made by hand.

use crate::raw_client::{BINARY, CLOSE, PING, PONG, RawClient, TEXT, frame};
use crate::server::TestServer;

async fn client() -> RawClient {
    let server = TestServer::start().await;
    RawClient::connect(server.address, "/echo").await
}

async fn check_fails(bytes: &[u8], code: u16) {
    let mut client = client().await;
    client.send(bytes).await;
    client.expect_close(code).await;
}

#[tokio::test]
async fn category_1_every_length_form_is_echoed() {
    let mut client = client().await;
    for first in [TEXT, BINARY] {
        for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
            let payload = vec![b'*'; length];
            client.send_frame(first, &payload).await;
            let echo = client.receive().await;
            assert_eq!((echo.first, echo.payload.len()), (first, length));
            assert!(echo.payload == payload, "{length} bytes differ");
        }
    }
}

#[tokio::test]
async fn category_1_frames_may_arrive_octet_by_octet() {
    let mut client = client().await;
    for byte in frame(TEXT, &[b'*'; 200]) {
        client.send(&[byte]).await;
    }
    assert_eq!(client.receive().await.payload, [b'*'; 200]);
}

#[tokio::test]
async fn category_2_pings_are_answered_with_their_payload() {
    let mut client = client().await;
    for payload in [&b""[..], b"hello", &[0xfe; 125]] {
        client.send_frame(PING, payload).await;
        let pong = client.receive().await;
        assert_eq!((pong.first, pong.payload.as_slice()), (PONG, payload));
    }
    client.send_frame(PONG, b"unsolicited").await;
    let pings: Vec<u8> = (0..10).flat_map(|n| frame(PING, &[n])).collect();
    client.send(&pings).await;
    for n in 0..10 {
        assert_eq!(client.receive().await.payload, [n]);
    }
}

#[tokio::test]
async fn category_2_a_ping_over_125_bytes_fails() {
    check_fails(&frame(PING, &[0; 126]), 1002).await;
}

#[tokio::test]
async fn category_3_reserved_bits_fail() {
    for bits in [0x40, 0x20, 0x10, 0x50, 0x70] {
        check_fails(&frame(TEXT | bits, b"x"), 1002).await;
        check_fails(&frame(PING | bits, b""), 1002).await;
    }
}

#[tokio::test]
async fn category_3_messages_before_a_violation_are_echoed() {
    let mut client = client().await;
    client.send(&[frame(TEXT, b"good"), frame(TEXT | 0x20, b"bad"), frame(PING, b"")].concat()).await;
    assert_eq!(client.receive().await.text(), "good");
    client.expect_close(1002).await;
}

#[tokio::test]
async fn category_4_unknown_opcodes_fail() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        check_fails(&frame(0x80 | opcode, b""), 1002).await;
    }
}

#[tokio::test]
async fn category_5_fragments_are_joined_around_control_frames() {
    let mut client = client().await;
    client.send(&[frame(0x01, b"frag"), frame(PING, b"p"), frame(0x00, b""), frame(0x80, b"ment")].concat()).await;
    assert_eq!(client.receive().await.first, PONG);
    assert_eq!(client.receive().await.text(), "fragment");
}

#[tokio::test]
async fn category_5_fragments_out_of_order_fail() {
    check_fails(&frame(0x80, b"continuation of nothing"), 1002).await;
    check_fails(&frame(0x00, b"continuation of nothing"), 1002).await;
    check_fails(&[frame(0x01, b"a"), frame(TEXT, b"b")].concat(), 1002).await;
    check_fails(&frame(0x09, b"fragmented ping"), 1002).await;
    check_fails(&frame(0x0a, b"fragmented pong"), 1002).await;
}

#[tokio::test]
async fn category_6_valid_text_is_echoed_wherever_it_is_split() {
    let text = "Hello-µ@ßöäüàá-UTF-8!! \u{10ffff}\u{0}κόσμε".as_bytes();
    let mut client = client().await;
    for at in 0..=text.len() {
        client.send(&[frame(0x01, &text[..at]), frame(0x80, &text[at..])].concat()).await;
        assert_eq!(client.receive().await.payload, text);
    }
}

#[tokio::test]
async fn category_6_invalid_text_fails() {
    for bad in [
        &b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"[..],
        b"\xf8\x88\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"\xed\xbf\xbf",
        b"\xff",
        b"\xe1\xbd",
    ] {
        check_fails(&frame(TEXT, bad), 1007).await;
    }
}

#[tokio::test]
async fn category_6_invalid_text_fails_before_its_frame_or_message_ends() {
    // 6.4.1: in the second of three fragments. 6.4.3: inside an unfinished frame.
    check_fails(&[frame(0x01, b"\xce\xba"), frame(0x00, b"\xf4\x90\x80\x80")].concat(), 1007).await;
    let whole = frame(TEXT, b"\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80 and much more");
    check_fails(&whole[..6 + 7], 1007).await;
}

#[tokio::test]
async fn category_7_close_is_answered_with_its_code() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999_u16] {
        let mut client = client().await;
        client.send_frame(CLOSE, &[&code.to_be_bytes(), &b"bye"[..]].concat()).await;
        assert_eq!(client.receive().await.close(), (code, ""));
        assert_eq!(client.try_receive().await, None);
    }
}

#[tokio::test]
async fn category_7_close_without_code_is_answered_without_code() {
    let mut client = client().await;
    client.send(&[frame(CLOSE, b""), frame(TEXT, b"too late"), frame(PING, b"")].concat()).await;
    assert_eq!(client.receive().await.close().0, 1005);
    assert_eq!(client.try_receive().await, None);
}

#[tokio::test]
async fn category_7_bad_close_frames_fail() {
    check_fails(&frame(CLOSE, &[3]), 1002).await;
    check_fails(&frame(CLOSE, &[0x03, 0xe8, 0xce, 0xba, 0xff]), 1007).await;
    check_fails(&frame(CLOSE, &[0; 126]), 1002).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535_u16] {
        check_fails(&frame(CLOSE, &code.to_be_bytes()), 1002).await;
    }
}

#[tokio::test]
async fn category_9_sixteen_mebibytes_are_echoed() {
    let mut client = client().await;
    let payload = vec![b'*'; 16 * 1024 * 1024];
    client.send_frame(BINARY, &payload).await;
    assert!(client.receive().await.payload == payload);
}

#[tokio::test]
async fn category_9_a_message_of_many_fragments_is_echoed() {
    let mut client = client().await;
    let mut bytes = frame(0x02, &[7; 64]);
    for _ in 0..4096 {
        bytes.extend_from_slice(&frame(0x00, &[7; 64]));
    }
    bytes.extend_from_slice(&frame(0x80, b""));
    client.send(&bytes).await;
    assert!(client.receive().await.payload == vec![7; 64 * 4097]);
}

#[tokio::test]
async fn an_unmasked_frame_fails() {
    check_fails(&[TEXT, 1, b'x'], 1002).await;
}

#[tokio::test]
async fn a_length_in_a_longer_form_than_needed_fails() {
    check_fails(&[TEXT, 0x80 | 126, 0, 5, 0, 0, 0, 0], 1002).await;
    check_fails(&[TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], 1002).await;
    check_fails(&[TEXT, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002).await;
}
