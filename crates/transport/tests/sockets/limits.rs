//! Message size and rate.

use milepost_transport::{RateLimit, SocketLimits, WsConfig};

use crate::raw_client::{PING, RawClient, TEXT, frame};
use crate::server::TestServer;

async fn subscribed(limits: SocketLimits) -> RawClient {
    let server = TestServer::start_with(WsConfig { limits, ..WsConfig::default() }).await;
    let mut client = RawClient::connect(server.address, "/channel").await;
    assert_eq!(client.receive().await.text(), "subscribed");
    client
}

#[tokio::test]
async fn a_message_of_the_limit_passes_and_one_byte_more_closes_with_1009() {
    let mut client = subscribed(SocketLimits { max_message_bytes: 512, ..SocketLimits::default() }).await;
    client.send_frame(TEXT, &[b'x'; 512]).await;
    assert_eq!(client.receive().await.payload.len(), 512);
    // The header alone is enough.
    client.send(&frame(TEXT, &[b'x'; 513])[..8]).await;
    client.expect_close(1009).await;
}

#[tokio::test]
async fn fragments_that_add_up_to_more_than_the_limit_close_with_1009() {
    let mut client = subscribed(SocketLimits { max_message_bytes: 512, ..SocketLimits::default() }).await;
    client.send(&[frame(0x01, &[b'x'; 400]), frame(0x80, &[b'x'; 113])].concat()).await;
    client.expect_close(1009).await;
}

#[tokio::test]
async fn empty_fragments_without_end_close_with_1008() {
    let limits = SocketLimits { max_message_bytes: 512, rate: None, ..SocketLimits::default() };
    let mut client = subscribed(limits).await;
    client.send(&[frame(0x01, b""), frame(0x00, b"").repeat(200)].concat()).await;
    client.expect_close(1008).await;
}

#[tokio::test]
async fn more_frames_than_the_rate_limit_close_with_1008() {
    let rate = Some(RateLimit { frames_per_second: 5, bytes_per_second: 100_000 });
    let mut client = subscribed(SocketLimits { rate, ..SocketLimits::default() }).await;
    for _ in 0..10 {
        client.send_frame(PING, b"").await;
        client.receive().await;
    }
    client.send(&frame(PING, b"").repeat(5)).await;
    loop {
        let frame = client.receive().await;
        if frame.first == 0x88 {
            assert_eq!(frame.close(), (1008, "rate limit"));
            break;
        }
    }
}

#[tokio::test]
async fn more_bytes_than_the_rate_limit_close_with_1008() {
    let rate = Some(RateLimit { frames_per_second: 1000, bytes_per_second: 1000 });
    let mut client = subscribed(SocketLimits { rate, ..SocketLimits::default() }).await;
    client.send_frame(TEXT, &[b'x'; 3000]).await;
    client.expect_close(1008).await;
}
