//! Listening sockets, and accepting connections on them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(50);
/// How often the log says so.
const EXHAUSTED_LOG: Duration = Duration::from_secs(10);
/// Connections that the system queues until they are accepted. A whole school may reconnect at once.
const BACKLOG: u32 = 4096;

/// Opens a listening socket.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Hands each new connection to `serve`, until `until` is ready.
pub(crate) async fn accept_connections(
    listener: &TcpListener,
    serve: impl Fn(TcpStream, SocketAddr),
    until: impl Future<Output = ()>,
) {
    tokio::pin!(until);
    let mut logged: Option<Instant> = None;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve(stream, peer),
                Err(error) => {
                    if logged.is_none_or(|logged| logged.elapsed() >= EXHAUSTED_LOG) {
                        logged = Some(Instant::now());
                        tracing::warn!(%error, "a connection could not be accepted");
                    }
                    tokio::time::sleep(EXHAUSTED_WAIT).await;
                }
            },
            () = &mut until => return,
        }
    }
}
