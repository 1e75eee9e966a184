//! A server for measuring fan-out: `fanout PORT` takes sockets on `/ws`, echoes on `/ws/echo` and takes orders on the control port `PORT + 1`.
//!
//! Orders are lines: `pid`, `conns`, `run paced|flood RATE BURST SECONDS`. A run publishes bursts of 220-byte messages
//! and answers with the number of messages published and dropped.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;
use milepost_clock::Clock;
use milepost_hub::{ChannelId, Hub, HubLimits, Interest, Key, Message, Recipients};
use milepost_transport::{ReclaimableStream, StreamWaits, Transport, Upgrade, WsConfig, WsEncoder, echo};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const PAYLOAD_BYTES: usize = 220;

#[derive(Clone)]
struct Server {
    hub: Hub,
    transport: Arc<Transport>,
}

fn main() {
    let port: u16 = std::env::args().nth(1).expect("usage: fanout PORT").parse().expect("PORT is a number");
    // One worker, as the bare loop that this is compared with has one thread.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let hub = Hub::new(Arc::new(WsEncoder), HubLimits::default());
        let server = Server { hub, transport: Transport::start(WsConfig::default(), Clock::system()) };
        tokio::spawn(serve_control(port + 1, server.clone()));
        let listener = {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(([127, 0, 0, 1], port).into()).unwrap();
            socket.listen(4096).unwrap()
        };
        let transport = server.transport.clone();
        let app = Router::new()
            .route("/ws", any(move |request| open_socket(request, server.clone())))
            .route("/ws/echo", any(move |request| open_echo(request, transport.clone())));
        tokio::spawn(async move { serve(listener, app).await }).await.unwrap();
    });
}

async fn serve(listener: TcpListener, app: Router) {
    const WAITS: StreamWaits = StreamWaits { first_byte: Duration::from_secs(60), write: Duration::from_secs(60) };
    while let Ok((stream, _)) = listener.accept().await {
        let (stream, _reclaim) = ReclaimableStream::new(stream, WAITS);
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(http1::Builder::new().serve_connection(stream, service).with_upgrades());
    }
}

fn channel_id() -> ChannelId {
    ChannelId::new("bus", "acme")
}

async fn open_socket(request: Request, server: Server) -> Response {
    let (mut parts, _) = request.into_parts();
    match Upgrade::from_parts(&mut parts, &server.transport) {
        Ok(upgrade) => upgrade
            .accept(move |mut socket| async move {
                let channel = server.hub.channel(&channel_id());
                let _subscription = channel.subscribe(socket.link().clone(), Interest::all());
                while socket.next().await.is_some() {}
            })
            .map(|()| Body::empty()),
        Err(error) => error.response().map(Body::from),
    }
}

async fn open_echo(request: Request, transport: Arc<Transport>) -> Response {
    let (mut parts, _) = request.into_parts();
    match Upgrade::from_parts(&mut parts, &transport) {
        Ok(upgrade) => upgrade.with_limits(echo::limits()).accept(echo::echo).map(|()| Body::empty()),
        Err(error) => error.response().map(Body::from),
    }
}

async fn serve_control(port: u16, server: Server) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(take_orders(stream, server.clone()));
    }
}

async fn take_orders(stream: TcpStream, server: Server) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            ["pid"] => std::process::id().to_string(),
            ["conns"] => server.hub.stats().subscribers.to_string(),
            ["run", how, rate, burst, seconds] => {
                let seconds = Duration::from_secs_f64(seconds.parse().unwrap());
                publish(&server, how == "flood", rate.parse().unwrap(), burst.parse().unwrap(), seconds).await
            }
            _ => continue,
        };
        write.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
    }
}

async fn publish(server: &Server, flood: bool, rate: f64, burst: usize, duration: Duration) -> String {
    let channel = server.hub.channel(&channel_id());
    let start = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / rate.max(1.0)));
    let mut published = 0;
    while start.elapsed() < duration {
        if flood {
            while server.hub.stats().pending_messages > 0 || server.transport.stats().pending_bytes > 0 {
                tokio::task::yield_now().await;
            }
        } else {
            tick.tick().await;
        }
        channel.publish_all((0..burst).map(|_| message()));
        published += burst;
    }
    format!("{published} {}", server.hub.stats().dropped)
}

fn message() -> Message {
    let now = clock_gettime(ClockId::Monotonic);
    let mut payload = format!("{{\"t\":{:019},\"p\":\"", now.tv_sec * 1_000_000_000 + now.tv_nsec);
    payload.extend(std::iter::repeat_n('x', PAYLOAD_BYTES - 2 - payload.len()));
    payload.push_str("\"}");
    let vehicle = Key::new("vehicle", "bus-7");
    Message::new(payload, Recipients::keys([vehicle]))
}
