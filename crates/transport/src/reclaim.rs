//! A TCP stream that is reclaimed when hyper drops it: hyper itself returns a stream only for an upgrade.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A TCP stream to give to hyper. Dropping it returns the stream to its [`ReclaimHandle`].
pub struct ReclaimableStream {
    /// Taken only by `drop` and [`Self::into_inner`].
    stream: Option<TokioIo<TcpStream>>,
    /// The last write found the socket full.
    is_blocked: bool,
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
    pub fn new(stream: TcpStream) -> (Self, ReclaimHandle) {
        let reclaim = Arc::<Reclaim>::default();
        let stream = Self { stream: Some(TokioIo::new(stream)), is_blocked: false, reclaim: Arc::clone(&reclaim) };
        (stream, ReclaimHandle(reclaim))
    }

    /// The stream, once an upgrade returned it. The handle then gets nothing.
    pub(crate) fn into_inner(mut self) -> TcpStream {
        self.stream.take().expect("only dropping takes the stream").into_inner()
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(self.stream.as_mut().expect("only dropping takes the stream"))
    }

    fn note_blocked<T>(&mut self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() != self.is_blocked {
            self.is_blocked = written.is_pending();
            self.reclaim.is_blocked.store(self.is_blocked, Ordering::Relaxed);
        }
        written
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
        self.stream().poll_read(cx, buffer)
    }
}

impl Write for ReclaimableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write(cx, bytes);
        self.note_blocked(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write_vectored(cx, slices);
        self.note_blocked(written)
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
