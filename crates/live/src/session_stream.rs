//! Opens streams of server-sent events that a session of the dialect serves for as long as they last.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use milepost_access::Visit;
use milepost_http::Problem;
use milepost_transport::{Abort, EventStream};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::task::AbortHandle;

use crate::event_stream::{RETRY_MS, StreamConnection};
use crate::handshake::STREAM_HEADERS;
use crate::{Entry, Handshake, Outlet};

/// Ends the task of a stream with its connection.
struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Handshake {
    /// Opens a stream for an admitted client, or answers with the problem. `serve` runs until the connection ends; an error
    /// from it ends the stream.
    pub fn open_session_stream<V, F, Fut>(mut self, entry: Result<Entry<V>, Problem>, serve: F) -> Response
    where
        V: Send + 'static,
        F: FnOnce(Outlet, V) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Infallible, Problem>> + Send + 'static,
    {
        let entry = match entry {
            Ok(entry) => entry,
            Err(problem) => return problem.into_response(),
        };
        let visit = entry.public_link.map(|link| Visit { link, address: self.client_address() });
        let place = match self.live.admit(&entry.tenant, entry.credential, visit) {
            Ok(place) => place,
            Err(problem) => return problem.into_response(),
        };
        let transport = &self.live.transport;
        let reliable_bytes = transport.config().limits.reliable_bytes;
        let (stream, body) = transport.open_stream(reliable_bytes, self.head.extensions.remove::<Abort>());
        stream.greet(RETRY_MS);
        let (of_task, view): (Arc<EventStream>, V) = (Arc::clone(&stream), entry.view);
        let task = tokio::spawn(async move {
            let connection = Arc::new(StreamConnection::new(Arc::clone(&of_task)));
            if place.register(&connection).await {
                // It only returns for a refusal.
                let _ = serve(Outlet::from(Arc::clone(&of_task)), view).await;
            }
            of_task.end();
        });
        stream.keep(Serving(task.abort_handle()));
        (STREAM_HEADERS, Body::new(body)).into_response()
    }

    /// What the client says it has got last: the header, or else `last_event_id` or `lastEventId` in the URL.
    pub fn last_event_name(&self) -> Option<String> {
        let header = self.head.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let header = header.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let queried = || ["last_event_id", "lastEventId"].into_iter().find_map(|name| self.query(name));
        header.or_else(queried).filter(|name| !name.is_empty())
    }
}
