//! The raw stream under a WebSocket: publishers write to it, its own task reads from it.

use std::io;
use std::net::Shutdown;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpStream, UnixStream};

use crate::reclaim::ReclaimableStream;

/// A stream that can be written without a task of its own.
pub(crate) enum Wire {
    /// The client's own connection.
    Tcp(TcpStream),
    /// Our end of a socket pair. A task copies between the other end and a stream that is not plain TCP. TLS that
    /// the server itself terminates would work this way; a variant with a rustls stream would save the task.
    Bridge(UnixStream),
}

impl Wire {
    /// Takes the stream back from hyper, with what was read beyond the handshake.
    pub(crate) fn from_upgraded(upgraded: Upgraded) -> io::Result<(Self, Bytes)> {
        match upgraded.downcast::<ReclaimableStream>() {
            Ok(parts) => Self::from_parts(parts.io.into_inner(), &parts.read_buf),
            Err(upgraded) => {
                let (ours, mut theirs) = UnixStream::pair()?;
                tokio::spawn(async move {
                    // The end of either side ends the other. There is nobody else to report an error to.
                    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut theirs).await;
                });
                Ok((Self::Bridge(ours), Bytes::new()))
            }
        }
    }

    fn from_parts(stream: TcpStream, read_ahead: &[u8]) -> io::Result<(Self, Bytes)> {
        stream.set_nodelay(true)?;
        // A copy: hyper's read buffer of 8 KiB would live as long as a slice of it, even an empty one.
        Ok((Self::Tcp(stream), Bytes::copy_from_slice(read_ahead)))
    }

    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Bridge(stream) => stream.try_read(buffer),
        }
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Bridge(stream) => stream.try_write(bytes),
        }
    }

    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Bridge(stream) => stream.poll_read_ready(cx),
        }
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_write_ready(cx),
            Self::Bridge(stream) => stream.poll_write_ready(cx),
        }
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Bridge(stream) => stream.writable().await,
        }
    }

    /// Ends one or both directions. An error means that the stream has ended already.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        let _ = match self {
            Self::Tcp(stream) => SockRef::from(stream).shutdown(how),
            Self::Bridge(stream) => SockRef::from(stream).shutdown(how),
        };
    }
}
