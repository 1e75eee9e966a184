//! Commands for trackers: written to a connection that is open, kept for one that is not, refused where the protocol has none.

use super::support::Traccar;
use crate::trackers::support::{ALL_PORTS, TELTONIKA_IMEI, TELTONIKA_LOGIN, TELTONIKA_PACKET, Tracker, unhex};
use milepost_device_protocols::Protocol;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Codec 12 with `getinfo`, the example of Teltonika's own wiki, and with `getver`, without its checksum.
const GETINFO: &str = "000000000000000f0c010500000007676574696e666f0100004312";
const GETVER: &str = "000000000000000e0c01050000000667657476657201";

async fn send(traccar: &Traccar, command: Value) -> (u16, Value) {
    let answer = traccar.call(Method::POST, "/api/commands/send", &traccar.ada, Some(command)).await;
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn log_in(traccar: &Traccar) -> Tracker {
    let mut tracker = Tracker::connect(&traccar.server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[1]).await;
    tracker
}

async fn types(traccar: &Traccar, device: i64) -> Vec<Value> {
    let listed = traccar.json(Method::GET, &format!("/api/commands/types?deviceId={device}"), None).await;
    listed.as_array().unwrap().iter().map(|one| one["type"].clone()).collect()
}

#[tokio::test]
async fn a_command_reaches_a_tracker_that_is_connected_and_waits_for_one_that_is_not() {
    let traccar = Traccar::start_with(&[ALL_PORTS]).await;
    let device = traccar.device(TELTONIKA_IMEI).await;
    let getinfo = json!({ "deviceId": device, "type": "custom", "attributes": { "data": "getinfo" } });
    assert_eq!(types(&traccar, device).await, ["custom"]);
    // Nobody is there: it is kept, and comes with the next login, once.
    let (status, kept) = send(&traccar, getinfo.clone()).await;
    assert_eq!((status, &kept["type"], &kept["id"]), (202, &json!("custom"), &json!(1)));
    let mut tracker = log_in(&traccar).await;
    tracker.expect(&unhex(GETINFO)).await;
    assert_eq!(
        types(&traccar, device).await,
        ["custom", "positionSingle", "engineStop", "engineResume", "rebootDevice", "getVersion"]
    );

    // Now it is there.
    let (status, sent) = send(&traccar, json!({ "deviceId": device, "type": "getVersion", "attributes": {} })).await;
    assert_eq!((status, &sent["type"], &sent["deviceId"]), (200, &json!("getVersion"), &json!(device)));
    let mut frame = unhex(GETVER);
    let crc = milepost_device_protocols::checksum::crc16_ibm(&frame[8..]);
    frame.extend(u32::from(crc).to_be_bytes());
    tracker.expect(&frame).await;
    // Its reports are answered as before.
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    let (status, refused) = send(&traccar, json!({ "deviceId": device, "type": "alarmArm", "attributes": {} })).await;
    let text = "java.lang.RuntimeException: Command alarmArm is not supported in protocol milepost";
    assert_eq!((status, refused.as_str()), (400, Some(text)));
    let (status, refused) =
        send(&traccar, json!({ "deviceId": device, "type": "custom", "attributes": { "data": "a\r\nb" } })).await;
    assert!(status == 400 && refused.as_str().unwrap().contains("printable"), "{refused}");

    // A saved command that it takes can be chosen.
    let saved = json!({ "description": "Version", "type": "getVersion", "attributes": {} });
    let saved = traccar.json(Method::POST, "/api/commands", Some(saved)).await["id"].clone();
    let link = json!({ "deviceId": device, "commandId": saved });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let sendable = traccar.json(Method::GET, &format!("/api/commands/send?deviceId={device}"), None).await;
    assert_eq!(sendable[0]["type"], "getVersion");

    // A user without the right tells it nothing, whether it is there or not.
    let (_, uma) = traccar.plain_user("uma@example.org").await;
    let answer = traccar.call(Method::POST, "/api/commands/send", &uma, Some(getinfo.clone())).await;
    assert_eq!(answer.status(), 400);
    drop(tracker);
    loop {
        if types(&traccar, device).await == ["custom"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(send(&traccar, getinfo).await.0, 202);
    let mut again = log_in(&traccar).await;
    again.expect(&unhex(GETINFO)).await;
    again.send(&unhex(TELTONIKA_PACKET)).await;
    again.expect(&[0, 0, 0, 3]).await;
}

/// The answer `DI1:1` in codec 12.
fn answer() -> Vec<u8> {
    let body = [&[0x0C, 1, 6, 0, 0, 0, 5][..], b"DI1:1", &[1]].concat();
    let crc = u32::from(milepost_device_protocols::checksum::crc16_ibm(&body)).to_be_bytes();
    [&[0; 4][..], &(body.len() as u32).to_be_bytes(), &body, &crc].concat()
}

#[tokio::test]
async fn what_became_of_a_command_is_an_event() {
    let traccar = Traccar::start_with(&[ALL_PORTS]).await;
    let device = traccar.device(TELTONIKA_IMEI).await;
    for kind in ["commandResult", "queuedCommandSent"] {
        let wish = json!({ "type": kind, "always": true, "notificators": "web", "attributes": {} });
        assert_eq!(traccar.call(Method::POST, "/api/notifications", &traccar.ada, Some(wish)).await.status(), 200);
    }
    let mut socket = traccar.server.try_watch("/api/socket", &[("Cookie", &traccar.ada)]).await.unwrap();
    socket.next().await;
    // Its own id may stand in the text.
    let getinfo = json!({ "deviceId": device, "type": "custom", "attributes": { "data": "get {uniqueId}" } });
    assert_eq!(send(&traccar, getinfo).await.0, 202);
    let mut tracker = log_in(&traccar).await;
    tracker.expect(&unhex("000000000000001b0c010500000013")).await;
    tracker.expect(format!("get {TELTONIKA_IMEI}").as_bytes()).await;
    let mut next_event = async || loop {
        let frame = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.unwrap();
        if let Some(event) = frame["events"].get(0) {
            break event.clone();
        }
    };
    let sent = next_event().await;
    assert_eq!((&sent["type"], &sent["attributes"]["id"]), (&json!("queuedCommandSent"), &json!(1)));
    tracker.send(&answer()).await;
    let result = next_event().await;
    assert_eq!((&result["type"], &result["attributes"]["result"]), (&json!("commandResult"), &json!("DI1:1")));
    let message = format!("{TELTONIKA_IMEI} command result received: DI1:1 at ");
    assert!(result["attributes"]["message"].as_str().unwrap().starts_with(&message), "{result}");

    let now = traccar.server.clock.clock().now();
    let (from, to) = (now.plus_ms(-3_600_000), now.plus_ms(3_600_000));
    let path = format!("/api/reports/events?deviceId={device}&from={from}&to={to}");
    let listed = traccar.json(Method::GET, &path, None).await;
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert!(kinds.contains(&json!("queuedCommandSent")) && kinds.contains(&json!("commandResult")), "{listed}");
    let one = traccar.json(Method::GET, &format!("/api/events/{}", result["id"]), None).await;
    assert_eq!(one["attributes"], json!({ "result": "DI1:1" }));
}

#[tokio::test]
async fn a_socket_that_asks_for_logs_is_shown_what_its_own_trackers_send() {
    let traccar = Traccar::start_with(&[ALL_PORTS]).await;
    let device = traccar.device(TELTONIKA_IMEI).await;
    let (_, uma) = traccar.plain_user("uma@example.org").await;
    let mut sockets = Vec::new();
    for cookie in [&traccar.ada, &uma] {
        let mut socket = traccar.server.try_watch("/api/socket", &[("Cookie", cookie)]).await.unwrap();
        assert!(socket.next().await["positions"].is_array());
        socket.send_text(r#"{"logs":true}"#).await;
        sockets.push(socket);
    }
    // The wish has no answer: until it is heard, a tracker says who it is and nobody sees it.
    let logs = loop {
        let _tracker = log_in(&traccar).await;
        let soon = Duration::from_millis(500);
        if let Ok(frame) = tokio::time::timeout(soon, sockets[0].next()).await {
            break frame["logs"].clone();
        }
    };
    let line = json!({ "protocol": "teltonika", "uniqueId": TELTONIKA_IMEI, "deviceId": device, "data": TELTONIKA_LOGIN, "host": "127.0.0.1" });
    assert_eq!(logs, json!([line]));
    // A login is no position: whoever may not see the device hears nothing at all.
    assert!(tokio::time::timeout(Duration::from_millis(200), sockets[1].next()).await.is_err());
}
