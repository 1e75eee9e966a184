//! The exchanges of `docs/live-protocol.md`, spoken with a server.

use crate::support::{TestServer, Watcher, json_of};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../../docs/live-protocol.md");
/// Stands for any value.
const ANY: &str = "…";

fn exchanges() -> Vec<Vec<&'static str>> {
    let blocks = PAGE.split("```exchange\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().lines().collect()).collect()
}

/// Whether a message is as the page has it. It has no field that the page does not show.
fn fits(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(any), _) if any == ANY => true,
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected.iter().all(|(name, value)| actual.get(name).is_some_and(|actual| fits(value, actual)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| fits(e, a))
        }
        _ => expected == actual,
    }
}

async fn act(server: &TestServer, action: &str) {
    let words: Vec<&str> = action.split_whitespace().collect();
    match words[..] {
        ["report", vehicle, latitude, longitude, t] => {
            let number = |text: &str| text.parse::<f64>().unwrap();
            let fix = json!({
                "vehicle_id": vehicle, "latitude": number(latitude), "longitude": number(longitude),
                "timestamp": t.parse::<i64>().unwrap(),
            });
            json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
        }
        ["alert", title] => {
            let alert = json!({ "type": "system_error", "title": title, "message": "m" });
            json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
        }
        _ => panic!("unknown action: {action}"),
    }
}

#[tokio::test]
async fn every_exchange_of_the_page_happens_as_written() {
    let exchanges = exchanges();
    assert!(exchanges.len() >= 4, "{}", exchanges.len());
    for exchange in exchanges {
        let server = TestServer::start().await;
        let (_, token) = server.add_user(json!({ "username": "ann", "role": "manager" })).await;
        server.add_vehicle(json!({ "id": "bus-7", "kind": "bus", "label": "7 Nord", "route": "12" })).await;
        let fix = json!({
            "vehicle_id": "bus-7", "latitude": 48.8566, "longitude": 2.3522, "speed": 31.5, "heading": 88,
            "timestamp": 1_764_437_000_123_i64,
        });
        json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
        let mut socket = open(&server, &exchange, &token).await;
        for line in exchange {
            let (mark, rest) = line.split_once(' ').unwrap();
            match mark {
                "→" => {
                    let message = rest.replace("$token", &token);
                    super::schema::check(&serde_json::from_str(&message).unwrap());
                    socket.send_text(&message).await;
                }
                "←" => {
                    let actual = socket.next().await;
                    super::schema::check(&actual);
                    let expected: Value = serde_json::from_str(rest).unwrap_or_else(|error| panic!("{rest}: {error}"));
                    assert!(fits(&expected, &actual), "expected {rest}\ngot {actual}");
                }
                "$" => act(&server, rest).await,
                _ => panic!("{line}"),
            }
        }
    }
}

/// A socket on which the client said who it is, unless the exchange begins with that.
async fn open(server: &TestServer, exchange: &[&str], token: &str) -> Watcher {
    let mut socket = server.try_watch("/ws", &[]).await.unwrap();
    if !exchange[0].contains(r#""op":"hello""#) {
        socket.send(json!({ "op": "hello", "token": token })).await;
        assert_eq!(socket.next().await["op"], "welcome");
    }
    socket
}
