//! The connection that a client's messages are written to: a socket or a stream.

use milepost_hub::{Message, Sink};
use milepost_transport::{Closed, EventStream};
use std::sync::Arc;

use crate::SocketSender;
use crate::admission::Connection as _;

/// A socket or a stream. A clone writes to the same one.
#[derive(Clone)]
pub struct Outlet(Kind);

#[derive(Clone)]
enum Kind {
    Socket(Arc<SocketSender>),
    Stream(Arc<EventStream>),
}

impl From<Arc<SocketSender>> for Outlet {
    fn from(sender: Arc<SocketSender>) -> Self {
        Self(Kind::Socket(sender))
    }
}

impl From<Arc<EventStream>> for Outlet {
    fn from(stream: Arc<EventStream>) -> Self {
        Self(Kind::Stream(stream))
    }
}

impl Outlet {
    /// Queues a message. A reader for which too much waits is disconnected, and has to resume.
    pub fn send(&self, text: &str) {
        match &self.0 {
            Kind::Socket(sender) => sender.send(text),
            Kind::Stream(stream) => stream.send_event(None, text),
        }
    }

    /// Queues a binary message, uncompressed. A stream has none.
    pub(crate) fn send_binary(&self, payload: &[u8]) {
        if let Kind::Socket(sender) = &self.0 {
            sender.send_binary(payload);
        }
    }

    /// Sends a message once the reader has taken most of the earlier ones. `name` is what a stream's reader resumes after.
    ///
    /// # Errors
    /// [`Closed`] when the connection has ended or is closing.
    pub async fn send_backpressured(&self, name: Option<&str>, text: &str) -> Result<(), Closed> {
        match &self.0 {
            Kind::Socket(sender) => sender.send_backpressured(text).await,
            Kind::Stream(stream) => stream.send_event_backpressured(name, text).await,
        }
    }

    /// Sends a message of the hub in the bytes that all its readers share.
    pub(crate) fn send_shared(&self, message: &Message) {
        self.sink().offer_one(message);
    }

    /// Tells a stream's reader what to resume after. A socket's reader is told by messages.
    pub fn send_resume_name(&self, name: &str) {
        if let Kind::Stream(stream) = &self.0 {
            stream.send_resume_id(name);
        }
    }

    /// Bytes that the connection has not taken yet.
    pub fn waiting_bytes(&self) -> usize {
        match &self.0 {
            Kind::Socket(sender) => sender.waiting_bytes(),
            Kind::Stream(stream) => stream.pending_bytes(),
        }
    }

    /// Ends the connection because the store could not be read: its client has to come back.
    pub fn fail(&self) {
        match &self.0 {
            Kind::Socket(sender) => sender.fail(),
            Kind::Stream(stream) => stream.end(),
        }
    }

    pub(crate) fn sink(&self) -> Arc<dyn Sink> {
        match &self.0 {
            Kind::Socket(sender) => sender.sink(),
            Kind::Stream(stream) => Arc::clone(stream) as Arc<dyn Sink>,
        }
    }
}
