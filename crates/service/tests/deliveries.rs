//! Deliveries as time passes: expiry to the millisecond, the staleness of estimates, what a ride teaches.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_access::{Access, TokenKeys};
use milepost_clock::Clock;
use milepost_domain::{
    Caller, DeliveryStatus, Latitude, Longitude, OrderId, OutgoingCall, Phone, Principal, RiderId, Role, Target,
    TenantId, Timestamp, TrackingId,
};
use milepost_service::deliveries::{find_delivery, start_delivery, update_delivery};
use milepost_service::{
    DeliveryUpdate, DeliveryView, Eta, EventFeed, Listener, LiveVehicle, NewDelivery, Outgoing, PositionRecorded,
    Request, Service, ServiceError, ServiceParts,
};
use milepost_store::{DeliveryChange, Once, OpenOptions, Store, Unsent, open};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

const START_MS: i64 = 1_800_000_000_000;
const TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// Keeps what it was told.
#[derive(Default)]
struct Heard(Mutex<Vec<DeliveryView>>);

impl Listener for Heard {
    fn positions_recorded(&self, _: &TenantId, _: &[PositionRecorded<'_>]) {}
    fn vehicle_changed(&self, _: &TenantId, _: &LiveVehicle) {}
    fn vehicle_removed(&self, _: &TenantId, _: &milepost_domain::VehicleId) {}
    fn delivery_changed(&self, view: &DeliveryView) {
        self.0.lock().unwrap().push(view.clone());
    }
    fn follows_delivery(&self, _: &TrackingId) -> bool {
        true
    }
}

struct Node {
    service: Arc<Service>,
    store: Arc<dyn Store>,
    now_ms: Arc<AtomicI64>,
    heard: Arc<Heard>,
}

impl Node {
    async fn start(folder: &tempfile::TempDir, now_ms: &Arc<AtomicI64>) -> Self {
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let clock = Arc::clone(now_ms);
        let clock = Clock::new(move || Timestamp::from_unix_ms(clock.load(Ordering::Relaxed)).unwrap());
        let heard = Arc::new(Heard::default());
        let tokens = TokenKeys::new(&[7; 32], clock.clone()).unwrap();
        let service = Service::new(ServiceParts {
            store: Arc::clone(&store),
            access: Arc::new(Access::new(Arc::clone(&store), clock.clone(), tokens, 100)),
            clock,
            on_transaction: Box::new(|_| {}),
            listeners: vec![heard.clone()],
            tracking_ttl_ms: TTL_MS,
            outgoing: Outgoing { orders: true, notifications: true, ..Outgoing::default() },
            parcel_zone: milepost_domain::ZoneRadius::default(),
            alert_expiry_ms: 86_400_000,
            tracks: Arc::default(),
        });
        Self { service, store, now_ms: Arc::clone(now_ms), heard }
    }

    fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    async fn begin(&self) -> TrackingId {
        let new = NewDelivery {
            order_id: OrderId::new("o").unwrap(),
            rider_id: RiderId::new("r1").unwrap(),
            dropoff: place(0.1, 0.0),
            phone: Some(Phone::new("+1").unwrap()),
        };
        let caller = rider();
        let request = Request { caller: &caller, now: self.service.now() };
        let view =
            start_delivery(&self.service.deliveries, &request, &TenantId::default_tenant(), new, &Once::unclaimed())
                .await
                .unwrap();
        view.delivery.tracking_id
    }

    async fn find(&self, id: &TrackingId) -> Result<DeliveryView, ServiceError> {
        find_delivery(&self.service.deliveries, id, self.service.now()).await
    }

    async fn report(&self, id: &TrackingId, latitude: f64, longitude: f64) -> DeliveryView {
        self.change(id, Some(place(latitude, longitude)), None).await.unwrap()
    }

    async fn advance(&self, id: &TrackingId, status: DeliveryStatus) -> DeliveryView {
        self.change(id, None, Some(status)).await.unwrap()
    }

    async fn change(
        &self,
        id: &TrackingId,
        place: Option<(Latitude, Longitude)>,
        status: Option<DeliveryStatus>,
    ) -> Result<DeliveryView, ServiceError> {
        let caller = rider();
        let request = Request { caller: &caller, now: self.service.now() };
        update_delivery(&self.service.deliveries, &request, id, DeliveryUpdate { place, status }, &Once::unclaimed())
            .await
    }
}

async fn node() -> (Node, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(START_MS));
    (Node::start(&folder, &now_ms).await, folder)
}

fn place(latitude: f64, longitude: f64) -> (Latitude, Longitude) {
    (Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap())
}

fn rider() -> Caller {
    let (id, subject) = (None, "r1".to_owned());
    let principal = Principal::User { id, subject, role: Role::Rider, cadet_id: None, vehicle_ids: Vec::new() };
    Caller { tenant: TenantId::default_tenant(), principal, expires_at: None }
}

fn basis(view: &DeliveryView) -> &'static str {
    view.estimate.and_then(Eta::estimate).unwrap().basis.as_str()
}

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
    // Half an hour before its end: not an hour more.
    node.pass(TTL_MS - 3_600_000 - 1_800_000);
    node.advance(&late, DeliveryStatus::Delivered).await;
    node.pass(1_800_000 - 1);
    assert!(!is_gone(&late).await && !is_gone(&kept).await);
    node.pass(1);
    assert!(is_gone(&late).await && is_gone(&kept).await);
    assert!(matches!(node.change(&kept, Some(place(0.0, 0.0)), None).await, Err(ServiceError::Gone(_))));
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
    // The documented number stays what it is.
    assert_eq!(stale.eta_seconds, fresh.eta_seconds);
    assert!(stale.eta_seconds.is_some());
}

#[tokio::test]
async fn a_parked_phones_jitter_is_no_way_driven() {
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
async fn finished_rides_teach_pace_and_detour() {
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
    // 60 steps of 100 m north and 111 m aside; the way to the shop is not among them.
    assert!((60.0 * 145.0..60.0 * 155.0).contains(&rides[0].driven_m), "{}", rides[0].driven_m);
    let second = node.begin().await;
    assert_eq!(basis(&node.report(&second, 0.0, 0.0).await), "history");
}

#[tokio::test]
async fn a_node_that_knows_nothing_makes_the_pace_from_the_fixes() {
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
    // And it catches up with what the first one took in meanwhile.
    node.report(&id, 0.03, 0.0).await;
    assert_eq!(other.find(&id).await.unwrap().estimate, node.find(&id).await.unwrap().estimate);
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
    let heard = node.heard.0.lock().unwrap();
    assert!(heard[0].delivery.updated_at <= heard[1].delivery.updated_at);
}

#[tokio::test]
async fn a_step_whose_call_cannot_be_stored_did_not_happen() {
    let (node, _folder) = node().await;
    let (id, other) = (node.begin().await, node.begin().await);
    // Somebody else's call has the name already: the transaction fails where it would store this one.
    let key = format!("delivery-{id}-delivered");
    let call = OutgoingCall { target: Target::Orders, path: "/x".to_owned(), body: "{}".to_owned(), key };
    let mut changed = node.store.get_delivery(&other).await.unwrap().unwrap();
    changed.version += 1;
    let change = DeliveryChange { delivery: &changed, fix: None, facts: &[], calls: &[call] };
    assert!(node.store.change_delivery(&change, node.service.now(), &Once::unclaimed()).await.unwrap());

    let told_before = node.heard.0.lock().unwrap().len();
    let update = node.change(&id, Some(place(0.0, 0.0)), Some(DeliveryStatus::Delivered)).await;
    assert!(update.is_err());
    let delivery = node.store.get_delivery(&id).await.unwrap().unwrap();
    assert_eq!((delivery.status, delivery.last, delivery.version), (DeliveryStatus::Assigned, None, 1));
    assert!(node.store.delivery_fixes(&id, None, 10).await.unwrap().is_empty());
    assert_eq!(node.heard.0.lock().unwrap().len(), told_before, "nobody was told of it");
}

#[tokio::test]
async fn a_step_taken_elsewhere_is_told_here() {
    let folder = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(START_MS));
    let here = Node::start(&folder, &now_ms).await;
    let elsewhere = Node::start(&folder, &now_ms).await;
    let id = here.begin().await;
    let follower = tokio::spawn(EventFeed::new(&here.service).run());
    elsewhere.advance(&id, DeliveryStatus::InTransit).await;
    let begun = std::time::Instant::now();
    while !here.heard.0.lock().unwrap().iter().any(|view| view.delivery.status == DeliveryStatus::InTransit) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    follower.abort();
}
