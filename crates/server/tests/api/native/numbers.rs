//! Numbers as other languages write them, and numbers that the server only carries.

use crate::records::stream_support::StreamReader;
use crate::support::{TestServer, fresh_postgres, json_of};
use milepost_test_support::{Receiver, remove_postgres};
use serde_json::json;

async fn post(server: &TestServer, path: &str, body: String) -> (u16, String) {
    let request = crate::support::http_client().post(format!("{}{path}", server.url)).bearer_auth(&server.admin);
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn whole_numbers_may_be_written_with_a_point() {
    let server = TestServer::start().await;
    let cadet = json_of(server.post("/api/v1/cadets", &server.admin, json!({"name": "Ana"})).await, 201).await;
    let path = format!("/api/v1/cadets/{}/grades", cadet["id"]);
    for (points, status) in [("5", 201), ("5.0", 201), ("5e0", 201), ("5.5", 422), ("\"5\"", 422)] {
        let body = format!(r#"{{"type":"merit","points":{points},"reason":"x"}}"#);
        assert_eq!(post(&server, &path, body).await.0, status, "{points}");
    }
    let body = r#"{"user_ids":[1.0],"message":"drill"}"#.to_owned();
    assert_eq!(post(&server, "/api/v1/notifications", body).await.0, 201);
}

/// Numbers that no number of a programming language holds, with white space that would break a stream of events.
const OWN: &str = "{\"iccid\": 89310410106543789301,\n\n\"x\" :1.50, \"zero\":-0,\"e\":1E+2,\"deep\":[{\"pi\":3.14159265358979323846264338}]}";
/// The same as it comes out.
const TOLD: &str =
    r#""iccid":89310410106543789301,"x":1.50,"zero":-0,"e":1E+2,"deep":[{"pi":3.14159265358979323846264338}]"#;

async fn tell_to_the_last_digit(settings: &[(&'static str, &str)]) {
    let receiver = Receiver::start(|_| 200).await;
    let settings = [settings, &[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")]].concat();
    let server = TestServer::start_with(&settings).await;
    let hook = json!({"url": receiver.url, "events": ["alert.raised"]});
    json_of(server.post("/api/v1/webhooks", &server.admin, hook).await, 201).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "admin"})).await;
    let (mut records, before) = server.follow(&token).await;
    server.end_wait_for_replay_requests();
    let mut fleet = server.watch_fleet("default", &token).await;
    fleet.next_of("connection_established").await;
    let told = |text: &str, place: &str| assert!(text.contains(TOLD), "{place}: {text}");
    let get = async |path: &str| server.get(path, &token).await.text().await.unwrap();

    let event = format!(r#"{{"event_type":"sim_changed","payload":{OWN}}}"#);
    let (status, answer) = post(&server, "/api/v1/sync-events", event).await;
    assert_eq!(status, 201, "{answer}");
    told(&answer, "the answer to an event");
    told(&records.next_text().await, "the socket");

    let message = format!(r#"{{"user_ids":[{ann}],{}"#, &OWN[1..]);
    let (status, answer) = post(&server, "/api/v1/messages", message).await;
    assert_eq!(status, 201, "{answer}");
    told(&records.next_text().await, "a message");
    told(&get("/api/v1/messages").await, "the list of messages");

    let alert = format!(r#"{{"type":"system_error","title":"SIM","message":"changed","data":{OWN}}}"#);
    let (status, answer) = post(&server, "/api/v1/alerts", alert).await;
    assert_eq!(status, 201, "{answer}");
    told(&answer, "the answer to an alert");
    told(&get("/api/v1/alerts").await, "the list of alerts");
    let raised = loop {
        let message = fleet.next_text().await;
        if message.starts_with(r#"{"type":"alert""#) {
            break message;
        }
    };
    told(&raised, "the fleet's socket");
    told(receiver.until(1).await[0].text(), "a webhook");

    // From the store.
    records.send(json!({"type": "replay_request", "last_event_id": before})).await;
    told(&records.next_text().await, "a replayed event");
    told(&records.next_text().await, "a replayed message");
    let mut stream = StreamReader::open(&server, &token, Some(before)).await;
    for what in ["an event in the stream", "a message in the stream"] {
        let event = loop {
            let block = stream.next_block().await.unwrap();
            if block.contains("data: ") {
                break block;
            }
        };
        told(&event, what);
    }
}

#[tokio::test]
async fn what_a_sender_puts_in_comes_out_to_the_last_digit() {
    tell_to_the_last_digit(&[]).await;
}

#[tokio::test]
async fn what_a_sender_puts_in_comes_out_to_the_last_digit_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    tell_to_the_last_digit(&[("DATABASE_URL", &database)]).await;
    remove_postgres(&database).await;
}

#[tokio::test]
async fn a_payload_that_readers_stumble_over_is_refused() {
    let server = TestServer::start().await;
    for payload in [r#"{"a":1e400}"#, r#"{"a":{"b":1,"b":2}}"#, "[1]", "7", "null"] {
        let event = format!(r#"{{"event_type":"sim_changed","payload":{payload}}}"#);
        let (status, answer) = post(&server, "/api/v1/sync-events", event).await;
        assert!(status == 422 && answer.contains(r#""field":"payload""#), "{payload}: {answer}");
    }
}
