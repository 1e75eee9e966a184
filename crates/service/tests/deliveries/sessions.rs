//! Sessions: when they end, in which order they change, and how changes are stored and published.

use crate::node::{Node, START_MS, TTL_MS, node, place};
use milepost_domain::{DeliveryStatus, TenantId, TrackingId, VehicleScope};
use milepost_service::ServiceError;
use milepost_service::vehicles::watched_vehicles;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

#[tokio::test]
async fn a_link_ends_with_its_life_or_an_hour_after_the_delivery() {
    let (node, _folder) = node().await;
    let (kept, delivered, late) = (node.begin().await, node.begin().await, node.begin().await);
    node.advance(&delivered, DeliveryStatus::Delivered).await;
    let is_gone = async |id: &TrackingId| matches!(node.find(id).await, Err(ServiceError::Gone(_)));
    node.pass(3_600_000 - 1);
    assert!(!is_gone(&delivered).await);
    node.pass(1);
    assert!(is_gone(&delivered).await && !is_gone(&kept).await);
    // Delivered half an hour before its end, it is not kept for an hour.
    node.pass(TTL_MS - 3_600_000 - 1_800_000);
    node.advance(&late, DeliveryStatus::Delivered).await;
    node.pass(1_800_000 - 1);
    assert!(!is_gone(&late).await && !is_gone(&kept).await);
    node.pass(1);
    assert!(is_gone(&late).await && is_gone(&kept).await);
    assert!(matches!(node.change(&kept, Some(place(0.0, 0.0)), None).await, Err(ServiceError::Gone(_))));
}

#[tokio::test]
async fn a_clock_set_back_changes_no_order() {
    let (node, _folder) = node().await;
    let id = node.begin().await;
    node.report(&id, 0.0, 0.0).await;
    node.pass(-60_000);
    node.report(&id, 0.001, 0.0).await;
    let fixes = node.store.delivery_fixes(&id, None, 10).await.unwrap();
    assert_eq!(fixes.len(), 2);
    assert!(fixes[0].at < fixes[1].at);
    let recorder = node.recorder.0.lock().unwrap();
    assert!(recorder[0].delivery.updated_at <= recorder[1].delivery.updated_at);
}

#[tokio::test]
async fn a_clock_that_was_ahead_stops_no_rider() {
    let (node, folder) = node().await;
    let id = node.begin().await;
    node.pass(3_600_000);
    node.report(&id, 0.0, 0.0).await;
    node.pass(-3_600_000);
    let mut driven_m = Vec::new();
    for step in 0..5 {
        node.pass(30_000);
        let view = node.report(&id, 0.01 + f64::from(step) * 0.003, 0.0).await;
        assert_eq!(view.delivery.last.map(|fix| fix.at), Some(node.clock.now()));
        assert_eq!(view.delivery.last.map(|fix| fix.latitude), Some(place(0.01 + f64::from(step) * 0.003, 0.0).0));
        driven_m.push(view.delivery.driven_m);
    }
    assert!((driven_m[4] - 4.0 * 333.6).abs() < 10.0, "{driven_m:?}");
    // A fix that can't be is left out, as at any time.
    node.pass(30_000);
    let view = node.report(&id, 48.0, 11.0).await;
    assert_eq!(view.delivery.last.map(|fix| fix.longitude), Some(place(0.0, 0.0).1));
    let other = Node::start(&folder, &node.now_ms).await;
    assert_eq!(other.find(&id).await.unwrap().estimate, node.find(&id).await.unwrap().estimate);
}

#[tokio::test]
async fn a_step_whose_call_cannot_be_stored_did_not_happen() {
    let (node, folder) = node().await;
    let id = node.begin().await;
    let database = rusqlite::Connection::open(folder.path().join("milepost.db")).unwrap();
    let refuse = "create trigger refuse before insert on outgoing_calls begin select raise(abort, 'refused'); end";
    database.execute_batch(refuse).unwrap();

    let published_before = node.recorder.0.lock().unwrap().len();
    let update = node.change(&id, Some(place(0.0, 0.0)), Some(DeliveryStatus::Delivered)).await;
    assert!(update.is_err());
    let delivery = node.store.get_delivery(&id).await.unwrap().unwrap();
    assert_eq!((delivery.status, delivery.last, delivery.version), (DeliveryStatus::Assigned, None, 1));
    assert!(node.store.delivery_fixes(&id, None, 10).await.unwrap().is_empty());
    assert_eq!(node.recorder.0.lock().unwrap().len(), published_before, "nothing was published");
}

#[tokio::test]
async fn a_step_taken_elsewhere_is_published_here() {
    let folder = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(START_MS));
    let here = Node::start(&folder, &now_ms).await;
    let elsewhere = Node::start(&folder, &now_ms).await;
    let id = here.begin().await;
    // Somebody watches here, so that what is stored before the feed's first poll is followed too.
    let vehicles = &here.service.use_cases.vehicles;
    watched_vehicles(vehicles, &TenantId::default_tenant(), &VehicleScope::All).await.unwrap();
    let event_feed = Arc::clone(&here.service.event_feed);
    let follower = tokio::spawn(async move { event_feed.run().await });
    elsewhere.advance(&id, DeliveryStatus::InTransit).await;
    let begun = std::time::Instant::now();
    while !here.recorder.0.lock().unwrap().iter().any(|view| view.delivery.status == DeliveryStatus::InTransit) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
        (here.service.wake_event_feed)(&TenantId::default_tenant());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    follower.abort();
}
