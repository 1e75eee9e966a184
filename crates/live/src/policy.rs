//! How a dialect's connections are refused and ended, in codes and words that its clients know.

use milepost_http::{Problem, TokenInQuery};

/// A close frame's code and reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The code.
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
    /// The close frame that tells a refusal after the socket was opened, because browsers show a page no status of a
    /// refused handshake. `None`: the handshake is answered with the problem's status.
    pub refusal: for<'a> fn(&'a Problem) -> Option<Close<'a>>,
    /// A message that gives the reason before the close frame of a refusal or revocation.
    pub announce: Option<fn(&str) -> String>,
    /// The user was locked out, its session ended or its device was removed.
    pub revoked: Close<'static>,
    /// The user may see something else now and should reconnect.
    pub rights_changed: Close<'static>,
    /// The credential has expired.
    pub expired: Close<'static>,
    /// The store could not be read. A client that stayed would miss something.
    pub failed: Close<'static>,
}

impl ConnectionPolicy {
    /// A socket with standard codes, refused by the status of the handshake's answer.
    pub const SOCKET: Self = Self {
        origins: Origins::Allowed,
        token: TokenInQuery::Taken,
        refusal: |_| None,
        announce: None,
        revoked: Close::new(1008, "access was withdrawn"),
        rights_changed: Close::new(1012, "access has changed; reconnect"),
        expired: Close::new(1008, "token expired"),
        failed: Close::new(1013, "try again later"),
    };

    /// A stream of server-sent events. It just ends: its client comes back and is refused, or gets what it may see now.
    pub const STREAM: Self = Self { origins: Origins::Any, token: TokenInQuery::Ignored, ..Self::SOCKET };
}
