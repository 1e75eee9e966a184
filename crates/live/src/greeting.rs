//! Opens sockets whose client says who it is in its first message.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_access::{Authentication, Credential, Visit};
use milepost_domain::{Scope, Timestamp};
use milepost_http::{Problem, authenticate_parts_of_guest};
use milepost_transport::{Inbound, Socket};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::admission::ConnectionPlace;
use crate::socket::{ServedSocket, Viewer};
use crate::{Close, Entry, Handshake, SocketSender};

/// How long a client may take to say who it is.
const GREETING_WAIT: Duration = Duration::from_secs(10);
/// Sockets that have not said who they are. Further ones are answered 503.
const GREETING_SOCKETS: usize = 4_000;
/// The same for one address, or for all whose address is unknown.
const GREETING_SOCKETS_PER_ADDRESS: usize = 1_000;
/// Seconds after which a client that found no room may try again.
const RETRY_S: u64 = 5;

/// A credential within a message.
#[derive(Clone, PartialEq, Eq)]
pub enum MessageCredential {
    /// What would follow `Authorization: Bearer`.
    Token(String),
    /// A device's key.
    DeviceKey(String),
}

impl MessageCredential {
    const fn borrowed(&self) -> Credential<'_> {
        match self {
            Self::Token(token) => Credential::Token(token.as_str()),
            Self::DeviceKey(key) => Credential::DeviceKey(key.as_str()),
        }
    }
}

/// A first message that is none.
pub struct BadGreeting {
    /// The message that answers it.
    pub message: String,
    /// How the socket is closed after it.
    pub close: Close<'static>,
}

/// Reads the first messages of sockets, and says who may come in.
pub trait Greeter: Send + Sync + 'static {
    /// What a first message asks for, beside its credential.
    type Greeting: Send;
    /// The data for the connection.
    type View: Send;
    /// Serves the connection.
    type Viewer: Viewer + 'static;

    /// The frame that closes a socket on which no first message came in time.
    const LATE: Close<'static>;

    /// Reads a first message.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, text: &str) -> Result<(Option<MessageCredential>, Self::Greeting), BadGreeting>;

    /// Decides about a client. Without a credential in its message the one of its request counts.
    fn authorize(
        &self,
        handshake: &Handshake,
        credential: Option<Authentication>,
        greeting: Self::Greeting,
    ) -> impl Future<Output = Result<Entry<Self::View>, Problem>> + Send;

    /// Makes the viewer of an admitted client.
    fn enter(
        self,
        sender: Arc<SocketSender>,
        renewal: Renewal,
        view: Self::View,
    ) -> impl Future<Output = Result<Self::Viewer, Problem>> + Send;
}

/// Replaces an open connection's credential by a newer one.
#[derive(Clone)]
pub struct Renewal {
    place: Arc<ConnectionPlace>,
    sender: Arc<SocketSender>,
}

impl Renewal {
    /// Goes on with another credential of the same caller, and returns when it expires.
    ///
    /// # Errors
    /// 401 for a bad credential, 403 for another caller's and for one with other rights, 5xx when the store can't be read.
    pub async fn renew(&self, credential: &MessageCredential) -> Result<Option<Timestamp>, Problem> {
        let authentication =
            self.place.live().context.access.authenticate_guest_or(credential.borrowed(), Scope::Read).await?;
        let expires_at = authentication.caller().expires_at;
        if !self.place.renew(authentication) {
            return Err(Problem::forbidden(
                "this credential is another caller's or has other rights: open a connection with it",
            ));
        }
        if self.place.is_still_valid(&self.sender).await {
            self.place.expire(&self.sender, expires_at);
        }
        Ok(expires_at)
    }
}

impl Handshake {
    /// Opens a socket and waits for its first message. A credential in the request's headers is checked before; a bad one
    /// is refused.
    pub async fn open_greeted_socket<G: Greeter>(mut self, greeter: G, max_message_bytes: usize) -> Response {
        let shown = match self.shown_credential().await {
            Ok(shown) => shown,
            Err(problem) => return self.refuse(problem),
        };
        let upgrade = match self.upgrade() {
            Ok(upgrade) => upgrade,
            Err(refusal) => return refusal.response().map(Body::from),
        };
        let Some(room) = self.live.greetings.enter(self.client_address()) else {
            let detail = "too many connections have not said who they are";
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(RETRY_S).into_response();
        };
        let mut limits = upgrade.limits();
        limits.max_message_bytes = max_message_bytes;
        let serve = move |socket: Socket| {
            // Boxed, so that the memory for entering is freed while the socket is open.
            let entering = Box::pin(self.greet(socket, greeter, shown, room));
            async move {
                if let Some(served) = entering.await {
                    served.run().await;
                }
            }
        };
        upgrade.with_limits(limits).accept(serve).map(|()| Body::empty())
    }

    /// Authenticates the credential in the request's headers, if there is one. An expired session cookie is ignored: browsers
    /// send it unasked.
    ///
    /// # Errors
    /// 401 for a bad credential, 5xx when the store can't be read.
    pub async fn shown_credential(&self) -> Result<Option<Authentication>, Problem> {
        let headers = &self.head.headers;
        let is_explicit = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-device-key");
        match authenticate_parts_of_guest(&self.live.context, &self.head).await {
            Ok(credential) => Ok(Some(credential)),
            Err(problem) if is_explicit || problem.status >= 500 => Err(problem),
            Err(_) => Ok(None),
        }
    }

    async fn greet<G: Greeter>(
        self,
        mut socket: Socket,
        greeter: G,
        shown: Option<Authentication>,
        room: GreetingRoom,
    ) -> Option<Box<ServedSocket<G::Viewer>>> {
        let sender = SocketSender::new(&socket, self.policy);
        let first = self.live.context.clock.timeout(GREETING_WAIT, socket.next()).await;
        let greeted = match first {
            Some(Some(Inbound::Text(text))) => greeter.read(&text),
            Some(Some(Inbound::Binary(_))) => greeter.read(""),
            Some(None) => return None,
            None => {
                sender.close(G::LATE);
                socket.finish().await;
                return None;
            }
        };
        let refused = match greeted {
            Ok((credential, greeting)) => match self.admit_greeted(&greeter, credential, shown, greeting).await {
                Ok((place, view)) => {
                    drop(room);
                    let (place, policy) = (Arc::new(place), self.policy);
                    let of_renewal = Arc::clone(&place);
                    return ServedSocket::enter(socket, place, policy, move |sender: Arc<SocketSender>| {
                        let renewal = Renewal { place: of_renewal, sender: Arc::clone(&sender) };
                        greeter.enter(sender, renewal, view)
                    })
                    .await;
                }
                Err(problem) => Err(problem),
            },
            Err(bad) => Ok(bad),
        };
        match refused {
            Ok(BadGreeting { message, close }) => {
                sender.send(&message);
                sender.close(close);
            }
            Err(problem) => sender.refuse(&problem),
        }
        socket.finish().await;
        None
    }

    async fn admit_greeted<G: Greeter>(
        &self,
        greeter: &G,
        credential: Option<MessageCredential>,
        shown: Option<Authentication>,
        greeting: G::Greeting,
    ) -> Result<(ConnectionPlace, G::View), Problem> {
        let authentication = match &credential {
            Some(credential) => {
                Some(self.live.context.access.authenticate_guest_or(credential.borrowed(), Scope::Read).await?)
            }
            None => shown,
        };
        let entry = greeter.authorize(self, authentication, greeting).await?;
        let visit = entry.public_link.map(|link| Visit { link, address: self.client_address() });
        Ok((self.live.admit(&entry.tenant, entry.credential, visit)?, entry.view))
    }
}

/// The sockets of this node that have not said who they are. A std mutex: held for a look-up.
#[derive(Default)]
pub(crate) struct Greetings(Mutex<ByAddress>);

#[derive(Default)]
struct ByAddress {
    all: usize,
    of_address: HashMap<Option<IpAddr>, usize>,
}

/// A place among them. Dropping it frees the place.
pub(crate) struct GreetingRoom {
    greetings: Arc<Greetings>,
    address: Option<IpAddr>,
}

impl Greetings {
    fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<GreetingRoom> {
        let mut sockets = self.lock();
        let of_address = sockets.of_address.get(&address).copied().unwrap_or(0);
        if sockets.all >= GREETING_SOCKETS || of_address >= GREETING_SOCKETS_PER_ADDRESS {
            return None;
        }
        sockets.all += 1;
        sockets.of_address.insert(address, of_address + 1);
        Some(GreetingRoom { greetings: Arc::clone(self), address })
    }

    fn lock(&self) -> MutexGuard<'_, ByAddress> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl Drop for GreetingRoom {
    fn drop(&mut self) {
        let mut sockets = self.greetings.lock();
        sockets.all -= 1;
        if let Some(of_address) = sockets.of_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                sockets.of_address.remove(&self.address);
            }
        }
    }
}
