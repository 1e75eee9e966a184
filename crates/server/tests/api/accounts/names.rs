//! Usernames and passwords are compared by RFC 8265, whatever keyboard typed them.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::json;

const COMPOSED: (&str, &str) = ("José Muñoz", "contraseña larga");
const DECOMPOSED: (&str, &str) = ("Jose\u{301} Mun\u{303}oz", "contrasen\u{303}a larga");

async fn status_of_login(server: &TestServer, username: &str, password: &str) -> u16 {
    let login = json!({"username": username, "password": password});
    server.post("/api/token", "", login).await.status().as_u16()
}

#[tokio::test]
async fn a_login_may_be_typed_in_either_form() {
    let server = TestServer::start().await;
    for (set, role) in [(COMPOSED, "manager"), (("Bjo\u{308}rn", DECOMPOSED.1), "driver")] {
        let user = json!({"username": set.0, "password": set.1, "role": role});
        json_of(server.post("/api/v1/users", &server.admin, user).await, 201).await;
    }
    for name in [COMPOSED.0, DECOMPOSED.0, "Björn", "Bjo\u{308}rn", "Ｂjörn"] {
        for password in [COMPOSED.1, DECOMPOSED.1, "contraseña\u{a0}larga"] {
            assert_eq!(status_of_login(&server, name, password).await, 200, "{name:?} {password:?}");
        }
        assert_eq!(status_of_login(&server, name, "contrasena larga").await, 401, "{name:?}");
    }
    assert_eq!(status_of_login(&server, "björn", COMPOSED.1).await, 401, "case is kept");
}

#[tokio::test]
async fn a_name_is_taken_in_all_its_forms() {
    let server = TestServer::start().await;
    let (_, token) = server.add_user(json!({"username": COMPOSED.0, "role": "manager"})).await;
    assert_eq!(server.get_json("/api/v1/users", &server.admin).await["items"][1]["username"], COMPOSED.0);
    let (other, _) = server.add_user(json!({"username": "boss", "role": "client"})).await;
    for taken in [DECOMPOSED.0, COMPOSED.0, "José\u{3000}Muñoz", "ｂｏｓｓ"] {
        let user = json!({"username": taken, "role": "client"});
        assert_eq!(server.post("/api/v1/users", &server.admin, user).await.status(), 409, "{taken:?}");
    }
    let path = format!("/api/v1/users/{other}");
    let renamed = server.call(Method::PATCH, &path, &server.admin, Some(json!({"username": DECOMPOSED.0}))).await;
    assert_eq!(renamed.status(), 409);
    assert_eq!(server.get("/auth/me", &token).await.status(), 200);
}

#[tokio::test]
async fn a_changed_password_may_be_typed_in_either_form() {
    let server = TestServer::start().await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let path = format!("/api/v1/users/{id}");
    let change = async |password: &str| {
        server.call(Method::PATCH, &path, &server.admin, Some(json!({"password": password}))).await
    };
    assert_eq!(change(DECOMPOSED.1).await.status(), 200);
    assert_eq!(status_of_login(&server, "ann", COMPOSED.1).await, 200);
    assert_eq!(status_of_login(&server, "ann", DECOMPOSED.1).await, 200);
    for unseen in ["open\u{200b}sesame", "\u{202e}sesame", "open\tsesame"] {
        assert_eq!(json_of(change(unseen).await, 422).await["errors"][0]["field"], "password", "{unseen:?}");
    }
}

#[tokio::test]
async fn failures_of_a_name_count_together_in_all_its_forms() {
    let server = TestServer::start().await;
    let mut statuses = Vec::new();
    for n in 0..12 {
        let name = if n % 2 == 0 { COMPOSED.0 } else { DECOMPOSED.0 };
        statuses.push(status_of_login(&server, name, "wrong").await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}
