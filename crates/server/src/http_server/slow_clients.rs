//! Claims about clients that make no progress, on real connections and with short waits.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::{ConnectionLimits, HttpWaits, Stage, serve_http};
use crate::accepting::bind;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use milepost_http::TrustedProxies;
use milepost_transport::StreamWaits;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);
/// More than any system queues for a connection.
const EXPORT_BYTES: usize = 32 * 1024 * 1024;

pub(super) fn limits() -> ConnectionLimits {
    ConnectionLimits { per_address: 1000, per_caller: 1000, strangers: 1000, proxies: TrustedProxies::default() }
}

fn waits() -> HttpWaits {
    HttpWaits { stream: StreamWaits { first_byte: LONG, write: LONG }, head: LONG, body: LONG }
}

struct TestServer {
    address: SocketAddr,
    /// The server stops when it is dropped.
    _stage: watch::Sender<Stage>,
}

impl TestServer {
    async fn start(waits: HttpWaits, limits: ConnectionLimits) -> Self {
        let router = Router::new()
            .route("/", post(|body: Bytes| async move { body.len().to_string() }))
            .route("/", get(|| async { "here" }))
            .route("/export", get(|| async { Body::from(vec![b'x'; EXPORT_BYTES]) }));
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stage, stages) = watch::channel(Stage::Open);
        tokio::spawn(serve_http(listener, Arc::new(move || router.clone()), stages, PATIENCE, limits, waits));
        Self { address, _stage: stage }
    }

    async fn with(waits: HttpWaits) -> Self {
        Self::start(waits, limits()).await
    }

    async fn open(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that is answered to `sent` until the connection ends.
    async fn exchange(&self, sent: &[u8]) -> Vec<u8> {
        let mut client = self.open().await;
        client.write_all(sent).await.unwrap();
        rest_of(client).await
    }
}

async fn rest_of(mut client: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    timeout(PATIENCE, client.read_to_end(&mut rest)).await.expect("an end in time").unwrap();
    rest
}

fn assert_begins(answer: &[u8], expected: &str) {
    let text = String::from_utf8_lossy(answer);
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let waits = waits();
    let server =
        TestServer::with(HttpWaits { stream: StreamWaits { first_byte: SHORT, ..waits.stream }, ..waits }).await;
    let begun = Instant::now();
    assert_eq!(rest_of(server.open().await).await, b"");
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_closed_and_so_is_an_idle_connection() {
    let server = TestServer::with(HttpWaits { head: SHORT, ..waits() }).await;
    assert_eq!(server.exchange(b"G").await, b"");
    let begun = Instant::now();
    assert_begins(&server.exchange(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await, "HTTP/1.1 200");
    assert!(begun.elapsed() >= SHORT, "the connection was kept for another request");
}

#[tokio::test]
async fn a_body_that_stops_is_a_408_whether_its_length_is_known_or_not() {
    let server = TestServer::with(HttpWaits { body: SHORT, ..waits() }).await;
    for head in ["content-length: 10", "content-length: 65537", "transfer-encoding: chunked"] {
        let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n");
        let answer = server.exchange(request.as_bytes()).await;
        assert_begins(&answer, "HTTP/1.1 408");
        assert!(String::from_utf8_lossy(&answer).contains("connection: close"), "{head}");
    }
    // Much at once does not buy time for nothing.
    let mut request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".to_vec();
    request.resize(500_000, b'x');
    assert_begins(&server.exchange(&request).await, "HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_that_drips_is_a_408() {
    let server = TestServer::with(HttpWaits { body: SHORT, ..waits() }).await;
    let mut client = server.open().await;
    client.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    let (mut reading, mut writing) = client.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 6).await;
        }
    });
    let mut answer = [0; 12];
    timeout(PATIENCE, reading.read_exact(&mut answer)).await.expect("an answer in time").unwrap();
    assert_begins(&answer, "HTTP/1.1 408");
    dripping.abort();
}

#[tokio::test]
async fn a_slow_body_that_keeps_coming_is_taken() {
    let server = TestServer::with(HttpWaits { body: SHORT, ..waits() }).await;
    let mut client = server.open().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let begun = Instant::now();
    for _ in 0..20 {
        client.write_all(&[b'x'; 5000]).await.unwrap();
        tokio::time::sleep(SHORT / 10).await;
    }
    assert!(begun.elapsed() > SHORT, "longer than a body may pause");
    let answer = rest_of(client).await;
    assert!(answer.ends_with(b"100000"), "{}", String::from_utf8_lossy(&answer));
}

/// A client that the system queues little for.
async fn small_client(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    let mut client = socket.connect(server.address).await.unwrap();
    client.write_all(b"GET /export HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    client
}

#[tokio::test]
async fn a_reader_that_takes_nothing_of_its_answer_is_cut() {
    let waits = waits();
    let server = TestServer::with(HttpWaits { stream: StreamWaits { write: SHORT, ..waits.stream }, ..waits }).await;
    let mut client = small_client(&server).await;
    tokio::time::sleep(SHORT * 4).await;
    let mut taken = Vec::new();
    let ended = timeout(PATIENCE, client.read_to_end(&mut taken)).await.expect("an end in time");
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(taken.len() < EXPORT_BYTES);
}

#[tokio::test]
async fn a_reader_that_takes_a_little_at_a_time_gets_its_whole_answer() {
    let waits = waits();
    let server = TestServer::with(HttpWaits { stream: StreamWaits { write: SHORT, ..waits.stream }, ..waits }).await;
    let mut client = server.open().await;
    client.write_all(b"GET /export HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut taken, begun) = (0, Instant::now());
    let mut piece = vec![0; 256 * 1024];
    loop {
        match timeout(PATIENCE, client.read(&mut piece)).await.expect("a piece in time").unwrap() {
            0 => break,
            bytes => taken += bytes,
        }
        tokio::time::sleep(SHORT / 60).await;
    }
    assert!(taken > EXPORT_BYTES && begun.elapsed() > SHORT * 2, "{taken} in {:?}", begun.elapsed());
}

#[tokio::test]
async fn http_2_is_refused_in_its_own_words() {
    let server = TestServer::with(waits()).await;
    let answer = server.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert_eq!(answer[..9], [0, 0, 0, 4, 0, 0, 0, 0, 0], "settings");
    assert!(answer.ends_with(b"only HTTP/1.1 is spoken"), "{answer:?}");
}

#[tokio::test]
async fn a_request_without_one_host_is_a_400() {
    let server = TestServer::with(waits()).await;
    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a b\r\n", "host: evil.com/../x\r\n"] {
        let request = format!("GET / HTTP/1.1\r\n{hosts}\r\n");
        assert_begins(&server.exchange(request.as_bytes()).await, "HTTP/1.1 400");
    }
    assert_begins(&server.exchange(b"GET / HTTP/1.0\r\n\r\n").await, "HTTP/1.0 200");
}

#[tokio::test]
async fn a_flood_of_silent_connections_keeps_nobody_out() {
    let server = TestServer::start(waits(), ConnectionLimits { strangers: 20, ..limits() }).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        flood.push(server.open().await);
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        assert_begins(&server.exchange(request).await, "HTTP/1.1 200");
    }
    let first = flood.swap_remove(0);
    assert_eq!(rest_of(first).await, b"", "the oldest made room");
}
