//! The use cases: each checks what its caller may do, makes it durable, and tells those who watch.

#![forbid(unsafe_code)]

mod authenticate;
mod connections;
mod deliveries;
mod devices;
mod error;
mod fleet;
mod follow_events;
mod history;
mod idempotency;
mod identity_cache;
mod live;
mod login;
mod login_limit;
mod outgoing;
mod parcels;
mod passwords;
mod proof;
mod publish;
mod push;
mod readiness;
mod record_positions;
mod records;
mod retention;
mod secret;
mod tenants;
mod token;
mod users;
mod vehicles;
mod webhooks;

pub use authenticate::Credential;
pub use connections::{Admission, CloseReason, ConnectionRefused, Disconnect};
pub use deliveries::{DeliveryUpdate, DeliveryView, NewDelivery};
pub use devices::NewDevice;
pub use error::ServiceError;
pub use fleet::{
    AlertCursor, AlertListing, FleetDashboard, GeofencePage, GeometryRefusal, NewAlert, RuleChange, RulesInForce,
    Thresholds, TripCursor, TripEnding, TripListing, TripPage, TripPath, read_geometry,
};
pub use history::{Replay, Track};
pub use live::LiveVehicle;
pub use login::TokenPair;
pub use milepost_geo::{Estimate, Eta};
pub use milepost_store::{
    CallNo, CallState, Claim, DeliveryCount, Idempotency, IdempotencyKey, KeptAnswer, Retention, StoredCall, answering,
};
pub use outgoing::{CheckPush, CheckUrl, Outgoing};
pub use parcels::{
    DriverReport, DriverSpot, FollowedParcel, MovedParcel, NewParcel, ParcelChange, ParcelListing, ParcelNews,
    ParcelPage, ParcelPath, ReportOutcome,
};
pub use proof::Proven;
pub use publish::{Listener, PositionRecorded};
pub use push::PushRequest;
pub use record_positions::{PositionReport, Publisher, Recorded, Rejected};
pub use records::{Addressees, CadetPage, MAX_ADDRESSEES, NewCadet, NewManualEvent, NoticeFilter};
pub use secret::{hash_secret, random_secret};
pub use token::{Claims, TokenError, TokenKeys};
pub use users::{NewUser, UserChange};
pub use vehicles::VehicleListing;
pub use webhooks::{WebhookRequest, shown_secret};

use connections::Connections;
use deliveries::Deliveries;
use identity_cache::IdentityCache;
use live::{LiveDirectory, LiveMap};
use login_limit::LoginLimit;
use milepost_clock::Clock;
use milepost_follow::{TrackInbox, VehicleDirectory};
use milepost_store::{Committer, Store};
use parcels::ParcelDesk;
use passwords::Passwords;
use std::sync::Arc;

/// Everything that the use cases need, built once by the binary and shared by all rooms above.
pub struct Service {
    store: Arc<dyn Store>,
    committer: Committer,
    clock: Clock,
    tokens: TokenKeys,
    passwords: Passwords,
    login_limit: LoginLimit,
    identities: IdentityCache,
    live: Arc<LiveMap>,
    listeners: Vec<Arc<dyn Listener>>,
    connections: Connections,
    publisher: Arc<Publisher>,
    deliveries: Deliveries,
    outgoing: Outgoing,
    parcels: ParcelDesk,
    adding_webhooks: tokio::sync::Mutex<()>,
    new_events: Arc<tokio::sync::Notify>,
    alert_expiry_ms: i64,
    tracks: Arc<TrackInbox>,
}

/// What the binary hands over to build a [`Service`].
pub struct ServiceParts {
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// Tells of every commit; it is attached to the service.
    pub publisher: Arc<Publisher>,
    /// The present time.
    pub clock: Clock,
    /// Keys that sign and check tokens.
    pub tokens: TokenKeys,
    /// Who renders what happened: one per dialect.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// Sockets and streams that one tenant may have open on this node.
    pub max_connections_per_tenant: usize,
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
        let committer = Committer::start(Arc::clone(&parts.store), Some(parts.publisher.clone()));
        let service = Arc::new(Self {
            store: parts.store,
            committer,
            tokens: parts.tokens,
            passwords: Passwords::default(),
            login_limit: LoginLimit::default(),
            identities: IdentityCache::default(),
            live: Arc::default(),
            listeners: parts.listeners,
            connections: Connections::new(parts.max_connections_per_tenant),
            deliveries: Deliveries::new(parts.tracking_ttl_ms),
            clock: parts.clock,
            publisher: parts.publisher,
            outgoing: parts.outgoing,
            parcels: ParcelDesk::new(parts.parcel_zone),
            adding_webhooks: tokio::sync::Mutex::default(),
            new_events: Arc::default(),
            alert_expiry_ms: parts.alert_expiry_ms,
            tracks: parts.tracks,
        });
        service.publisher.attach(&service);
        service
    }

    /// Batches waiting for a transaction just now, for metrics.
    pub fn batches_queued(&self) -> usize {
        self.committer.queued()
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

    /// Keys that sign and check tokens.
    pub fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }
}
