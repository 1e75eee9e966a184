//! `GET /api/events`, byte by byte: framing, HTTP/1.0, slow, wrong and pipelined request heads, and the memory of an idle
//! stream.

use crate::native::kill_nine::start_with;
use crate::support::signing::operator_token;
use crate::support::{PATIENCE, TestServer};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// The memory that an idle stream may cost the server, KiB.
const IDLE_KIB: f64 = 10.0;

/// A connection, and the bytes received on it.
struct Connection {
    socket: TcpStream,
    unread: Vec<u8>,
    /// The body's chunks so far, joined.
    text: String,
    ended: bool,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    fn over(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap();
        Self { socket, unread: Vec::new(), text: String::new(), ended: false }
    }

    /// Opens a stream. Returns the connection after the response's head, and that head in lower case.
    async fn stream(address: SocketAddr, token: &str) -> (Self, String) {
        let mut connection = Self::open(address).await;
        connection.ask(&request("GET", "1.1", token)).await;
        let head = connection.head().await;
        (connection, head)
    }

    async fn ask(&mut self, request: &str) {
        self.socket.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads more bytes. Returns false at the end.
    async fn read(&mut self) -> bool {
        let read = timeout(PATIENCE, self.socket.read_buf(&mut self.unread)).await.expect("bytes in time");
        read.is_ok_and(|bytes| bytes > 0)
    }

    async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..at + 4).collect();
                return String::from_utf8(head).unwrap().to_lowercase();
            }
            assert!(self.read().await, "a whole head: {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    /// The body of a response with a `Content-Length`.
    async fn body(&mut self, head: &str) -> String {
        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        while self.unread.len() < length {
            assert!(self.read().await, "a whole body");
        }
        String::from_utf8(self.unread.drain(..length).collect()).unwrap()
    }

    /// Reads chunks (RFC 9112, section 7.1) until `wanted` has come, or to the end of the body if there is none.
    async fn chunks_until(&mut self, wanted: Option<&str>) {
        let mut from = 0;
        loop {
            self.take_chunks();
            if wanted.is_some_and(|wanted| self.text[from..].contains(wanted)) || self.ended {
                assert_eq!(self.ended, wanted.is_none(), "{wanted:?} in {}", self.text);
                return;
            }
            from = self.text.len().saturating_sub(wanted.map_or(0, str::len));
            assert!(self.read().await, "the connection ended before {wanted:?} came: {}", self.text);
        }
    }

    fn take_chunks(&mut self) {
        while let Some(line_end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
            assert!(!self.ended, "nothing follows the end");
            let length = usize::from_str_radix(std::str::from_utf8(&self.unread[..line_end]).unwrap(), 16).unwrap();
            let whole = line_end + 2 + length + 2;
            let Some(chunk) = self.unread.get(line_end + 2..whole) else { return };
            assert!(chunk.ends_with(b"\r\n"), "a chunk ends where its length says");
            self.text.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
            self.ended = length == 0;
            self.unread.drain(..whole);
        }
    }

    /// The ids of the events that came, in their order.
    fn event_ids(&self) -> Vec<i64> {
        let blocks = self.text.split("\n\n").filter(|block| block.contains("\ndata: "));
        blocks.map(|block| block.lines().next().unwrap().strip_prefix("id: ").unwrap().parse().unwrap()).collect()
    }
}

fn request(method: &str, version: &str, token: &str) -> String {
    format!("{method} /api/events HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// Waits until all streams have ended.
async fn wait_until_no_stream_is_open(server: &TestServer) {
    let begun = Instant::now();
    while server.running.assembly.transport.stats().streams_open > 0 {
        assert!(begun.elapsed() < PATIENCE, "{:?}", server.running.assembly.transport.stats());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_head_in_single_bytes_opens_a_stream_of_chunks_with_an_end() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.running.address).await;
    for byte in request("GET", "1.1", &server.admin).as_bytes() {
        connection.socket.write_all(&[*byte]).await.unwrap();
    }
    let head = connection.head().await;
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    for line in ["content-type: text/event-stream", "transfer-encoding: chunked", "connection: close", "date: "] {
        assert!(head.contains(&format!("\r\n{line}")), "{line}: {head}");
    }
    connection.chunks_until(Some("id: ")).await;
    assert!(connection.text.starts_with("retry: 3000\n: connected\n\n"), "{}", connection.text);
    let id = server.publish(None, json!({"n": 1})).await;
    connection.chunks_until(Some("\"n\":1}")).await;
    assert_eq!(connection.event_ids(), [id]);
    let figures = server.get("/metrics", "").await.text().await.unwrap();
    let counted = "milepost_http_request_duration_seconds_count{method=\"GET\",route=\"/api/events\",status=\"200\"} 1";
    assert!(figures.contains(counted), "{figures}");

    let drained = tokio::spawn(server.running.drain());
    connection.chunks_until(None).await;
    assert!(connection.text.ends_with("retry: 1000\n\n"), "{}", connection.text);
    assert!(!connection.read().await, "the connection ends with the stream");
    drained.await.unwrap();
}

#[tokio::test]
async fn http_1_0_gets_the_events_as_they_are_until_the_connection_ends() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.running.address).await;
    connection.ask(&request("GET", "1.0", &server.admin)).await;
    let head = connection.head().await;
    assert!(head.starts_with("http/1.0 200 ok\r\n") && !head.contains("transfer-encoding"), "{head}");
    let wanted = async |connection: &mut Connection, wanted: &str| {
        while !String::from_utf8_lossy(&connection.unread).contains(wanted) {
            assert!(connection.read().await, "{wanted}");
        }
    };
    wanted(&mut connection, "\n\nid: ").await;
    server.publish(None, json!({"n": 1})).await;
    wanted(&mut connection, "\"n\":1}").await;
    let drained = tokio::spawn(server.running.drain());
    while connection.read().await {}
    let text = String::from_utf8(connection.unread).unwrap();
    assert!(text.starts_with("retry: 3000\n: connected\n\n") && text.ends_with("\n\nretry: 1000\n\n"), "{text}");
    drained.await.unwrap();
}

#[tokio::test]
async fn heads_that_are_too_long_or_wrong_are_refused_as_on_other_routes() {
    let server = TestServer::start().await;
    let status = async |request: String| {
        let mut connection = Connection::open(server.running.address).await;
        // The server may refuse before it has read everything.
        let _ = connection.socket.write_all(request.as_bytes()).await;
        let head = connection.head().await;
        head.lines().next().unwrap().to_owned()
    };
    for path in ["/api/events", "/health"] {
        let long = format!("GET {path} HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
        assert_eq!(status(long).await, "http/1.1 431 request header fields too large", "{path}");
        for wrong in ["HTTP/1.1\r\nno header\r\n\r\n", "HTTP/9.9\r\n\r\n", "HTTP/1.1\r\nx y: z\r\n\r\n"] {
            assert_eq!(status(format!("GET {path} {wrong}")).await, "http/1.1 400 bad request", "{path} {wrong}");
        }
    }
    assert_eq!(server.running.assembly.transport.stats().streams_opened, 0);
}

#[tokio::test]
async fn bytes_after_a_request_for_a_stream_are_ignored_and_too_many_end_it() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.running.address).await;
    let pipelined = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    connection.ask(&(request("GET", "1.1", &server.admin) + pipelined)).await;
    connection.head().await;
    connection.chunks_until(Some("id: ")).await;
    connection.ask(pipelined).await;
    server.publish(None, json!({"n": 1})).await;
    connection.chunks_until(Some("\"n\":1}")).await;
    assert_eq!(connection.unread, b"");
    assert_eq!(server.running.assembly.transport.stats().streams_open, 1);
    // The refusal may come in the middle or at the end, depending on the system's buffers.
    let _ = connection.socket.write_all(&vec![b'x'; 256 * 1024]).await;
    wait_until_no_stream_is_open(&server).await;
}

#[tokio::test]
async fn clients_that_close_at_once_leave_no_stream() {
    let server = TestServer::start_with(&[("MAX_CONNECTIONS_PER_TENANT", "40")]).await;
    for _ in 0..3 {
        for round in 0..40 {
            let mut connection = Connection::open(server.running.address).await;
            connection.ask(&request("GET", "1.1", &server.admin)).await;
            // Some bytes come before the answer, some in the middle of it, some after it.
            if round % 3 > 0 {
                connection.read().await;
            }
            if round % 3 > 1 {
                connection.head().await;
            }
        }
        wait_until_no_stream_is_open(&server).await;
    }
    let (mut connection, _) = Connection::stream(server.running.address, &server.admin).await;
    connection.chunks_until(Some("id: ")).await;
    let stats = server.running.assembly.transport.stats();
    assert_eq!((stats.streams_open, stats.pending_bytes), (1, 0));
}

#[tokio::test]
async fn a_connection_that_was_used_before_carries_a_stream_too() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.running.address).await;
    for (asked, status) in [("HEAD /api/events", 401), ("GET /api/events", 401), ("GET /api/events/x", 404)] {
        connection.ask(&format!("{asked} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let head = connection.head().await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")) && !head.contains("connection: close"), "{head}");
        if !asked.starts_with("HEAD") {
            assert!(connection.body(&head).await.contains(&format!("\"status\":{status}")), "{head}");
        }
    }
    connection.ask(&request("HEAD", "1.1", &server.admin)).await;
    let head = connection.head().await;
    assert!(head.starts_with("http/1.1 200 ok\r\n") && head.contains("text/event-stream"), "{head}");
    assert_eq!(server.running.assembly.transport.stats().streams_open, 0);

    connection.ask(&request("GET", "1.1", &server.admin)).await;
    assert!(connection.head().await.contains("transfer-encoding: chunked"));
    connection.chunks_until(Some("id: ")).await;
    server.publish(None, json!({"n": 1})).await;
    connection.chunks_until(Some("\"n\":1}")).await;
    drop(connection);
    wait_until_no_stream_is_open(&server).await;
}

#[tokio::test]
async fn a_slow_reader_gets_a_long_replay_and_live_events_completely_and_in_order() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for n in 0..80 {
        // More than the system's buffers hold: hyper keeps a part of it, and the reliable queue the rest.
        ids.push(server.publish(None, json!({"n": n, "x": "x".repeat(15_000 + n)})).await);
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut connection = Connection::over(socket.connect(server.running.address).await.unwrap());
    let resumed = format!(
        "GET /api/events?last_event_id=0 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        server.admin
    );
    connection.ask(&resumed).await;
    connection.head().await;
    for n in 0..20 {
        ids.push(server.publish(None, json!({"live": n, "x": "x".repeat(1000)})).await);
        connection.read().await;
        connection.take_chunks();
    }
    ids.push(server.publish(None, json!({"last": true})).await);
    connection.chunks_until(Some("\"last\":true")).await;
    let seen = connection.event_ids();
    assert_eq!(seen[seen.len() - ids.len()..], ids);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_idle_stream_costs_less_than_ten_kib() {
    const STREAMS: usize = 2000;
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (server, url) = start_with(folder.path(), &[("MAX_CONNECTIONS_PER_TENANT", "10000")]);
    let address = url.trim_start_matches("http://").parse().unwrap();
    let rss_kib = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
    };
    let token = operator_token();
    let settled = async || {
        let (mut connection, _) = Connection::stream(address, &token).await;
        // From here on the stream causes no work until there is an event.
        connection.chunks_until(Some("id: ")).await;
        connection
    };
    // A few streams are opened and closed first, so that memory for the first one is not counted.
    for _ in 0..50 {
        settled().await;
    }
    let before_kib = rss_kib();
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        open.push(settled().await);
    }
    let each_kib = (rss_kib() - before_kib) / STREAMS as f64;
    println!("a quiet stream costs {each_kib:.1} KiB");
    assert!(each_kib < IDLE_KIB, "a quiet stream costs {each_kib:.1} KiB");
}
