//! Lends a TCP stream to hyper and gets it back when hyper lets go of it: hyper gives one away itself only by an upgrade.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A TCP stream in hyper's hands. Dropping it gives the stream back to its [`Lender`].
pub struct LentStream {
    /// Taken only by `drop` and [`Self::into_inner`].
    stream: Option<TokioIo<TcpStream>>,
    /// The last write found the socket full.
    is_blocked: bool,
    lender: Arc<Shared>,
}

/// Whoever lent a TCP stream.
pub struct Lender(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_blocked: AtomicBool,
    // A std mutex: held to put one thing in or take it out.
    returned: Mutex<Option<TcpStream>>,
}

impl LentStream {
    /// Lends `stream`: the first half is for hyper.
    pub fn lend(stream: TcpStream) -> (Self, Lender) {
        let shared = Arc::<Shared>::default();
        let lent = Self { stream: Some(TokioIo::new(stream)), is_blocked: false, lender: Arc::clone(&shared) };
        (lent, Lender(shared))
    }

    /// The stream, for whom an upgrade gave it to; its lender does not get it back.
    pub(crate) fn into_inner(mut self) -> TcpStream {
        self.stream.take().expect("only dropping takes the stream").into_inner()
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(self.stream.as_mut().expect("only dropping takes the stream"))
    }

    fn note<T>(&mut self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() != self.is_blocked {
            self.is_blocked = written.is_pending();
            self.lender.is_blocked.store(self.is_blocked, Ordering::Relaxed);
        }
        written
    }
}

impl Lender {
    /// Did the last write find the socket full? Hyper writes all it has at the end of each poll of its connection,
    /// until the socket is full: if it was not, hyper has nothing left to write when that poll returns.
    pub fn is_blocked(&self) -> bool {
        self.0.is_blocked.load(Ordering::Relaxed)
    }

    /// The stream, once hyper's connection was dropped; `None` if an upgrade gave it away.
    pub fn take_back(self) -> Option<TcpStream> {
        self.0.returned.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for LentStream {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            *self.lender.returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.into_inner());
        }
    }
}

impl Read for LentStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), io::Error>> {
        self.stream().poll_read(cx, buffer)
    }
}

impl Write for LentStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write_vectored(cx, slices);
        self.note(written)
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
