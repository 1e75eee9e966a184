//! Estimates of arrival: how old a fix they take, and what they are based on.

use crate::node::{Node, START_MS, node, place};
use milepost_domain::{DeliveryStatus, RiderId, TenantId, TrackingId};
use milepost_service::{DeliveryView, Eta};
use milepost_track::Estimate;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

fn basis(view: &DeliveryView) -> &'static str {
    view.estimate.and_then(Eta::estimate).unwrap().basis.as_str()
}

#[tokio::test]
async fn no_estimate_is_given_from_a_fix_older_than_90_seconds() {
    let (node, _folder) = node().await;
    let id = node.begin().await;
    assert_eq!(node.find(&id).await.unwrap().estimate, None);
    node.report(&id, 0.0, 0.0).await;
    node.pass(90_000);
    let fresh = node.find(&id).await.unwrap();
    assert!(fresh.estimate.unwrap().estimate().is_some());
    node.pass(1);
    let stale = node.find(&id).await.unwrap();
    assert_eq!(stale.estimate, Some(Eta::Stale));
    // The documented estimate does not change.
    assert_eq!(stale.eta_seconds, fresh.eta_seconds);
    assert!(stale.eta_seconds.is_some());
}

#[tokio::test]
async fn a_parked_phones_jitter_is_not_counted_as_distance() {
    let (node, _folder) = node().await;
    let id = node.begin().await;
    for step in 0..60_i32 {
        // About 11 m to and fro.
        node.report(&id, f64::from(step % 2) * 0.0001, 0.0).await;
        node.pass(5_000);
    }
    let delivery = node.store.get_delivery(&id).await.unwrap().unwrap();
    assert!(delivery.driven_m < 1.0, "{}", delivery.driven_m);
}

#[tokio::test]
async fn an_estimate_is_based_on_finished_rides() {
    let (node, _folder) = node().await;
    let first = node.begin().await;
    node.report(&first, 0.0, 0.3).await;
    node.pass(3_600_000);
    node.change(&first, Some(place(0.0, 0.0)), Some(DeliveryStatus::PickedUp)).await.unwrap();
    // Ten metres a second, ten minutes, every other step aside.
    for step in 1..=60_i32 {
        node.pass(10_000);
        let aside = if step % 2 == 0 { 0.0 } else { 0.001 };
        assert_ne!(basis(&node.report(&first, f64::from(step) * 0.0009, aside).await), "history");
    }
    node.advance(&first, DeliveryStatus::Delivered).await;
    let rides = node.store.finished_rides(&TenantId::default_tenant(), &RiderId::new("r1").unwrap(), 10).await.unwrap();
    // 60 steps of 100 m north and 111 m aside; the path to the shop does not count.
    assert!((60.0 * 145.0..60.0 * 155.0).contains(&rides[0].driven_m), "{}", rides[0].driven_m);
    let second = node.begin().await;
    assert_eq!(basis(&node.report(&second, 0.0, 0.0).await), "history");
}

#[tokio::test]
async fn a_node_without_a_cached_pace_computes_it_from_the_fixes() {
    let folder = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(START_MS));
    let node = Node::start(&folder, &now_ms).await;
    let id = node.begin().await;
    for step in 0..30 {
        node.report(&id, f64::from(step) * 0.0009, 0.0).await;
        node.pass(10_000);
    }
    let known = node.find(&id).await.unwrap();
    let other = Node::start(&folder, &now_ms).await;
    assert_eq!(other.find(&id).await.unwrap(), known);
    assert_eq!(basis(&known), "speed");
    // And it continues its cached pace with the fixes that the first node stored.
    node.report(&id, 0.03, 0.0).await;
    assert_eq!(other.find(&id).await.unwrap().estimate, node.find(&id).await.unwrap().estimate);
}

/// The estimate of another rider's arrival, 300 m away.
async fn estimate_of_another(node: &Node, id: &TrackingId) -> Estimate {
    let view = node.change_as("r2", id, Some(place(0.0973, 0.0)), None).await.unwrap();
    view.estimate.and_then(Eta::estimate).unwrap()
}

#[tokio::test]
async fn an_estimate_learns_from_what_rides_of_others_needed() {
    let (node, _folder) = node().await;
    let another = node.begin_as("r2").await;
    let before = estimate_of_another(&node, &another).await;
    assert!(before.high_s < 300, "{before:?}");
    // Half a metre a second: 600 s for 300 m.
    for _ in 0..4 {
        let ride = node.begin().await;
        node.report(&ride, 0.0973, 0.0).await;
        node.change(&ride, None, Some(DeliveryStatus::PickedUp)).await.unwrap();
        for step in 0..=60_i32 {
            node.report(&ride, 0.0973 + f64::from(step) * 0.000_045, 0.0).await;
            node.pass(10_000);
        }
        node.advance(&ride, DeliveryStatus::InTransit).await;
        node.advance(&ride, DeliveryStatus::Delivered).await;
    }
    // The rides are read in the background.
    let mut after = estimate_of_another(&node, &another).await;
    for _ in 0..1_000 {
        if after.high_s >= 300 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        after = estimate_of_another(&node, &another).await;
    }
    assert!(after.high_s >= 300, "{before:?} {after:?}");
    assert_eq!(after.basis, before.basis, "nothing is known of this rider");
}
