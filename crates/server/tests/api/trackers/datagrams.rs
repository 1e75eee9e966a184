//! Trackers over UDP.

use super::support::{ALL_PORTS, add_tracker, address, hex, positions, unhex};
use crate::support::{PATIENCE, TestServer};
use milepost_device_protocols::Protocol;
use serde_json::json;
use tokio::net::UdpSocket;

async fn expect(socket: &UdpSocket, answer: &str) {
    let mut buffer = [0; 1_000];
    let count = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("an answer in time").unwrap();
    assert_eq!(hex(&buffer[..count]), answer);
}

async fn socket(server: &TestServer, protocol: Protocol) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address(server, protocol)).await.unwrap();
    socket
}

#[tokio::test]
async fn a_datagram_of_teltonika_is_answered_after_it_is_stored() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", "357454072713975", json!({})).await;
    let socket = socket(&server, Protocol::Teltonika).await;
    let datagram = unhex(
        "0049cafe0122000f33353734353430373237313339373508010000015d3766f6a800003eef961ec6215e0063006d09003100070401000200f001c8000242381c18003201c7000000e10001",
    );
    // Noise, and a datagram that is cut off, are not answered.
    socket.send(b"noise").await.unwrap();
    socket.send(&datagram[..datagram.len() - 2]).await.unwrap();
    socket.send(&datagram).await.unwrap();
    expect(&socket, "0005cafe012201").await;
    let stored = positions(&server, "bus-1").await;
    assert_eq!(stored.len(), 1);
    assert_eq!((&stored[0]["latitude"], &stored[0]["speed"]), (&json!(51.630_115), &json!(49.0)));
}

#[tokio::test]
async fn a_sender_that_said_who_it_is_needs_not_say_it_again() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", "123456789012345", json!({})).await;
    let known = socket(&server, Protocol::Gt06).await;
    known.send(&unhex("78780d01012345678901234500018cdd0d0a")).await.unwrap();
    expect(&known, "787805010001d9dc0d0a").await;
    // Another sender is another device.
    let other = socket(&server, Protocol::Gt06).await;
    let fix = unhex("787822220f0c1d023305c9027ac8180c46586000140001cc00287d001f71000001000820860d0a");
    let heartbeat = unhex("78780a134604040002001192b80d0a");
    other.send(&fix).await.unwrap();
    known.send(&heartbeat).await.unwrap();
    expect(&known, "787805130011f9700d0a").await;
    assert!(positions(&server, "bus-1").await.is_empty());
    known.send(&[fix, heartbeat].concat()).await.unwrap();
    expect(&known, "787805130011f9700d0a").await;
    assert_eq!(positions(&server, "bus-1").await.len(), 1);
}
