//! Ids and names in every script: which are taken, and which forms are the same.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn ids_are_words_of_every_script() {
    let server = TestServer::start().await;
    for word in ["बस", "ट्रक", "গাড়ি ২", "ট্রাক", "รถบัสที่ ๑", "பேருந்து", "שָׁלוֹם", "ශ්\u{200d}රී", "Số-7"]
    {
        server.add_vehicle(json!({"id": word, "kind": "truck", "label": word})).await;
        assert_eq!(server.get_json(&format!("/api/v1/vehicles/{word}"), &server.admin).await["id"], word);
        server.add_device(word, word).await;
        json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": word, "name": word})).await, 201).await;
    }
}

#[tokio::test]
async fn the_two_forms_of_an_id_are_one_vehicle() {
    let server = TestServer::start().await;
    let (composed, decomposed) = ("Coche-ñ", "Coche-n\u{303}");
    let added = json!({"id": decomposed, "kind": "car", "label": "x"});
    let added = json_of(server.post("/api/v1/vehicles", &server.admin, added).await, 201).await;
    assert_eq!(added["id"], composed);
    let again = json!({"id": composed, "kind": "car", "label": "x"});
    assert_eq!(server.post("/api/v1/vehicles", &server.admin, again).await.status(), 409);
    server.report(decomposed, 1.0, 2.0, "2025-01-15T10:30:45Z").await;
    for id in [composed, decomposed] {
        let found = server.get_json(&format!("/api/v1/vehicles/{id}"), &server.admin).await;
        assert_eq!((&found["id"], &found["position"]["latitude"]), (&json!(composed), &json!(1.0)), "{found}");
    }
    let parent = json!({"username": "ann", "role": "parent", "vehicle_ids": [decomposed]});
    let (_, parent) = server.add_user(parent).await;
    assert_eq!(server.get(&format!("/api/v1/vehicles/{composed}"), &parent).await.status(), 200);
    let removed = server.call(Method::DELETE, &format!("/api/v1/vehicles/{decomposed}"), &server.admin, None).await;
    assert_eq!(removed.status(), 204);
}

#[tokio::test]
async fn names_that_show_nothing_or_turn_the_text_around_them_are_refused() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let refuse = async |method: Method, path: &str, body: Value, field: &str| {
        let problem = json_of(server.call(method, path, &server.admin, Some(body.clone())).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    };
    let unseen =
        ["   ", "\u{200b}", "\u{2060}\u{2060}", "\u{2800}", "\u{ad}", "\u{3164}", "\u{202e}ssob", "a\u{2067}b\u{2069}"];
    for name in unseen {
        refuse(Method::POST, "/api/v1/vehicles", json!({"kind": "bus", "label": name}), "label").await;
        refuse(Method::POST, "/api/v1/vehicles", json!({"kind": name, "label": "x"}), "kind").await;
        refuse(Method::PATCH, "/api/v1/vehicles/b1", json!({"label": name}), "label").await;
        refuse(Method::PATCH, "/api/v1/vehicles/b1", json!({"license_plate": name}), "license_plate").await;
        refuse(Method::POST, "/api/v1/devices", json!({"vehicle_id": "b1", "name": name}), "name").await;
        refuse(Method::POST, "/api/v1/tenants", json!({"id": "t", "name": name}), "name").await;
        refuse(Method::POST, "/api/v1/cadets", json!({"name": name}), "name").await;
        refuse(Method::POST, "/api/v1/users", json!({"username": name, "role": "client"}), "username").await;
    }
    for id in ["bus\u{200b}", "bus\u{3164}", "\u{202e}7", "\u{301}"] {
        refuse(Method::POST, "/api/v1/vehicles", json!({"id": id, "kind": "bus", "label": "x"}), "id").await;
    }
    for label in ["👨\u{200d}👩\u{200d}👧 می\u{200c}روم", "אוטובוס 7\u{200e}", "❤\u{fe0f}"] {
        server.add_vehicle(json!({"kind": "bus", "label": label})).await;
    }
}
