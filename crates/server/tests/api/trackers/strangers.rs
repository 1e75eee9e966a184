//! Connections of strangers, and what is no protocol.

use super::support::{ALL_PORTS, TELTONIKA_IMEI, TELTONIKA_LOGIN, TELTONIKA_PACKET, Tracker, add_tracker, unhex};
use crate::support::TestServer;
use milepost_device_protocols::Protocol;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn connections_of_strangers_keep_no_device_out() {
    let server = TestServer::start_with(&[ALL_PORTS, ("DEVICE_MAX_PER_ADDRESS", "4")]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({})).await;
    let mut early = Tracker::connect(&server, Protocol::Teltonika).await;
    early.send(&unhex(TELTONIKA_LOGIN)).await;
    early.expect(&[1]).await;
    let mut strangers = Vec::new();
    for _ in 0..50 {
        strangers.push(Tracker::connect(&server, Protocol::Teltonika).await);
    }
    // The one that was there is not displaced, and another one gets in.
    early.send(&unhex(TELTONIKA_PACKET)).await;
    early.expect(&[0, 0, 0, 3]).await;
    let mut late = Tracker::connect(&server, Protocol::Teltonika).await;
    late.send(&unhex(TELTONIKA_LOGIN)).await;
    late.expect(&[1]).await;
}

#[tokio::test]
async fn garbage_on_every_port_leaves_the_server_whole() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    let probes: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &[0; 3_000],
        &[0xFF; 3_000],
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ];
    for protocol in Protocol::ALL {
        for probe in probes {
            let mut tracker = Tracker::connect(&server, *protocol).await;
            // Some end the connection before everything was written.
            let _ = tracker.0.write_all(probe).await;
            let _ = tracker.0.shutdown().await;
            assert!(tracker.end().await.is_empty(), "{}", protocol.name());
        }
    }
    assert!(server.running.is_whole());
}
