//! Writes a stream's body straight to its connection, without hyper: a quiet stream holds a socket and its queue, and no
//! buffers.

use std::future::poll_fn;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Abort;

/// What a client may still send after its request, in bytes. It is discarded, and past it the connection is cut. An
/// honest client sends nothing: the response said that the connection ends with it.
const IGNORED_BYTES: usize = 16 * 1024;
/// Bytes discarded by one read.
const READ_BYTES: usize = 512;
/// The length of a chunk in hexadecimal digits, and the line's end.
const LENGTH_LINE_BYTES: usize = 2 * size_of::<usize>() + 2;

/// How a body shows its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each piece is a chunk, and an empty chunk is the end (RFC 9112, section 7.1).
    Chunked,
    /// The end of the connection is the end of the body: for HTTP/1.0.
    UntilClose,
}

/// Writes the rest of `body` to `connection`, on which the response's head was written. Ends the connection when the body
/// has ended, when its reader is gone, or by `abort`. Nothing is taken out of the body while a piece of it waits for the
/// reader.
pub async fn write_detached<C, B>(connection: C, body: B, framing: Framing, abort: Abort)
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes> + Unpin,
{
    let mut writer = Writer { connection, body, framing, piece: None, ignored_bytes: 0 };
    tokio::select! {
        () = poll_fn(|cx| writer.poll(cx)) => {}
        () = abort.wait() => {}
    }
}

struct Writer<C, B> {
    connection: C,
    body: B,
    framing: Framing,
    /// The piece that is being written.
    piece: Option<Piece>,
    ignored_bytes: usize,
}

/// A piece of the body; an empty one is its end.
struct Piece {
    data: Bytes,
    /// Bytes of the piece that are written, those of its framing included.
    written: usize,
}

impl<C, B> Writer<C, B>
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes> + Unpin,
{
    /// Ready when the connection is to be dropped.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_reader_gone(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            if let Some(piece) = &mut self.piece {
                let is_last = piece.data.is_empty();
                let written = ready!(piece.poll_write(Pin::new(&mut self.connection), self.framing, cx));
                self.piece = None;
                if is_last || written.is_err() {
                    return Poll::Ready(());
                }
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                // A stream has data only. An empty piece would mean the end.
                Some(Ok(frame)) => self.piece = frame.into_data().ok().filter(|data| !data.is_empty()).map(Piece::new),
                None => self.piece = Some(Piece::new(Bytes::new())),
                // Without its end, so that the reader knows that something is missing.
                Some(Err(_)) => return Poll::Ready(()),
            }
        }
    }

    /// Ready when the reader has closed, or sends too much that nobody asked for.
    fn poll_reader_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [MaybeUninit::uninit(); READ_BYTES];
        while self.ignored_bytes <= IGNORED_BYTES {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            let read = ready!(Pin::new(&mut self.connection).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.ignored_bytes += buffer.filled().len();
        }
        Poll::Ready(())
    }
}

impl Piece {
    fn new(data: Bytes) -> Self {
        Self { data, written: 0 }
    }

    /// Ready when all of it is written. Its framing is made again for each write, so that it takes no memory between them.
    fn poll_write<C: AsyncWrite>(
        &mut self,
        mut connection: Pin<&mut C>,
        framing: Framing,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = [0; LENGTH_LINE_BYTES];
        let (before, after) = match framing {
            Framing::Chunked => (length_line(self.data.len(), &mut line), &b"\r\n"[..]),
            Framing::UntilClose => Default::default(),
        };
        loop {
            let mut parts = [before, &self.data, after].map(IoSlice::new);
            let mut left = &mut parts[..];
            IoSlice::advance_slices(&mut left, self.written);
            if left.is_empty() {
                return Poll::Ready(Ok(()));
            }
            match ready!(connection.as_mut().poll_write_vectored(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
    }
}

fn length_line(length: usize, line: &mut [u8; LENGTH_LINE_BYTES]) -> &[u8] {
    let mut rest = &mut line[..];
    write!(rest, "{length:x}\r\n").expect("the line has room for the longest length");
    let unused = rest.len();
    &line[..LENGTH_LINE_BYTES - unused]
}
