//! What the delivery dialect's tests share: tokens of a platform's people, and a session.

use crate::signing::sign;
use crate::support::{TestServer, json_of};
use serde_json::{Value, json};

/// A token of somebody whom the server does not know, good for `ttl_s` seconds.
pub fn token(subject: &str, role: &str, tenant: &str, ttl_s: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let expires_at = i64::try_from(now).unwrap() + ttl_s;
    let claims = json!({ "sub": subject, "role": role, "tenant": tenant, "exp": expires_at });
    sign(&claims)
}

/// What starts a session of rider `r1`.
pub fn start_body() -> Value {
    json!({ "order_id": "ORD-1", "rider_id": "r1", "dropoff_lat": 5.6037, "dropoff_lng": -0.1869 })
}

/// The id of a new session, started with `token`.
pub async fn start(server: &TestServer, token: &str) -> String {
    let session = json_of(server.post("/tracking/start", token, start_body()).await, 200).await;
    session["tracking_id"].as_str().unwrap().to_owned()
}
