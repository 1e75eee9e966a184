//! Views with too many vehicles become clusters, and vehicles again.

use super::support::LiveClient;
use crate::support::{TestServer, json_of};
use serde_json::{Value, json};
use std::time::Duration;

const T0: i64 = 1_750_000_000_000;
const WORLD: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

async fn report(server: &TestServer, fixes: &[(&str, f64, f64)], seconds: i64) {
    let fix = |(id, latitude, longitude): &(&str, f64, f64)| json!({ "vehicle_id": id, "latitude": latitude, "longitude": longitude, "timestamp": T0 + seconds * 1000 });
    let fixes: Vec<Value> = fixes.iter().map(fix).collect();
    json_of(server.post("/api/v1/positions", &server.admin, json!(fixes)).await, 201).await;
}

/// Three vehicles in Paris and two in Sydney.
async fn spread(server: &TestServer) {
    for (id, status) in [("p1", "active"), ("p2", "active"), ("p3", "maintenance"), ("s1", "active"), ("s2", "active")]
    {
        server.add_vehicle(json!({ "id": id, "kind": "bus", "label": id, "status": status })).await;
    }
    let paris = [("p1", 48.851, 2.351), ("p2", 48.852, 2.352), ("p3", 48.853, 2.353)];
    let sydney = [("s1", -33.86, 151.21), ("s2", -33.87, 151.2)];
    report(server, &[&paris[..], &sydney[..]].concat(), 0).await;
}

fn view(edges: [f64; 4], max: usize) -> Value {
    json!({ "s": 1, "to": "view", "box": edges, "max": max, "batch_ms": 0 })
}

/// The counts of a client's clusters, the largest first.
fn counts(client: &LiveClient) -> Vec<i64> {
    let clusters = client.clusters.get(&1);
    let mut counts: Vec<i64> =
        clusters.iter().flat_map(|clusters| clusters.values()).map(|one| one["count"].as_i64().unwrap()).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Lets the clusters be counted again, and waits until the client knows these.
async fn until_counts(server: &TestServer, client: &mut LiveClient, expected: &[i64]) {
    while counts(client) != expected {
        server.clock.turn(Duration::from_secs(1));
        client.settle().await;
    }
}

#[tokio::test]
async fn a_wide_view_gets_clusters_that_become_vehicles_as_one_zooms_in() {
    let server = TestServer::start().await;
    spread(&server).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    assert!(client.welcome["features"].as_array().unwrap().contains(&json!("clusters")));
    let ready = client.sub(view(WORLD, 4)).await;
    assert_eq!((&ready["count"], counts(&client), client.told), (&json!(5), vec![3, 2], 0));
    let paris = client.clusters[&1].values().find(|cluster| cluster["count"] == 3).unwrap().clone();
    assert_eq!(paris["status"], json!({ "active": 2, "maintenance": 1 }));
    // The cluster's cell shows its vehicles.
    client.send(json!({ "op": "view", "s": 1, "box": paris["box"] })).await;
    client.until(|message| message["op"] == "ready").await;
    assert_eq!((client.ids(), counts(&client)), (vec!["p1", "p2", "p3"], vec![]));
    report(&server, &[("p1", 48.8511, 2.351)], 10).await;
    client.until_at("p1", T0 + 10_000).await;
    // And back.
    client.send(json!({ "op": "view", "s": 1, "box": WORLD })).await;
    client.until(|message| message["op"] == "ready").await;
    assert_eq!((client.ids(), counts(&client)), (vec![], vec![3, 2]));
    client.send(json!({ "op": "unsub", "s": 1 })).await;
    client.until(|message| message["op"] == "ended").await;
}

#[tokio::test]
async fn clusters_follow_the_vehicles_and_the_mode_follows_their_number() {
    let server = TestServer::start().await;
    spread(&server).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let europe = [-10.0, 35.0, 30.0, 60.0];
    client.sub(view(europe, 3)).await;
    assert_eq!((client.ids(), client.covers.len()), (vec!["p1", "p2", "p3"], 1));
    // Two more come: now there are too many.
    report(&server, &[("s1", 52.5, 13.4), ("s2", 52.5, 13.41)], 86_400).await;
    until_counts(&server, &mut client, &[3, 2]).await;
    assert_eq!((client.ids(), client.covers.len()), (vec![], 0));
    // Vehicles that move are not told, their clusters are.
    report(&server, &[("s1", 48.85, 2.35)], 172_800).await;
    until_counts(&server, &mut client, &[4, 1]).await;
    assert!(client.ids().is_empty());
    // Three are still too many, two are not.
    report(&server, &[("p1", -33.8, 151.2), ("p2", -33.8, 151.21)], 172_800).await;
    until_counts(&server, &mut client, &[2, 1]).await;
    report(&server, &[("p3", -33.8, 151.22)], 172_800).await;
    until_counts(&server, &mut client, &[]).await;
    assert_eq!((client.ids(), client.covers.len()), (vec!["s1", "s2"], 1));
    report(&server, &[("s1", 48.86, 2.35)], 172_900).await;
    client.until_at("s1", T0 + 172_900_000).await;
}

#[tokio::test]
async fn who_sees_some_vehicles_gets_them_and_no_counts_of_others() {
    let server = TestServer::start().await;
    spread(&server).await;
    let (_, parent) = server.add_user(json!({ "username": "p", "role": "parent", "vehicle_ids": ["p1", "s1"] })).await;
    let mut client = LiveClient::open(&server, &parent).await;
    client.sub(view(WORLD, 1)).await;
    assert_eq!((client.ids(), counts(&client)), (vec!["p1", "s1"], vec![]));
    // Beside a view of clusters another subscription keeps its vehicles.
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(json!({ "s": 2, "to": "vehicles", "ids": ["p1"] })).await;
    client.sub(view(WORLD, 1)).await;
    assert_eq!((client.ids(), counts(&client)), (vec!["p1"], vec![3, 2]));
    report(&server, &[("p1", 48.86, 2.36)], 10).await;
    client.until_at("p1", T0 + 10_000).await;
}
