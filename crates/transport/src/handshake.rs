//! The opening handshake: validates the request, answers 101, and runs a handler on the raw stream.

use std::sync::Arc;

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine, alphabet};
use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use sha1::{Digest, Sha1};

use crate::config::SocketLimits;
use crate::link::Farewell;
use crate::permessage_deflate::{self, Accepted, Deflate};
use crate::socket::Socket;
use crate::transport::Transport;
use crate::wire::Wire;

/// RFC 6455, section 1.3.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A valid request to open a socket, not yet answered.
pub struct Upgrade {
    transport: Arc<Transport>,
    on_upgrade: OnUpgrade,
    accept: String,
    extension: Option<Accepted>,
    subprotocol: Option<HeaderValue>,
    limits: SocketLimits,
    farewell: Option<Farewell>,
}

/// The reason why a request opens no socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeError {
    status: StatusCode,
    header: Option<(HeaderName, &'static str)>,
    detail: &'static str,
}

impl Upgrade {
    /// Validates a request and takes the connection out of it.
    ///
    /// # Errors
    /// 405 unless GET, 426 unless version 13, 503 while draining, 400 for everything else that is wrong.
    pub fn from_parts(parts: &mut Parts, transport: &Arc<Transport>) -> Result<Self, HandshakeError> {
        if parts.method != Method::GET {
            return Err(HandshakeError {
                status: StatusCode::METHOD_NOT_ALLOWED,
                header: Some((ALLOW, "GET")),
                detail: "open a websocket with GET",
            });
        }
        let headers = &parts.headers;
        if !has_token(headers, &UPGRADE, "websocket") || !has_token(headers, &CONNECTION, "upgrade") {
            // Without an `Upgrade` header: a proxy may pass the answer on by HTTP/2, where it makes the answer malformed.
            return Err(bad_request("this is a websocket: send `connection: upgrade` and `upgrade: websocket`"));
        }
        if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(HandshakeError {
                status: StatusCode::UPGRADE_REQUIRED,
                header: Some((SEC_WEBSOCKET_VERSION, "13")),
                detail: "use websocket version 13",
            });
        }
        let accept = headers
            .get(SEC_WEBSOCKET_KEY)
            .and_then(|key| accept_key(key.as_bytes()))
            .ok_or_else(|| bad_request("send a `sec-websocket-key` of 16 bytes in base64"))?;
        if transport.is_draining() {
            return Err(HandshakeError {
                status: StatusCode::SERVICE_UNAVAILABLE,
                header: Some((RETRY_AFTER, "2")),
                detail: "the server is restarting; reconnect soon",
            });
        }
        let extension = permessage_deflate::negotiate(headers);
        let subprotocol = first_subprotocol(headers);
        let on_upgrade = parts
            .extensions
            .remove::<OnUpgrade>()
            .ok_or_else(|| bad_request("open a websocket over http/1.1 on a connection of its own"))?;
        let (transport, limits) = (transport.clone(), transport.config().limits.clone());
        Ok(Self { transport, on_upgrade, accept, extension, subprotocol, limits, farewell: None })
    }

    /// The limits that the socket will have.
    pub fn limits(&self) -> SocketLimits {
        self.limits.clone()
    }

    /// Sets other limits for this socket.
    #[must_use]
    pub fn with_limits(mut self, limits: SocketLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Has a text message sent before every close frame that this side sends first.
    #[must_use]
    pub fn with_farewell(mut self, farewell: Farewell) -> Self {
        self.farewell = Some(farewell);
        self
    }

    /// The 101 response. Once it is sent, `handler` runs with the open socket in a task of its own.
    pub fn accept<F, Fut>(self, handler: F) -> Response<()>
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        let accept = HeaderValue::try_from(self.accept).expect("base64 is a header value");
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(subprotocol) = self.subprotocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        let deflate = self.extension.as_ref().map_or(Deflate::Off, |accepted| accepted.deflate);
        if let Some(accepted) = self.extension {
            let response = HeaderValue::try_from(accepted.response).expect("parameters and digits are a header value");
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, response);
        }
        let (transport, limits, farewell, on_upgrade) = (self.transport, self.limits, self.farewell, self.on_upgrade);
        tokio::spawn(async move {
            let opened = match on_upgrade.await {
                Ok(upgraded) => Wire::from_upgraded(upgraded),
                // The client went away before the response.
                Err(_) => return,
            };
            match opened {
                // A new task: this one's future has the size of what hyper returned.
                Ok((wire, read_ahead)) => {
                    let socket = Socket::open(&transport, wire, read_ahead, deflate, &limits, farewell);
                    tokio::spawn(handler(socket));
                }
                Err(error) => tracing::warn!(%error, "socket not opened: hyper did not hand over the stream"),
            }
        });
        response
    }
}

impl HandshakeError {
    /// The status to answer with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason of the refusal, for the client.
    pub fn detail(&self) -> &'static str {
        self.detail
    }

    /// The whole answer, with the headers that the status asks for and a problem document.
    pub fn response(&self) -> Response<String> {
        let title = self.status.canonical_reason().unwrap_or("error");
        // No text here needs escaping in JSON.
        let body = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{}"}}"#,
            self.status.as_u16(),
            self.detail
        );
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = &self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.detail)
    }
}

impl std::error::Error for HandshakeError {}

fn bad_request(detail: &'static str) -> HandshakeError {
    HandshakeError { status: StatusCode::BAD_REQUEST, header: None, detail }
}

/// The first subprotocol that the client offers. None of the dialects has one, and browsers fail a connection for which none of those
/// that they offered was chosen.
fn first_subprotocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let first = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?.split(',').next()?.trim();
    if first.is_empty() { None } else { HeaderValue::from_str(first).ok() }
}

fn has_token(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|token| token.trim().eq_ignore_ascii_case(wanted))
}

fn accept_key(key: &[u8]) -> Option<String> {
    // Some clients leave bits set in the last letter that the 16 bytes do not need. RFC 4648 section 3.5 lets a reader accept that.
    const LENIENT: GeneralPurpose =
        GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
    if LENIENT.decode(key).ok()?.len() != 16 {
        return None;
    }
    Some(STANDARD.encode(Sha1::new().chain_update(key).chain_update(ACCEPT_SUFFIX).finalize()))
}
