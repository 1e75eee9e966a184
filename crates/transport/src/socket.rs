//! The reading side of a socket: hands out complete messages, and answers everything else itself.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::close::code;
use crate::config::SocketLimits;
use crate::decoder::{DecodedEvent, Decoder, Violation};
use crate::link::{Farewell, Link};
use crate::permessage_deflate::Deflate;
use crate::rate::RateGauge;
use crate::stats::add;
use crate::transport::Transport;
use crate::wire::Wire;

/// While a long message comes in, one read takes up to this much.
const MAX_READ_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where reads go. A thread's sockets share it, so that an idle socket holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A message from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

/// An open socket, owned by its handler. Dropping it closes with 1000, or 1011 if the handler panics; the close
/// handshake then goes on in the background, for at most `write_wait`.
pub struct Socket {
    /// Taken only by `drop`.
    reader: Option<Reader>,
    link: Arc<Link>,
}

struct Reader {
    link: Arc<Link>,
    decoder: Decoder,
    rate: RateGauge,
    /// Bytes that were read beyond the last message.
    rest: Bytes,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Frames are read, for as long as the peer has not closed.
    Frames,
    /// Both have sent their close frame; ours is perhaps not written yet.
    Closed,
    /// The peer broke the protocol: everything that it still sends is discarded.
    Failed,
    /// As `Failed`, with our close frame written and our direction ended.
    Lingering,
}

impl Socket {
    pub(crate) fn open(
        transport: &Transport,
        wire: Wire,
        read_ahead: Bytes,
        deflate: Deflate,
        limits: &SocketLimits,
        farewell: Option<Farewell>,
    ) -> Self {
        let link = Link::open(&transport.shared, &transport.wheel, wire, deflate, limits, farewell);
        let reader = Reader {
            link: link.clone(),
            decoder: Decoder::new(limits.max_message_bytes, deflate != Deflate::Off),
            rate: RateGauge::new(limits.rate, transport.shared.timing.now_ms()),
            rest: read_ahead,
            stage: Stage::Frames,
        };
        Self { reader: Some(reader), link }
    }

    /// The writing side, to be cloned for those who send to this socket.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The next message; `None` once the socket has ended. Nothing is lost when the returned future is dropped. Pings
    /// are answered and the backlog is written while it waits, so a handler must not await anything else for long.
    pub async fn next(&mut self) -> Option<Inbound> {
        self.reader.as_mut()?.next().await
    }

    /// Closes with 1000 if nobody closed before, and waits until the close handshake is done or cut.
    pub async fn finish(mut self) {
        self.link.close(code::NORMAL, "");
        while self.next().await.is_some() {}
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let Some(mut reader) = self.reader.take() else { return };
        if self.link.has_ended() {
            return;
        }
        let panicking = std::thread::panicking();
        self.link.close(if panicking { code::INTERNAL } else { code::NORMAL }, "");
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move { while reader.next().await.is_some() {} });
            }
            Err(_) => self.link.end(code::ABNORMAL),
        }
    }
}

impl Reader {
    async fn next(&mut self) -> Option<Inbound> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Inbound>> {
        loop {
            let flushed = self.link.poll_flush(cx).is_ready();
            if self.link.has_ended() {
                return Poll::Ready(None);
            }
            let open = self.link.is_open();
            if flushed {
                match self.stage {
                    Stage::Closed => {
                        self.link.end(code::NORMAL);
                        return Poll::Ready(None);
                    }
                    Stage::Failed => {
                        // Closing at once could make the kernel reset the connection under our close frame.
                        self.link.wire.shutdown(Shutdown::Write);
                        self.stage = Stage::Lingering;
                    }
                    Stage::Frames | Stage::Lingering => {}
                }
            }
            if self.stage != Stage::Closed {
                match self.poll_event(cx) {
                    Poll::Ready(Ok(Some(event))) => match self.answer(event) {
                        Some(message) if open => return Poll::Ready(Some(message)),
                        _ => continue,
                    },
                    Poll::Ready(Ok(None)) => continue,
                    Poll::Ready(Err(End::Failed(Violation { code, reason }))) => {
                        self.link.close(code, reason);
                        self.stage = Stage::Failed;
                        self.rest = Bytes::new();
                        continue;
                    }
                    Poll::Ready(Err(End::Gone)) => {
                        self.link.end(code::ABNORMAL);
                        return Poll::Ready(None);
                    }
                    Poll::Pending => {}
                }
            }
            if self.link.register_reader(cx.waker(), open) {
                return Poll::Pending;
            }
        }
    }

    /// Answers control frames, and returns messages.
    fn answer(&mut self, event: DecodedEvent) -> Option<Inbound> {
        match event {
            DecodedEvent::Text(text) => return Some(Inbound::Text(text)),
            DecodedEvent::Binary(bytes) => return Some(Inbound::Binary(bytes)),
            DecodedEvent::Ping(payload) => self.link.send_pong(&payload),
            DecodedEvent::Pong => {}
            DecodedEvent::Close(code) => {
                self.link.answer_close(code);
                self.stage = Stage::Closed;
                self.rest = Bytes::new();
            }
        }
        None
    }

    /// Reads once, unless something is left from the last read, and decodes up to one event.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<DecodedEvent>, End>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            let mut input = &rest[..];
            let event = self.decode(&mut input)?;
            self.rest = rest.slice(rest.len() - input.len()..);
            return Poll::Ready(Ok(event));
        }
        if self.link.wire.poll_read_ready(cx)?.is_pending() {
            return Poll::Pending;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let shared = Arc::clone(&self.link.shared);
            let one_read = shared.config.read_buffer_bytes.max(64);
            let wanted = self.decoder.wanted_bytes().clamp(one_read, MAX_READ_BYTES.max(one_read));
            if scratch.len() < wanted {
                scratch.resize(wanted, 0);
            }
            let read = match self.link.wire.try_read(&mut scratch[..wanted]) {
                Ok(0) => return Poll::Ready(Err(End::Gone)),
                Ok(read) => read,
                // The readiness was out of date; the next poll registers for the next one.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Ready(Ok(None)),
                Err(_) => return Poll::Ready(Err(End::Gone)),
            };
            let now_ms = shared.timing.now_ms();
            self.link.heard(now_ms);
            add(&shared.counters.bytes_in, read);
            if self.stage != Stage::Frames {
                return Poll::Ready(Ok(None));
            }
            if !self.rate.take(0, read, now_ms) {
                return Poll::Ready(Err(End::Failed(TOO_FAST)));
            }
            let mut input = &scratch[..read];
            let event = self.decode(&mut input)?;
            self.rest = Bytes::copy_from_slice(input);
            Poll::Ready(Ok(event))
        })
    }

    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<DecodedEvent>, End> {
        let event = self.decoder.feed(input);
        let frames = self.decoder.take_frames();
        let shared = &self.link.shared;
        add(&shared.counters.frames_in, frames as usize);
        if frames > 0 && !self.rate.take(frames, 0, shared.timing.now_ms()) {
            return Err(End::Failed(TOO_FAST));
        }
        event.map_err(End::Failed)
    }
}

const TOO_FAST: Violation = Violation { code: code::POLICY, reason: "rate limit" };

/// Why reading ends.
enum End {
    Failed(Violation),
    Gone,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}
