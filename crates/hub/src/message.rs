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

    /// The same with the name by which a reader resumes after the message, for forms that carry one.
    fn encode_named(&self, form: Form, payload: &[u8], name: &str) -> Bytes {
        let _ = name;
        self.encode(form, payload)
    }
}

/// Bytes, or what makes them when they are first asked for.
enum Payload {
    Ready(Bytes),
    Later { make: Box<dyn Fn() -> Bytes + Send + Sync>, made: OnceLock<Bytes> },
}

/// What a payload counts for that was not made yet.
const UNMADE_BYTES: usize = 256;

/// A rendered message with its recipients. Cloning shares it.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    payload: Payload,
    recipients: Recipients,
    subject: Option<Key>,
    /// A newer message about the same subject replaces it.
    is_conflated: bool,
    number: Option<i64>,
    /// The number as readers name it, if they name it otherwise.
    name: Option<Box<str>>,
    /// The content as a record of fixed length, for readers that gather records, and the group that it belongs to.
    row: Option<(i64, Box<[u8]>)>,
    /// Says only how far the numbers have come.
    is_mark: bool,
    forms: [OnceLock<Bytes>; Form::COUNT],
}

impl Message {
    /// A message that must reach its recipients: it waits in the reliable queue of a slow reader.
    pub fn new(payload: impl Into<Bytes>, recipients: Recipients) -> Self {
        Self(Arc::new(Inner::new(payload.into(), recipients)))
    }

    /// A message that must reach its recipients and says everything about `subject`: a reader that has it needs no earlier
    /// message about the same subject.
    pub fn whole(payload: impl Into<Bytes>, recipients: Recipients, subject: Key) -> Self {
        Self(Arc::new(Inner { subject: Some(subject), ..Inner::new(payload.into(), recipients) }))
    }

    /// As [`Self::whole`], for a message that often reaches nobody: `make` renders it when it is first asked for.
    pub fn whole_later(make: impl Fn() -> Bytes + Send + Sync + 'static, recipients: Recipients, subject: Key) -> Self {
        let payload = Payload::Later { make: Box::new(make), made: OnceLock::new() };
        Self(Arc::new(Inner { subject: Some(subject), payload, ..Inner::new(Bytes::new(), recipients) }))
    }

    /// As [`Self::new`], with a number in an order that outlives the channel: a reader that comes back names the last number
    /// that it has.
    pub fn numbered(payload: impl Into<Bytes>, recipients: Recipients, number: i64) -> Self {
        Self(Arc::new(Inner { number: Some(number), ..Inner::new(payload.into(), recipients) }))
    }

    /// As [`Self::numbered`], for readers that name the number in this way.
    pub fn named(payload: impl Into<Bytes>, recipients: Recipients, number: i64, name: impl Into<Box<str>>) -> Self {
        let inner = Inner::new(payload.into(), recipients);
        Self(Arc::new(Inner { number: Some(number), name: Some(name.into()), ..inner }))
    }

    /// A message without content of its own: all numbered messages up to `number` were published before it.
    pub fn mark(payload: impl Into<Bytes>, recipients: Recipients, number: i64, name: impl Into<Box<str>>) -> Self {
        let inner = Inner::new(payload.into(), recipients);
        Self(Arc::new(Inner { number: Some(number), name: Some(name.into()), is_mark: true, ..inner }))
    }

    /// A message of which a slow reader needs only the newest of its `key`, such as a vehicle's position. The order of
    /// publishing says which one is newer.
    pub fn conflated(payload: impl Into<Bytes>, recipients: Recipients, key: Key) -> Self {
        let inner = Inner::new(payload.into(), recipients);
        Self(Arc::new(Inner { subject: Some(key), is_conflated: true, ..inner }))
    }

    /// The rendered payload, before any encoding.
    pub fn payload(&self) -> &Bytes {
        match &self.0.payload {
            Payload::Ready(bytes) => bytes,
            Payload::Later { make, made } => made.get_or_init(make),
        }
    }

    /// The payload's length, or a guess while it was not made.
    pub(crate) fn payload_bytes(&self) -> usize {
        match &self.0.payload {
            Payload::Ready(bytes) => bytes.len(),
            Payload::Later { .. } => UNMADE_BYTES,
        }
    }

    /// The message's recipients.
    pub fn recipients(&self) -> &Recipients {
        &self.0.recipients
    }

    /// The key whose newest message is enough, if it was made with [`Self::conflated`].
    pub fn conflation_key(&self) -> Option<&Key> {
        self.0.subject.as_ref().filter(|_| self.0.is_conflated)
    }

    /// What the message is about, if it was made with [`Self::conflated`] or [`Self::whole`].
    pub fn subject(&self) -> Option<&Key> {
        self.0.subject.as_ref()
    }

    /// Its number, if it was made with [`Self::numbered`], [`Self::named`] or [`Self::mark`].
    pub fn number(&self) -> Option<i64> {
        self.0.number
    }

    /// Adds its content as a record, which is shared like the payload. Records of one group can stand in one message.
    ///
    /// # Panics
    /// When the message is shared already.
    #[must_use]
    pub fn with_row(mut self, group: i64, row: impl Into<Box<[u8]>>) -> Self {
        Arc::get_mut(&mut self.0).expect("nobody shares a message that is being made").row = Some((group, row.into()));
        self
    }

    /// Its group and record, if it has one.
    pub fn row(&self) -> Option<(i64, &[u8])> {
        self.0.row.as_ref().map(|(group, row)| (*group, &row[..]))
    }

    /// Whether it was made with [`Self::mark`].
    pub fn is_mark(&self) -> bool {
        self.0.is_mark
    }

    /// The message in `form`. The first caller encodes it, the others share it.
    pub fn encoded(&self, form: Form, encoder: &dyn Encoder) -> &Bytes {
        let payload = self.payload();
        self.0.forms[form.index()].get_or_init(|| match (&self.0.name, self.0.number) {
            (Some(name), _) => encoder.encode_named(form, payload, name),
            (None, Some(number)) => encoder.encode_named(form, payload, &number.to_string()),
            (None, None) => encoder.encode(form, payload),
        })
    }
}

impl Inner {
    fn new(payload: Bytes, recipients: Recipients) -> Self {
        let forms = Default::default();
        Self {
            payload: Payload::Ready(payload),
            recipients,
            subject: None,
            is_conflated: false,
            number: None,
            name: None,
            row: None,
            is_mark: false,
            forms,
        }
    }
}
