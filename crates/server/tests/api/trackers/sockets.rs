//! Trackers over TCP: they are answered after the commit, and their vehicles move.

use super::support::{
    ALL_PORTS, TELTONIKA_IMEI, TELTONIKA_LOGIN, TELTONIKA_PACKET, Tracker, add_tracker, positions, unhex,
};
use crate::support::{PATIENCE, TestServer};
use milepost_device_protocols::Protocol;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_tracker_moves_its_vehicle_and_is_answered() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({ "protocol": "teltonika" })).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[1]).await;
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    let stored = positions(&server, "bus-1").await;
    let times: Vec<&str> = stored.iter().map(|position| position["timestamp"].as_str().unwrap()).collect();
    assert_eq!(times, ["2022-08-12T10:53:23.000Z", "2022-08-12T10:54:18.000Z", "2022-08-12T20:54:20.000Z"]);
    assert_eq!(stored[0]["attributes"]["satellites"], 19);
    assert_eq!(stored[0]["attributes"]["power_v"], 14.017);
    assert_eq!((&stored[0]["ignition"], &stored[1]["ignition"]), (&json!(true), &json!(false)));
    // The newest is a place that the device knew before, without a fix: stored, and not where the vehicle is.
    assert_eq!(stored[2]["outlier"], true);
    let vehicle = server.get_json("/api/v1/vehicles/bus-1", &server.admin).await;
    assert_eq!(vehicle["position"]["timestamp"], "2022-08-12T10:54:18.000Z");
    // Sent again, as after a lost answer, it is a duplicate, and acknowledged.
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    assert_eq!(positions(&server, "bus-1").await.len(), 3);
    let metrics = server.get("/metrics", "").await.text().await.unwrap();
    assert!(metrics.contains("milepost_device_connections_open{protocol=\"teltonika\"} 1"), "{metrics}");
    assert!(metrics.contains("milepost_device_messages_total{protocol=\"teltonika\"} 3"));
}

/// A device's id, what it sends, what it is answered, and where its vehicle is then.
struct Story {
    protocol: Protocol,
    id: &'static str,
    settings: Value,
    sent: Vec<u8>,
    answer: Vec<u8>,
    place: (f64, f64),
    time: &'static str,
}

fn stories() -> Vec<Story> {
    let story = |protocol, id, sent: &[u8], answer: &[u8], place, time| Story {
        protocol,
        id,
        settings: json!({}),
        sent: sent.to_vec(),
        answer: answer.to_vec(),
        place,
        time,
    };
    let gt06 = unhex(
        "78780d01012345678901234500018cdd0d0a787822220f0c1d023305c9027ac8180c46586000140001cc00287d001f71000001000820860d0a78780a134604040002001192b80d0a",
    );
    let gt06_answer = unhex("787805010001d9dc0d0a787805130011f9700d0a");
    vec![
        story(Protocol::Gt06, "123456789012345", &gt06, &gt06_answer, (23.111_68, 114.409_28), "2015-12-29T02:51:05.000Z"),
        story(Protocol::Gps103, "359710049092324", b"##,imei:359710049092324,A;imei:359710049092324,tracker,151027025958,,F,235957.000,A,2429.5156,N,04424.5828,E,0.01,27.91,,0,0,,,;", b"LOAD", (24.491_927, 44.409_713), "2015-10-26T23:59:57.000Z"),
        story(Protocol::Tk103, "088046338039", b"(088046338039BP05000088046338039160727A3354.7768N03540.7258E000.0140309065.1000000000L00BEB0D4+017.3)", b"(088046338039AP05)", (33.912_947, 35.678_763), "2016-07-27T14:03:09.000Z"),
        // People write the zeros of JT/T 808 or leave them out.
        story(Protocol::Jt808, "013912344329", &unhex("7e0200001c013912344329000700000000000000030207178404168e6100050064000a260821120000737e"), &unhex("7e8001000501391234432900000007020000f57e"), (34.019_204, 68.587_105), "2026-08-21T04:00:00.000Z"),
        story(Protocol::Ruptela, "123451234512345", &unhex("0045000070473afaedd944000159fc5a40000000d3e542f6184a37820929465a0900000c00070100050005001d3a0c001e0ff0019300000192000000890000010041000004af004dc3"), &unhex("0002640113bc"), (40.751_706, -73.994_983), "2017-11-03T12:00:00.000Z"),
        story(Protocol::Meitrack, "867965021508656", b"$$e155,867965021508656,AAA,35,-33.361133,-70.514245,160412155005,A,8,27,0,289,1.3,867,318379,2338885,730|1|32D3|A03F,0008,0000|0000|0000|02DA|0106,00000001,*3A\r\n", b"", (-33.361_133, -70.514_245), "2016-04-12T15:50:05.000Z"),
        story(Protocol::Suntech, "205150043", b"ST300STT;205150043;02;529;20150716;19:33:30;6d6113;-32.644923;-071.424437;000.039;000.00;10;1;724692;12.89;000000;1;5069;001257;4.2;0\r", b"", (-32.644_923, -71.424_437), "2015-07-16T19:33:30.000Z"),
        story(Protocol::Nmea, "355797031609284", b"$IMEI=355797031609284\r\n$GPRMC,235959.500,A,3401.1523,S,06835.2263,W,43.20,359.9,210826,,,A*67\r\n", b"", (-34.019_205, -68.587_105), "2026-08-21T23:59:59.500Z"),
        Story {
            settings: json!({ "sack": true }),
            ..story(Protocol::Queclink, "867844003012625", b"+RESP:GTFRI,350302,867844003012625,,12401,10,1,1,0.0,0,816.1,-70.514613,-33.361280,20160811170821,0730,0002,7410,C789,00,0.0,00001:33:08,2788,702,137,08,00,,,20160811180025,07B8$", b"+SACK:07B8$", (-33.361_28, -70.514_613), "2016-08-11T17:08:21.000Z")
        },
    ]
}

#[tokio::test]
async fn every_protocol_is_served() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    for story in stories() {
        let name = story.protocol.name();
        add_tracker(&server, name, story.id, story.settings).await;
        let mut tracker = Tracker::connect(&server, story.protocol).await;
        tracker.send(&story.sent).await;
        tracker.expect(&story.answer).await;
        let vehicle = format!("/api/v1/vehicles/{name}");
        // Some protocols have no answer to wait for.
        let moved = async {
            loop {
                let vehicle = server.get_json(&vehicle, &server.admin).await;
                if !vehicle["position"].is_null() {
                    return vehicle["position"].clone();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let position = tokio::time::timeout(PATIENCE, moved).await.expect("the vehicle moves");
        let (latitude, longitude) = story.place;
        assert!((position["latitude"].as_f64().unwrap() - latitude).abs() < 1e-4, "{name}: {position}");
        assert!((position["longitude"].as_f64().unwrap() - longitude).abs() < 1e-4, "{name}: {position}");
        assert_eq!(position["timestamp"], story.time, "{name}");
    }
}

#[tokio::test]
async fn a_clock_of_local_time_is_a_setting_of_its_device() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", "123456789012345", json!({ "utc_offset_minutes": 330 })).await;
    let story = stories().into_iter().next().unwrap();
    let mut tracker = Tracker::connect(&server, Protocol::Gt06).await;
    tracker.send(&story.sent).await;
    tracker.expect(&story.answer).await;
    let stored = positions(&server, "bus-1").await;
    assert_eq!(stored[0]["timestamp"], "2015-12-28T21:21:05.000Z");
}

#[tokio::test]
async fn h02_is_told_the_time_and_queclink_without_sack_nothing() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", "4109179024", json!({})).await;
    let mut tracker = Tracker::connect(&server, Protocol::H02).await;
    tracker
        .send(b"*HQ,4109179024,V1,235959,A,3401.1523,S,06835.2263,W,043.20,359,310826,FFFFFFFF,412,20,6116,51441,6#")
        .await;
    tracker.expect(b"*HQ,4109179024,V4,V1,20").await;
    add_tracker(&server, "bus-2", "135790246811220", json!({})).await;
    let mut tracker = Tracker::connect(&server, Protocol::Queclink).await;
    // Only the heartbeat is answered, although the report comes first.
    tracker.send(b"+RESP:GTFRI,060100,135790246811220,,,00,1,1,4.3,92,70.0,121.354335,31.222073,20090214013254,0460,0000,18d8,6141,00,2000.0,12345:12:34,,,80,210100,,,,20090214093254,11F0$+ACK:GTHBD,1A0401,135790246811220,,20100214093254,11F1$").await;
    tracker.expect(b"+SACK:GTHBD,1A0401,11F1$").await;
    let stored = positions(&server, "bus-2").await;
    assert_eq!((&stored[0]["attributes"]["battery_percent"], &stored[0]["ignition"]), (&json!(80), &json!(true)));
}

#[tokio::test]
async fn a_wrong_checksum_gives_no_position_and_is_not_acknowledged() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({})).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    let mut broken = unhex(TELTONIKA_PACKET);
    broken[40] ^= 1;
    tracker.send(&[unhex(TELTONIKA_LOGIN), broken].concat()).await;
    tracker.expect(&[1, 0, 0, 0, 0]).await;
    assert!(positions(&server, "bus-1").await.is_empty());
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    // What is no protocol ends the connection.
    tracker.send(&[0xDE, 0xAD, 0xBE, 0xEF]).await;
    assert!(tracker.end().await.is_empty());
}

#[tokio::test]
async fn a_device_of_another_protocol_is_refused() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({ "protocol": "gt06" })).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[0]).await;
}

#[tokio::test]
async fn a_draining_server_finishes_what_it_has_read_and_ends_quiet_connections() {
    let server = TestServer::start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({})).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[1]).await;
    server.running.drain().await;
    assert!(tracker.end().await.is_empty());
}

#[tokio::test]
async fn a_silent_connection_is_ended() {
    let server = TestServer::start_with(&[ALL_PORTS, ("DEVICE_IDLE", "10m")]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({})).await;
    let stranger = Tracker::connect(&server, Protocol::Teltonika).await;
    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[1]).await;
    server.clock.turn(Duration::from_secs(31));
    assert!(stranger.end().await.is_empty());
    // A device that is known has longer.
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    server.clock.turn(Duration::from_secs(601));
    assert!(tracker.end().await.is_empty());
}
