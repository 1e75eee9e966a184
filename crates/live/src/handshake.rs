//! Answers a request for a live connection: refuses it, or opens a socket or stream.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use milepost_access::{Authentication, Visit};
use milepost_domain::{Caller, TenantId};
use milepost_http::{ClientAddress, Problem, query_value};
use milepost_transport::{Abort, HandshakeError, RateLimit, Socket, SocketLimits, Upgrade};
use std::net::IpAddr;
use std::sync::Arc;

use crate::client_events::StreamView;
use crate::event_stream::{RETRY_MS, serve_stream};
use crate::inbound::parse_last_event_id;
use crate::sender::SocketSender;
use crate::socket::{ServedSocket, Viewer};
use crate::{ConnectionPolicy, Live};

/// Headers that keep proxies from caching, compressing or buffering a stream.
pub(crate) const STREAM_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// A request for a live connection whose origin has been checked.
pub struct Handshake {
    pub(crate) live: Live,
    pub(crate) head: Parts,
    pub(crate) policy: &'static ConnectionPolicy,
}

/// A dialect's decision about an admitted client.
pub struct Entry<V> {
    /// The tenant whose connection limit counts: the client's own, or the one that it watches.
    pub tenant: TenantId,
    /// `None` for a visitor of a public link.
    pub credential: Option<Authentication>,
    /// The public link that lets a visitor in, who is counted apart from the tenant's own people.
    pub public_link: Option<String>,
    /// The dialect's data for this connection, handed to its viewer.
    pub view: V,
    /// The largest inbound message in bytes, if it differs from the server's setting.
    pub max_message_bytes: Option<usize>,
    /// The inbound rate limit, if it differs from the server's setting.
    pub rate: Option<RateLimit>,
}

impl<V> Entry<V> {
    /// Counts the client under the limit of its own tenant.
    pub fn new(credential: Authentication, view: V) -> Self {
        let tenant = credential.caller().tenant.clone();
        Self { tenant, credential: Some(credential), public_link: None, view, max_message_bytes: None, rate: None }
    }

    fn limits(&self, standard: SocketLimits) -> SocketLimits {
        SocketLimits {
            max_message_bytes: self.max_message_bytes.unwrap_or(standard.max_message_bytes),
            rate: self.rate.or(standard.rate),
            ..standard
        }
    }
}

impl Handshake {
    /// The first value of the query parameter `name`.
    pub fn query(&self, name: &str) -> Option<String> {
        query_value(&self.head, name)
    }

    /// The tenant in `?tenant=`, or the caller's own.
    ///
    /// # Errors
    /// 403 for another tenant, unless the caller is a superadmin.
    pub fn tenant_for(&self, caller: &Caller) -> Result<TenantId, Problem> {
        let Some(named) = self.query("tenant") else { return Ok(caller.tenant.clone()) };
        let tenant = TenantId::new(&named)?;
        if tenant != caller.tenant && !caller.is_superadmin() {
            return Err(Problem::forbidden("only a superadmin may follow another tenant"));
        }
        Ok(tenant)
    }

    /// The id of the last event that the client has. The header wins over the URL: a browser that reconnects sends a
    /// new header with the old URL.
    ///
    /// # Errors
    /// The reason why the id can't be read.
    pub fn last_event_id(&self) -> Result<Option<i64>, String> {
        parse_last_event_id(&self.head)
    }

    /// Opens a socket for an admitted client, or answers with the reason of the refusal. `enter` makes the viewer; an
    /// error from it closes the socket.
    pub fn open_socket<V, W, F, Fut>(mut self, entry: Result<Entry<V>, Problem>, enter: F) -> Response
    where
        V: Send + 'static,
        W: Viewer + 'static,
        F: FnOnce(Arc<SocketSender>, V) -> Fut + Send + 'static,
        Fut: Future<Output = Result<W, Problem>> + Send + 'static,
    {
        let entry = match entry {
            Ok(entry) => entry,
            Err(problem) => return self.refuse(problem),
        };
        let upgrade = match self.upgrade() {
            Ok(upgrade) => upgrade,
            Err(refusal) => return refusal.response().map(Body::from),
        };
        let limits = entry.limits(upgrade.limits());
        let visit = entry.public_link.map(|link| Visit { link, address: self.client_address() });
        let place = match self.live.admit(&entry.tenant, entry.credential, visit) {
            Ok(place) => place,
            Err(problem) => return problem.into_response(),
        };
        let (view, policy, place) = (entry.view, self.policy, Arc::new(place));
        let serve = move |socket: Socket| {
            // Boxed, so that the memory for entering is freed while the socket is open.
            let entering = Box::pin(ServedSocket::enter(socket, place, policy, move |sender| enter(sender, view)));
            async move {
                if let Some(served) = entering.await {
                    served.run().await;
                }
            }
        };
        upgrade.with_limits(limits).accept(serve).map(|()| Body::empty())
    }

    /// Opens a stream of events for an admitted client, or answers with the problem. The stream begins with the events
    /// above `after`, if that is given.
    pub fn open_stream<V: StreamView>(mut self, entry: Result<Entry<V>, Problem>, after: Option<i64>) -> Response {
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
        // The same amount as a socket keeps for a slow reader.
        let reliable_bytes = transport.config().limits.reliable_bytes;
        let (stream, body) = transport.open_stream(reliable_bytes, self.head.extensions.remove::<Abort>());
        stream.greet(RETRY_MS);
        tokio::spawn(serve_stream(self.live, stream, place, entry.view, after));
        (STREAM_HEADERS, Body::new(body)).into_response()
    }

    /// The client's address, if it is known.
    pub fn client_address(&self) -> Option<IpAddr> {
        ClientAddress::of(&self.head).0
    }

    pub(crate) fn refuse(mut self, problem: Problem) -> Response {
        let policy = self.policy;
        if (policy.refusal)(&problem).is_none() {
            return problem.into_response();
        }
        let close = move |socket: Socket| async move {
            SocketSender::new(&socket, policy).refuse(&problem);
            socket.finish().await;
        };
        match self.upgrade() {
            Ok(upgrade) => upgrade.accept(close).map(|()| Body::empty()),
            Err(refusal) => refusal.response().map(Body::from),
        }
    }

    pub(crate) fn upgrade(&mut self) -> Result<Upgrade, HandshakeError> {
        let upgrade = Upgrade::from_parts(&mut self.head, &self.live.transport)?;
        Ok(match self.policy.farewell {
            Some(farewell) => upgrade.with_farewell(farewell),
            None => upgrade,
        })
    }
}
