//! A node with a database of its own or a shared one, whose clock a test sets.

use milepost_access::{Access, TokenKeys};
use milepost_clock::Clock;
use milepost_domain::{
    Caller, DeliveryStatus, Latitude, Longitude, OrderId, Phone, Principal, RiderId, Role, TenantId, Timestamp,
    TrackingId,
};
use milepost_hub::{Hub, HubLimits};
use milepost_service::deliveries::{find_delivery, start_delivery, update_delivery};
use milepost_service::{
    AssembledService, DeliveryUpdate, DeliveryView, Listener, LiveVehicle, NewDelivery, Outgoing, PositionRecorded,
    Request, ServiceError, ServiceParts, assemble,
};
use milepost_store::{Once, OpenOptions, Store, Unsent, open};
use milepost_transport::WsEncoder;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

pub const START_MS: i64 = 1_800_000_000_000;
pub const TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// Records the changes that are published.
#[derive(Default)]
pub struct Recorder(pub Mutex<Vec<DeliveryView>>);

impl Listener for Recorder {
    fn positions_recorded(&self, _: &TenantId, _: &[PositionRecorded<'_>]) {}
    fn vehicle_changed(&self, _: &TenantId, _: &LiveVehicle, _: Option<&LiveVehicle>) {}
    fn vehicle_removed(&self, _: &TenantId, _: &LiveVehicle) {}
    fn delivery_changed(&self, view: &DeliveryView) {
        self.0.lock().unwrap().push(view.clone());
    }
    fn follows_delivery(&self, _: &TrackingId) -> bool {
        true
    }
}

pub struct Node {
    pub service: AssembledService,
    pub clock: Clock,
    pub store: Arc<dyn Store>,
    pub now_ms: Arc<AtomicI64>,
    pub recorder: Arc<Recorder>,
}

impl Node {
    pub async fn start(folder: &tempfile::TempDir, now_ms: &Arc<AtomicI64>) -> Self {
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let time_ms = Arc::clone(now_ms);
        let clock = Clock::new(move || Timestamp::from_unix_ms(time_ms.load(Ordering::Relaxed)).unwrap());
        let recorder = Arc::new(Recorder::default());
        let tokens = TokenKeys::new(&[7; 32], clock.clone()).unwrap();
        let service = assemble(ServiceParts {
            store: Arc::clone(&store),
            access: Arc::new(Access::new(Arc::clone(&store), clock.clone(), tokens, 100)),
            clock: clock.clone(),
            on_transaction: Box::new(|_| {}),
            listeners: vec![recorder.clone()],
            tracking_ttl_ms: TTL_MS,
            outgoing: Outgoing { orders: true, notifications: true, ..Outgoing::default() },
            parcel_zone: milepost_domain::ZoneRadius::default(),
            erasure_delay_ms: 0,
            files: milepost_service::FileStore::in_folder(&folder.path().join("proofs")).unwrap(),
            device_rules: milepost_service::devices::DeviceRules::default(),
            alert_expiry_ms: 86_400_000,
            tracks: Arc::default(),
            cache_budget: milepost_cache::CacheBudget::default(),
            hub: Hub::new(Arc::new(WsEncoder), HubLimits::default()),
            node: milepost_domain::NodeId::new(1),
            start_relay: Box::new(|receiver| Arc::new(milepost_relay::InProcessRelay::alone(receiver))),
        });
        Self { service, clock, store, now_ms: Arc::clone(now_ms), recorder }
    }

    pub fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub async fn begin(&self) -> TrackingId {
        self.begin_as("r1").await
    }

    pub async fn begin_as(&self, id: &str) -> TrackingId {
        let new = NewDelivery {
            order_id: OrderId::new("o").unwrap(),
            rider_id: RiderId::new(id).unwrap(),
            dropoff: place(0.1, 0.0),
            phone: Some(Phone::new("+233501234567").unwrap()),
        };
        let request = Request { caller: rider(id), now: self.clock.now(), address: None };
        let view = start_delivery(
            &self.service.use_cases.deliveries,
            &request,
            &TenantId::default_tenant(),
            new,
            &Once::unclaimed(),
        )
        .await
        .unwrap();
        view.delivery.tracking_id
    }

    pub async fn find(&self, id: &TrackingId) -> Result<DeliveryView, ServiceError> {
        find_delivery(&self.service.use_cases.deliveries, id, self.clock.now()).await
    }

    pub async fn report(&self, id: &TrackingId, latitude: f64, longitude: f64) -> DeliveryView {
        self.change(id, Some(place(latitude, longitude)), None).await.unwrap()
    }

    pub async fn advance(&self, id: &TrackingId, status: DeliveryStatus) -> DeliveryView {
        self.change(id, None, Some(status)).await.unwrap()
    }

    pub async fn change(
        &self,
        id: &TrackingId,
        place: Option<(Latitude, Longitude)>,
        status: Option<DeliveryStatus>,
    ) -> Result<DeliveryView, ServiceError> {
        self.change_as("r1", id, place, status).await
    }

    pub async fn change_as(
        &self,
        subject: &str,
        id: &TrackingId,
        place: Option<(Latitude, Longitude)>,
        status: Option<DeliveryStatus>,
    ) -> Result<DeliveryView, ServiceError> {
        let request = Request { caller: rider(subject), now: self.clock.now(), address: None };
        update_delivery(
            &self.service.use_cases.deliveries,
            &request,
            id,
            DeliveryUpdate { place, status },
            &Once::unclaimed(),
        )
        .await
    }
}

pub async fn node() -> (Node, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(START_MS));
    (Node::start(&folder, &now_ms).await, folder)
}

pub fn place(latitude: f64, longitude: f64) -> (Latitude, Longitude) {
    // Away from 0,0, where nobody is.
    (Latitude::new(5.0 + latitude).unwrap(), Longitude::new(longitude).unwrap())
}

fn rider(subject: &str) -> Caller {
    let (id, subject) = (None, subject.to_owned());
    let principal = Principal::User { id, subject, role: Role::Rider, cadet_id: None, vehicle_ids: Vec::new() };
    Caller { tenant: TenantId::default_tenant(), principal, expires_at: None }
}
