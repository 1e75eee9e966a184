//! Trackers that nobody has added: refused in the words of their protocol, listed, and taken when they are added.

use super::support::{ALL_PORTS, TELTONIKA_IMEI, TELTONIKA_LOGIN, TELTONIKA_PACKET, Tracker, positions, unhex};
use crate::support::{TestServer, json_of};
use milepost_device_protocols::Protocol;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

/// A registration of 2013 with the id 13912344329, and its refusal with the result 4.
const REGISTER: &str = "7e0100002d0139123443290001000b0002373039363054372d54383038000000000000000000000000003033323931373001bea9423838383838107e";
const REFUSAL: &str = "7e810000030139123443290000000104f37e";

#[tokio::test]
async fn an_unknown_tracker_is_refused_listed_and_taken_once_it_is_added() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    server.add_bus("bus-1").await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&[unhex(TELTONIKA_LOGIN), unhex(TELTONIKA_PACKET)].concat()).await;
    // The packet is not acknowledged, so that the device keeps it.
    tracker.expect(&[0]).await;
    let listed = server.get_json("/api/v1/devices/unknown", &server.admin).await;
    let unknown = &listed["items"][0];
    assert_eq!((&unknown["unique_id"], &unknown["protocol"]), (&json!(TELTONIKA_IMEI), &json!("teltonika")));
    assert_eq!(unknown["address"], "127.0.0.1");
    let path = format!("/api/v1/devices/unknown/{}/adopt", unknown["id"].as_str().unwrap());
    json_of(server.post(&path, &server.admin, json!({ "vehicle_id": "bus-1" })).await, 201).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&[unhex(TELTONIKA_LOGIN), unhex(TELTONIKA_PACKET)].concat()).await;
    tracker.expect(&[1, 0, 0, 0, 3]).await;
    assert_eq!(positions(&server, "bus-1").await.len(), 3);
}

#[tokio::test]
async fn terminals_of_jt808_are_told_that_they_are_unknown() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    let mut tracker = Tracker::connect(&server, Protocol::Jt808).await;
    tracker.send(&unhex(REGISTER)).await;
    tracker.expect(&unhex(REFUSAL)).await;
    // A position is answered with the result 1: it failed.
    tracker
        .send(&unhex("7e0200001c013912344329000700000000000000030207178404168e6100050064000a260821120000737e"))
        .await;
    tracker.expect(&unhex("7e8001000501391234432900000007020001f47e")).await;
}

#[tokio::test]
async fn frames_without_an_id_are_not_answered() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    let mut tracker = Tracker::connect(&server, Protocol::Gt06).await;
    tracker.send(&unhex("787822220f0c1d023305c9027ac8180c46586000140001cc00287d001f71000001000820860d0a78780a134604040002001192b80d0a")).await;
    tracker.0.shutdown().await.unwrap();
    assert!(tracker.end().await.is_empty());
}
