//! A TCP stream for hyper, which ends when its client makes no progress, and which is reclaimed when hyper drops it: hyper
//! itself returns a stream only for an upgrade.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a client may make no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamWaits {
    /// The time within which a new connection must send its first byte.
    pub first_byte: Duration,
    /// The time within which the client must take something of what is written to it.
    pub write: Duration,
}

/// A TCP stream to give to hyper. Dropping it returns the stream to its [`ReclaimHandle`].
pub struct ReclaimableStream {
    /// Taken only by `drop` and [`Self::into_inner`].
    stream: Option<TokioIo<TcpStream>>,
    waits: StreamWaits,
    /// Runs until the first byte has arrived.
    first_byte: Option<Pin<Box<Sleep>>>,
    /// Runs while the socket is full.
    blocked: Option<Pin<Box<Sleep>>>,
    reclaim: Arc<Reclaim>,
}

/// Gets the stream back.
pub struct ReclaimHandle(Arc<Reclaim>);

#[derive(Default)]
struct Reclaim {
    is_blocked: AtomicBool,
    // Held to put the stream in or take it out.
    returned: Mutex<Option<TcpStream>>,
}

impl ReclaimableStream {
    /// `stream` for hyper, and the handle that gets it back.
    pub fn new(stream: TcpStream, waits: StreamWaits) -> (Self, ReclaimHandle) {
        let reclaim = Arc::<Reclaim>::default();
        let stream = Self {
            stream: Some(TokioIo::new(stream)),
            waits,
            first_byte: Some(Box::pin(tokio::time::sleep(waits.first_byte))),
            blocked: None,
            reclaim: Arc::clone(&reclaim),
        };
        (stream, ReclaimHandle(reclaim))
    }

    /// The stream, once an upgrade returned it. The handle then gets nothing.
    pub(crate) fn into_inner(mut self) -> TcpStream {
        self.stream.take().expect("only dropping takes the stream").into_inner()
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(self.stream.as_mut().expect("only dropping takes the stream"))
    }

    /// Ends the connection when the client has taken nothing for too long. What the system still holds for it is thrown
    /// away, because a client that reads nothing would not read the end either.
    fn note_written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.blocked.take().is_some() {
                self.reclaim.is_blocked.store(false, Ordering::Relaxed);
            }
            return written;
        }
        let write = self.waits.write;
        self.reclaim.is_blocked.store(true, Ordering::Relaxed);
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(tokio::time::sleep(write)));
        if blocked.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Some(stream) = &self.stream {
            let _ = SockRef::from(stream.inner()).set_linger(Some(Duration::ZERO));
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl ReclaimHandle {
    /// Whether the last write found the socket full. Hyper writes all it has at the end of each poll of its connection,
    /// until the socket is full. If it is not full, hyper has nothing left to write when that poll returns.
    pub fn is_blocked(&self) -> bool {
        self.0.is_blocked.load(Ordering::Relaxed)
    }

    /// The stream, once hyper's connection was dropped; `None` if an upgrade took it.
    pub fn reclaim(self) -> Option<TcpStream> {
        self.0.returned.lock().expect("nothing panics while holding it").take()
    }
}

impl Drop for ReclaimableStream {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            *self.reclaim.returned.lock().expect("nothing panics while holding it") = Some(stream.into_inner());
        }
    }
}

impl Read for ReclaimableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), io::Error>> {
        let read = self.stream().poll_read(cx, buffer);
        if read.is_ready() {
            self.first_byte = None;
            return read;
        }
        if self.first_byte.as_mut().is_some_and(|wait| wait.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl Write for ReclaimableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write(cx, bytes);
        self.note_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write_vectored(cx, slices);
        self.note_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(Write::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
