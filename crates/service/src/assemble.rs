//! Builds the use cases and the parts that the server's tasks share with them.

use crate::access_tokens::AccessTokens;
use crate::audit::Audit;
use crate::catalogue::Catalogue;
use crate::deliveries::{Deliveries, TextLimit};
use crate::devices::{DeviceRules, Devices};
use crate::duty::Duty;
use crate::event_feed::{EventFeed, tell_progress};
use crate::fair_reads::FairReads;
use crate::feeds::Feeds;
use crate::file_store::FileStore;
use crate::fleet::{Fleet, TripMeters};
use crate::idempotency::IdempotencyKeys;
use crate::jobs::{JobWork, Jobs};
use crate::large_bodies::LargeBodies;
use crate::listener::{Listener, Listeners};
use crate::live::{LiveDirectory, LiveMap};
use crate::nodes::{Nodes, NodesParts, RelayInbox, SharedCounts};
use crate::outgoing::{Outgoing, OutgoingCalls};
use crate::parcels::Parcels;
use crate::people::{ErasePerson, ExportPerson, People};
use crate::positions::Positions;
use crate::proofs::Proofs;
use crate::publish::{OnTransaction, Publisher};
use crate::push::Push;
use crate::readiness::Readiness;
use crate::records::Records;
use crate::reports::{MakeReport, REPORT, Reports, SCHEDULED};
use crate::roaming::{Roaming, RoamingNews};
use crate::shares::Shares;
use crate::sign_in::SignIn;
use crate::tenants::Tenants;
use crate::timetables::Timetables;
use crate::use_cases::UseCases;
use crate::users::Users;
use crate::vehicles::Vehicles;
use crate::wakers::Wakers;
use crate::webhooks::Webhooks;
use milepost_access::Access;
use milepost_cache::CacheBudget;
use milepost_clock::Clock;
use milepost_domain::{NodeId, ZoneRadius};
use milepost_follow::{OnProgress, TrackInbox, VehicleDirectory, Waker};
use milepost_hub::Hub;
use milepost_relay::{Receiver, Relay};
use milepost_store::{Committer, Store};
use std::sync::{Arc, OnceLock};

/// Starts the relay to the other nodes, which gives what they send to the receiver.
pub type StartRelay = Box<dyn FnOnce(Arc<dyn Receiver>) -> Arc<dyn Relay>>;

/// What the binary hands in.
pub struct ServiceParts {
    /// Where everything durable is stored.
    pub store: Arc<dyn Store>,
    /// The present time and timers.
    pub clock: Clock,
    /// Access control, shared with the HTTP layer.
    pub access: Arc<Access>,
    /// One for each dialect. They publish changes to their subscribers.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// Gets the measurements of every transaction of positions, for metrics.
    pub on_transaction: OnTransaction,
    /// The lifetime of a delivery session, in milliseconds.
    pub tracking_ttl_ms: i64,
    /// What the sender of outgoing calls can reach. By default nothing.
    pub outgoing: Outgoing,
    /// A driver within this distance of a parcel's place has arrived there.
    pub parcel_zone: ZoneRadius,
    /// What the operator decided about devices.
    pub device_rules: DeviceRules,
    /// The lifetime of an alert that is raised without an end, in milliseconds.
    pub alert_expiry_ms: i64,
    /// How long the erasure of a person can be taken back, in milliseconds.
    pub erasure_delay_ms: i64,
    /// Keeps the pictures of proofs, and the results of jobs.
    pub files: FileStore,
    /// Gets the committed positions, for the follower of tracks.
    pub tracks: Arc<TrackInbox>,
    /// The memory for the tracks of vehicles.
    pub cache_budget: CacheBudget,
    /// Whose numbers of subscribers are announced to all nodes.
    pub hub: Hub,
    /// This process.
    pub node: NodeId,
    /// Called once.
    pub start_relay: StartRelay,
}

/// The use cases, and what the server's tasks need to work with them.
pub struct AssembledService {
    /// The contexts of all use cases.
    pub use_cases: Arc<UseCases>,
    /// Publishes stored events. Run it once.
    pub event_feed: Arc<EventFeed>,
    /// Wakes the event feed, after a commit that stored events.
    pub wake_event_feed: Waker,
    /// Publishes running trips, here and on other nodes.
    pub tell_progress: OnProgress,
    /// The vehicles in this node's memory, for the follower of tracks.
    pub vehicle_directory: Arc<dyn VehicleDirectory>,
}

/// Builds everything once, at the start.
pub fn assemble(parts: ServiceParts) -> AssembledService {
    let ServiceParts { clock, on_transaction, tracking_ttl_ms, outgoing, parcel_zone, alert_expiry_ms, .. } = parts;
    let (store, access, tracks) =
        (|| Arc::clone(&parts.store), || Arc::clone(&parts.access), || Arc::clone(&parts.tracks));
    let live_map = Arc::<LiveMap>::default();
    let live = || Arc::clone(&live_map);
    let hub = parts.hub.clone();
    let listeners = Listeners::new(parts.listeners, Arc::new(move |tenant| hub.end_subscribers(tenant.as_str())));
    let wakers = Wakers::new(Arc::clone(&outgoing.wake));
    let (fair_reads, trip_meters) = (Arc::new(FairReads::of_large_reads()), Arc::<TripMeters>::default());
    let meters = Arc::clone(&trip_meters);
    let texts = Arc::<TextLimit>::default();
    let counts = Arc::new(SharedCounts::new(access(), parts.hub, Arc::clone(&texts), clock.clone()));
    let (events, counted) = (Arc::clone(&wakers.events), Arc::clone(&counts));
    let inbox = Arc::new(RelayInbox::new(live(), listeners.clone(), events, counted, tracks()));
    let started_relay = (parts.start_relay)(Arc::clone(&inbox) as _);
    let relay = || Arc::clone(&started_relay);
    let publisher = Arc::new(Publisher::new(live(), listeners.clone(), relay(), tracks(), meters, on_transaction));

    let committer = Committer::start_within(parts.cache_budget, store(), Some(Arc::clone(&publisher) as _));
    let deliveries = Deliveries::new(
        (store(), live()),
        listeners.clone(),
        relay(),
        wakers.clone(),
        outgoing.clone(),
        tracking_ttl_ms,
        texts,
    );
    let deliveries = Arc::new(deliveries);
    let parcels = Parcels::new((store(), live()), listeners.clone(), relay(), wakers.clone(), parcel_zone);
    let parcels = Arc::new(parcels);
    let nodes = Nodes::new(NodesParts {
        store: store(),
        clock: clock.clone(),
        node: parts.node,
        relay: relay(),
        inbox,
        tracks: tracks(),
        counts,
        live: live(),
        listeners: listeners.clone(),
        deliveries: Arc::clone(&deliveries),
        parcels: Arc::clone(&parcels),
    });
    let nodes = Arc::new(nodes);
    let roaming_news = Arc::<RoamingNews>::default();
    let roaming = Roaming::new(
        store(),
        clock.clone(),
        (live(), Arc::clone(&nodes)),
        wakers.clone(),
        alert_expiry_ms,
        Arc::clone(&roaming_news),
    );
    let positions = Arc::new(Positions::new(store(), committer, live()));
    let vehicles = Arc::new(Vehicles::new(store(), access(), live(), listeners.clone()));
    let make_reports = |kind| -> Arc<dyn JobWork> {
        Arc::new(MakeReport {
            kind,
            store: store(),
            files: parts.files.clone(),
            reads: Arc::clone(&fair_reads),
            clock: clock.clone(),
            mail: outgoing.mail.clone(),
        })
    };
    let works: Vec<Arc<dyn JobWork>> = vec![
        Arc::new(ExportPerson {
            store: store(),
            files: parts.files.clone(),
            reads: Arc::clone(&fair_reads),
            clock: clock.clone(),
            public_url: outgoing.public_url.clone(),
        }),
        make_reports(REPORT),
        make_reports(SCHEDULED),
        Arc::new(ErasePerson {
            store: store(),
            access: access(),
            live: live(),
            listeners: listeners.clone(),
            clock: clock.clone(),
        }),
    ];
    let use_cases = Arc::new(UseCases {
        access_tokens: AccessTokens::new(store(), access()),
        shares: Shares::new(store(), access()),
        audit: Audit::new(store()),
        catalogue: Catalogue::new(store()),
        deliveries,
        devices: Devices::new(
            (store(), access(), clock.clone()),
            Arc::clone(&positions),
            (wakers.clone(), alert_expiry_ms),
            parts.device_rules,
        ),
        duty: Duty::new(store(), live(), wakers.clone()),
        fleet: Fleet::new(
            store(),
            wakers.clone(),
            tracks(),
            live(),
            Arc::clone(&fair_reads),
            trip_meters,
            (alert_expiry_ms, Arc::clone(&roaming_news)),
        ),
        fair_reads: Arc::clone(&fair_reads),
        feeds: Feeds::new((store(), live()), Arc::clone(&positions), Arc::clone(&vehicles), Arc::clone(&nodes)),
        idempotency_keys: IdempotencyKeys::new(store()),
        pages: FairReads::of_pages(),
        large_bodies: LargeBodies::default(),
        jobs: Arc::new(Jobs::new(store(), parts.files.clone(), works, wakers.clone())),
        nodes,
        outgoing_calls: OutgoingCalls::new(store(), wakers.clone()),
        parcels,
        people: People::new(store(), access(), parts.erasure_delay_ms),
        positions,
        proofs: Arc::new(Proofs::new((store(), live()), parts.files.clone())),
        push: Push::new(store(), outgoing.push_key.clone(), Arc::clone(&outgoing.check_push)),
        readiness: Readiness::new(store(), publisher),
        records: Records::new(store(), wakers.clone()),
        reports: Reports::new(store(), access(), parts.files, outgoing.mail.clone(), wakers.clone()),
        roaming,
        sign_in: SignIn::new(store(), access(), outgoing.clone()),
        tenants: Tenants::new(store()),
        timetables: Timetables::new(store(), Arc::clone(&fair_reads)),
        users: Users::new(store(), access()),
        vehicles,
        webhooks: Webhooks::new(store(), outgoing.check_webhook_url, wakers.clone()),
    });
    let (events, relay_of_trips, heard) = (Arc::clone(&wakers.events), relay(), listeners.clone());
    let event_feed = EventFeed {
        store: store(),
        started_at: clock.now(),
        overlap_end: OnceLock::new(),
        clock,
        access: access(),
        live: live(),
        listeners,
        tracks: tracks(),
        new_events: Arc::clone(&wakers.events),
        relay: relay(),
        deliveries: Arc::clone(&use_cases.deliveries),
        parcels: Arc::clone(&use_cases.parcels),
        roaming: roaming_news,
        commands: Arc::clone(&use_cases.devices.commands),
    };
    AssembledService {
        use_cases,
        event_feed: Arc::new(event_feed),
        tell_progress: Arc::new(move |trips| tell_progress(&events, &heard, &*relay_of_trips, trips)),
        wake_event_feed: Arc::new(move |tenant| wakers.wake_events(tenant)),
        vehicle_directory: Arc::new(LiveDirectory { store: store(), live: live() }),
    }
}
