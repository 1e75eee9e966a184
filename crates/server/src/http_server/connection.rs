//! Serves one connection: reads its requests, routes them, and passes sockets and quiet streams on.

use super::closing::closing;
use super::detach::{DetachSlot, RequestKind};
use super::graceful::Watcher;
use super::host::names_one_host;
use super::http2::refuse_http2;
use super::request_body::take_small_body;
use super::rest::read_rest;
use super::{CurrentRouter, HttpWaits};
use crate::connection_table::ConnectionTable;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use milepost_http::{ConnectionCaller, Problem, accept_trailing_slash};
use milepost_transport::{Abort, ReclaimableStream, write_detached};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpStream;
use tower::ServiceExt;

/// The largest head of a request. A larger one is answered 431.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// What all connections share.
pub(super) struct Connections {
    pub(super) router: CurrentRouter,
    pub(super) table: Arc<ConnectionTable>,
    pub(super) waits: HttpWaits,
}

/// Starts the task of a new connection.
pub(super) fn serve_connection(stream: TcpStream, peer: SocketAddr, connections: &Arc<Connections>, watcher: Watcher) {
    // Small frames must be sent at once.
    let _ = stream.set_nodelay(true);
    let abort = Abort::default();
    let place = Arc::new(connections.table.enter(peer.ip(), &abort));
    let slot = DetachSlot::default();
    // Weak: a socket keeps the extensions of its request, and leaves the table.
    let (known, own_place, leaves_rest) =
        (Arc::downgrade(&place), Arc::clone(&place), Arc::new(AtomicBool::new(false)));
    let caller = ConnectionCaller::new(move |caller| {
        if let Some(place) = known.upgrade() {
            place.authenticated(caller);
        }
    });
    let (shared, own_abort, streams) = (Arc::clone(connections), abort.clone(), slot.clone());
    let has_rest = Arc::clone(&leaves_rest);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        place.request_begun();
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(own_abort.clone());
        request.extensions_mut().insert(caller.clone());
        let kind = RequestKind::of(request.method(), request.version());
        let (shared, streams, has_rest) = (shared.clone(), streams.clone(), Arc::clone(&has_rest));
        // Boxed, so that a request's memory is freed with its answer instead of living as long as its stream.
        Box::pin(async move {
            let response = answer(&shared, request, &has_rest).await;
            Ok::<_, Infallible>(streams.offer(&kind, response))
        })
    });
    let waits = connections.waits;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(waits.head).max_buf_size(MAX_HEAD_BYTES);
    let (stream, reclaim) = ReclaimableStream::new(stream, waits.stream);
    let connection = watcher.watch(http.serve_connection(stream, service).with_upgrades());
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = slot.run(connection, &reclaim) => ended,
            // The reader of a stream has stopped reading, or the connection has to make room for others.
            () = abort.wait() => return,
        };
        match ended {
            // A new task, because this one has the size of hyper's connection, which has ended.
            Ok(Some(detached)) => {
                if let Some(stream) = reclaim.reclaim() {
                    tokio::spawn(write_detached(stream, detached.body, detached.framing, abort));
                }
            }
            Ok(None) => {
                // It still counts as a connection.
                if leaves_rest.load(Ordering::Relaxed)
                    && let Some(stream) = reclaim.reclaim()
                {
                    read_rest(stream).await;
                }
            }
            Err(error) if error.is_parse_version_h2() => {
                if let Some(stream) = reclaim.reclaim() {
                    tokio::spawn(refuse_http2(stream));
                }
            }
            Err(error) => tracing::debug!(%error, "connection ended early"),
        }
        drop(own_place);
    });
}

/// Answers one request. Notes in `leaves_rest` that a part of it was not read.
async fn answer(connections: &Connections, request: hyper::Request<Incoming>, leaves_rest: &AtomicBool) -> Response {
    if !names_one_host(request.version(), request.headers()) {
        return closing(Problem::malformed("send one Host header with the server's name").into_response());
    }
    let (request, body) = match take_small_body(request, connections.waits.body).await {
        Ok((request, body)) => (accept_trailing_slash(request), body),
        Err(problem) => return closing(problem.into_response()),
    };
    let router = (connections.router)();
    let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
    if let Some(problem) = body.lateness() {
        return closing(problem.into_response());
    }
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    if is_refusal && !body.is_read() {
        leaves_rest.store(true, Ordering::Relaxed);
        return closing(response);
    }
    response
}
