//! A client that sends whatever bytes a test wants, right or wrong.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

pub(crate) struct RawClient {
    stream: TcpStream,
    pub(crate) response: String,
}

/// A frame from the server: its first byte and its payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFrame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl ServerFrame {
    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.first, TEXT, "not a text frame: {self:?}");
        std::str::from_utf8(&self.payload).unwrap()
    }

    pub(crate) fn close(&self) -> (u16, &str) {
        assert_eq!(self.first, CLOSE, "not a close frame: {self:?}");
        if self.payload.is_empty() {
            return (1005, "");
        }
        let code = u16::from_be_bytes([self.payload[0], self.payload[1]]);
        (code, std::str::from_utf8(&self.payload[2..]).unwrap())
    }
}

/// A masked client frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    bytes
}

impl RawClient {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Self {
        Self::connect_with(address, path, "").await
    }

    /// `headers` are whole lines.
    pub(crate) async fn connect_with(address: SocketAddr, path: &str, headers: &str) -> Self {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: keep-alive, Upgrade\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n{headers}\r\n"
        );
        let client = Self::request(address, &head).await;
        assert!(client.response.starts_with("HTTP/1.1 101"), "{}", client.response);
        client
    }

    pub(crate) async fn request(address: SocketAddr, head: impl AsRef<[u8]>) -> Self {
        // A small window, so that a reader that stops is noticed after little.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(head.as_ref()).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(stream.read_u8().await.unwrap());
        }
        Self { stream, response: String::from_utf8(response).unwrap() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        self.send(&frame(first, payload)).await;
    }

    /// The next frame; panics when the connection ends or nothing comes.
    pub(crate) async fn receive(&mut self) -> ServerFrame {
        self.try_receive().await.expect("the connection ended")
    }

    /// The next frame, or `None` when the connection ended.
    pub(crate) async fn try_receive(&mut self) -> Option<ServerFrame> {
        tokio::time::timeout(Duration::from_secs(10), self.read_frame()).await.expect("nothing came for 10 s").ok()
    }

    pub(crate) async fn assert_silent(&mut self, duration: Duration) {
        let frame = tokio::time::timeout(duration, self.read_frame()).await;
        assert!(frame.is_err(), "expected silence, got {frame:?}");
    }

    /// The next frame must be a close with `code`; then the server ends the connection.
    pub(crate) async fn expect_close(&mut self, code: u16) {
        let frame = self.receive().await;
        assert_eq!(frame.close().0, code, "{frame:?}");
        // The peer may be gone already, which is as good.
        let _ = self.stream.write_all(&self::frame(CLOSE, &code.to_be_bytes())).await;
        assert_eq!(self.try_receive().await, None, "nothing may follow a close frame");
    }

    async fn read_frame(&mut self) -> std::io::Result<ServerFrame> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => {
                assert!(short < 126, "a server frame is not masked");
                u64::from(short)
            }
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok(ServerFrame { first, payload })
    }
}
