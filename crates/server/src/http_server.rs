//! Accepts connections and serves HTTP/1.1 on them. The transport takes over sockets when they are upgraded, and
//! streams of events when they are quiet.

mod closing;
mod detach;
mod request_body;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use closing::closing;
use detach::{DetachSlot, RequestKind};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use milepost_http::accept_trailing_slash;
use milepost_transport::{Abort, ReclaimableStream, write_detached};
use request_body::take_small_body;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

/// The time within which a request's head must arrive. An idle connection is closed after it too.
const HEADER_WAIT: Duration = Duration::from_secs(75);
/// The largest head of a request. A larger one is answered 431.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(50);
/// How long connections that arrived during the drain may take to read their answer.
const LATE_WAIT: Duration = Duration::from_secs(1);
/// Connections that the system queues until they are accepted. A whole school may reconnect at once.
const BACKLOG: u32 = 4096;

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
) {
    let graceful = GracefulShutdown::new();
    {
        let watcher = || graceful.watcher();
        take_connections(&listener, &router, &watcher, reaches(&mut stage, Stage::Draining)).await;
    }
    let late = GracefulShutdown::new();
    let finished = async {
        let (finished, ()) =
            tokio::join!(tokio::time::timeout(patience, graceful.shutdown()), reaches(&mut stage, Stage::Ending));
        if finished.is_err() {
            tracing::warn!("some requests did not finish in time and were aborted");
        }
    };
    take_connections(&listener, &router, &|| late.watcher(), finished).await;
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
    router: &CurrentRouter,
    watcher: &(dyn Fn() -> Watcher + Send + Sync),
    until: impl Future<Output = ()>,
) {
    tokio::pin!(until);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve_connection(stream, peer, router, watcher()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(EXHAUSTED_WAIT).await;
                }
            },
            () = &mut until => return,
        }
    }
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, router: &CurrentRouter, watcher: Watcher) {
    // Small frames must be sent at once.
    let _ = stream.set_nodelay(true);
    let router = Arc::clone(router);
    let (abort, slot) = (Abort::default(), DetachSlot::default());
    let (handed_out, streams) = (abort.clone(), slot.clone());
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(handed_out.clone());
        let kind = RequestKind::of(request.method(), request.version());
        let (router, streams) = (router(), streams.clone());
        // Boxed, so that a request's memory is freed with its answer instead of living as long as its stream.
        Box::pin(async move {
            let (request, read) = match take_small_body(request).await {
                Ok((request, read)) => (accept_trailing_slash(request), read),
                Err(problem) => return Ok::<_, Infallible>(closing(problem.into_response())),
            };
            let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
            let is_refusal = response.status().is_client_error() || response.status().is_server_error();
            let response = if is_refusal && !read.is_so() { closing(response) } else { response };
            Ok(streams.offer(&kind, response))
        })
    });
    let mut http = auto::Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_WAIT).max_buf_size(MAX_HEAD_BYTES);
    let (stream, reclaim) = ReclaimableStream::new(stream);
    let connection = http.serve_connection_with_upgrades(stream, service).into_owned();
    let connection = watcher.watch(connection);
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = slot.run(connection, &reclaim) => ended,
            // The reader of a stream has stopped reading.
            () = abort.wait() => return,
        };
        match ended {
            // A new task, because this one has the size of hyper's connection, which has ended.
            Ok(Some(detached)) => {
                if let Some(stream) = reclaim.reclaim() {
                    tokio::spawn(write_detached(stream, detached.body, detached.framing, abort));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "connection ended early"),
        }
    });
}
