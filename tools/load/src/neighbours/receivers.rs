//! Receivers of webhooks: prompt ones, and ones that answer after a while.

use anyhow::Result;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A receiver on every address of the loopback network, each of which counts as a host.
pub(super) struct WebhookReceiver {
    port: u16,
    /// When each call arrived.
    pub(super) calls: Receiver<Instant>,
}

impl WebhookReceiver {
    /// Answers every call after `delay`. It runs until the process ends.
    pub(super) fn start(delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
        let port = listener.local_addr()?.port();
        let (called, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let called = called.clone();
                std::thread::spawn(move || answer(stream, delay, &called));
            }
        });
        Ok(Self { port, calls })
    }

    /// The URL of its host number `host`, from 1 on.
    pub(super) fn url(&self, host: u8) -> String {
        format!("http://127.0.0.{host}:{}/hook", self.port)
    }
}

/// Answers the calls of one connection until it is closed.
fn answer(mut stream: TcpStream, delay: Duration, called: &Sender<Instant>) {
    let mut received = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        while let Some(length_bytes) = request_bytes(&received) {
            received.drain(..length_bytes);
            // An error means that nobody counts them.
            let _ = called.send(Instant::now());
            std::thread::sleep(delay);
            if stream.write_all(ANSWER).is_err() {
                return;
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(length_bytes) => received.extend_from_slice(&chunk[..length_bytes]),
        }
    }
}

/// The length of the request at the start of `bytes`, if it is whole.
fn request_bytes(bytes: &[u8]) -> Option<usize> {
    let head_bytes = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_bytes]).ok()?;
    let body_bytes: usize = crate::http::header(head, "content-length")?.parse().ok()?;
    (bytes.len() >= head_bytes + body_bytes).then_some(head_bytes + body_bytes)
}

#[cfg(test)]
mod tests {
    use super::request_bytes;

    #[test]
    fn a_request_is_whole_with_its_body() {
        let request = b"POST /hook HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST";
        let whole = request.len() - 4;
        assert_eq!(request_bytes(request), Some(whole));
        assert_eq!(request_bytes(&request[..whole - 1]), None);
    }
}
