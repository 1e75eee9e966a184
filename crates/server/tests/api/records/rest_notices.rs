//! Section 3 of the contract, notifications and messages: sent to users, listed by them, marked read once.

use crate::support::databases::{Database, on_both};
use crate::support::signing::claims_token;
use crate::support::{TestServer, json_of};
use milepost_domain::Fact;
use serde_json::{Value, json};

on_both!(one_story);

async fn one_story(database: Database) {
    let server = database.start().await;
    let (ana, ana_token) = server.add_user(json!({"username": "ana", "role": "cadet"})).await;
    let (ben, ben_token) = server.add_user(json!({"username": "ben", "role": "training_staff"})).await;
    let before = server.events().await.len();

    let body = json!({"user_ids": [ana, ben, ana], "message": "Drill at 14:00\nBring water", "type": "schedule"});
    let sent = json_of(server.post("/api/v1/notifications", &ben_token, body).await, 201).await;
    let of = |user: i64| sent["items"].as_array().unwrap().iter().find(|item| item["user_id"] == user).unwrap();
    assert_eq!(sent["items"].as_array().unwrap().len(), 2, "who is named twice gets it once");
    let id = of(ana)["id"].as_i64().unwrap();
    let unread = json!({
        "id": id, "message": "Drill at 14:00\nBring water", "type": "schedule", "is_read": false,
        "created_at": sent["created_at"], "read_at": null,
    });
    let list = async |path: &str, token: &str| server.get_json(path, token).await["items"].clone();
    assert_eq!(list("/api/v1/notifications", &ana_token).await, json!([unread]));
    assert_eq!(list("/api/v1/messages", &ana_token).await, json!([]));

    let body = json!({"user_ids": [ana], "subject": "Hello", "body": {"lines": ["a", 1]}, "id": 99, "sender_id": 1});
    let sent = json_of(server.post("/api/v1/messages", &ben_token, body).await, 201).await;
    let message = sent["items"][0]["id"].as_i64().unwrap();
    let shown = json!({
        "id": message, "sender_id": ben, "subject": "Hello", "body": {"lines": ["a", 1]}, "is_read": false,
        "created_at": sent["created_at"], "read_at": null,
    });
    assert_eq!(list("/api/v1/messages", &ana_token).await, json!([shown]));

    // A user can't read another's notice, nor a message as a notification.
    for (path, token) in [
        (format!("/api/v1/notifications/{id}/read"), &ben_token),
        (format!("/api/v1/notifications/{id}/read"), &server.admin),
        (format!("/api/v1/notifications/{message}/read"), &ana_token),
        (format!("/api/v1/messages/{id}/read"), &ana_token),
        (format!("/api/v1/messages/{message}/read"), &ben_token),
        ("/api/v1/messages/x/read".to_owned(), &ana_token),
    ] {
        assert_eq!(server.post(&path, token, json!({})).await.status(), 404, "{path}");
    }
    let read_path = format!("/api/v1/notifications/{id}/read");
    let read = json_of(server.post(&read_path, &ana_token, json!({})).await, 200).await;
    assert_eq!((&read["is_read"], &read["message"]), (&json!(true), &unread["message"]));
    assert!(read["read_at"].is_string());
    assert_eq!(json_of(server.post(&read_path, &ana_token, json!({})).await, 200).await, read);
    let message_path = format!("/api/v1/messages/{message}/read");
    let read_message = json_of(server.post(&message_path, &ana_token, json!({})).await, 200).await;
    assert_eq!((&read_message["is_read"], &read_message["subject"]), (&json!(true), &json!("Hello")));

    assert_eq!(list("/api/v1/notifications", &ana_token).await, json!([read]));
    for query in ["?unread", "?unread=true", "?unread=1"] {
        assert_eq!(list(&format!("/api/v1/notifications{query}"), &ana_token).await, json!([]), "{query}");
        assert_eq!(list(&format!("/api/v1/notifications{query}"), &ben_token).await.as_array().unwrap().len(), 1);
        assert_eq!(list(&format!("/api/v1/messages{query}"), &ana_token).await, json!([]), "{query}");
    }
    assert_eq!(list("/api/v1/notifications?unread=false", &ana_token).await, json!([read]));
    assert_eq!(server.get("/api/v1/notifications?unread=perhaps", &ana_token).await.status(), 422);

    let published: Vec<String> = server.events().await[before..]
        .iter()
        .map(|event| match &event.fact {
            Fact::NoticeSent(notice) => format!("sent {} to {}", notice.id, notice.user_id),
            Fact::NoticeRead { notice_id, user_id, is_message, .. } => {
                format!("read {notice_id} {user_id} {is_message}")
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        format!("sent {id} to {ana}"),
        format!("sent {} to {ben}", id + 1),
        format!("sent {message} to {ana}"),
        format!("read {id} {ana} false"),
        format!("read {message} {ana} true"),
    ];
    assert_eq!(published, expected, "reading again publishes nothing");
}

#[tokio::test]
async fn lists_of_notifications_come_newest_first_in_pages() {
    let server = TestServer::start().await;
    for number in 1..=5 {
        let body = json!({"user_ids": [7], "message": format!("n{number}")});
        json_of(server.post("/api/v1/notifications", &server.admin, body).await, 201).await;
        let body = json!({"user_ids": [7], "text": format!("m{number}")});
        json_of(server.post("/api/v1/messages", &server.admin, body).await, 201).await;
    }
    let seven = claims_token("7", "parent", "default");
    let all = async |list: &str, field: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get_json(&format!("/api/v1/{list}?limit=2{cursor}"), &seven).await;
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].clone()));
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(all("notifications", "message").await, ["n5", "n4", "n3", "n2", "n1"]);
    assert_eq!(all("messages", "text").await, ["m5", "m4", "m3", "m2", "m1"]);
    let first = server.get_json("/api/v1/notifications", &seven).await;
    assert_eq!(first["items"][0]["type"], "admin_message", "a notification without a type has one");
}

#[tokio::test]
async fn notices_reach_only_users_of_their_tenant() {
    let server = TestServer::start().await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    let (own, own_token) = server.add_user(json!({"username": "own", "role": "driver"})).await;
    let (foreign, foreign_token) =
        server.add_user(json!({"username": "foreign", "role": "cadet", "tenant": "acme"})).await;
    for path in ["/api/v1/notifications", "/api/v1/messages"] {
        // Answered like a number that nobody has.
        let body = json!({"user_ids": [own, foreign], "message": "x"});
        json_of(server.post(path, &server.admin, body).await, 201).await;
        assert_eq!(server.get_json(path, &own_token).await["items"].as_array().unwrap().len(), 1);
        assert_eq!(server.get_json(path, &foreign_token).await["items"], json!([]));
    }
    // A superadmin can send into the user's tenant. A user that is not stored may belong to another issuer.
    let body = json!({"user_ids": [foreign, 4711], "message": "x", "tenant": "acme"});
    json_of(server.post("/api/v1/notifications", &server.admin, body).await, 201).await;
    let body = json!({"user_ids": [foreign, 4711], "message": "x"});
    json_of(server.post("/api/v1/messages?tenant=acme", &server.admin, body).await, 201).await;
    let elsewhere = claims_token("4711", "admin", "default");
    let there = claims_token("4711", "cadet", "acme");
    for path in ["/api/v1/notifications", "/api/v1/messages"] {
        for (token, count) in [(&foreign_token, 1), (&there, 1), (&elsewhere, 0), (&server.admin, 0)] {
            let listed = server.get_json(path, token).await;
            assert_eq!(listed["items"].as_array().unwrap().len(), count, "{path} {listed}");
        }
    }
}

#[tokio::test]
async fn a_thousand_users_are_addressed_by_one_call_and_one_more_is_refused() {
    let server = TestServer::start().await;
    let body = |count: i64| json!({"user_ids": (1001..=1000 + count).collect::<Vec<_>>(), "message": "x".repeat(2000)});
    let sent = json_of(server.post("/api/v1/notifications", &server.admin, body(1000)).await, 201).await;
    let users: Vec<i64> =
        sent["items"].as_array().unwrap().iter().map(|item| item["user_id"].as_i64().unwrap()).collect();
    assert_eq!(users, (1001..=2000).collect::<Vec<_>>());
    let sent = server.events().await.iter().filter(|event| matches!(event.fact, Fact::NoticeSent(_))).count();
    assert_eq!(sent, 1000);
    let problem = json_of(server.post("/api/v1/notifications", &server.admin, body(1001)).await, 422).await;
    assert_eq!(problem["errors"][0], json!({"field": "user_ids", "message": "must name 1 to 1000 users"}));
}

#[tokio::test]
async fn a_user_without_a_number_has_no_notifications() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    for path in ["/api/v1/notifications", "/api/v1/messages"] {
        let refused: Value =
            json_of(server.get(path, &claims_token("someone@example.org", "admin", "default")).await, 403).await;
        assert_eq!(refused["detail"], "only users with a number get notifications and messages");
        let request = server.http.get(format!("{}{path}", server.url)).header("X-Device-Key", &key);
        assert_eq!(request.send().await.unwrap().status(), 403);
        assert_eq!(server.get(path, "").await.status(), 401);
    }
}
