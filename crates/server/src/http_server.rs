//! Accepts connections and serves HTTP/1.1 on them. The transport takes over sockets when they are upgraded, and
//! streams of events when they are quiet.

mod closing;
mod connection;
mod connection_table;
mod detach;
mod graceful;
mod host;
mod http2;
mod request_body;

pub(crate) use connection_table::ConnectionLimits;

use axum::Router;
use connection::{Connections, serve_connection};
use connection_table::ConnectionTable;
use graceful::{Graceful, Watcher};
use milepost_transport::StreamWaits;
use request_body::BODY_WAIT;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The time within which a new connection must send its first byte. Then it is closed.
const FIRST_BYTE_WAIT: Duration = Duration::from_secs(10);
/// The time within which a request's head must arrive. An idle connection is closed after it too.
const HEADER_WAIT: Duration = Duration::from_secs(75);
/// The time within which a client must take something of its answer. Then the connection is cut.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(50);
/// How often the log says so.
const EXHAUSTED_LOG: Duration = Duration::from_secs(10);
/// How long connections that arrived during the drain may take to read their answer.
const LATE_WAIT: Duration = Duration::from_secs(1);
/// Connections that the system queues until they are accepted. A whole school may reconnect at once.
const BACKLOG: u32 = 4096;

/// How long a client may make no progress at each step of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpWaits {
    stream: StreamWaits,
    head: Duration,
    body: Duration,
}

impl Default for HttpWaits {
    fn default() -> Self {
        let stream = StreamWaits { first_byte: FIRST_BYTE_WAIT, write: ANSWER_WAIT };
        Self { stream, head: HEADER_WAIT, body: BODY_WAIT }
    }
}

/// Returns the current router: the starting one until everything is ready.
pub(crate) type CurrentRouter = Arc<dyn Fn() -> Router + Send + Sync>;

/// Opens the listening socket.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The stage of the shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// All requests are accepted.
    Open,
    /// Running requests are finished. New connections are still accepted, so that `/health` and `/ready` show a server
    /// that runs and is not ready. The router refuses all other requests.
    Draining,
    /// Everything except HTTP has ended.
    Ending,
}

/// Accepts connections until the stage is `Draining`, then lets each finish its request within `patience`. Returns when
/// that is done and the stage is `Ending`.
pub(crate) async fn serve_http(
    listener: TcpListener,
    router: CurrentRouter,
    mut stage: watch::Receiver<Stage>,
    patience: Duration,
    limits: ConnectionLimits,
    waits: HttpWaits,
) {
    let connections = Arc::new(Connections { router, table: ConnectionTable::new(limits), waits });
    let graceful = Graceful::new();
    {
        let watcher = || graceful.watcher();
        take_connections(&listener, &connections, &watcher, reaches(&mut stage, Stage::Draining)).await;
    }
    let late = Graceful::new();
    let finished = async {
        let (finished, ()) =
            tokio::join!(tokio::time::timeout(patience, graceful.shutdown()), reaches(&mut stage, Stage::Ending));
        if finished.is_err() {
            tracing::warn!("some requests did not finish in time and were aborted");
        }
    };
    take_connections(&listener, &connections, &|| late.watcher(), finished).await;
    drop(listener);
    // These connections got a refusal or a status, which are short answers.
    let _ = tokio::time::timeout(LATE_WAIT, late.shutdown()).await;
}

/// Waits for a stage, or until nothing can set it any more.
async fn reaches(stage: &mut watch::Receiver<Stage>, wanted: Stage) {
    let _ = stage.wait_for(|stage| *stage == wanted || *stage == Stage::Ending).await;
}

async fn take_connections(
    listener: &TcpListener,
    connections: &Arc<Connections>,
    watcher: &(dyn Fn() -> Watcher + Send + Sync),
    until: impl Future<Output = ()>,
) {
    tokio::pin!(until);
    let mut logged: Option<Instant> = None;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve_connection(stream, peer, connections, watcher()),
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

#[cfg(test)]
#[path = "http_server/slow_clients.rs"]
mod slow_clients;
