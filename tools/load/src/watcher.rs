//! One WebSocket that watches: its handshake, and its frames one by one.

use crate::frame::{Closing, Kind, first_frame, pong_frame};
use crate::http::{first_response, header};
use anyhow::{Context as _, Result, bail};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// One read takes at most this much, so that a busy socket does not delay the others.
pub(crate) const READ_BYTES: usize = 256 * 1024;

/// How to open a socket.
#[derive(Debug, Clone)]
pub(crate) struct Handshake {
    /// The server.
    pub(crate) address: SocketAddr,
    /// Path and query.
    pub(crate) path: String,
    /// A whole header line, such as `Authorization: Bearer …`.
    pub(crate) credential: String,
    /// Whether to offer permessage-deflate.
    pub(crate) deflate: bool,
}

/// A socket after a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// Open: every complete frame was read.
    Open,
    /// Closed by the server.
    Closed(Closing),
}

/// An open socket.
#[derive(Debug)]
pub(crate) struct Watcher {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come yet; empty most of the time.
    unfinished: Vec<u8>,
    /// Whether the server agreed to permessage-deflate.
    pub(crate) deflate: bool,
}

impl Watcher {
    /// Opens a socket and waits for the server's 101.
    pub(crate) fn open(handshake: &Handshake) -> Result<Self> {
        let mut stream = TcpStream::connect(handshake.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let offer = if handshake.deflate { "sec-websocket-extensions: permessage-deflate\r\n" } else { "" };
        let Handshake { path, credential, .. } = handshake;
        // The key is the RFC's example: a random key protects against caches, and there are none here.
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{credential}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offer}\r\n",
            handshake.address
        );
        stream.write_all(request.as_bytes())?;
        let mut received = Vec::new();
        let mut chunk = [0; 2048];
        loop {
            let length_bytes = stream.read(&mut chunk).context("no answer to a handshake")?;
            if length_bytes == 0 {
                bail!("the server closed the connection at the handshake");
            }
            received.extend_from_slice(&chunk[..length_bytes]);
            if let Some(response) = first_response(&received)? {
                if response.status != 101 {
                    let body = String::from_utf8_lossy(response.body);
                    bail!("the handshake was answered {}: {body}", response.status);
                }
                let deflate = header(response.head, "sec-websocket-extensions").is_some();
                let unfinished = received[response.length_bytes..].to_vec();
                stream.set_nonblocking(true)?;
                return Ok(Self { stream, unfinished, deflate });
            }
        }
    }

    /// Sends a frame. A socket that takes nothing now is a failure: requests are short.
    pub(crate) fn send(&mut self, frame: &[u8]) -> Result<()> {
        self.stream.write_all(frame).context("a socket takes no more requests")
    }

    /// Reads once and passes every complete message's payload to `on_message`. Answers pings.
    ///
    /// `buffer` is scratch space of at least twice [`READ_BYTES`], shared by all sockets.
    pub(crate) fn read(&mut self, buffer: &mut [u8], mut on_message: impl FnMut(&[u8])) -> Result<SocketState> {
        let kept_bytes = self.unfinished.len();
        if kept_bytes + READ_BYTES > buffer.len() {
            bail!("a frame is longer than {READ_BYTES} bytes");
        }
        buffer[..kept_bytes].copy_from_slice(&self.unfinished);
        let read_bytes = match (&self.stream).read(&mut buffer[kept_bytes..kept_bytes + READ_BYTES]) {
            Ok(0) => return Ok(SocketState::Closed(Closing::abnormal())),
            Ok(read_bytes) => read_bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => return Ok(SocketState::Closed(Closing::abnormal())),
        };
        let bytes = &buffer[..kept_bytes + read_bytes];
        let mut at = 0;
        while let Some(frame) = first_frame(&bytes[at..])? {
            at += frame.length_bytes;
            match frame.kind {
                Kind::Message => on_message(frame.payload),
                // A pong that finds the socket full is dropped. The server's next ping asks again.
                Kind::Ping => drop(self.stream.write(&pong_frame(frame.payload))),
                Kind::Pong => {}
                Kind::Close => return Ok(SocketState::Closed(Closing::of(frame.payload))),
            }
        }
        self.unfinished.clear();
        self.unfinished.extend_from_slice(&bytes[at..]);
        Ok(SocketState::Open)
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
