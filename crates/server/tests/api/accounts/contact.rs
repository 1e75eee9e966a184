//! How a user is reached: set, changed and shown with the user, under the rules of its versions.

use crate::support::databases::{Database, on_both};
use crate::support::json_of;
use crate::support::signing::token_for;
use reqwest::Method;
use serde_json::{Value, json};

on_both!(an_admin_sets_how_a_user_is_reached);

async fn an_admin_sets_how_a_user_is_reached(database: Database) {
    let server = database.start().await;
    let ann = json!({
        "username": "ann", "role": "manager", "email": "Ann@Example.org", "language": "id", "timezone": "asia/kolkata",
    });
    let added = server.post("/api/v1/users", &server.admin, ann).await;
    let etag = added.headers()["etag"].to_str().unwrap().to_owned();
    let added = json_of(added, 201).await;
    let reached = |user: &Value| (user["email"].clone(), user["language"].clone(), user["timezone"].clone());
    assert_eq!(reached(&added), (json!("Ann@example.org"), json!("id"), json!("Asia/Kolkata")));
    let path = format!("/api/v1/users/{}", added["id"]);
    assert_eq!(reached(&server.get_json(&path, &server.admin).await), reached(&added));
    let listed = server.get_json("/api/v1/users", &server.admin).await;
    assert!(listed["items"].as_array().unwrap().iter().any(|user| reached(user) == reached(&added)));

    let token = token_for(&added["id"].to_string(), "manager", "default", 60);
    let me = server.get_json("/auth/me", &token).await;
    assert_eq!((&me["language"], &me["timezone"]), (&json!("id"), &json!("Asia/Kolkata")));

    let change = async |change: Value, etag: &str| {
        let request = server.http.patch(format!("{}{path}", server.url)).bearer_auth(&server.admin);
        request.header("If-Match", etag).json(&change).send().await.unwrap()
    };
    let changed = change(json!({"language": null, "email": "ann@example.net"}), &etag).await;
    assert_ne!(changed.headers()["etag"].to_str().unwrap(), etag);
    let changed = json_of(changed, 200).await;
    assert_eq!(reached(&changed), (json!("ann@example.net"), Value::Null, json!("Asia/Kolkata")));
    assert_eq!(change(json!({"email": "late@example.net"}), &etag).await.status(), 412);
    let unset = json_of(change(json!({"email": null, "timezone": null}), "*").await, 200).await;
    assert_eq!(reached(&unset), (Value::Null, Value::Null, Value::Null));

    for (wrong, field) in [
        (json!({"email": "ann"}), "email"),
        (json!({"email": "ann@example.org\r\nBcc: eve@example.org"}), "email"),
        (json!({"language": "klingon"}), "language"),
        (json!({"timezone": "Mars/Base"}), "timezone"),
    ] {
        let refused = server.call(Method::PATCH, &path, &server.admin, Some(wrong.clone())).await;
        assert_eq!(json_of(refused, 422).await["errors"][0]["field"], field, "{wrong}");
    }
}
