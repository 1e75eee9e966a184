//! Takes connections and serves HTTP/1.1 on them; sockets are handed to the transport by their upgrade.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use milepost_http::{MAX_BODY_BYTES, Problem, accept_trailing_slash};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// A request's head must arrive within this time, and a quiet connection is closed after it.
const HEADER_WAIT: Duration = Duration::from_secs(75);
/// A body of moderate size must arrive within this time.
const BODY_WAIT: Duration = Duration::from_secs(30);
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

/// Reads a body of known and moderate size before anybody judges the request: one that is refused unread would cost
/// the client its connection. A larger one is read by its handler.
async fn take_small_body(request: hyper::Request<Incoming>) -> Result<hyper::Request<Body>, Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if !length.is_some_and(|length: usize| (1..=MAX_BODY_BYTES).contains(&length)) {
        return Ok(request.map(Body::new));
    }
    let (head, body) = request.into_parts();
    match tokio::time::timeout(BODY_WAIT, body.collect()).await {
        Ok(Ok(body)) => Ok(hyper::Request::from_parts(head, Body::from(body.to_bytes()))),
        Ok(Err(_)) => Err(Problem::malformed("the body ended early")),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// Says that the connection ends with this answer, because something of the request was left unread.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn serve_connection(stream: TcpStream, peer: SocketAddr, router: &CurrentRouter, watcher: Watcher) {
    // Small frames must leave at once.
    let _ = stream.set_nodelay(true);
    let router = Arc::clone(router);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router();
        async move {
            let request = match take_small_body(request).await {
                Ok(request) => accept_trailing_slash(request),
                Err(problem) => return Ok::<_, Infallible>(closing(problem.into_response())),
            };
            let has_rest = !request.body().is_end_stream() && !request.headers().contains_key(header::UPGRADE);
            let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
            let is_refusal = response.status().is_client_error() || response.status().is_server_error();
            Ok(if has_rest && is_refusal { closing(response) } else { response })
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
