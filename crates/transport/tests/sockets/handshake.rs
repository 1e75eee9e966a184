//! The opening handshake, right and wrong.

use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::raw_client::{RawClient, TEXT, frame};
use crate::server::TestServer;

const GOOD: &str = "GET /echo HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";

async fn check(head: &str, status: &str, header: &str) {
    let server = TestServer::start().await;
    let response = RawClient::request(server.address, head).await.response;
    assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{head}\n{response}");
    assert!(response.contains(header), "{header} is missing:\n{response}");
}

#[tokio::test]
async fn a_valid_request_is_answered_with_the_accept_key_of_the_rfc() {
    check(GOOD, "101", "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").await;
    // The last letter of this key has bits that the 16 bytes do not need.
    let pad_bits = GOOD.replace("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==");
    check(&pad_bits, "101", "sec-websocket-accept: OfS0wDaT5NoxF2gqm7Zj2YtetzM=").await;
}

#[tokio::test]
async fn invalid_requests_are_refused_with_what_is_missing() {
    check(&GOOD.replace("version: 13", "version: 8"), "426", "sec-websocket-version: 13").await;
    check(&GOOD.replace("GET", "POST"), "405", "allow: GET").await;
    check(&GOOD.replace("upgrade: websocket", "x: y"), "400", "problem+json").await;
    check(&GOOD.replace("connection: Upgrade", "connection: keep-alive"), "400", "problem+json").await;
    check(&GOOD.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "400", "problem+json").await;
    check(&GOOD.replace("dGhlIHNhbXBsZSBub25jZQ==", "!"), "400", "problem+json").await;
}

#[tokio::test]
async fn the_first_subprotocol_is_chosen_if_one_is_offered() {
    let server = TestServer::start().await;
    let client = RawClient::connect_with(server.address, "/echo", "sec-websocket-protocol: a, b\r\n").await;
    assert!(client.response.contains("sec-websocket-protocol: a\r\n"), "{}", client.response);
    let client = RawClient::connect(server.address, "/echo").await;
    assert!(!client.response.contains("sec-websocket-protocol"), "{}", client.response);
}

#[tokio::test]
async fn frames_sent_together_with_the_request_are_not_lost() {
    let server = TestServer::start().await;
    let together = [GOOD.as_bytes(), &frame(TEXT, b"early"), &frame(TEXT, b"bird")].concat();
    let mut client = RawClient::request(server.address, together).await;
    assert_eq!(client.receive().await.text(), "early");
    assert_eq!(client.receive().await.text(), "bird");
}

#[tokio::test]
async fn a_handler_that_ends_closes_with_1000_after_its_last_message() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/once").await;
    client.send_frame(TEXT, b"last words").await;
    assert_eq!(client.receive().await.text(), "last words");
    client.expect_close(1000).await;
}

#[tokio::test]
async fn a_handler_that_panics_closes_with_1011() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/once").await;
    client.send_frame(TEXT, b"panic").await;
    client.expect_close(1011).await;
    server.wait_until("the socket to end", |server| server.transport.stats().open == 0).await;
}

#[tokio::test]
async fn a_stream_that_is_not_tcp_is_bridged() {
    let server = TestServer::start().await;
    let (theirs, ours) = tokio::io::duplex(1024);
    let service = TowerToHyperService::new(server.app.clone());
    tokio::spawn(async move {
        http1::Builder::new().serve_connection(TokioIo::new(ours), service).with_upgrades().await.unwrap();
    });
    let (mut client, _) = client_async("ws://x/echo", theirs).await.unwrap();
    let text = "over a bridge ".repeat(10_000);
    client.send(Message::text(text.clone())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
    client.close(None).await.unwrap();
    assert!(matches!(client.next().await, Some(Ok(Message::Close(None)))));
    server.wait_until("the socket to end", |server| server.transport.stats().open == 0).await;
}
