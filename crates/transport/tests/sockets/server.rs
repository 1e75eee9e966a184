//! A server on port 0 with an echo socket and one that subscribes to a channel.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;
use milepost_clock::TurnableClock;
use milepost_hub::{Channel, ChannelId, Hub, HubLimits, Interest, Key, Message, Recipients};
use milepost_transport::{
    Inbound, Link, ReclaimableStream, Socket, SocketLimits, StreamWaits, Transport, Upgrade, WsConfig, WsEncoder, echo,
};
use tokio::net::TcpListener;

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) transport: Arc<Transport>,
    pub(crate) hub: Hub,
    pub(crate) links: Arc<Mutex<Vec<Arc<Link>>>>,
    pub(crate) app: Router,
    pub(crate) clock: TurnableClock,
}

/// Serves connections on which sockets are opened without a task between them and their stream.
async fn serve(listener: TcpListener, app: Router) {
    const WAITS: StreamWaits = StreamWaits { first_byte: Duration::from_secs(60), write: Duration::from_secs(60) };
    while let Ok((stream, _)) = listener.accept().await {
        let (stream, _reclaim) = ReclaimableStream::new(stream, WAITS);
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(http1::Builder::new().serve_connection(stream, service).with_upgrades());
    }
}

pub(crate) fn channel_id() -> ChannelId {
    ChannelId::new("bus", "acme")
}

pub(crate) fn vehicle(id: &str) -> Key {
    Key::new("vehicle", id)
}

pub(crate) fn position(id: &str, version: i64) -> Message {
    position_of(id, version, 0)
}

/// A position with `padding` bytes on top, to fill sockets with.
pub(crate) fn position_of(id: &str, version: i64, padding: usize) -> Message {
    let payload = format!("{id} {version} {}", "x".repeat(padding));
    Message::conflated(payload, Recipients::keys([vehicle(id)]), vehicle(id))
}

pub(crate) fn note(text: &str) -> Message {
    Message::new(Bytes::copy_from_slice(text.as_bytes()), Recipients::everyone())
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(WsConfig::default()).await
    }

    /// `/echo` echoes; `/once` answers one message and ends, with a panic if it is `panic`; `/channel` subscribes to everything, answers `say X` with `X` and closes with 4000 on `bye`.
    pub(crate) async fn start_with(config: WsConfig) -> Self {
        let clock = TurnableClock::new();
        let transport = Transport::start(config, clock.clock());
        let hub = Hub::new(Arc::new(WsEncoder), HubLimits::default());
        let links: Arc<Mutex<Vec<Arc<Link>>>> = Arc::default();
        let app = {
            let (echoing, ending, subscribing) = (transport.clone(), transport.clone(), transport.clone());
            let (hub, links) = (hub.clone(), links.clone());
            Router::new()
                .route("/once", any(move |request| upgrade(request, ending.clone(), |limits| limits, answer_once)))
                .route("/echo", any(move |request| upgrade(request, echoing.clone(), echo_limits, echo::echo)))
                .route(
                    "/channel",
                    any(move |request| {
                        let (hub, links) = (hub.clone(), links.clone());
                        upgrade(
                            request,
                            subscribing.clone(),
                            |limits| limits,
                            move |mut socket| async move {
                                let link = socket.link().clone();
                                links.lock().unwrap().push(link.clone());
                                let _subscription = hub.channel(&channel_id()).subscribe(link.clone(), Interest::all());
                                link.send_text("subscribed");
                                while let Some(message) = socket.next().await {
                                    match message {
                                        Inbound::Text(text) if text == "bye" => link.close(4000, "bye"),
                                        Inbound::Text(text) => link.send_text(text.trim_start_matches("say ")),
                                        Inbound::Binary(_) => {}
                                    }
                                }
                            },
                        )
                    }),
                )
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = app.clone();
        tokio::spawn(async move { serve(listener, served).await });
        Self { address, transport, hub, links, app, clock }
    }

    pub(crate) fn channel(&self) -> Arc<Channel> {
        self.hub.channel(&channel_id())
    }

    pub(crate) async fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..500 {
            if condition(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain for {what}: {:?} {:?}", self.hub.stats(), self.transport.stats());
    }
}

async fn answer_once(mut socket: Socket) {
    if let Some(Inbound::Text(text)) = socket.next().await {
        assert_ne!(text, "panic", "asked to panic");
        socket.link().send_text(&text);
    }
}

fn echo_limits(_: SocketLimits) -> SocketLimits {
    echo::limits()
}

async fn upgrade<F, Fut>(
    request: Request,
    transport: Arc<Transport>,
    limits: fn(SocketLimits) -> SocketLimits,
    handler: F,
) -> Response
where
    F: FnOnce(Socket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (mut parts, _) = request.into_parts();
    match Upgrade::from_parts(&mut parts, &transport) {
        Ok(upgrade) => {
            let limits = limits(upgrade.limits());
            upgrade.with_limits(limits).accept(handler).map(|()| Body::empty())
        }
        Err(error) => error.response().map(Body::from),
    }
}
