//! What the nodes count together: viewers, connections, failed logins and texts to customers.

use crate::nodes::support::TwoNodes;
use crate::support::signing::token_for;
use crate::support::{PATIENCE, Watcher, json_of};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Instant;

/// Waits until the announced number of viewers is this one.
async fn sees(watcher: &mut Watcher, viewing: u64) {
    while watcher.next().await != json!({"type": "presence", "data": {"viewing": viewing}}) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_of_all_nodes_are_announced() {
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start(true).await else { return };
    let path = "/ws/bus-tracking/?presence=1";
    let mut first = one.watch(path, &one.admin).await;
    sees(&mut first, 1).await;
    let mut second = two.watch(path, &two.admin).await;
    sees(&mut first, 2).await;
    sees(&mut second, 2).await;
    let third = two.watch("/ws/bus-tracking/", &two.admin).await;
    sees(&mut first, 3).await;
    drop(third);
    sees(&mut first, 2).await;
    // A node that ends takes its viewers with it.
    two.drain().await;
    sees(&mut first, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_all_nodes_share_the_tenants_limit() {
    let limit = [("MAX_CONNECTIONS_PER_TENANT", "3")];
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start_with(true, &limit).await else { return };
    let path = "/ws/bus-tracking/?presence=1";
    let _first = one.watch(path, &one.admin).await;
    let mut second = one.watch(path, &one.admin).await;
    let mut third = two.watch(path, &two.admin).await;
    sees(&mut second, 3).await;
    sees(&mut third, 3).await;
    for node in [&one, &two] {
        let header = ("Authorization", format!("Bearer {}", node.admin));
        let refused = node.try_watch(path, &[(header.0, &header.1)]).await.err();
        assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS));
    }
    drop(third);
    sees(&mut second, 2).await;
    let _fourth = one.watch(path, &one.admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_logins_on_one_node_count_on_the_other() {
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start(true).await else { return };
    let user = json!({"username": "ann", "role": "manager", "password": "open sesame"});
    json_of(one.post("/api/v1/users", &one.admin, user).await, 201).await;
    let wrong = json!({"username": "ann", "password": "close sesame"});
    let right = json!({"username": "ann", "password": "open sesame"});
    let begun = Instant::now();
    loop {
        // Until the name is refused there. On a slow machine some failures are forgiven meanwhile.
        while one.post("/api/token", "", wrong.clone()).await.status() != 429 {
            assert!(begun.elapsed() < 3 * PATIENCE, "nobody is refused");
        }
        if two.post("/api/token", "", right.clone()).await.status() == 429 {
            return;
        }
        assert!(begun.elapsed() < 3 * PATIENCE, "the other node does not know");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_to_a_customer_are_limited_over_all_nodes() {
    // A port that nobody listens on: the texts wait in the outbox.
    let nowhere = [("NOTIFICATION_SERVICE_URL", "http://127.0.0.1:9"), ("PUBLIC_URL", "https://track.example")];
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start_with(true, &nowhere).await else { return };
    let rider = token_for("r1", "rider", "default", 600);
    let start = json!({
        "order_id": "ORD-1", "rider_id": "r1", "dropoff_lat": 5.6037, "dropoff_lng": -0.1869, "phone": "+233501234567",
    });
    for _ in 0..20 {
        json_of(one.post("/tracking/start", &rider, start.clone()).await, 200).await;
    }
    assert_eq!(one.post("/tracking/start", &rider, start.clone()).await.status(), 429);
    let begun = Instant::now();
    // What is let through meanwhile is counted there: twenty at the most.
    let mut let_through = 0;
    while two.post("/tracking/start", &rider, start.clone()).await.status() != 429 {
        let_through += 1;
        assert!(let_through < 20 && begun.elapsed() < PATIENCE, "the other node does not know");
    }
}
