//! One rendered message, shared by all receivers and encoded at most once per form.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::key::Key;
use crate::recipients::Recipients;

/// How a message travels. Each form of a message is made at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A WebSocket text frame.
    WsPlain,
    /// A WebSocket text frame with permessage-deflate, no context kept between messages.
    WsDeflate,
    /// A server-sent event.
    Sse,
}

impl Form {
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// Turns a payload into the bytes of a form. The transport implements it; the hub caches what it returns.
pub trait Encoder: Send + Sync + 'static {
    /// The complete bytes of `payload` in `form`: several results in a row are several messages.
    fn encode(&self, form: Form, payload: &[u8]) -> Bytes;

    /// The same with the message's number, for forms that carry one.
    fn encode_numbered(&self, form: Form, payload: &[u8], number: i64) -> Bytes {
        let _ = number;
        self.encode(form, payload)
    }
}

/// A rendered message with its recipients. Cloning shares it.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    payload: Bytes,
    recipients: Recipients,
    conflation: Option<(Key, i64)>,
    number: Option<i64>,
    forms: [OnceLock<Bytes>; Form::COUNT],
}

impl Message {
    /// A message that must reach its recipients: it waits in the reliable queue of a slow reader.
    pub fn new(payload: impl Into<Bytes>, recipients: Recipients) -> Self {
        Self::build(payload.into(), recipients, None, None)
    }

    /// As [`Self::new`], with a number in an order that outlives the channel: a reader that comes back names the last number
    /// that it has.
    pub fn numbered(payload: impl Into<Bytes>, recipients: Recipients, number: i64) -> Self {
        Self::build(payload.into(), recipients, None, Some(number))
    }

    /// A message of which a slow reader needs only the newest version, such as a vehicle's position.
    ///
    /// `version` orders the messages of one `key` (a timestamp in milliseconds, a row version): a lower one never
    /// replaces or follows a higher one. Pass 0 for all of them when the order of publishing is order enough.
    pub fn conflated(payload: impl Into<Bytes>, recipients: Recipients, key: Key, version: i64) -> Self {
        Self::build(payload.into(), recipients, Some((key, version)), None)
    }

    fn build(payload: Bytes, recipients: Recipients, conflation: Option<(Key, i64)>, number: Option<i64>) -> Self {
        Self(Arc::new(Inner { payload, recipients, conflation, number, forms: Default::default() }))
    }

    /// The rendered payload, before any encoding.
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    /// The message's recipients.
    pub fn recipients(&self) -> &Recipients {
        &self.0.recipients
    }

    /// The key whose newest message is enough, and this message's version, if it was made with [`Self::conflated`].
    pub fn conflation(&self) -> Option<(&Key, i64)> {
        self.0.conflation.as_ref().map(|(key, version)| (key, *version))
    }

    /// Its number, if it was made with [`Self::numbered`].
    pub fn number(&self) -> Option<i64> {
        self.0.number
    }

    /// The message in `form`. The first caller encodes it, the others share it.
    pub fn encoded(&self, form: Form, encoder: &dyn Encoder) -> &Bytes {
        self.0.forms[form.index()].get_or_init(|| match self.0.number {
            Some(number) => encoder.encode_numbered(form, &self.0.payload, number),
            None => encoder.encode(form, &self.0.payload),
        })
    }
}
