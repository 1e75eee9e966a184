//! `milepost serve`: starts the server from its configuration, and stops it in order.

use crate::LogStats;
use crate::accepting::bind;
use crate::assembly::{Assembly, check_keys_and_origins};
use crate::background::Background;
use crate::config::Config;
use crate::connection_table::ConnectionLimits;
use crate::core_tasks::CoreTasks;
use crate::data_folder::{DatabaseLock, check_database_exists, lock_database, make_data_folder, mqtt_client_id};
use crate::device_server::DeviceSockets;
use crate::draining::DRAIN_DEADLINE_MS;
use crate::first_start::make_first_user;
use crate::http_server::{CurrentRouter, HttpWaits, Stage, serve_http};
use crate::open_files::raise_open_files_limit;
use crate::status_routes::health;
use anyhow::{Context, Result};
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use milepost_clock::Clock;
use milepost_device_protocols::Protocol;
use milepost_http::{Problem, TrustedProxies};
use milepost_mqtt::{MqttClient, MqttParts};
use milepost_outbox::PublicForm;
use milepost_store::{OpenOptions, Store, StoreError};
use milepost_transit_feeds::{FeedParts, FeedPolls};
use milepost_transport::Drain;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long running requests may take after the signal to stop.
const DRAIN_DEADLINE: Duration = Duration::from_millis(DRAIN_DEADLINE_MS);
/// How long sockets may take to read queued messages and answer the close frame. Then they are aborted.
const SOCKET_DEADLINE: Duration = Duration::from_secs(5);
/// Connections without a credential may use one part in so many of the open files.
const STRANGERS_SHARE: u64 = 2;
/// Connections of trackers that nobody has added may use one part in so many of the open files.
const DEVICE_STRANGERS_SHARE: u64 = 4;
/// Connections of one tracker, which may not have noticed that its earlier ones are gone. Further ones count as those of strangers.
const CONNECTIONS_OF_DEVICE: usize = 8;
/// How often the tasks are watched that the server can't do without.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Clocks that differ by more are reported at the start.
const WRONG_CLOCK_MS: i64 = 2_000;
/// The folder within the data folder for messages of a broker that can't be stored.
const MQTT_PARKED_FOLDER: &str = "mqtt-parked";
/// How often opening a database is tried again when it can't be reached at the start.
const OPEN_RETRY: Duration = Duration::from_secs(2);

/// A running server.
pub struct Running {
    /// The server's address, with the port that the system chose.
    pub address: SocketAddr,
    /// Where the protocols of trackers are served.
    pub tracker_addresses: Vec<(Protocol, SocketAddr)>,
    /// The server's parts.
    pub assembly: Arc<Assembly>,
    /// The port that phones and apps have for themselves, if they have one.
    pub device_address: Option<SocketAddr>,
    /// The port that Traccar's clients have for themselves, if they have one.
    pub traccar_address: Option<SocketAddr>,
    stage: watch::Sender<Stage>,
    http: tokio::task::JoinHandle<()>,
    phones: Option<tokio::task::JoinHandle<()>>,
    traccar: Option<tokio::task::JoinHandle<()>>,
    mqtt: Option<Arc<MqttClient>>,
    feeds: Option<Arc<FeedPolls>>,
    background: Background,
    device_server: Option<tokio::task::JoinHandle<()>>,
    drain_delay: Duration,
    drain_window: Duration,
    tasks: CoreTasks,
    /// Held for as long as the server runs.
    _database: Option<DatabaseLock>,
}

/// Starts everything. `log` counts lines that were dropped, and `say` prints the lines for the operator.
///
/// # Errors
/// When the address is taken, the database refuses or another server uses it, or a key file can't be read.
pub async fn start(config: &Config, clock: Clock, log: LogStats, say: impl Fn(&str)) -> Result<Running> {
    use_ring();
    let open_files = raise_open_files_limit();
    let limits = connection_limits(config, open_files);
    check_keys_and_origins(config)?;
    make_data_folder(&config.data)?;
    let database = lock_database(&config.database())?;
    let listener =
        bind(config.listen).with_context(|| format!("can't listen on {}, see MILEPOST_LISTEN", config.listen))?;
    let address = listener.local_addr()?;
    let device_sockets = DeviceSockets::open(config.device_bind, &config.device_ports).await?;
    let tracker_addresses = device_sockets.addresses();
    let phone_listener = bind_named(config.device_http_listen, "DEVICE_HTTP_LISTEN")?;
    let device_address = phone_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let traccar_listener = bind_named(config.traccar_listen, "TRACCAR_LISTEN")?;
    let traccar_address = traccar_listener.as_ref().map(TcpListener::local_addr).transpose()?;

    // Until the database is open, every path except `/health` is answered 503, so that a load balancer can check the
    // server.
    let ready: Arc<OnceLock<Router>> = Arc::default();
    let starting = Router::new().route("/health", get(health)).fallback(|| async {
        Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "the server is starting").into_response()
    });
    let current = Arc::clone(&ready);
    let router: CurrentRouter = Arc::new(move || current.get().unwrap_or(&starting).clone());
    let (stage, stages) = watch::channel(Stage::Open);
    let device_stages = stages.clone();
    let (phone_limits, traccar_limits) = (limits.clone(), limits.clone());
    let tasks = CoreTasks::default();
    let serving = serve_http(listener, router, stages, DRAIN_DEADLINE, limits, HttpWaits::default());
    let http = tasks.start("accepting connections", serving);

    let store = open_store(config).await?;
    if database.is_some() {
        // The process that held these leases and claims has ended: nothing needs to wait until they expire.
        store.release_calls(clock.now()).await?;
        store.release_claims(clock.now()).await?;
        store.release_jobs().await?;
    }
    // Before the first positions come, so that today has its partition.
    if let Err(error) = store.prepare(clock.now()).await {
        tracing::warn!(%error, "the tables for the next days could not be prepared, trying again later");
    }
    // Before outgoing calls are taken, whose leases are kept by the database's clock.
    let ahead_ms = store.compare_clocks(&|| clock.unturned()).await.context("can't read the database's clock")?;
    if ahead_ms.abs() > WRONG_CLOCK_MS {
        tracing::warn!(ahead_ms, "this machine's clock and the database's differ: set both by NTP");
    }
    let installation = store.installation().await.context("can't read the installation's name from the database")?;
    let assembly = Assembly::new(config, Arc::clone(&store), installation, clock.clone(), log, tasks.clone())?;
    // A failure is reported by `/ready`, and the next beat follows in a second.
    let _ = assembly.use_cases.nodes.beat().await;
    let device_context = assembly.device_context(config, device_limits(config, open_files));
    let device_server = device_sockets.serve(&device_context, &device_stages);
    if let Some(task) = device_server.as_ref().map(tokio::task::JoinHandle::abort_handle) {
        tasks.watch("taking what trackers send", move || task.is_finished());
    }
    let first = make_first_user(&*assembly.store, &assembly.use_cases.users, clock.now()).await?;
    let background = Background::start(config, &assembly, &tasks);
    let _first = ready.set(assembly.router(config));
    // It is opened when everything is ready: until then apps keep what they have.
    let phones = phone_listener.map(|listener| {
        let router = assembly.phone_router(config);
        let router: CurrentRouter = Arc::new(move || router.clone());
        let (stages, waits) = (stage.subscribe(), HttpWaits::default());
        let serving = serve_http(listener, router, stages, DRAIN_DEADLINE, phone_limits, waits);
        tasks.start("accepting connections of phones", serving)
    });
    let traccar = traccar_listener.map(|listener| {
        let router = assembly.traccar_router(config);
        let router: CurrentRouter = Arc::new(move || router.clone());
        let (stages, waits) = (stage.subscribe(), HttpWaits::default());
        let serving = serve_http(listener, router, stages, DRAIN_DEADLINE, traccar_limits, waits);
        tasks.start("accepting connections of Traccar's clients", serving)
    });
    let mqtt = start_mqtt(config, &assembly)?;
    if let Some(client) = mqtt.clone() {
        tasks.watch("the client of the MQTT broker", move || client.has_ended());
    }
    let feeds = start_feeds(config, &assembly);
    if let Some(polls) = feeds.clone() {
        tasks.watch("polling transit feeds", move || polls.has_ended());
    }

    say(&format!("Milepost is listening on http://{address}"));
    for (protocol, address) in &tracker_addresses {
        say(&format!("Trackers that speak {} are taken on {address} (TCP and UDP)", protocol.name()));
    }
    if let Some(address) = device_address {
        say(&format!("Phones and apps report to http://{address}"));
    }
    if let Some(address) = traccar_address {
        say(&format!("Traccar's clients are served on http://{address}"));
    }
    if let Some(login) = first {
        say("This is the first start. Log in with this one-time password and change it:");
        say(&format!("  username: {}", login.username));
        say(&format!("  password: {}", login.password));
    }
    Ok(Running {
        address,
        tracker_addresses,
        device_address,
        traccar_address,
        assembly,
        stage,
        http,
        phones,
        traccar,
        mqtt,
        feeds,
        background,
        device_server,
        drain_delay: config.drain_delay,
        drain_window: config.drain_window,
        tasks,
        _database: database,
    })
}

/// Listens on the address of a setting, if it has one.
fn bind_named(address: Option<SocketAddr>, setting: &str) -> Result<Option<TcpListener>> {
    address
        .map(|address| bind(address).with_context(|| format!("can't listen on {address}, see {setting}")))
        .transpose()
}

/// Half of the open files are kept for connections with a credential, for the database and for outgoing calls. One
/// address gets at most half of the rest.
fn connection_limits(config: &Config, open_files: u64) -> ConnectionLimits {
    let strangers = usize::try_from(open_files / STRANGERS_SHARE).unwrap_or(usize::MAX).max(1);
    ConnectionLimits {
        per_address: config.max_connections_per_address.min((strangers / 2).max(1)),
        per_caller: config.max_connections_per_address.min((strangers / 2).max(1)),
        strangers,
        // The configuration was checked before. If it were invalid, no proxy would be trusted.
        proxies: TrustedProxies::new(&config.trusted_proxies).unwrap_or_default(),
    }
}

/// A quarter of the open files is for connections to the ports of trackers that are of no known device; what is left by them and by
/// those without a credential over HTTP is for known ones.
fn device_limits(config: &Config, open_files: u64) -> ConnectionLimits {
    let strangers = usize::try_from(open_files / DEVICE_STRANGERS_SHARE).unwrap_or(usize::MAX).max(1);
    ConnectionLimits {
        per_address: config.device_max_per_address.min(strangers),
        per_caller: CONNECTIONS_OF_DEVICE,
        strangers,
        proxies: TrustedProxies::default(),
    }
}

/// Starts the client of the MQTT broker, if there is one.
fn start_mqtt(config: &Config, assembly: &Assembly) -> Result<Option<Arc<MqttClient>>> {
    let Some(url) = config.mqtt_broker.clone() else { return Ok(None) };
    let parts = MqttParts {
        url,
        topics: config.mqtt_topics.clone(),
        client_id: mqtt_client_id(&config.data)?,
        secrets: config.device_secrets.clone(),
        use_cases: Arc::clone(&assembly.use_cases),
        clock: assembly.clock.clone(),
        parked: config.data.join(MQTT_PARKED_FOLDER),
        stats: Arc::clone(&assembly.mqtt_stats),
    };
    Ok(Some(Arc::new(MqttClient::start(parts))))
}

/// Starts to poll the transit feeds of others, if there are any.
fn start_feeds(config: &Config, assembly: &Assembly) -> Option<Arc<FeedPolls>> {
    (!config.transit_feeds.is_empty()).then(|| {
        Arc::new(FeedPolls::start(FeedParts {
            sources: config.transit_feeds.clone(),
            use_cases: Arc::clone(&assembly.use_cases),
            clock: assembly.clock.clone(),
            stats: Arc::clone(&assembly.feed_stats),
        }))
    })
}

/// Chooses the cryptography library for all TLS connections that this process opens.
fn use_ring() {
    // In tests a process may start twice. An error means that the library was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Opens the database, and waits for a configured one that can't be reached yet.
///
/// # Errors
/// When waiting would not help: the URL is wrong, the server refuses the login, the database or TLS, or the database is
/// newer than this program.
pub async fn open_store(config: &Config) -> Result<Arc<dyn Store>> {
    make_data_folder(&config.data)?;
    let url = config.database();
    loop {
        match milepost_store::open(
            &url,
            &OpenOptions::default(),
            Arc::new(PublicForm { sends_mail: config.smtp.is_some(), public_url: config.public_url.clone() }),
        )
        .await
        {
            Ok(store) => return Ok(store),
            Err(StoreError::Unavailable(cause)) if url.starts_with("postgres") => {
                tracing::warn!(%cause, "the database can't be used yet, trying again in 2 s");
                tokio::time::sleep(OPEN_RETRY).await;
            }
            Err(error) => return Err(error).context("can't open the database, see DATABASE_URL"),
        }
    }
}

/// Opens the database for a command that only reads, which must not make one.
///
/// # Errors
/// As [`open_store`], and when there is no database.
pub(crate) async fn open_existing_store(config: &Config) -> Result<Arc<dyn Store>> {
    check_database_exists(&config.database())?;
    open_store(config).await
}

impl Running {
    /// The tasks that the server can't do without.
    pub const fn tasks(&self) -> &CoreTasks {
        &self.tasks
    }

    /// Whether no task has ended that the server can't do without.
    pub fn is_whole(&self) -> bool {
        self.tasks.ended().is_none()
    }

    /// Returns the name of a task that has ended by a fault, when one has. The server can't do without it.
    pub async fn task_ended(&self) -> &'static str {
        loop {
            if let Some(name) = self.tasks.ended() {
                return name;
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// Tells balancers that this server is about to drain, and goes on for `MILEPOST_DRAIN_DELAY`, until they have heard.
    pub async fn announce_drain(&self) {
        if self.drain_delay.is_zero() {
            return;
        }
        tracing::info!(delay = ?self.drain_delay, "not ready any more; draining begins after the delay");
        self.assembly.announce_draining();
        self.assembly.clock.sleep(self.drain_delay).await;
    }

    /// Refuses new work, closes every socket with advice when to reconnect, finishes running requests, and closes the
    /// store.
    pub async fn drain(self) {
        tracing::info!("draining: new requests are refused");
        self.assembly.begin_draining();
        self.assembly.use_cases.nodes.begin_to_leave();
        self.background.begin_draining();
        if let Some(mqtt) = &self.mqtt {
            mqtt.stop();
        }
        if let Some(feeds) = &self.feeds {
            feeds.stop();
        }
        let _ = self.stage.send(Stage::Draining);
        let drain = Drain {
            code: 1012,
            window: self.drain_window,
            deadline: SOCKET_DEADLINE,
            message: "restarting".to_owned(),
            ..Drain::default()
        };
        let sockets = async {
            let report = self.assembly.transport.drain(drain).await;
            let _ = self.stage.send(Stage::Ending);
            report
        };
        // Calls that the last requests stored are sent after the next start.
        let trackers = async {
            if let Some(task) = self.device_server {
                let _ = task.await;
            }
        };
        let phones = async {
            for port in self.phones.into_iter().chain(self.traccar) {
                let _ = port.await;
            }
        };
        let (report, _, (), (), ()) = tokio::join!(sockets, self.http, self.assembly.outbox.stop(), phones, trackers);
        self.background.end(&self.assembly).await;
        self.assembly.store.close().await;
        tracing::info!(closed = report.closed, cut = report.cut, "drained");
    }
}
