//! Replays recorded exchanges of the bus dialect against a real server, byte for byte.

use crate::support::{TestServer, Watcher};
use serde_json::{Value, json};
use std::collections::HashMap;

#[tokio::test]
async fn the_replaced_systems_messages() {
    replay(include_str!("../../../../dialects/bus/exchanges/original.txt")).await;
}

#[tokio::test]
async fn the_messages_that_the_replaced_system_planned() {
    replay(include_str!("../../../../dialects/bus/exchanges/planned.txt")).await;
}

async fn replay(exchange: &str) {
    let server = TestServer::start().await;
    let mut watcher: Option<Watcher> = None;
    let mut keys = HashMap::new();
    let mut answer = (0, String::new());
    let mut checked = 0;
    for line in exchange.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "bus" => {
                let words: Vec<_> = rest.split(' ').collect();
                let route = words.get(3);
                server
                    .add_vehicle(json!({"id": words[0], "kind": "bus", "label": words[0], "license_plate": words[1],
                        "status": words[2], "route": route}))
                    .await;
            }
            "kiosk" => {
                let (device, bus) = rest.split_once(' ').unwrap();
                keys.insert(device.to_owned(), server.add_device(device, bus).await);
            }
            "open" => watcher = Some(server.watch(&format!("/ws/bus-tracking/{rest}"), &server.admin).await),
            "post" => {
                let (device, body) = rest.split_once(' ').unwrap();
                let url = format!("{}/api/v1/kiosks/{device}/location/", server.url);
                let request = server.http.post(url).header("X-Device-Key", &keys[device]).body(body.to_owned());
                let response = request.send().await.unwrap();
                answer = (response.status().as_u16(), response.text().await.unwrap());
            }
            "201" => {
                let json: Value = serde_json::from_str(&answer.1).unwrap();
                let id = json["location_id"].as_str().unwrap();
                assert_eq!((answer.0, answer.1.replace(id, "LOCATION_ID").as_str()), (201, rest));
                checked += 1;
            }
            ">>" => watcher.as_mut().unwrap().send_text(rest).await,
            "<<" => {
                assert_eq!(watcher.as_mut().unwrap().next_text().await, rest, "at {line}");
                checked += 1;
            }
            other => panic!("unknown verb {other}"),
        }
    }
    assert!(checked > 3);
}
