//! Takes connections and serves HTTP/1.1 on them; sockets are handed to the transport by their upgrade.

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use milepost_http::accept_trailing_slash;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// A request's head must arrive within this time, and a quiet connection is closed after it.
const HEADER_WAIT: Duration = Duration::from_secs(75);
/// The largest head of a request; a longer one is answered 431.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// When the system has no more file descriptors, taking the next connection waits so long.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(50);
/// Connections that the system may hold for us until we take them: a whole school reconnecting at once.
const BACKLOG: u32 = 4096;

/// Gives each request the router of the moment: the starting one until everything is ready.
pub(crate) type CurrentRouter = Arc<dyn Fn() -> Router + Send + Sync>;

/// Opens the listening socket.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections until `stop` resolves, then lets each finish the request it is in; ends after `patience`.
pub(crate) async fn serve_http(
    listener: TcpListener,
    router: CurrentRouter,
    stop: impl Future<Output = ()>,
    patience: Duration,
) {
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve_connection(stream, peer, &router, graceful.watcher()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(EXHAUSTED_WAIT).await;
                }
            },
            () = &mut stop => break,
        }
    }
    // Closed at once, so that a load balancer sees it and nobody waits in the backlog.
    drop(listener);
    if tokio::time::timeout(patience, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut");
    }
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, router: &CurrentRouter, watcher: Watcher) {
    // Small frames must leave at once.
    let _ = stream.set_nodelay(true);
    let router = Arc::clone(router);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let request = accept_trailing_slash(request.map(axum::body::Body::new));
        let router = router();
        async move {
            let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = auto::Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_WAIT).max_buf_size(MAX_HEAD_BYTES);
    let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let connection = watcher.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended early");
        }
    });
}
