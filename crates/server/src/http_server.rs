//! Accepts connections and serves HTTP/1.1 on them. The transport takes over sockets when they are upgraded, and
//! streams of events when they are quiet.

mod closing;
mod connection;
mod detach;
mod graceful;
mod host;
mod http2;
mod request_body;
mod rest;

use crate::accepting::accept_connections;
use crate::connection_table::{ConnectionLimits, ConnectionTable};
use axum::Router;
use connection::{Connections, serve_connection};
use graceful::{Graceful, Watcher};
use milepost_transport::StreamWaits;
use request_body::BODY_WAIT;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The time within which a new connection must send its first byte. Then it is closed.
const FIRST_BYTE_WAIT: Duration = Duration::from_secs(10);
/// The time within which a request's head must arrive. An idle connection is closed after it too.
const HEADER_WAIT: Duration = Duration::from_secs(75);
/// The time within which a client must take something of its answer. Then the connection is cut.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// How long connections that arrived during the drain may take to read their answer.
const LATE_WAIT: Duration = Duration::from_secs(1);

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
pub(crate) async fn reaches(stage: &mut watch::Receiver<Stage>, wanted: Stage) {
    let _ = stage.wait_for(|stage| *stage == wanted || *stage == Stage::Ending).await;
}

async fn take_connections(
    listener: &TcpListener,
    connections: &Arc<Connections>,
    watcher: &(dyn Fn() -> Watcher + Send + Sync),
    until: impl Future<Output = ()>,
) {
    accept_connections(listener, |stream, peer| serve_connection(stream, peer, connections, watcher()), until).await;
}

#[cfg(test)]
#[path = "http_server/slow_clients.rs"]
mod slow_clients;
