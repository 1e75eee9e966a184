//! Facts: the present state, then what happens, without a gap over drops and restarts.

use super::support::LiveClient;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

async fn raise(server: &TestServer, title: &str, user: Option<i64>) -> String {
    let alert = json!({
        "type": "system_error", "title": title, "message": "m", "user_id": user, "data": { "n": 1.50 },
    });
    json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await["id"].as_str().unwrap().to_owned()
}

fn titles(client: &LiveClient) -> Vec<&str> {
    let alerts = client.facts.iter().filter(|fact| fact["type"] == "alert.raised");
    alerts.map(|fact| fact["data"]["title"].as_str().unwrap()).collect()
}

async fn until_title(client: &mut LiveClient, title: &str) {
    while !titles(client).contains(&title) {
        client.until(|message| message["op"] == "fact").await;
    }
}

#[tokio::test]
async fn alerts_begin_with_the_present_ones_and_go_on_with_what_happens() {
    let server = TestServer::start().await;
    let first = raise(&server, "first", None).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.send(json!({ "op": "sub", "s": 1, "to": "alerts" })).await;
    let items = client.until(|message| message["op"] == "items").await;
    let listed = server.get_json("/api/v1/alerts", &server.admin).await;
    assert_eq!(items["items"], listed["items"], "as REST answers them");
    let ready = client.until(|message| message["op"] == "ready").await;
    assert_eq!((&ready["s"], &ready["complete"]), (&json!(1), &json!(true)));
    let second = raise(&server, "second", None).await;
    until_title(&mut client, "second").await;
    let listed = server.get_json("/api/v1/alerts", &server.admin).await;
    assert_eq!(client.facts[0]["data"], listed["items"][0], "as REST answers it");
    json_of(server.post(&format!("/api/v1/alerts/{first}/read"), &server.admin, json!({})).await, 200).await;
    let read = client.until(|message| message["op"] == "fact").await;
    assert_eq!((&read["type"], &read["data"]["id"]), (&json!("alert.read"), &json!(first)));
    server.call(Method::DELETE, &format!("/api/v1/alerts/{second}"), &server.admin, None).await;
    let deleted = client.until(|message| message["op"] == "fact").await;
    assert_eq!((&deleted["type"], &deleted["data"]["id"]), (&json!("alert.deleted"), &json!(second)));
}

#[tokio::test]
async fn a_client_that_was_away_gets_each_missed_fact_once() {
    let server = TestServer::start().await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(json!({ "s": 1, "to": "alerts" })).await;
    raise(&server, "seen", None).await;
    until_title(&mut client, "seen").await;
    let cursor = client.cursor.clone().unwrap();
    drop(client);
    for number in 0..250 {
        raise(&server, &format!("missed {number}"), None).await;
    }
    let server = server.restart(&[]).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let ready = client.sub(json!({ "s": 5, "to": "alerts", "after": cursor })).await;
    assert_eq!(ready["complete"], true);
    let expected: Vec<String> = (0..250).map(|number| format!("missed {number}")).collect();
    assert_eq!(titles(&client), expected);
    raise(&server, "new", None).await;
    until_title(&mut client, "new").await;
    assert_eq!(titles(&client).len(), 251);
    // A second topic begins while the first goes on, and a cursor of nobody is told as such.
    let unknown = client.sub(json!({ "s": 6, "to": "events", "after": "other.3" })).await;
    assert_eq!(unknown["complete"], false);
    raise(&server, "newer", None).await;
    until_title(&mut client, "newer").await;
    assert_eq!(titles(&client).len(), 252);
}

#[tokio::test]
async fn facts_reach_those_alone_who_may_see_them() {
    let server = TestServer::start().await;
    let (ann_id, ann) = server.add_user(json!({ "username": "ann", "role": "manager" })).await;
    let (bob_id, bob) = server.add_user(json!({ "username": "bob", "role": "parent" })).await;
    let mut ann = LiveClient::open(&server, &ann).await;
    let mut bob = LiveClient::open(&server, &bob).await;
    for client in [&mut ann, &mut bob] {
        client.sub(json!({ "s": 1, "to": "alerts" })).await;
        client.sub(json!({ "s": 2, "to": "notices" })).await;
    }
    assert_eq!(bob.refused(json!({ "s": 3, "to": "trips" })).await["code"], "forbidden");
    assert_eq!(ann.refused(json!({ "s": 3, "to": "records" })).await["code"], "forbidden");
    assert_eq!(ann.refused(json!({ "s": 3, "to": "notices" })).await["code"], "taken");
    raise(&server, "for ann", Some(ann_id)).await;
    raise(&server, "for bob", Some(bob_id)).await;
    raise(&server, "for the company", None).await;
    let notice = json!({ "user_ids": [bob_id], "message": "hello" });
    json_of(server.post("/api/v1/notifications", &server.admin, notice).await, 201).await;
    until_title(&mut ann, "for the company").await;
    let told = bob.until(|message| message["type"] == "notification.sent").await;
    assert_eq!(told["data"]["message"], "hello");
    ann.settle().await;
    assert_eq!(titles(&ann), ["for ann", "for the company"]);
    assert_eq!((titles(&bob), bob.facts.len()), (vec!["for bob"], 2));
}

#[tokio::test]
async fn a_cadets_records_are_followed_by_it_and_by_staff() {
    let server = TestServer::start().await;
    let cadet = json_of(server.post("/api/v1/cadets", &server.admin, json!({ "name": "Ana" })).await, 201).await;
    let id = cadet["id"].as_i64().unwrap();
    let (_, token) = server.add_user(json!({ "username": "ana", "role": "cadet", "cadet_id": id })).await;
    let mut own = LiveClient::open(&server, &token).await;
    let mut staff = LiveClient::open(&server, &server.admin).await;
    for client in [&mut own, &mut staff] {
        client.send(json!({ "op": "sub", "s": 1, "to": "cadet", "id": id })).await;
        let items = client.until(|message| message["op"] == "items").await;
        assert_eq!((&items["items"][0]["name"], &items["items"][0]["merit_points"]), (&json!("Ana"), &json!(0)));
        client.until(|message| message["op"] == "ready").await;
    }
    assert_eq!(staff.refused(json!({ "s": 2, "to": "records" })).await["code"], "taken");
    assert_eq!(staff.refused(json!({ "s": 2, "to": "cadet", "id": 99 })).await["code"], "not_found");
    assert_eq!(staff.refused(json!({ "s": 2, "to": "cadet", "id": "x" })).await["code"], "invalid");
    let grade = json!({ "type": "merit", "points": 5, "reason": "good" });
    json_of(server.post(&format!("/api/v1/cadets/{id}/grades"), &server.admin, grade).await, 201).await;
    for client in [&mut own, &mut staff] {
        let fact: Value = client.until(|message| message["op"] == "fact").await;
        assert_eq!((&fact["type"], &fact["data"]["merit_points"]), (&json!("grade.updated"), &json!(5)));
    }
}

#[tokio::test]
async fn marks_carry_the_cursor_on_while_nothing_is_for_the_client() {
    let server = TestServer::start().await;
    let (_, bob) = server.add_user(json!({ "username": "bob", "role": "parent" })).await;
    let mut bob = LiveClient::open(&server, &bob).await;
    bob.sub(json!({ "s": 1, "to": "alerts" })).await;
    let before = bob.cursor.clone().unwrap();
    raise(&server, "not for bob", None).await;
    server.event_feed_caught_up().await;
    server.clock.turn(std::time::Duration::from_secs(16));
    let mark = bob.until(|message| message["op"] == "mark" && message["cursor"].is_string()).await;
    assert_ne!(mark["cursor"], json!(before));
    assert_eq!(bob.facts.len(), 0);
}

#[tokio::test]
async fn nothing_of_a_topic_comes_after_it_has_ended() {
    let server = TestServer::start().await;
    let alert = |title: &str| json!({ "type": "system_error", "title": title, "message": "m" });
    for number in 0..120 {
        json_of(server.post("/api/v1/alerts", &server.admin, alert(&number.to_string())).await, 201).await;
    }
    let mut client = LiveClient::open(&server, &server.admin).await;
    for round in 0..10 {
        // It ends while its stored alerts are being read, and others are raised meanwhile.
        client.send(json!({ "op": "sub", "s": 1, "to": "alerts" })).await;
        client.send(json!({ "op": "sub", "s": 2, "to": "trips" })).await;
        client.send(json!({ "op": "unsub", "s": 1 })).await;
        json_of(server.post("/api/v1/alerts", &server.admin, alert(&format!("new {round}"))).await, 201).await;
        client.until(|message| message["op"] == "ended" && message["s"] == 1).await;
        let facts = client.facts.len();
        client.send(json!({ "op": "unsub", "s": 2 })).await;
        let none_of_it = |message: &Value| {
            assert!(message["s"] != 1 && message["op"] != "fact", "after ended: {message}");
            message["op"] == "ended"
        };
        client.until(none_of_it).await;
        assert_eq!(client.facts.len(), facts);
    }
}
