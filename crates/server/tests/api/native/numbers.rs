//! Numbers as other languages write them, and numbers that the server only carries.

use crate::support::{TestServer, json_of};
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

#[tokio::test]
async fn a_payloads_numbers_come_out_as_they_were_sent_or_are_refused() {
    let server = TestServer::start().await;
    let (mut watcher, _) = server.follow(&server.admin).await;
    let event = |payload: &str| format!(r#"{{"event_type":"sim_changed","payload":{payload}}}"#);
    let kept = r#"{"n":9007199254740993,"u":18446744073709551615,"x":1.5}"#;
    let (status, answer) = post(&server, "/api/v1/sync-events", event(kept)).await;
    assert_eq!(status, 201, "{answer}");
    let sent = watcher.next_text().await;
    for number in ["9007199254740993", "18446744073709551615", "1.5"] {
        assert!(answer.contains(number) && sent.contains(number), "{number} in {answer} and {sent}");
    }
    let iccid = r#"{"iccid":89310410106543789301}"#;
    let (status, answer) = post(&server, "/api/v1/sync-events", event(iccid)).await;
    assert_eq!(status, 422);
    assert!(answer.contains("89310410106543789301"), "{answer}");
    let message = r#"{"user_ids":[1],"iccid":89310410106543789301}"#.to_owned();
    assert_eq!(post(&server, "/api/v1/messages", message).await.0, 422);
}
