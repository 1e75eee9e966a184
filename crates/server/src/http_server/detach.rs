//! Detaches streams of server-sent events from hyper when they are quiet: hyper's buffers and connection take more than
//! 15 KiB, which a stream does not need between two events.

use super::closing::closing;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Version, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use milepost_transport::{Framing, ReclaimHandle};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// Passes a detached stream to its connection's task. Hyper still reads the request and writes the head and the first
/// events, so that every request is checked and answered in one place.
#[derive(Clone, Default)]
// Locked only to put a stream in or take it out.
pub(super) struct DetachSlot(Arc<Mutex<Option<DetachedStream>>>);

/// The rest of a stream's response, after hyper received everything that was ready.
pub(super) struct DetachedStream {
    pub(super) body: Body,
    pub(super) framing: Framing,
}

/// The parts of a request that decide its response's framing.
pub(super) struct RequestKind {
    is_get: bool,
    framing: Framing,
}

impl RequestKind {
    /// Hyper's framing depends on the version too.
    pub(super) fn of(method: &Method, version: Version) -> Self {
        let framing = if version == Version::HTTP_10 { Framing::UntilClose } else { Framing::Chunked };
        Self { is_get: method == Method::GET, framing }
    }
}

impl DetachSlot {
    /// Puts a stream's response into the slot as soon as it is quiet. Other responses stay unchanged.
    pub(super) fn offer(&self, kind: &RequestKind, response: Response) -> Response {
        if !kind.is_get || response.status() != StatusCode::OK || !is_stream(response.headers()) {
            return response;
        }
        let (slot, framing) = (self.clone(), kind.framing);
        let response = closing(response);
        response.map(|body| Body::new(Detachable { body: Some(body), framing, slot }))
    }

    /// Runs hyper's connection until it ends, or until it has written everything of a quiet stream. Returns that
    /// stream.
    pub(super) async fn run<E>(
        &self,
        connection: impl Future<Output = Result<(), E>>,
        reclaim: &ReclaimHandle,
    ) -> Result<Option<DetachedStream>, E> {
        let mut connection = pin!(connection);
        poll_fn(|cx| {
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended.map(|()| None));
            }
            // While the socket is full, hyper still holds a part of what it received.
            let detached = if reclaim.is_blocked() { None } else { self.lock().take() };
            detached.map_or(Poll::Pending, |detached| Poll::Ready(Ok(Some(detached))))
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Option<DetachedStream>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// Whether the response is a stream of events: it has that content type and no length.
fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
        && !headers.contains_key(header::CONTENT_LENGTH)
}

/// A stream's body while hyper reads it. When it is quiet it moves to the slot, and hyper gets nothing more from it.
struct Detachable {
    body: Option<Body>,
    framing: Framing,
    slot: DetachSlot,
}

impl hyper::body::Body for Detachable {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Pending };
        let polled = Pin::new(body).poll_frame(context);
        if polled.is_pending() {
            let framing = self.framing;
            let detached = self.body.take().map(|body| DetachedStream { body, framing });
            *self.slot.lock() = detached;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, hyper::body::Body::size_hint)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::http_server::slow_clients::limits;
    use crate::http_server::{HttpWaits, Stage, serve_http};
    use axum::Router;
    use axum::body::Body;
    use axum::http::header::CONTENT_TYPE;
    use axum::routing::get;
    use milepost_clock::Clock;
    use milepost_transport::{EventStream, Transport, WsConfig};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;
    use tokio::sync::watch;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn bytes_that_hyper_still_holds_come_before_bytes_written_directly() {
        let transport = Transport::start(WsConfig::default(), Clock::system());
        let opened: Arc<Mutex<Option<Arc<EventStream>>>> = Arc::default();
        let (streams, kept) = (transport.clone(), opened.clone());
        let open = get(move || async move {
            let (stream, body) = streams.open_stream(1024 * 1024, None);
            // The amount that hyper takes before it waits for the socket.
            for piece in 0..30 {
                stream.send_event_backpressured(Some(&piece.to_string()), &"x".repeat(1000)).await.unwrap();
            }
            *kept.lock().unwrap() = Some(stream);
            ([(CONTENT_TYPE, "text/event-stream")], Body::new(body))
        });
        // The smallest buffer that the system allows, so that the rest stays with hyper.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(1).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(8).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", open);
        let (stage, stages) = watch::channel(Stage::Open);
        let router = Arc::new(move || router.clone());
        let serving = tokio::spawn(serve_http(listener, router, stages, PATIENCE, limits(), HttpWaits::default()));

        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        let mut reader = socket.connect(address).await.unwrap();
        reader.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let stream = timeout(PATIENCE, async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let stream = opened.lock().unwrap().clone();
                if let Some(stream) = stream.filter(|stream| stream.pending_bytes() == 0) {
                    return stream;
                }
            }
        });
        let stream = stream.await.expect("hyper takes everything, and nobody reads");
        stream.send_resume_id("30");
        stream.end();
        let mut seen = Vec::new();
        timeout(PATIENCE, reader.read_to_end(&mut seen)).await.expect("an end in time").unwrap();
        let text = String::from_utf8(seen).unwrap();
        let (head, text) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("transfer-encoding: chunked") && head.contains("connection: close"), "{head}");
        let ids: Vec<_> = text.split("id: ").skip(1).map(|rest| rest.split('\n').next().unwrap()).collect();
        assert_eq!(ids, (0..=30).map(|id: i64| id.to_string()).collect::<Vec<_>>());
        assert_eq!(text.matches('x').count(), 30 * 1000, "all of each event");
        assert!(text.ends_with("\r\n8\r\nid: 30\n\n\r\n0\r\n\r\n"), "{}", &text[text.len() - 60..]);
        stage.send(Stage::Ending).unwrap();
        timeout(PATIENCE, serving).await.expect("an end of serving").unwrap();
    }
}
