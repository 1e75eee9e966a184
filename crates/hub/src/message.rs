//! One rendered message, shared by all who get it, encoded at most once per form.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::audience::Audience;
use crate::key::Key;

/// How a message travels. Each form of a message is made at most once, whoever and how many ask for it.
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

/// Turns a payload into the bytes of a form. Lives with the transport; the hub only caches what it returns.
pub trait Encoder: Send + Sync + 'static {
    /// The bytes of `payload` in `form`, complete: several of them in a row are several messages.
    fn encode(&self, form: Form, payload: &[u8]) -> Bytes;

    /// The same for a message with a number, for forms that have a place for it.
    fn encode_numbered(&self, form: Form, payload: &[u8], number: i64) -> Bytes {
        let _ = number;
        self.encode(form, payload)
    }
}

/// A rendered message with its audience. Cloning shares it.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    payload: Bytes,
    audience: Audience,
    conflation: Option<(Key, i64)>,
    number: Option<i64>,
    forms: [OnceLock<Bytes>; Form::COUNT],
}

impl Message {
    /// A message that must reach its audience: it waits in the lossless lane of a slow reader.
    pub fn new(payload: impl Into<Bytes>, audience: Audience) -> Self {
        Self::build(payload.into(), audience, None, None)
    }

    /// As [`Self::new`], with its number in an order that outlives the channel: a reader that comes back names the last
    /// one that it has.
    pub fn numbered(payload: impl Into<Bytes>, audience: Audience, number: i64) -> Self {
        Self::build(payload.into(), audience, None, Some(number))
    }

    /// A message whose newest version is all that a slow reader needs, such as a vehicle's position.
    ///
    /// `version` orders the messages of one `key` (a timestamp in milliseconds, a row version): a lower one never
    /// replaces or follows a higher one. Pass 0 for all of them when the order of publishing is order enough.
    pub fn conflated(payload: impl Into<Bytes>, audience: Audience, key: Key, version: i64) -> Self {
        Self::build(payload.into(), audience, Some((key, version)), None)
    }

    fn build(payload: Bytes, audience: Audience, conflation: Option<(Key, i64)>, number: Option<i64>) -> Self {
        Self(Arc::new(Inner { payload, audience, conflation, number, forms: Default::default() }))
    }

    /// The rendered payload, before any encoding.
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    /// Whom the message is for.
    pub fn audience(&self) -> &Audience {
        &self.0.audience
    }

    /// The key whose newest message is enough, and this message's version, if it was made with [`Self::conflated`].
    pub fn conflation(&self) -> Option<(&Key, i64)> {
        self.0.conflation.as_ref().map(|(key, version)| (key, *version))
    }

    /// Its number, if it was made with [`Self::numbered`].
    pub fn number(&self) -> Option<i64> {
        self.0.number
    }

    /// The message in `form`: encoded by the first who asks, shared by the rest.
    pub fn encoded(&self, form: Form, encoder: &dyn Encoder) -> &Bytes {
        self.0.forms[form.index()].get_or_init(|| match self.0.number {
            Some(number) => encoder.encode_numbered(form, &self.0.payload, number),
            None => encoder.encode(form, &self.0.payload),
        })
    }
}
