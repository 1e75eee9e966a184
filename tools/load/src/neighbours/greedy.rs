//! What the greedy tenant, and strangers, do to the server.

use super::Attack;
use super::quiet::post;
use super::receivers::WebhookReceiver;
use crate::frame::client_text_frame;
use crate::http::{Client, json_request};
use crate::milepost::Milepost;
use crate::publishing::now_ms;
use crate::watcher::{Handshake, READ_BYTES, SocketState, Watcher};
use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const REPLAY_SOCKETS: usize = 40;
/// As many as a socket may have waiting.
const REPLAYS: usize = 8;
const WEBHOOKS: u8 = 49;
/// Below the ten seconds after which a call has failed.
const RECEIVER_DELAY: Duration = Duration::from_secs(9);
const PARCEL_EVERY: Duration = Duration::from_millis(250);
/// How often connections are opened again that the server has closed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const EXPORTS: usize = 200;
const ANSWER_CONNECTIONS: usize = 4;
const VEHICLES: usize = 20;
/// The most that one request may have.
const BATCH: usize = 10_000;
/// The time from the oldest position to the newest.
const WINDOW_MS: i64 = 8 * 60 * 1000;

/// A tenant that takes what it gets.
pub(super) struct Greedy {
    address: SocketAddr,
    tenant_admin: String,
    /// Sees one vehicle.
    parent: String,
    device: String,
    /// Of receivers that answer late.
    slow_urls: Vec<String>,
    connections: u64,
}

impl Greedy {
    pub(super) fn set_up(milepost: &Milepost, tenant: &str, positions: usize, connections: u64) -> Result<Self> {
        let superadmin = milepost.bearer_of("superadmin", "default", &[])?;
        post(milepost, &superadmin, "/api/v1/tenants", &json!({"id": tenant, "name": tenant}))?;
        let tenant_admin = milepost.bearer_of("admin", tenant, &[])?;
        for number in 0..VEHICLES {
            let vehicle = json!({"id": format!("bus-{number}"), "kind": "bus", "label": format!("Bus {number}")});
            post(milepost, &tenant_admin, "/api/v1/vehicles", &vehicle)?;
        }
        let device = post(milepost, &tenant_admin, "/api/v1/devices", &json!({"vehicle_id": "bus-0"}))?;
        let device = format!("x-device-key: {}", device["key"].as_str().context("a device has a key")?);
        let from_ms = now_ms() - WINDOW_MS;
        for first in (0..positions).step_by(BATCH) {
            let batch: Vec<Value> = (first..positions.min(first + BATCH))
                .map(|number| {
                    let at_ms = from_ms + WINDOW_MS * number as i64 / positions as i64;
                    json!({"vehicle_id": format!("bus-{}", number % VEHICLES), "timestamp": at_ms, "speed": 30,
                        "latitude": 22.5 + (number / VEHICLES) as f64 * 1e-5, "longitude": 88.3})
                })
                .collect();
            post(milepost, &tenant_admin, "/api/v1/positions", &json!(batch))?;
        }
        let parent = milepost.bearer_of("parent", tenant, &["bus-0"])?;
        let receiver = WebhookReceiver::start(RECEIVER_DELAY)?;
        let slow_urls = (2..2 + WEBHOOKS).map(|host| receiver.url(host)).collect();
        Ok(Self { address: milepost.address, tenant_admin, parent, device, slow_urls, connections })
    }
}

/// Goes on until it is over, and returns what was done, in words.
pub(super) fn run_attack(greedy: &Greedy, attack: Attack, is_over: &AtomicBool) -> Result<String> {
    match attack {
        Attack::Replays => ask_for_replays(greedy, is_over),
        Attack::Webhooks => flood_webhooks(greedy, is_over),
        Attack::Connections => hold_connections(greedy, is_over),
        Attack::Exports => leave_exports_unread(greedy, is_over),
        Attack::Answers => fill_answers(greedy, is_over),
    }
}

fn ask_for_replays(greedy: &Greedy, is_over: &AtomicBool) -> Result<String> {
    let handshake = Handshake {
        address: greedy.address,
        path: "/ws/bus-tracking/".to_owned(),
        credential: greedy.parent.clone(),
        deflate: false,
    };
    let request = client_text_frame(br#"{"type":"replay_request","minutes":10}"#);
    let mut sockets = Vec::with_capacity(REPLAY_SOCKETS);
    for _ in 0..REPLAY_SOCKETS {
        let mut socket = Watcher::open(&handshake)?;
        (0..REPLAYS).try_for_each(|_| socket.send(&request))?;
        sockets.push(socket);
    }
    let (mut buffer, mut ended, mut closed) = (vec![0; 2 * READ_BYTES], 0_u64, 0_u64);
    while !is_over.load(Ordering::Relaxed) {
        for socket in &mut sockets {
            let mut again = 0;
            let state = socket.read(&mut buffer, |message| {
                again += u64::from(message.starts_with(br#"{"type":"replay_complete""#));
            })?;
            if let SocketState::Closed(_) = state {
                closed += 1;
                *socket = Watcher::open(&handshake)?;
                again = REPLAYS as u64;
            }
            ended += again;
            (0..again).try_for_each(|_| socket.send(&request))?;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(format!("{ended} replays ended, {closed} sockets were closed"))
}

fn flood_webhooks(greedy: &Greedy, is_over: &AtomicBool) -> Result<String> {
    let mut admin = Client::connect(greedy.address, &greedy.tenant_admin)?;
    let mut added = Vec::new();
    for url in &greedy.slow_urls {
        let (status, webhook) =
            admin.call("POST", "/api/v1/webhooks", &json!({"url": url, "events": ["parcel.added"]}))?;
        ensure!(status == 201, "a webhook was answered {status}: {webhook}");
        added.push(webhook["id"].clone());
    }
    let place = json!({"lat": 22.5, "lng": 88.3});
    let parcel = json!({"client_id": 900_000_001, "pickup": place, "destination": place});
    let mut parcels = 0;
    while !is_over.load(Ordering::Relaxed) {
        let (status, answer) = admin.call("POST", "/api/v1/parcels", &parcel)?;
        ensure!(status == 201, "a parcel was answered {status}: {answer}");
        parcels += 1;
        std::thread::sleep(PARCEL_EVERY);
    }
    for id in &added {
        admin.call("DELETE", &format!("/api/v1/webhooks/{id}"), &Value::Null)?;
    }
    Ok(format!("{} webhooks, {parcels} parcels", added.len()))
}

/// Opens connections that send nothing or a part of something, and opens them again when the server has closed them.
fn hold_connections(greedy: &Greedy, is_over: &AtomicBool) -> Result<String> {
    const BEGINNINGS: [&str; 5] = [
        "",
        "GET / HT",
        "POST /api/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 65537\r\n\r\n{",
        "POST /api/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /api/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n",
    ];
    let mut held: Vec<TcpStream> = Vec::new();
    let (mut opened, mut closed, mut most) = (0_usize, 0_usize, 0);
    let mut looked = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        // A look at thousands of connections takes time that the server needs.
        if looked.elapsed() >= LOOK_EVERY {
            looked = Instant::now();
            let before = held.len();
            held.retain(is_open);
            closed += before - held.len();
        }
        // A part at a time, so that the end is noticed.
        for _ in 0..500 {
            if held.len() as u64 >= greedy.connections {
                break;
            }
            // A refusal by the system means that its queue is full.
            let Ok(mut stream) = TcpStream::connect_timeout(&greedy.address, Duration::from_secs(1)) else { break };
            stream.set_nonblocking(true)?;
            if stream.write_all(BEGINNINGS[opened % BEGINNINGS.len()].as_bytes()).is_ok() {
                held.push(stream);
            }
            opened += 1;
        }
        most = most.max(held.len());
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(format!("{most} held at most, {opened} opened, {closed} closed by the server"))
}

/// Whether the server has not closed it. An answer is left unread.
fn is_open(stream: &TcpStream) -> bool {
    match stream.peek(&mut [0]) {
        Ok(0) => false,
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

fn leave_exports_unread(greedy: &Greedy, is_over: &AtomicBool) -> Result<String> {
    let path = "/api/v1/vehicles/bus-0/positions?format=gpx";
    let request = json_request("GET", path, &greedy.device, b"");
    let open = || -> Result<TcpStream> {
        let mut stream = TcpStream::connect(greedy.address)?;
        stream.write_all(&request)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    };
    let mut exports = (0..EXPORTS).map(|_| open()).collect::<Result<Vec<_>>>()?;
    let mut opened = exports.len();
    while !is_over.load(Ordering::Relaxed) {
        exports.retain(is_open);
        while exports.len() < EXPORTS {
            exports.push(open()?);
            opened += 1;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(format!("{EXPORTS} held, {opened} opened"))
}

fn fill_answers(greedy: &Greedy, is_over: &AtomicBool) -> Result<String> {
    // One good position, so that the answer lists the others.
    let bad: Vec<Value> = std::iter::once(json!({"latitude": 1, "longitude": 2}))
        .chain((1..BATCH).map(|_| json!({"latitude": 91, "longitude": 2})))
        .collect();
    let body = json!(bad).to_string();
    let fill = |thread: usize| -> Result<u64> {
        let mut answers = 0;
        let mut stream = TcpStream::connect(greedy.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        while !is_over.load(Ordering::Relaxed) {
            let key = format!("{}\r\nidempotency-key: fill-{}-{thread}-{answers}", greedy.device, now_ms());
            stream.write_all(&json_request("POST", "/api/v1/positions", &key, body.as_bytes()))?;
            read_answer(&mut stream)?;
            answers += 1;
        }
        Ok(answers)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..ANSWER_CONNECTIONS).map(|thread| scope.spawn(move || fill(thread))).collect();
        let mut answers = 0;
        for thread in threads {
            answers += thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        Ok(format!("{answers} requests answered"))
    })
}

/// Reads one answer, which may be long.
fn read_answer(stream: &mut TcpStream) -> Result<()> {
    let (mut received, mut chunk) = (Vec::new(), [0; 64 * 1024]);
    while crate::http::first_response(&received)?.is_none() {
        let length_bytes = stream.read(&mut chunk)?;
        ensure!(length_bytes > 0, "the server closed the connection");
        received.extend_from_slice(&chunk[..length_bytes]);
    }
    Ok(())
}
