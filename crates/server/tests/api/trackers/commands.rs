//! Commands over REST: queued until the tracker connects, sent to one that is there, answered by it, refused where its protocol has none.

use super::support::{ALL_PORTS, TELTONIKA_IMEI, TELTONIKA_LOGIN, TELTONIKA_PACKET, Tracker, add_tracker, unhex};
use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_device_protocols::Protocol;
use milepost_device_protocols::checksum::crc16_ibm;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    a_command_is_queued_sent_and_answered,
}

/// Codec 12 with `getinfo`, the example of Teltonika's own wiki.
const GETINFO: &str = "000000000000000f0c010500000007676574696e666f0100004312";

fn answer(text: &str) -> Vec<u8> {
    let mut body = vec![0x0C, 1, 6];
    body.extend((text.len() as u32).to_be_bytes());
    body.extend(text.bytes().chain([1]));
    let crc = u32::from(crc16_ibm(&body)).to_be_bytes();
    [&[0; 4][..], &(body.len() as u32).to_be_bytes(), &body, &crc].concat()
}

async fn listed(server: &TestServer, path: &str) -> Vec<Value> {
    server.get_json(path, &server.admin).await["items"].as_array().unwrap().clone()
}

/// The newest command, once it is in this state.
async fn newest(server: &TestServer, path: &str, state: &str) -> Value {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let first = listed(server, path).await[0].clone();
        if first["state"] == state {
            return first;
        }
        assert!(tokio::time::Instant::now() < until, "{first}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_command_is_queued_sent_and_answered(database: Database) {
    let server = database.start_with(&[ALL_PORTS]).await;
    add_tracker(&server, "bus-1", TELTONIKA_IMEI, json!({ "id": "t1" })).await;
    let path = "/api/v1/devices/t1/commands";
    let getinfo = json!({ "kind": "custom", "text": "getinfo" });
    let queued = json_of(server.post(path, &server.admin, getinfo.clone()).await, 201).await;
    assert_eq!((&queued["id"], &queued["state"], &queued["was_queued"]), (&json!(1), &json!("queued"), &json!(true)));
    assert_eq!((&queued["vehicle_id"], &queued["sent_at"]), (&json!("bus-1"), &Value::Null));

    let mut tracker = Tracker::connect(&server, Protocol::Teltonika).await;
    tracker.send(&unhex(TELTONIKA_LOGIN)).await;
    tracker.expect(&[1]).await;
    tracker.expect(&unhex(GETINFO)).await;
    assert_eq!(newest(&server, path, "sent").await["was_queued"], true);
    tracker.send(&answer("INI:2019/7/22 7:22\r\nRTC:x")).await;
    let answered = newest(&server, path, "answered").await;
    assert_eq!(answered["answer"], "INI:2019/7/22 7:22 \nRTC:x");
    assert!(answered["answered_at"].as_str() >= answered["sent_at"].as_str());

    // Now it is there, and a text without a command before it is an answer to nothing.
    tracker.send(&answer("from a sensor")).await;
    // What follows is answered after it.
    tracker.send(&unhex(TELTONIKA_PACKET)).await;
    tracker.expect(&[0, 0, 0, 3]).await;
    let sent = json_of(server.post(path, &server.admin, getinfo).await, 201).await;
    assert_eq!((&sent["id"], &sent["state"], &sent["was_queued"]), (&json!(2), &json!("sent"), &json!(false)));
    tracker.expect(&unhex(GETINFO)).await;
    tracker.send(&answer("second")).await;
    assert_eq!(newest(&server, path, "answered").await["answer"], "second");
    let first = server.get_json(&format!("{path}?limit=1"), &server.admin).await;
    let next = format!("{path}?limit=1&cursor={}", first["next"].as_str().unwrap());
    assert_eq!((&first["items"][0]["id"], &listed(&server, &next).await[0]["id"]), (&json!(2), &json!(1)));

    for (body, word) in [
        (json!({ "kind": "arm" }), "no such command"),
        (json!({ "kind": "explode" }), "must be custom"),
        (json!({ "kind": "custom" }), "text belongs to custom"),
        (json!({ "kind": "locate", "text": "x" }), "text belongs to custom"),
        (json!({ "kind": "custom", "text": "a\r\nb" }), "printable"),
    ] {
        let refused = json_of(server.post(path, &server.admin, body.clone()).await, 422).await;
        assert!(refused["detail"].as_str().unwrap().contains(word), "{body}: {refused}");
    }
    assert_eq!(listed(&server, path).await.len(), 2, "nothing of what was refused is kept");
    let (_, driver) = server.add_user(json!({ "username": "dan", "role": "driver" })).await;
    assert_eq!(server.post(path, &driver, json!({ "kind": "locate" })).await.status(), 403);
    let missing = server.post("/api/v1/devices/t9/commands", &server.admin, json!({ "kind": "locate" })).await;
    assert_eq!(missing.status(), 404);
    let audit = server.get_json("/api/v1/audit?action=command.issue", &server.admin).await;
    let rows = audit["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{audit}");
    assert!(!audit.to_string().contains("getinfo"), "a text may hold a password");
}
