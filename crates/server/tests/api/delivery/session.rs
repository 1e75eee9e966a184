//! Starts sessions for the delivery dialect's tests.

use crate::support::{TestServer, json_of};
use serde_json::{Value, json};

/// The body that starts a session of rider `r1`.
pub fn start_body() -> Value {
    json!({ "order_id": "ORD-1", "rider_id": "r1", "dropoff_lat": 5.6037, "dropoff_lng": -0.1869 })
}

/// The id of a new session, started with `token`.
pub async fn start(server: &TestServer, token: &str) -> String {
    let session = json_of(server.post("/tracking/start", token, start_body()).await, 200).await;
    session["tracking_id"].as_str().unwrap().to_owned()
}
