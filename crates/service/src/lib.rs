//! The use cases: each checks what its caller may do, makes it durable, and tells those who watch.

#![forbid(unsafe_code)]

pub mod deliveries;
pub mod devices;
mod error;
mod event_feed;
pub mod fleet;
pub mod idempotency;
mod keyed_locks;
mod listener;
mod live;
pub mod outgoing;
pub mod parcels;
pub mod positions;
mod publish;
pub mod push;
pub mod readiness;
pub mod records;
mod request;
mod retention;
pub mod tenants;
pub mod users;
pub mod vehicles;
mod wakers;
pub mod webhooks;

pub use deliveries::{DeliveryUpdate, DeliveryView, NewDelivery};
pub use error::ServiceError;
pub use event_feed::EventFeed;
pub use fleet::{
    AlertCursor, AlertListing, Fleet, FleetDashboard, GeofencePage, GeometryRefusal, NewAlert, RuleChange,
    RulesInForce, Thresholds, TripCursor, TripEnding, TripListing, TripPage, TripPath, read_geometry,
};
pub use listener::{Listener, PositionRecorded};
pub use live::LiveVehicle;
pub use milepost_store::{
    CallNo, CallState, Claim, DeliveryCount, Idempotency, IdempotencyKey, KeptAnswer, Once, Retention, StoredCall,
    WebhookChange,
};
pub use milepost_track::{Estimate, Eta};
pub use outgoing::{CheckPush, CheckUrl, Outgoing};
pub use parcels::{
    DriverReport, DriverSpot, FollowedParcel, MovedParcel, NewParcel, ParcelChange, ParcelListing, ParcelNews,
    ParcelPage, ParcelPath, ReportOutcome,
};
pub use positions::{PositionReport, Recorded, Rejected, Replay, Track};
pub use publish::OnTransaction;
pub use request::Request;
pub use retention::keep_pruning;

use deliveries::Deliveries;
use devices::Devices;
use idempotency::IdempotencyKeys;
use listener::Listeners;
use live::{LiveDirectory, LiveMap};
use milepost_access::Access;
use milepost_clock::Clock;
use milepost_follow::{TrackInbox, VehicleDirectory};
use milepost_store::{Committer, Store};
use outgoing::OutgoingCalls;
use parcels::Parcels;
use positions::Positions;
use publish::Publisher;
use push::Push;
use readiness::Readiness;
use records::Records;
use std::sync::Arc;
use tenants::Tenants;
use users::Users;
use vehicles::Vehicles;
use wakers::Wakers;
use webhooks::Webhooks;

/// Everything that the use cases need, built once by the binary and shared by all crates above.
pub struct Service {
    /// For [`records`].
    pub records: Records,
    /// For [`users`].
    pub users: Users,
    /// For [`tenants`].
    pub tenants: Tenants,
    /// For [`devices`].
    pub devices: Devices,
    /// For [`vehicles`].
    pub vehicles: Vehicles,
    /// For [`webhooks`].
    pub webhooks: Webhooks,
    /// For [`outgoing`].
    pub outgoing_calls: OutgoingCalls,
    /// For [`push`].
    pub push: Push,
    /// For [`idempotency`].
    pub idempotency_keys: IdempotencyKeys,
    /// For [`readiness`].
    pub readiness: Readiness,
    /// For [`fleet`].
    pub fleet: Fleet,
    /// For [`parcels`].
    pub parcels: Arc<Parcels>,
    /// For [`deliveries`].
    pub deliveries: Arc<Deliveries>,
    /// For [`positions`].
    pub positions: Positions,
    store: Arc<dyn Store>,
    clock: Clock,
    access: Arc<Access>,
    live: Arc<LiveMap>,
    listeners: Listeners,
    wakers: Wakers,
    tracks: Arc<TrackInbox>,
}

/// What the binary hands over to build a [`Service`].
pub struct ServiceParts {
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// The present time and timers.
    pub clock: Clock,
    /// Access control, shared with the edge.
    pub access: Arc<Access>,
    /// One for each dialect: they publish what happened.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// Takes the measurements of every transaction of positions, for metrics.
    pub on_transaction: OnTransaction,
    /// How long a delivery session lives, milliseconds.
    pub tracking_ttl_ms: i64,
    /// Whom the sender of outgoing calls reaches; nobody by default.
    pub outgoing: Outgoing,
    /// How near a parcel's driver has to come to its places to be there.
    pub parcel_zone: milepost_domain::ZoneRadius,
    /// How long an alert stands, milliseconds.
    pub alert_expiry_ms: i64,
    /// Committed positions go there, for the follower of tracks.
    pub tracks: Arc<TrackInbox>,
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: ServiceParts) -> Arc<Self> {
        let live = Arc::<LiveMap>::default();
        let listeners = Listeners::from(parts.listeners);
        let publisher =
            Publisher::new(Arc::clone(&live), listeners.clone(), Arc::clone(&parts.tracks), parts.on_transaction);
        let publisher = Arc::new(publisher);
        let wakers = Wakers::new(Arc::clone(&parts.outgoing.wake));
        let (store, access, outgoing) = (|| Arc::clone(&parts.store), || Arc::clone(&parts.access), &parts.outgoing);
        Arc::new(Self {
            records: Records::new(store(), wakers.clone()),
            users: Users::new(store(), access()),
            tenants: Tenants::new(store()),
            devices: Devices::new(store(), access()),
            vehicles: Vehicles::new(store(), access(), Arc::clone(&live), listeners.clone()),
            webhooks: Webhooks::new(store(), Arc::clone(&outgoing.check_webhook_url), wakers.clone()),
            outgoing_calls: OutgoingCalls::new(store(), wakers.clone()),
            push: Push::new(store(), outgoing.push_key.clone(), Arc::clone(&outgoing.check_push)),
            idempotency_keys: IdempotencyKeys::new(store()),
            readiness: Readiness::new(store(), Arc::clone(&publisher)),
            fleet: Fleet::new(store(), wakers.clone(), Arc::clone(&parts.tracks), parts.alert_expiry_ms),
            parcels: Arc::new(Parcels::new(store(), listeners.clone(), wakers.clone(), parts.parcel_zone)),
            deliveries: Arc::new(Deliveries::new(
                store(),
                listeners.clone(),
                wakers.clone(),
                parts.outgoing.clone(),
                parts.tracking_ttl_ms,
            )),
            positions: Positions::new(store(), Committer::start(store(), Some(publisher)), Arc::clone(&live)),
            store: parts.store,
            clock: parts.clock,
            access: parts.access,
            live,
            listeners,
            wakers,
            tracks: parts.tracks,
        })
    }

    /// The store, for health checks and the command line.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The clock that every use case goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The vehicles as this node knows them.
    pub fn vehicle_directory(&self) -> Arc<dyn VehicleDirectory> {
        Arc::new(LiveDirectory { store: Arc::clone(&self.store), live: Arc::clone(&self.live) })
    }

    /// The present time, as every use case sees it.
    pub fn now(&self) -> milepost_domain::Timestamp {
        self.clock.now()
    }
}
