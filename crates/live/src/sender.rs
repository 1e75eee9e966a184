//! Sends to one socket, from anywhere, and closes it in its dialect's words.

use milepost_access::{CloseReason, Disconnect};
use milepost_http::Problem;
use milepost_hub::{Message, Sink};
use milepost_transport::{Closed, Link, Socket};
use std::sync::Arc;
use std::time::Instant;

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

    /// A number that no other connection of this process has.
    pub fn id(&self) -> u64 {
        self.link.id()
    }

    /// Sends a text message. It waits for a slow reader, which is closed with 1013 when too much waits.
    pub fn send(&self, text: &str) {
        self.link.send_text(text);
    }

    /// Sends a message that is encoded once for many sockets.
    pub fn send_message(&self, message: &Message) {
        self.link.send_message(message);
    }

    /// Sends a text message as soon as the reader has taken most of those before it: for sequences of any length.
    ///
    /// # Errors
    /// When the socket has ended or is closing.
    pub async fn send_backpressured(&self, text: &str) -> Result<(), Closed> {
        self.link.send_backpressured(text).await
    }

    /// Holds live messages back until the returned [`Snapshot`] is dropped. One at a time.
    pub fn begin_snapshot(&self) -> Snapshot {
        Snapshot::begin(Arc::clone(&self.link))
    }

    /// Closes after what is already queued.
    pub fn close(&self, close: Close<'_>) {
        self.link.close(close.code, close.reason);
    }

    /// Closes as a refusal: with a message before, if the dialect has one for that.
    pub fn close_announced(&self, close: Close<'_>) {
        if let Some(announce) = self.policy.announce {
            self.send(&announce(close.reason));
        }
        self.close(close);
    }

    /// Closes because of `problem`, as its dialect tells it.
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

    fn set_expiry(&self, at: Instant) {
        let Close { code, reason } = self.policy.expired;
        self.link.set_expiry(at, code, reason);
    }
}
