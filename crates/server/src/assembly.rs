//! Assembles the server from its crates: one list from the configuration to the router.

use crate::LogStats;
use crate::basemap::Basemap;
use crate::config::{Config, ConfigError, ProofStore};
use crate::connection_table::ConnectionLimits;
use crate::core_tasks::CoreTasks;
use crate::data_folder::vapid_key;
use crate::device_server::DeviceContext;
use crate::draining::Draining;
use crate::metrics::{CurrentStats, Exposition, Metrics};
use crate::middleware::{Middleware, with_middleware};
use crate::pages::{Tiles, page_routes};
use crate::status_routes::{Status, status_routes};
use crate::token_keys::{check_keys, token_keys};
use anyhow::{Result, anyhow};
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use milepost_access::Access;
use milepost_clock::Clock;
use milepost_dialect_bus::{BusListener, BusParts};
use milepost_dialect_delivery::{DeliveryListener, DeliveryParts, FollowedDeliveries};
use milepost_dialect_fleet::{FleetListener, FleetParts, FleetSettings, is_for_fleet, watch_fleet};
use milepost_dialect_parcel::{FollowerList, ParcelListener, ParcelParts, watch_parcel};
use milepost_dialect_phones::PhoneParts;
use milepost_dialect_records::RecordsListener;
use milepost_dialect_stream::{StreamListener, StreamParts, StreamState};
use milepost_dialect_traccar::{DeviceLog, Directory, TraccarListener, TraccarParts, WebFolder};
use milepost_dialect_transit::TransitParts;
use milepost_domain::{NodeId, ZoneRadius};
use milepost_follow::{FollowerParts, OnProgress, TrackFollower, TrackInbox, VehicleDirectory, Waker};
use milepost_http::{
    HttpContext, OriginPolicy, TrustedProxies, auth_routes, email_page_routes, reset_page_routes, unsubscribe_routes,
};
use milepost_hub::{Hub, HubLimits};
use milepost_live::Live;
use milepost_mqtt::MqttStats;
use milepost_oidc::Provider;
use milepost_outbox::{
    MailFiles, MailSettings, Outbox, OutboxConfig, Vapid, check_push_subscription, check_webhook_url,
    confirmation_mail, invitation_mail, report_mail, reset_mail,
};
use milepost_relay::{InProcessRelay, RedisRelay, RelayParts};
use milepost_service::FileStore;
use milepost_service::devices::DeviceRules;
use milepost_service::{
    EventFeed, Listener, MailBodies, NewPasswordLink, Outgoing, ServiceParts, StartRelay, UseCases, assemble,
};
use milepost_store::Store;
use milepost_transit_feeds::FeedStats;
use milepost_transport::{SocketLimits, Transport, Upgrade, WsConfig, WsEncoder, echo};
use std::sync::Arc;

/// The default limit of messages on `/ws/echo`, as large as conformance suites send: `WS_MAX_MESSAGE_SIZE`.
const DEFAULT_MAX_MESSAGE_BYTES: usize = 4096;

/// The default limit of messages on the fleet socket: `WS_MAX_MESSAGE_SIZE`.
const DEFAULT_FLEET_MESSAGE_BYTES: usize = 512;

/// The default limit of messages on the native live socket, which takes lists of ids and batches of positions:
/// `WS_MAX_MESSAGE_SIZE`.
const DEFAULT_LIVE_MESSAGE_BYTES: usize = 64 * 1024;

/// The parts of the running server.
pub struct Assembly {
    /// Where everything durable is stored.
    pub store: Arc<dyn Store>,
    /// The present time and timers.
    pub clock: Clock,
    /// Access control.
    pub access: Arc<Access>,
    /// What the use cases need.
    pub use_cases: Arc<UseCases>,
    /// Publishes stored events. Run it once.
    pub event_feed: Arc<EventFeed>,
    /// Fan-out of messages.
    pub hub: Hub,
    /// The state that all live connections share.
    pub live: Live,
    /// Committed positions for the follower of tracks, and its counters.
    pub tracks: Arc<TrackInbox>,
    /// Sockets and streams.
    pub transport: Arc<Transport>,
    /// Sender of outgoing calls.
    pub outbox: Arc<Outbox>,
    /// What is counted of the messages of an MQTT broker.
    pub mqtt_stats: Arc<MqttStats>,
    /// What is counted of transit feeds of others.
    pub feed_stats: Arc<FeedStats>,
    /// The tasks that the server can't do without.
    pub tasks: CoreTasks,
    metrics: Arc<Metrics>,
    log: LogStats,
    wake_event_feed: Waker,
    tell_progress: OnProgress,
    vehicle_directory: Arc<dyn VehicleDirectory>,
    followed_deliveries: Arc<FollowedDeliveries>,
    followed_parcels: FollowerList,
    stream_state: Arc<StreamState>,
    traccar_directory: Arc<Directory>,
    draining: Draining,
    basemap: Option<Basemap>,
}

impl Assembly {
    /// Builds all parts above the store. `log` counts log lines that were dropped, `tasks` watches those of the parts. Several
    /// nodes may serve the database if it has an `installation`.
    ///
    /// # Errors
    /// When a key file can't be read or an origin is malformed.
    pub fn new(
        config: &Config,
        store: Arc<dyn Store>,
        installation: Option<String>,
        clock: Clock,
        log: LogStats,
        tasks: CoreTasks,
    ) -> Result<Arc<Self>> {
        let metrics = Metrics::new();
        let sockets = WsConfig {
            ping_period: config.ws_ping_period,
            pong_wait: config.ws_pong_wait,
            write_wait: config.ws_write_wait,
            read_buffer_bytes: config.ws_read_buffer_bytes,
            write_buffer_bytes: config.ws_write_buffer_bytes,
            limits: SocketLimits {
                max_message_bytes: config.ws_max_message_bytes.unwrap_or(DEFAULT_MAX_MESSAGE_BYTES),
                ..SocketLimits::default()
            },
            ..WsConfig::default()
        };
        let transport = Transport::start(sockets, clock.clone());
        let hub = Hub::new(Arc::new(WsEncoder), HubLimits::default());
        let vapid = vapid(config);
        let sampled = Arc::clone(&metrics);
        let followed_deliveries = FollowedDeliveries::start(clock.clone());
        let followed_parcels = FollowerList::default();
        let stream_state = StreamState::new(hub.clone(), clock.clone());
        let traccar_directory = Directory::new();
        let listeners: Vec<Arc<dyn Listener>> = vec![
            Arc::new(BusListener::new(hub.clone())),
            Arc::new(DeliveryListener::new(hub.clone(), Arc::clone(&followed_deliveries))),
            Arc::new(ParcelListener::new(hub.clone(), followed_parcels.clone())),
            Arc::new(RecordsListener::new(hub.clone())),
            Arc::new(FleetListener::new(hub.clone())),
            Arc::new(StreamListener::new(Arc::clone(&stream_state))),
            Arc::new(TraccarListener::new(hub.clone(), Arc::clone(&traccar_directory), clock.clone())),
        ];
        let tokens = token_keys(config, &clock)?;
        let access = Access::new_within(
            config.cache_budget,
            Arc::clone(&store),
            clock.clone(),
            tokens,
            config.max_connections_per_tenant,
        );
        let access = Arc::new(access.with_providers_only(config.oidc_only).with_public_url(&config.public_url));
        let files = file_store(config)?;
        let mail = mail_settings(config, &access, &clock, &files);
        let outbox = start_outbox(config, Arc::clone(&store), &clock, vapid.clone(), mail);
        let outbox = Arc::new(outbox);
        let tracks = Arc::new(TrackInbox::default());
        let node = NodeId::new(fastrand::u64(..));
        let service = assemble(ServiceParts {
            store: Arc::clone(&store),
            clock: clock.clone(),
            access: Arc::clone(&access),
            listeners,
            on_transaction: Box::new(move |sample| sampled.transaction_ended(sample)),
            outgoing: outgoing(config, &outbox, vapid.as_deref()),
            erasure_delay_ms: i64::try_from(config.erasure_delay.as_millis()).unwrap_or(i64::MAX),
            files,
            parcel_zone: ZoneRadius::new(f64::from(config.parcel_zone_m)).unwrap_or_default(),
            device_rules: DeviceRules {
                keys_required: config.device_keys_required,
                adopting_tenant: config.device_tenant.clone(),
            },
            alert_expiry_ms: alert_expiry_ms(config),
            tracks: Arc::clone(&tracks),
            cache_budget: config.cache_budget,
            hub: hub.clone(),
            node,
            start_relay: start_relay(config, installation, node, &clock),
            tracking_ttl_ms: i64::try_from(config.tracking_ttl.as_millis()).unwrap_or(i64::MAX),
        });
        let context = Arc::new(HttpContext {
            access: Arc::clone(&access),
            use_cases: Arc::clone(&service.use_cases),
            clock: clock.clone(),
            origins: origins(config)?,
            tenant_hosts: config.tenant_hosts.clone(),
            public_url: config.public_url.clone(),
            provider: config.oidc.clone().map(|settings| Arc::new(Provider::new(settings, clock.clone()))),
        });
        let live = Live::new(context, hub.clone(), Arc::clone(&transport));
        let (committing, sending, beating) =
            (Arc::clone(&service.use_cases), Arc::clone(&outbox), Arc::clone(&transport));
        let (relaying, expiring) = (Arc::clone(&service.use_cases), Arc::clone(&followed_deliveries));
        tasks.watch("ending expired deliveries", move || expiring.has_ended());
        tasks.watch("the relay to the other nodes", move || relaying.nodes.relay_has_ended());
        let moving = Arc::clone(&service.use_cases);
        tasks.watch("storing moves of deliveries", move || moving.deliveries.has_ended());
        let driving = Arc::clone(&service.use_cases);
        tasks.watch("storing the locations of drivers", move || driving.parcels.has_ended());
        let database = Arc::clone(&store);
        tasks.watch("the database's threads", move || database.has_ended());
        tasks.watch("committing positions", move || committing.positions.has_ended());
        tasks.watch("making outgoing calls", move || sending.has_ended());
        tasks.watch("the heartbeat of sockets", move || beating.has_ended());
        Ok(Arc::new(Self {
            store,
            clock,
            access,
            use_cases: service.use_cases,
            event_feed: service.event_feed,
            hub,
            live,
            tracks,
            transport,
            outbox,
            mqtt_stats: Arc::default(),
            feed_stats: Arc::default(),
            tasks,
            metrics,
            log,
            wake_event_feed: service.wake_event_feed,
            tell_progress: service.tell_progress,
            vehicle_directory: service.vehicle_directory,
            followed_deliveries,
            followed_parcels,
            stream_state,
            traccar_directory,
            draining: Draining::default(),
            basemap: basemap(config)?,
        }))
    }

    /// The task that derives trips, visits and alerts from positions. Run it once.
    pub fn track_follower(&self, config: &Config) -> TrackFollower {
        let wake_outbox = self.outbox.waker();
        TrackFollower::new(FollowerParts {
            store: Arc::clone(&self.store),
            clock: self.clock.clone(),
            inbox: Arc::clone(&self.tracks),
            vehicles: Arc::clone(&self.vehicle_directory),
            alert_expiry_ms: alert_expiry_ms(config),
            wakers: vec![Arc::clone(&self.wake_event_feed), Arc::new(move |_| wake_outbox())],
            on_progress: Arc::clone(&self.tell_progress),
            cache_budget: config.cache_budget,
        })
    }

    /// What the connections of trackers share.
    pub(crate) fn device_context(&self, config: &Config, limits: ConnectionLimits) -> Arc<DeviceContext> {
        let (use_cases, metrics) = (Arc::clone(&self.use_cases), Arc::clone(&self.metrics));
        let log = DeviceLog::new(self.hub.clone(), Arc::clone(&self.traccar_directory));
        DeviceContext::new(use_cases, self.clock.clone(), metrics, log, limits, config.device_idle)
    }

    /// All routes. This is the only list of dialects.
    pub fn router(self: &Arc<Self>, config: &Config) -> Router {
        let tiles = Tiles {
            basemap: self.basemap.clone(),
            url: config.tile_url.clone(),
            attribution: config.tile_attribution.clone(),
        };
        let live = &self.live;
        let bus = BusParts {
            live: live.clone(),
            replay_window_ms: i64::try_from(config.replay_window.as_millis()).unwrap_or(i64::MAX),
            echo: config.echo,
        };
        let delivery = DeliveryParts { live: live.clone(), followed: Arc::clone(&self.followed_deliveries) };
        let parcel = ParcelParts { live: live.clone(), followers: self.followed_parcels.clone() };
        let fleet = FleetSettings {
            dashboard_interval: config.dashboard_interval,
            max_message_bytes: config.ws_max_message_bytes.unwrap_or(DEFAULT_FLEET_MESSAGE_BYTES),
            anonymous_access: config.fleet_anonymous_access,
        };
        let fleet = FleetParts::new(live.clone(), fleet);
        let stream = StreamParts::new(
            live.clone(),
            Arc::clone(&self.stream_state),
            config.ws_max_message_bytes.unwrap_or(DEFAULT_LIVE_MESSAGE_BYTES),
            config.dashboard_interval,
        );
        let transit = TransitParts {
            context: Arc::clone(&self.live.context),
            feeds: Arc::default(),
            is_public: config.transit_public,
        };
        let mut routes = Router::new()
            .merge(status_routes(self.status()))
            .merge(auth_routes(Arc::clone(&self.live.context)))
            .merge(reset_page_routes(Arc::clone(&self.live.context)))
            .merge(unsubscribe_routes(Arc::clone(&self.live.context)))
            .merge(email_page_routes(Arc::clone(&self.live.context)))
            .merge(milepost_dialect_bus::routes(bus))
            .merge(milepost_dialect_delivery::routes(delivery))
            .merge(tracking_route(parcel, fleet))
            .merge(milepost_dialect_records::routes(live.clone()))
            .merge(milepost_dialect_phones::routes(self.phones(config)))
            .merge(milepost_dialect_stream::routes(stream))
            .merge(milepost_dialect_transit::routes(transit))
            .merge(milepost_dialect_native::routes(Arc::clone(&self.live.context)))
            .merge(page_routes(Arc::new(tiles)));
        if config.traccar_api {
            routes = routes.merge(milepost_dialect_traccar::routes(self.traccar(config)));
        }
        if config.echo {
            let limit = config.ws_max_message_bytes;
            let echo = get(move |State(transport), request| async move { open_echo(&transport, request, limit) });
            routes = routes.merge(Router::new().route("/ws/echo", echo).with_state(Arc::clone(&self.transport)));
        }
        self.surround(routes, config)
    }

    /// The routes of the port that phones and apps have for themselves.
    pub fn phone_router(self: &Arc<Self>, config: &Config) -> Router {
        self.surround(milepost_dialect_phones::port_routes(self.phones(config)), config)
    }

    /// The routes of the port that Traccar's clients have for themselves.
    pub fn traccar_router(self: &Arc<Self>, config: &Config) -> Router {
        let web = config.traccar_web.clone().map(WebFolder::new);
        self.surround(milepost_dialect_traccar::port_routes(self.traccar(config), web), config)
    }

    fn traccar(&self, config: &Config) -> TraccarParts {
        TraccarParts {
            live: self.live.clone(),
            directory: Arc::clone(&self.traccar_directory),
            has_mail: config.smtp.is_some(),
        }
    }

    fn phones(&self, config: &Config) -> PhoneParts {
        PhoneParts::new(Arc::clone(&self.live.context), config.device_secrets.clone(), config.owntracks_friends)
    }

    fn surround(&self, routes: Router, config: &Config) -> Router {
        // The configuration was checked before. If it were invalid, no proxy would be trusted.
        let proxies = TrustedProxies::new(&config.trusted_proxies).unwrap_or_default();
        let middleware = Middleware {
            draining: self.draining.clone(),
            context: Arc::clone(&self.live.context),
            metrics: Arc::clone(&self.metrics),
            proxies,
        };
        with_middleware(routes, middleware)
    }

    fn status(&self) -> Status {
        let current = CurrentStats {
            store: Arc::clone(&self.store),
            use_cases: Arc::clone(&self.use_cases),
            hub: self.hub.clone(),
            transport: Arc::clone(&self.transport),
            outbox: Arc::clone(&self.outbox),
            mqtt: Arc::clone(&self.mqtt_stats),
            feeds: Arc::clone(&self.feed_stats),
            tracks: Arc::clone(&self.tracks),
            log: self.log.clone(),
        };
        Status {
            tasks: self.tasks.clone(),
            draining: self.draining.clone(),
            store: Arc::clone(&self.store),
            clock: self.clock.clone(),
            use_cases: Arc::clone(&self.use_cases),
            metrics: Exposition::new(&self.metrics, current),
        }
    }

    /// Makes `/ready` red from now on, and goes on with everything.
    pub fn announce_draining(&self) {
        self.draining.announce();
    }

    /// Refuses new requests from now on.
    pub fn begin_draining(&self) {
        self.draining.begin();
    }
}

/// Two dialects share `/ws/tracking`. The request's parameters decide which of them serves it.
fn tracking_route(parcel: ParcelParts, fleet: FleetParts) -> Router {
    let open = move |request: Request| async move {
        let (head, body) = request.into_parts();
        let is_for_fleet = is_for_fleet(&fleet, &head);
        let request = Request::from_parts(head, body);
        if is_for_fleet { watch_fleet(State(fleet), request).await } else { watch_parcel(State(parcel), request).await }
    };
    Router::new().route("/ws/tracking", get(open))
}

/// Without Redis, or with a database that one process serves, there is none.
fn start_relay(config: &Config, installation: Option<String>, node: NodeId, clock: &Clock) -> StartRelay {
    let (url, clock) = (config.redis_url.clone(), clock.clone());
    match (url, installation) {
        (Some(url), Some(installation)) => Box::new(move |receiver| {
            Arc::new(RedisRelay::start(RelayParts { url, installation, node, clock, receiver }))
        }),
        (url, _) => {
            if url.is_some() {
                tracing::warn!("REDIS_URL is set, and has no effect: one process serves an SQLite database");
            }
            Box::new(|receiver| Arc::new(InProcessRelay::alone(receiver)))
        }
    }
}

/// The store of the pictures of proofs.
fn file_store(config: &Config) -> Result<FileStore> {
    let own = config.data.join("proofs");
    let store = match &config.proof_store {
        ProofStore::InData => FileStore::in_folder(&own),
        ProofStore::Folder(folder) => FileStore::in_folder(folder),
        ProofStore::Bucket(bucket) => FileStore::in_bucket(bucket, &own),
    };
    store.map_err(|error| anyhow!(error))
}

fn alert_expiry_ms(config: &Config) -> i64 {
    i64::try_from(config.alert_expiry.as_millis()).unwrap_or(i64::MAX)
}

/// Starts the sender of outgoing calls.
fn start_outbox(
    config: &Config,
    store: Arc<dyn Store>,
    clock: &Clock,
    vapid: Option<Arc<Vapid>>,
    mail: Option<MailSettings>,
) -> Outbox {
    let sender = OutboxConfig {
        orders: config.order_service.clone(),
        notifications: config.notification_service.clone(),
        vapid,
        mail,
        webhook_addresses: config.webhook_allow.clone(),
        give_up_after: config.outgoing_give_up,
        ..OutboxConfig::default()
    };
    Outbox::start(store, sender, clock.clone())
}

/// What mails are sent with, if they are.
fn mail_settings(config: &Config, access: &Arc<Access>, clock: &Clock, files: &FileStore) -> Option<MailSettings> {
    let (access, of_reports, clock) = (Arc::clone(access), Arc::clone(access), clock.clone());
    Some(MailSettings {
        server: config.smtp.clone()?,
        from: config.mail_from.clone()?,
        public_url: config.public_url.clone(),
        sign_unsubscribe: Arc::new(move |user, email| access.sign_unsubscribe(user, email)),
        sign_report_unsubscribe: Arc::new(move |user, email, schedule| {
            of_reports.sign_report_unsubscribe(user, email, schedule)
        }),
        files: Arc::new(StoredFiles(files.clone())),
        make_link: Arc::new(move |user| {
            let new = NewPasswordLink::new(user, clock.now());
            (new.secret, new.link)
        }),
    })
}

/// The files that mails bring, for the outbox.
struct StoredFiles(FileStore);

#[async_trait]
impl MailFiles for StoredFiles {
    async fn read(&self, key: &str, most: u64) -> Result<Vec<u8>, String> {
        self.0.read_at_most(key, most).await.map_err(|error| error.to_string())
    }
}

/// The outbox, as the use cases need it.
fn outgoing(config: &Config, outbox: &Outbox, vapid: Option<&Vapid>) -> Outgoing {
    let (rule, push_rule) = (config.webhook_allow.clone(), config.webhook_allow.clone());
    Outgoing {
        orders: config.order_service.is_some(),
        notifications: config.notification_service.is_some(),
        public_url: config.public_url.clone(),
        mail: config.smtp.is_some().then(|| MailBodies {
            reset: reset_mail(),
            invitation: invitation_mail(),
            confirmation: confirmation_mail,
            report: report_mail,
        }),
        wake: outbox.waker(),
        check_webhook_url: Arc::new(move |url| check_webhook_url(url, &rule)),
        push_key: vapid.map(|vapid| vapid.public_key().to_owned()),
        check_push: Arc::new(move |endpoint, keys| check_push_subscription(endpoint, keys, &push_rule)),
    }
}

/// The archive with the map of streets, if one is configured.
fn basemap(config: &Config) -> Result<Option<Basemap>> {
    let found = config.basemap.as_deref().map(|path| Basemap::find(path).map_err(|error| (path, error))).transpose();
    found.map_err(|(path, error)| anyhow!("MILEPOST_BASEMAP: {} {error}", path.display()))
}

/// The key that signs calls to push services, from the configuration or the data folder. Without a key no pushes are
/// sent, and everything else works.
fn vapid(config: &Config) -> Option<Arc<Vapid>> {
    let page = Some(&config.public_url).filter(|url| url.starts_with("https://"));
    let subject = config.vapid_subject.as_ref().or(page).cloned();
    let key = vapid_key(config.vapid_private_key.as_deref(), &config.data);
    match key.and_then(|key| Vapid::new(&key, subject).map_err(|takes| anyhow!("the key {takes}"))) {
        Ok(vapid) => Some(Arc::new(vapid)),
        Err(error) => {
            tracing::warn!("no pushes are sent to browsers, set VAPID_PRIVATE_KEY: {error:#}");
            None
        }
    }
}

fn open_echo(transport: &Arc<Transport>, request: Request, max_message_bytes: Option<usize>) -> Response {
    let (mut head, _) = request.into_parts();
    match Upgrade::from_parts(&mut head, transport) {
        Ok(upgrade) => {
            let mut limits = echo::limits();
            limits.max_message_bytes = max_message_bytes.unwrap_or(limits.max_message_bytes);
            upgrade.with_limits(limits).accept(echo::echo).map(|()| axum::body::Body::empty())
        }
        Err(refusal) => refusal.response().map(axum::body::Body::from),
    }
}

/// Checks the listed origins and the key files of other issuers, so that a wrong one stops the start. Writes no files.
///
/// # Errors
/// The setting that is wrong.
pub fn check_keys_and_origins(config: &Config) -> Result<()> {
    let checked = origins(config).and_then(|_| check_keys(config));
    // As one text: what is wrong is the configuration, whatever its cause.
    checked.map_err(|error| ConfigError::whole(format!("{error:#}")).into())
}

fn origins(config: &Config) -> Result<OriginPolicy> {
    OriginPolicy::new(&config.allowed_origins)
        .map_err(|origin| anyhow!("ALLOWED_ORIGINS: {origin} is no origin such as https://maps.example.org"))
}
