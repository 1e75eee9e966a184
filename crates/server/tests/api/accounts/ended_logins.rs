//! Logins that ended stay ended: nothing brings an old token back.

use crate::support::databases::{Database, on_both};
use crate::support::signing::{sign, token_for};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(tokens_of_before_a_lock_out_stay_dead, a_removed_users_number_opens_nothing, a_user_ends_all_of_its_logins);

struct Pair {
    access: String,
    refresh: String,
}

async fn log_in(server: &TestServer, password: &str) -> Pair {
    let pair =
        json_of(server.post("/api/token", "", json!({"username": "ann", "password": password})).await, 200).await;
    let text = |name: &str| pair[name].as_str().unwrap().to_owned();
    Pair { access: text("access"), refresh: text("refresh") }
}

/// The statuses of a call with the access token and of a refresh.
async fn statuses(server: &TestServer, pair: &Pair) -> (u16, u16) {
    let access = server.get("/auth/me", &pair.access).await.status().as_u16();
    let refreshed = server.post("/api/token/refresh", "", json!({"refresh": pair.refresh})).await;
    (access, refreshed.status().as_u16())
}

async fn change(server: &TestServer, id: i64, change: Value) {
    let changed = server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(change)).await;
    assert_eq!(changed.status(), 200);
}

async fn tokens_of_before_a_lock_out_stay_dead(database: Database) {
    let server = database.start().await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    // As another program signs it, now by the server's clock.
    let issued = || {
        let now = server.clock.clock().now().unix_ms() / 1000;
        sign(&json!({"sub": id.to_string(), "iat": now, "exp": now + 600}))
    };
    for out in [json!({"active": false}), json!({"approved": false}), json!({"password": "open sesame"})] {
        let (before, of_others, undated) =
            (log_in(&server, "open sesame").await, issued(), token_for(&id.to_string(), "cadet", "acme", 600));
        assert_eq!(statuses(&server, &before).await, (200, 200));
        assert_eq!(server.get("/auth/me", &of_others).await.status(), 200);
        // `iat` has whole seconds.
        server.clock.turn(Duration::from_secs(3));
        change(&server, id, out.clone()).await;
        change(&server, id, json!({"active": true, "approved": true})).await;
        assert_eq!(statuses(&server, &before).await, (401, 401), "{out}");
        let expected = if out.get("password").is_some() { 200 } else { 401 };
        assert_eq!(server.get("/auth/me", &of_others).await.status(), expected, "{out}");
        // When it was issued is not known: it depends on the present state alone.
        assert_eq!(server.get("/auth/me", &undated).await.status(), 200, "{out}");
        assert_eq!(server.get("/auth/me", &issued()).await.status(), 200, "{out}");
        assert_eq!(statuses(&server, &log_in(&server, "open sesame").await).await, (200, 200), "at once");
    }
    let before = log_in(&server, "open sesame").await;
    change(&server, id, json!({"username": "ann", "role": "parent", "vehicle_ids": ["bus"]})).await;
    assert_eq!(statuses(&server, &before).await, (200, 200), "another role ends no login");
}

async fn a_removed_users_number_opens_nothing(database: Database) {
    let server = database.start().await;
    let (id, own) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let claims = token_for(&id.to_string(), "admin", "default", 600);
    assert_eq!(server.call(Method::DELETE, &format!("/api/v1/users/{id}"), &server.admin, None).await.status(), 204);
    for token in [&own, &claims, &token_for(&id.to_string(), "superadmin", "acme", 600)] {
        assert_eq!(server.get("/auth/me", token).await.status(), 401);
    }
    // Nobody gets the number again, and a number that was never given is another issuer's.
    let (next, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    assert!(next > id);
    assert_eq!(server.get("/auth/me", &claims).await.status(), 401);
    assert_eq!(server.get("/auth/me", &token_for("900001", "driver", "default", 600)).await.status(), 200);
    let mut refused = server.watch("/ws/updates/", &claims).await;
    assert_eq!(refused.close_code().await, 4001);
}

async fn a_user_ends_all_of_its_logins(database: Database) {
    let server = database.start().await;
    server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (phone, lost) = (log_in(&server, "open sesame").await, log_in(&server, "open sesame").await);
    let (_, other) = server.add_user(json!({"username": "bob", "role": "manager"})).await;
    let mut watcher = server.watch("/ws/bus-tracking/", &lost.access).await;
    watcher.settle().await;
    assert_eq!(server.call(Method::POST, "/auth/logout/everywhere", &phone.access, None).await.status(), 204);
    assert_eq!(watcher.close_code().await, 1008);
    for pair in [&phone, &lost] {
        assert_eq!(statuses(&server, pair).await, (401, 401));
    }
    assert_eq!(statuses(&server, &log_in(&server, "open sesame").await).await, (200, 200));
    assert_eq!(server.get("/auth/me", &other).await.status(), 200, "somebody else's login");
    let foreign = token_for("auth0|5", "driver", "default", 60);
    assert_eq!(server.call(Method::POST, "/auth/logout/everywhere", &foreign, None).await.status(), 403);
    assert_eq!(server.call(Method::POST, "/auth/logout/everywhere", "", None).await.status(), 401);
}
