//! One kept-alive HTTP connection that publishes without blocking: it sends a request and reads the answer later.

use crate::http::{Response, first_response};
use anyhow::{Context as _, Result, bail};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

/// A connection with at most one request in flight.
#[derive(Debug)]
pub(crate) struct Publisher {
    stream: TcpStream,
    request: Vec<u8>,
    sent_bytes: usize,
    received: Vec<u8>,
    waiting: bool,
}

impl Publisher {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("can't reach {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, request: Vec::new(), sent_bytes: 0, received: Vec::new(), waiting: false })
    }

    /// Whether an answer has not come yet.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Begins to send `request`. The connection must not be waiting for an answer.
    pub(crate) fn send(&mut self, request: Vec<u8>) -> Result<()> {
        debug_assert!(!self.waiting, "one request at a time");
        (self.request, self.sent_bytes, self.waiting) = (request, 0, true);
        self.write()
    }

    /// Sends the rest of the request, reads what has come, and passes a complete answer to `on_answer`.
    pub(crate) fn pump(&mut self, buffer: &mut [u8], on_answer: impl FnOnce(&Response<'_>)) -> Result<()> {
        self.write()?;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the server closed a publishing connection"),
                Ok(length_bytes) => self.received.extend_from_slice(&buffer[..length_bytes]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("a publishing connection failed"),
            }
        }
        if let Some(response) = first_response(&self.received)? {
            on_answer(&response);
            let length_bytes = response.length_bytes;
            self.received.drain(..length_bytes);
            self.waiting = false;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        while self.sent_bytes < self.request.len() {
            match self.stream.write(&self.request[self.sent_bytes..]) {
                Ok(sent_bytes) => self.sent_bytes += sent_bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("a publishing connection failed"),
            }
        }
        Ok(())
    }
}

impl AsFd for Publisher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
