//! How a dialect refuses and closes connections: the codes and texts that its clients know.

use milepost_http::{Problem, TokenInQuery};
use milepost_transport::Farewell;

/// A close frame's code and reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The close code, RFC 6455 section 7.4.
    pub code: u16,
    /// The reason, at most 123 bytes.
    pub reason: &'a str,
}

impl<'a> Close<'a> {
    /// A close frame with this code and reason.
    pub const fn new(code: u16, reason: &'a str) -> Self {
        Self { code, reason }
    }
}

/// Which pages may open a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    /// The server's own pages and those of `ALLOWED_ORIGINS`.
    Allowed,
    /// All pages; a session cookie counts only on an allowed one.
    Any,
}

/// A dialect's rules for its sockets, or for its streams, which have no close frames.
pub struct ConnectionPolicy {
    /// Which pages may open a connection.
    pub origins: Origins,
    /// Whether `?token=` is a credential.
    pub token: TokenInQuery,
    /// The close frame for a refusal after the socket was opened: browsers don't show a page the status of a refused
    /// handshake. `None` answers the handshake with the problem's status instead.
    pub refusal: for<'a> fn(&'a Problem) -> Option<Close<'a>>,
    /// Writes a message that gives the reason before the close frame of a refusal or revocation.
    pub announce: Option<fn(&str) -> String>,
    /// Writes the last message before every close frame that the server sends first, from its code and reason.
    pub farewell: Option<Farewell>,
    /// The user was locked out, its session ended or its device was removed.
    pub revoked: Close<'static>,
    /// The user has other rights now and should reconnect.
    pub rights_changed: Close<'static>,
    /// The credential has expired.
    pub expired: Close<'static>,
    /// The store could not be read, and a client that stayed connected would miss messages.
    pub failed: Close<'static>,
}

impl ConnectionPolicy {
    /// A socket with standard close codes. A refusal is the status of the handshake's answer.
    pub const SOCKET: Self = Self {
        origins: Origins::Allowed,
        token: TokenInQuery::Taken,
        refusal: |_| None,
        announce: None,
        farewell: None,
        revoked: Close::new(1008, "access was withdrawn"),
        rights_changed: Close::new(1012, "access has changed; reconnect"),
        expired: Close::new(1008, "token expired"),
        failed: Close::new(1013, "try again later"),
    };

    /// A stream of server-sent events. It ends without a reason; its client reconnects and is refused or gets what it
    /// may see now.
    pub const STREAM: Self = Self { origins: Origins::Any, token: TokenInQuery::Ignored, ..Self::SOCKET };
}
