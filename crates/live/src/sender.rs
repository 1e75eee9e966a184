//! Sends messages to one socket and closes it with the dialect's codes.

use milepost_access::{CloseReason, Disconnect};
use milepost_http::Problem;
use milepost_hub::{Message, Sink};
use milepost_transport::{Closed, Link, Socket};
use std::sync::Arc;
use std::time::Duration;

use crate::admission::Connection;
use crate::snapshot::Snapshot;
use crate::{Close, ConnectionPolicy};

/// The sending side of a socket.
pub struct SocketSender {
    link: Arc<Link>,
    policy: &'static ConnectionPolicy,
}

impl SocketSender {
    pub(crate) fn new(socket: &Socket, policy: &'static ConnectionPolicy) -> Arc<Self> {
        Arc::new(Self { link: Arc::clone(socket.link()), policy })
    }

    /// The connection's number, unique in this process.
    pub fn id(&self) -> u64 {
        self.link.id()
    }

    /// Queues a text message. A slow reader is closed with 1013 when too much waits for it.
    pub fn send(&self, text: &str) {
        self.link.send_text(text);
    }

    /// Queues a message whose encoding is shared by many sockets.
    pub fn send_message(&self, message: &Message) {
        self.link.send_message(message);
    }

    /// Sends a text message once the reader has taken most of the earlier ones. Use it for long sequences.
    ///
    /// # Errors
    /// [`Closed`] when the socket has ended or is closing.
    pub async fn send_backpressured(&self, text: &str) -> Result<(), Closed> {
        self.link.send_backpressured(text).await
    }

    /// Queues a binary message, uncompressed.
    pub(crate) fn send_binary(&self, payload: &[u8]) {
        self.link.send_binary(payload);
    }

    /// Bytes that the socket has not taken yet.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.link.pending_bytes()
    }

    /// Holds live messages back until the returned [`Snapshot`] is dropped. A socket has at most one snapshot at a
    /// time.
    pub fn begin_snapshot(&self) -> Snapshot {
        Snapshot::begin(Arc::clone(&self.link))
    }

    /// Closes the socket after the messages that are queued already.
    pub fn close(&self, close: Close<'_>) {
        self.link.close(close.code, close.reason);
    }

    /// Closes the socket after a refusal, with a message before the close frame if the policy has one.
    pub fn close_announced(&self, close: Close<'_>) {
        if let Some(announce) = self.policy.announce {
            self.send(&announce(close.reason));
        }
        self.close(close);
    }

    /// Closes the socket because of `problem`, with the policy's close frame.
    pub(crate) fn refuse(&self, problem: &Problem) {
        self.close_announced((self.policy.refusal)(problem).unwrap_or(self.policy.failed));
    }

    pub(crate) fn sink(&self) -> Arc<dyn Sink> {
        Arc::clone(&self.link) as Arc<dyn Sink>
    }
}

impl Disconnect for SocketSender {
    fn disconnect(&self, reason: CloseReason) {
        match reason {
            CloseReason::Revoked => self.close_announced(self.policy.revoked),
            CloseReason::RightsChanged => self.close(self.policy.rights_changed),
        }
    }
}

impl Connection for SocketSender {
    fn fail(&self) {
        self.close_announced(self.policy.failed);
    }

    fn set_expiry(&self, left: Duration) {
        let Close { code, reason } = self.policy.expired;
        self.link.set_expiry(left, code, reason);
    }
}
