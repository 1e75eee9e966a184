//! What keeps an HTTP connection open over many requests and what ends it, written byte by byte.

use crate::support::{PATIENCE, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open connection to a server.
struct Raw(TcpStream);

impl Raw {
    async fn open(server: &TestServer) -> Self {
        Self(TcpStream::connect(server.running.address).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Status, head in lower case, and body of the next answer.
    async fn answer(&mut self) -> (u16, String, String) {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert_ne!(
                self.read_more(&mut bytes).await,
                0,
                "the connection ended: {}",
                String::from_utf8_lossy(&bytes)
            );
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        while bytes.len() < head_end + length {
            assert_ne!(self.read_more(&mut bytes).await, 0);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, String::from_utf8(bytes[head_end..].to_vec()).unwrap())
    }

    async fn read_more(&mut self, bytes: &mut Vec<u8>) -> usize {
        tokio::time::timeout(PATIENCE, self.0.read_buf(bytes)).await.expect("an answer in time").unwrap()
    }

    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.is_ok()
    }
}

fn post_vehicle(token: &str, body: &str) -> String {
    format!(
        "POST /api/v1/vehicles HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_refusal_of_a_request_that_was_read_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut raw = Raw::open(&server).await;
    for _ in 0..2 {
        raw.send(&post_vehicle(&server.admin, r#"{"kind":"bus"}"#)).await;
        let (status, head, _) = raw.answer().await;
        assert_eq!(status, 422);
        assert!(!head.contains("connection: close"), "{head}");
    }
    // The body is sent in chunks without a `Content-Length`. It is refused for its content or for the credential.
    for (token, expected) in [(server.admin.as_str(), 422), ("nonsense", 401)] {
        let head = post_vehicle(token, "").replace("content-length: 0", "transfer-encoding: chunked");
        raw.send(&format!("{head}e\r\n{{\"kind\":\"bus\"}}\r\n0\r\n\r\n")).await;
        let (status, head, _) = raw.answer().await;
        assert_eq!(status, expected);
        assert_eq!(head.contains("connection: close"), expected == 401, "{head}");
    }
    assert!(raw.is_closed().await, "the unread rest of a body can't be distinguished from the next request");
}

#[tokio::test]
async fn a_refusal_of_a_body_left_unread_ends_the_connection() {
    let server = TestServer::start().await;
    let mut raw = Raw::open(&server).await;
    let head = post_vehicle(&server.admin, "").replace("content-length: 0", "content-length: 1000000");
    raw.send(&format!("{head}{}", "x".repeat(100_000))).await;
    let (status, head, _) = raw.answer().await;
    assert_eq!(status, 413);
    assert!(head.contains("connection: close"), "{head}");
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn a_get_that_finds_nothing_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut raw = Raw::open(&server).await;
    for _ in 0..2 {
        raw.send("GET /no/such/page HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let (status, head, _) = raw.answer().await;
        assert_eq!(status, 404);
        assert!(!head.contains("connection: close"), "{head}");
    }
}

#[tokio::test]
async fn a_draining_server_is_healthy_and_not_ready() {
    let server = TestServer::start().await;
    // The drain closes idle connections, so that this request opens a new one.
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let url = server.url.clone();
    // A request that is under way keeps the drain waiting.
    let mut raw = Raw::open(&server).await;
    let body = r#"{"kind":"bus","label":"Late","id":"late"}"#;
    let request = post_vehicle(&server.admin, body);
    let (first, rest) = request.split_at(request.len() - 5);
    raw.send(first).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let drained = tokio::spawn(server.running.drain());
    let status = async |path: &str| http.get(format!("{url}{path}")).send().await.unwrap().status().as_u16();
    while status("/ready").await != 503 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(status("/health").await, 200);
    assert_eq!(status("/api/v1/vehicles").await, 503);
    // A browser's EventSource takes any status but 200 as final. This one ends at once, and the client comes back after the drain.
    let stream = http.get(format!("{url}/api/events")).send().await.unwrap();
    assert_eq!(
        (stream.status().as_u16(), &stream.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    let text = stream.text().await.unwrap();
    let retry_ms: u64 = text.strip_prefix("retry: ").and_then(|rest| rest.trim().parse().ok()).expect(&text);
    assert!((10_000..15_000).contains(&retry_ms), "{text}");
    assert!(!drained.is_finished());
    raw.send(rest).await;
    // The request was accepted before the drain began, and answered after.
    let (status, ..) = raw.answer().await;
    assert_eq!(status, 503);
    drained.await.unwrap();
    assert!(http.get(format!("{url}/health")).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn failed_logins_are_counted_by_the_client_that_a_trusted_proxy_names() {
    /// More failed attempts than an address may make at once.
    const GUESSES: usize = 60;
    let guesses = async |server: &TestServer, client: fn(usize) -> String| {
        let guess = async |n: usize| {
            let request = server.http.post(format!("{}/api/token", server.url)).header("X-Forwarded-For", client(n));
            let body = serde_json::json!({"username": format!("nobody-{n}"), "password": "guess"});
            request.json(&body).send().await.unwrap().status().as_u16()
        };
        futures_util::future::join_all((0..GUESSES).map(guess)).await
    };
    let one = |_: usize| "203.0.113.9".to_owned();
    let each_its_own = |n: usize| format!("203.0.113.{}", n + 100);
    let server = TestServer::start_with(&[("MILEPOST_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1")]).await;
    assert!(guesses(&server, one).await.contains(&429), "one client of the proxy");
    assert_eq!(guesses(&server, each_its_own).await, [401; GUESSES], "others of the same proxy");

    let server = TestServer::start().await;
    assert!(guesses(&server, each_its_own).await.contains(&429), "the header of a stranger is not believed");
}

#[tokio::test]
async fn who_sends_a_whole_body_before_it_reads_sees_why_it_was_refused() {
    let server = TestServer::start().await;
    const TOO_LARGE: usize = 9 * 1024 * 1024;
    let address = server.url.strip_prefix("http://").unwrap();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/v1/positions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {TOO_LARGE}\r\n\r\n",
            server.admin
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; TOO_LARGE]).await.expect("the rest is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
