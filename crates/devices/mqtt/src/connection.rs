//! The connection to the broker: connects again when it breaks, and hands each message to a lane.

use crate::BrokerUrl;
use crate::lane::{Content, Incoming, LANE_MESSAGES, Lane};
use crate::park::Park;
use crate::stats::MqttStats;
use milepost_clock::Clock;
use milepost_phone_formats::DeviceSecrets;
use milepost_service::UseCases;
use rumqttc::{
    AckMode, AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode,
    Transport,
};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

/// Tasks that store. Messages of one topic go through one of them.
const LANES: usize = 8;
/// Acknowledgements and subscriptions that wait to be sent: more than all lanes can hold, so that none waits for a connection that
/// waits for it.
const REQUESTS: usize = 1_024;
const _: () = assert!(REQUESTS > LANES * 2 * LANE_MESSAGES + 64);
/// A longer packet breaks the connection.
const MAX_PACKET_BYTES: usize = 8 * 1024 * 1024;
/// Without a sign of life for one and a half times as long the broker takes the connection for dead, seconds.
const KEEP_ALIVE_S: u16 = 30;
/// How long the next attempt waits after a failed one.
const RECONNECT_WAIT: Duration = Duration::from_secs(2);
/// The group in which the nodes share their messages.
const SHARED: &str = "$share/milepost/";

/// What the client needs.
pub struct MqttParts {
    /// The broker.
    pub url: BrokerUrl,
    /// The topics, without the group.
    pub topics: Vec<String>,
    /// The name of this node's session there, the same after a restart. The URL may name another one.
    pub client_id: String,
    /// Secrets of devices that encrypt.
    pub secrets: DeviceSecrets,
    /// Where messages are stored.
    pub use_cases: Arc<UseCases>,
    /// The present time and timers.
    pub clock: Clock,
    /// Where messages are kept that can't be stored.
    pub parked: PathBuf,
    /// What is counted.
    pub stats: Arc<MqttStats>,
}

/// A running client.
pub struct MqttClient {
    client: AsyncClient,
    running: JoinHandle<()>,
    lanes: Vec<AbortHandle>,
}

impl MqttClient {
    /// Starts the client. It connects by and by.
    pub fn start(parts: MqttParts) -> Self {
        let (client, events) = AsyncClient::builder(options(&parts)).capacity(REQUESTS).build();
        let park = Park::new(parts.parked);
        let lane = Lane {
            use_cases: parts.use_cases,
            clock: parts.clock.clone(),
            secrets: Arc::new(parts.secrets),
            park: park.clone(),
            stats: Arc::clone(&parts.stats),
        };
        let (mut lanes, mut tasks) = (Vec::with_capacity(LANES), Vec::with_capacity(LANES));
        for _ in 0..LANES {
            let (lane_in, incoming) = mpsc::channel(LANE_MESSAGES);
            tasks.push(tokio::spawn(lane.clone().run(incoming)).abort_handle());
            lanes.push(lane_in);
        }
        let lanes = Lanes(lanes);
        tokio::spawn(lanes.clone().try_parked(park));
        let connection = Connection {
            client: client.clone(),
            lanes,
            topics: parts.topics,
            clock: parts.clock,
            session: Arc::default(),
            stats: parts.stats,
        };
        Self { client, running: tokio::spawn(connection.run(events)), lanes: tasks }
    }

    /// Whether the client, or a task that stores, has ended by a fault.
    pub fn has_ended(&self) -> bool {
        self.running.is_finished() || self.lanes.iter().any(AbortHandle::is_finished)
    }

    /// Ends the connection. The broker keeps what was not acknowledged for the next start.
    pub fn stop(&self) {
        // An error means that it is not connected.
        let _ = self.client.try_disconnect_now();
        self.running.abort();
    }
}

fn options(parts: &MqttParts) -> MqttOptions {
    let BrokerUrl { host, port, is_tls, login, client_id } = &parts.url;
    let mut options = MqttOptions::new(client_id.as_ref().unwrap_or(&parts.client_id).clone(), (host.clone(), *port));
    options.set_keep_alive(KEEP_ALIVE_S);
    options.set_clean_session(false);
    options.set_ack_mode(AckMode::Manual);
    options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
    if let Some((user, password)) = login {
        options.set_credentials(user.clone(), password.clone());
    }
    if *is_tls {
        options.set_transport(Transport::tls_with_default_config());
    }
    options
}

struct Connection {
    client: AsyncClient,
    lanes: Lanes,
    topics: Vec<String>,
    clock: Clock,
    /// Counts connections. What came over one is not acknowledged over another: the broker sends it again there.
    session: Arc<AtomicU64>,
    stats: Arc<MqttStats>,
}

/// Acknowledges a message, if it has to be.
pub(crate) enum Acknowledge {
    /// To the broker.
    ToBroker(Box<Received>),
    /// One that was parked: it is removed.
    Parked(PathBuf),
}

/// What a broker sent.
pub(crate) struct Received {
    client: AsyncClient,
    publish: Publish,
    session: Arc<AtomicU64>,
    of: u64,
}

impl Acknowledge {
    pub(crate) const fn is_parked(&self) -> bool {
        matches!(self, Self::Parked(_))
    }

    pub(crate) async fn send(self) {
        match self {
            Self::ToBroker(received) => received.acknowledge().await,
            Self::Parked(path) => {
                if let Err(error) = tokio::fs::remove_file(&path).await {
                    tracing::warn!(%error, path = %path.display(), "a message that was stored can't be removed");
                }
            }
        }
    }
}

impl Received {
    async fn acknowledge(self) {
        if self.publish.qos == QoS::AtMostOnce || self.session.load(Ordering::Acquire) != self.of {
            return;
        }
        // An error means that the client has ended. The broker sends the message again.
        let _ = self.client.ack(&self.publish).await;
    }
}

/// The ways into the lanes.
#[derive(Clone)]
struct Lanes(Vec<mpsc::Sender<Incoming>>);

impl Lanes {
    async fn hand_on(&self, incoming: Incoming) {
        let mut hasher = DefaultHasher::new();
        incoming.content.topic.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % self.0.len() as u64).unwrap_or_default();
        // A lane ends only by a fault, which ends the process. What it held is not acknowledged, and comes again after a restart.
        if self.0[lane].send(incoming).await.is_err() {
            tracing::error!("messages of the MQTT broker are not stored any more");
        }
    }

    /// Gives the lanes what earlier runs could not store.
    async fn try_parked(self, park: Park) {
        let files = tokio::task::spawn_blocking(move || park.files()).await;
        let files = match files {
            Ok(Ok(files)) => files,
            Ok(Err(error)) => return tracing::warn!(%error, "messages that were kept can't be read"),
            Err(_) => return,
        };
        for path in files {
            let read = {
                let path = path.clone();
                tokio::task::spawn_blocking(move || Park::read(&path)).await
            };
            match read {
                Ok(Ok(Some(content))) => {
                    self.hand_on(Incoming { content, acknowledge: Acknowledge::Parked(path) }).await
                }
                _ => tracing::warn!(path = %path.display(), "a message that was kept can't be read"),
            }
        }
    }
}

impl Connection {
    async fn run(self, mut events: EventLoop) {
        let mut was_connected = true;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!("connected to the MQTT broker");
                    self.stats.set_connected(true);
                    was_connected = true;
                    self.subscribe().await;
                }
                Ok(Event::Incoming(Packet::SubAck(granted))) => {
                    if granted.return_codes.contains(&SubscribeReasonCode::Failure) {
                        tracing::warn!("the MQTT broker refused a topic of MQTT_TOPICS, or shared subscriptions");
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => self.hand_on(publish).await,
                Ok(_) => {}
                Err(error) => {
                    self.session.fetch_add(1, Ordering::AcqRel);
                    self.stats.set_connected(false);
                    // Once for each time that it is away.
                    if was_connected {
                        was_connected = false;
                        tracing::warn!(%error, "the MQTT broker can't be reached, trying again");
                    }
                    self.clock.sleep(RECONNECT_WAIT).await;
                }
            }
        }
    }

    /// Also in a session that the broker kept: the topics may be others now.
    async fn subscribe(&self) {
        let filters =
            self.topics.iter().map(|topic| SubscribeFilter::new(format!("{SHARED}{topic}"), QoS::AtLeastOnce));
        if let Err(error) = self.client.subscribe_many(filters.collect::<Vec<_>>()).await {
            tracing::error!(%error, "the topics of MQTT_TOPICS can't be subscribed to");
        }
    }

    async fn hand_on(&self, publish: Publish) {
        let content = Content {
            topic: String::from_utf8_lossy(&publish.topic).into(),
            payload: publish.payload.clone(),
            is_retained: publish.retain,
        };
        let received = Received {
            client: self.client.clone(),
            of: self.session.load(Ordering::Acquire),
            session: Arc::clone(&self.session),
            publish,
        };
        self.lanes.hand_on(Incoming { content, acknowledge: Acknowledge::ToBroker(Box::new(received)) }).await;
    }
}
