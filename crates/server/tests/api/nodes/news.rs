//! What happens on one node is published on the other, with Redis between them and without.

use crate::delivery::session::start;
use crate::nodes::support::TwoNodes;
use crate::parcel::people::{client, driver, place};
use crate::support::signing::token_for;
use crate::support::{PATIENCE, json_of};
use milepost_domain::{Fact, TenantId};
use serde_json::{Value, json};
use std::time::Duration;

/// Makes two tests of each function: with Redis and without.
macro_rules! with_and_without_redis {
    ($($claim:ident),+ $(,)?) => {
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                if let Some(nodes) = super::TwoNodes::start(true).await { super::$claim(nodes).await; }
            })+
        }
        mod without_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                if let Some(nodes) = super::TwoNodes::start(false).await { super::$claim(nodes).await; }
            })+
        }
    };
}

with_and_without_redis!(
    positions_are_published_on_the_other_node,
    a_snapshot_has_what_the_other_node_took_before,
    a_vehicle_is_known_to_the_other_node_at_once,
    deliveries_are_published_on_the_other_node,
    a_change_that_a_newcomer_has_read_is_published_to_the_others,
    drivers_and_the_zones_they_cross_are_published_on_the_other_node,
    a_status_that_came_back_while_nobody_followed_is_published,
    events_come_once_and_in_order_on_both,
    a_running_trip_is_told_on_both_and_not_stored,
    vehicles_that_meet_are_told_once_whatever_node_hears_of_them,
    the_nearest_are_found_on_the_other_node,
);

async fn positions_are_published_on_the_other_node(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    one.add_bus("b1").await;
    let mut here = one.watch("/ws/bus-tracking/", &one.admin).await;
    let mut there = two.watch("/ws/bus-tracking/", &two.admin).await;
    here.settle().await;
    there.settle().await;
    for second in 10..15 {
        one.report("b1", 1.0 + f64::from(second), 2.0, &format!("2025-01-15T10:00:{second}Z")).await;
        let (own, other) = (here.next().await, there.next().await);
        assert_eq!(own, other, "the other node renders the same");
        assert_eq!(own["data"]["latitude"], 1.0 + f64::from(second));
    }
    // The other direction, and a late one, which nobody gets.
    two.report("b1", 50.0, 2.0, "2025-01-15T10:00:01Z").await;
    two.report("b1", 51.0, 2.0, "2025-01-15T10:01:00Z").await;
    assert_eq!(
        (here.next().await["data"]["latitude"].clone(), there.next().await["data"]["latitude"].clone()),
        (json!(51.0), json!(51.0))
    );
}

async fn a_vehicle_is_known_to_the_other_node_at_once(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let mut there = two.watch("/ws/bus-tracking/", &two.admin).await;
    there.settle().await;
    for (number, id) in ["b1", "b2", "b3"].into_iter().enumerate() {
        one.add_bus(id).await;
        two.report(id, number as f64, 2.0, "2025-01-15T10:00:00Z").await;
        assert_eq!(there.next().await["data"]["bus_id"], id);
    }
}

async fn a_snapshot_has_what_the_other_node_took_before(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    one.add_bus("b1").await;
    // The second node has the tenant in memory, and nobody there follows it.
    two.report("b1", 1.0, 2.0, "2025-01-15T10:00:00Z").await;
    one.report("b1", 5.0, 2.0, "2025-01-15T10:00:05Z").await;
    let mut there = two.watch("/ws/bus-tracking/", &two.admin).await;
    assert_eq!(there.next().await["data"]["latitude"], 5.0);
}

async fn deliveries_are_published_on_the_other_node(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let rider = token_for("r1", "rider", "default", 600);
    let id = start(one, &rider).await;
    let mut there = two.try_watch(&format!("/ws/tracking/{id}"), &[]).await.unwrap();
    assert_eq!(there.next().await["type"], "initial_state");
    let update = json!({"lat": 5.6, "lng": -0.2});
    json_of(one.post(&format!("/tracking/update/{id}"), &rider, update).await, 200).await;
    let message = there.next().await;
    assert_eq!(message["type"], "location_update", "{message}");
    let update = json!({"status": "ASSIGNED"});
    json_of(one.post(&format!("/tracking/update/{id}"), &rider, update).await, 200).await;
    let message = there.next().await;
    assert_eq!(
        (&message["type"], &message["data"]["status"]),
        (&json!("location_update"), &json!("ASSIGNED")),
        "{message}"
    );
}

async fn a_change_that_a_newcomer_has_read_is_published_to_the_others(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let rider = token_for("r1", "rider", "default", 600);
    let id = start(one, &rider).await;
    let mut there = two.try_watch(&format!("/ws/tracking/{id}"), &[]).await.unwrap();
    assert_eq!(there.next().await["type"], "initial_state");
    json_of(one.post(&format!("/tracking/update/{id}"), &rider, json!({"lat": 5.6, "lng": -0.2})).await, 200).await;
    let mut newcomer = two.try_watch(&format!("/ws/tracking/{id}"), &[]).await.unwrap();
    assert_eq!(newcomer.next().await["data"]["current_location"]["lat"], 5.6);
    assert_eq!(there.next().await["data"]["current_location"]["lat"], 5.6);
}

async fn drivers_and_the_zones_they_cross_are_published_on_the_other_node(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let body = json!({"client_id": 7, "driver_id": 5, "pickup": place(0.0), "destination": place(0.5)});
    let id = json_of(one.post("/api/v1/parcels", &one.admin, body).await, 201).await["id"].as_i64().unwrap();
    let mut own = one.track_parcel(id, &driver(5)).await;
    let mut there = two.track_parcel(id, &client(7)).await;
    own.settle().await;
    there.settle().await;
    own.send_location(0.0, 0.1).await;
    assert_eq!(there.next_location().await, (id, 0.0, 0.1));
    for (longitude, event) in [(0.0, "enter"), (0.2, "exit")] {
        own.send_location(0.0, longitude).await;
        // The location and the crossing, each once, in either order.
        let mut messages = [there.next().await, there.next().await];
        messages.sort_by_key(|message| message["type"].as_str().map(ToOwned::to_owned));
        let [crossing, location] = messages;
        assert_eq!((&crossing["type"], &crossing["zone"]), (&json!("geofence"), &json!("pickup")));
        assert_eq!((&crossing["event"], &location["location"]["lng"]), (&json!(event), &json!(longitude)));
    }
    // The old driver must not follow the new one.
    two.change_parcel(id, json!({"driver_id": 6})).await;
    assert_eq!(own.close_code().await, 4003);
}

async fn a_status_that_came_back_while_nobody_followed_is_published(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let id = one.add_parcel(Some(5)).await;
    let (mut events, _) = two.follow(&two.admin).await;
    let mut there = two.track_parcel(id, &client(7)).await;
    let follow = json!({"type": "subscribe_parcel", "parcel_id": id});
    there.send(follow.clone()).await;
    assert_eq!(there.next().await["type"], "subscribed");
    one.change_parcel(id, json!({"status": "picked_up"})).await;
    assert_eq!(there.next().await["status"], "picked_up");
    there.send(json!({"type": "unsubscribe_parcel", "parcel_id": id})).await;
    assert_eq!(there.next().await["type"], "unsubscribed");
    one.change_parcel(id, json!({"status": "in_transit"})).await;
    // A later event shows that the other node has read the change.
    json_of(one.post("/api/v1/sync-events", &one.admin, json!({"event_type": "later", "payload": {}})).await, 201)
        .await;
    while events.next().await["type"] != "later" {}
    there.send(follow).await;
    assert_eq!(there.next().await["type"], "subscribed");
    one.change_parcel(id, json!({"status": "picked_up"})).await;
    assert_eq!(there.next().await["status"], "picked_up");
}

async fn events_come_once_and_in_order_on_both(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    let ((mut here, _), (mut there, _)) = (one.follow(&one.admin).await, two.follow(&two.admin).await);
    for number in 0..6 {
        let node = if number % 2 == 0 { one } else { two };
        let event = json!({"event_type": "term.closed", "payload": {"number": number}});
        json_of(node.post("/api/v1/sync-events", &node.admin, event).await, 201).await;
    }
    for watcher in [&mut here, &mut there] {
        let mut ids = Vec::new();
        while ids.len() < 6 {
            let message = watcher.next().await;
            ids.extend(message["event_id"].as_i64());
        }
        assert_eq!(ids, (ids[0]..ids[0] + 6).collect::<Vec<_>>());
    }
}

async fn the_nearest_are_found_on_the_other_node(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    one.add_bus("b1").await;
    one.add_bus("b2").await;
    one.report("b1", 1.0, 2.0, "2025-01-15T10:00:00Z").await;
    two.report("b2", 3.0, 2.0, "2025-01-15T10:00:00Z").await;
    for node in [one, two] {
        let page = node.get_json("/api/v1/vehicles?near=3,2", &node.admin).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [json!("b2"), json!("b1")]);
    }
}

async fn vehicles_that_meet_are_told_once_whatever_node_hears_of_them(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    for id in ["b1", "b2"] {
        one.add_bus(id).await;
    }
    let fence = json!({"name": "x", "radius_m": 200});
    let fence = json_of(one.post("/api/v1/roaming-fences", &one.admin, fence).await, 201).await["id"].clone();
    // Each vehicle reports to a node of its own.
    one.report("b1", 48.0, 2.0, "2025-01-15T10:00:00Z").await;
    let encounters = format!("/api/v1/roaming-fences/{fence}/encounters");
    for (minute, latitude, met, parted) in [(1, 48.0, 1, 0), (2, 48.01, 1, 1), (3, 48.0, 2, 1), (4, 48.01, 2, 2)] {
        two.report("b2", latitude, 2.0, &format!("2025-01-15T10:0{minute}:00Z")).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let page = one.get_json(&encounters, &one.admin).await;
            let items = page["items"].as_array().unwrap();
            let ended = items.iter().filter(|one| !one["parted_at"].is_null()).count();
            if (items.len(), ended) == (met, parted) {
                break;
            }
            assert!(items.len() <= met && tokio::time::Instant::now() < deadline, "{minute}: {page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let alerts = one.get_json("/api/v1/alerts", &one.admin).await;
    let of_fence = |alert: &&serde_json::Value| alert["type"] == "geofence_violation";
    assert_eq!(alerts["items"].as_array().unwrap().iter().filter(of_fence).count(), 4, "{alerts}");
}

async fn a_running_trip_is_told_on_both_and_not_stored(nodes: TwoNodes) {
    let TwoNodes { one, two, .. } = &nodes;
    one.add_bus("b0").await;
    let path = "/ws/tracking?company_id=default";
    let mut watchers = [one.watch(path, &one.admin).await, two.watch(path, &two.admin).await];
    for watcher in &mut watchers {
        assert_eq!(watcher.next().await["type"], "connection_established");
    }
    let begun = one.clock.clock().now().plus_ms(-600_000);
    let drive = async |steps: std::ops::Range<i32>| {
        for step in steps {
            let at = begun.plus_ms(i64::from(step) * 10_000).to_string();
            one.report("b0", 48.0 + 0.0009 * f64::from(step), 11.0, &at).await;
        }
    };
    drive(0..20).await;
    // The second report of it goes on from the first: it has been told as started by then.
    for watcher in &mut watchers {
        let started = watcher.next_of("trip_update").await;
        assert!(started["event_id"].is_i64(), "{started}");
    }
    drive(20..40).await;
    for watcher in &mut watchers {
        let told = loop {
            let message = watcher.next_of("trip_update").await;
            if message["data"]["distance"].as_f64().unwrap() > 2.9 {
                break message;
            }
        };
        assert_eq!((&told["data"]["status"], &told["event_id"]), (&json!("started"), &Value::Null), "{told}");
    }
    let events = one.running.assembly.store.events_after(&TenantId::default_tenant(), 0, 1_000).await.unwrap();
    let trips = events.iter().filter(|event| matches!(event.fact, Fact::TripChanged(_)));
    assert_eq!(trips.count(), 1, "only its start is an event: {events:?}");
}
