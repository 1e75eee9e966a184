//! Negotiates permessage-deflate, so that all sockets can share compressed frames, and a snapshot is compressed as one.

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

/// The answer to an accepted offer. The client keeps no context, so that an idle connection needs no memory here. The server may
/// keep one, and keeps it within a snapshot: other frames do not depend on earlier ones, so that every connection can be sent the
/// same bytes.
const RESPONSE: &str = "permessage-deflate; client_no_context_takeover";
/// Added to the answer if the client asks for it.
const NO_CONTEXT: &str = "; server_no_context_takeover";

/// The directions in which messages may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deflate {
    /// Nothing was negotiated.
    Off,
    /// Inbound only: the client's window is too small for the shared frames, so it gets plain ones. RFC 7692 lets the
    /// sender choose for each message.
    Inbound,
    /// Both, each message by itself.
    Both,
    /// Both, and messages may refer to earlier ones.
    InContext,
}

impl Deflate {
    /// Whether outgoing messages may be compressed.
    pub(crate) fn is_outbound(self) -> bool {
        matches!(self, Self::Both | Self::InContext)
    }
}

/// An offer that was accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The value of the response's header.
    pub(crate) response: String,
    pub(crate) deflate: Deflate,
}

/// Accepts the first offer under which frames can be shared, else the first that is acceptable at all.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Accepted> {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
    let mut accepted: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(accept_offer).collect();
    let best = accepted.iter().position(|accepted| accepted.deflate.is_outbound()).unwrap_or(0);
    (!accepted.is_empty()).then(|| accepted.swap_remove(best))
}

fn accept_offer(offer: &str) -> Option<Accepted> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut accepted = Accepted { response: RESPONSE.to_owned(), deflate: Deflate::InContext };
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            ("client_no_context_takeover" | "client_max_window_bits", None) => {}
            ("server_no_context_takeover", None) => {
                accepted.response.push_str(NO_CONTEXT);
                if accepted.deflate == Deflate::InContext {
                    accepted.deflate = Deflate::Both;
                }
            }
            ("client_max_window_bits", Some(bits)) if window_bits(bits).is_some() => {}
            ("server_max_window_bits", Some(bits)) => {
                let bits = window_bits(bits)?;
                accepted.response.push_str(&format!("; server_max_window_bits={bits}"));
                // Shared frames are compressed with the full window. A smaller one would need its own frames.
                if bits < 15 {
                    accepted.deflate = Deflate::Inbound;
                }
            }
            _ => return None,
        }
    }
    Some(accepted)
}

fn window_bits(text: &str) -> Option<u8> {
    if text.starts_with('0') || text.starts_with('+') {
        return None;
    }
    text.parse().ok().filter(|bits| (8..=15).contains(bits))
}
