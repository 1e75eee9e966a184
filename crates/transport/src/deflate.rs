//! Negotiates permessage-deflate so that compressed frames can be shared by all sockets.

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

/// What is answered to an offer that is accepted. Without context takeover a compressed frame depends on nothing that
/// one connection saw before, so every connection can be sent the same bytes.
const RESPONSE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Which way messages may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deflate {
    /// Nothing was negotiated.
    Off,
    /// Inbound only: the client has a smaller window than the shared frames need, so it is sent plain ones.
    /// RFC 7692 leaves it to the sender whether a message is compressed.
    Inbound,
    /// Both.
    Both,
}

/// An offer that was accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The header value that says so.
    pub(crate) response: String,
    pub(crate) deflate: Deflate,
}

/// Accepts the first offer under which frames can be shared, else the first that is acceptable at all.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Accepted> {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
    let mut accepted: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(accept_offer).collect();
    let best = accepted.iter().position(|accepted| accepted.deflate == Deflate::Both).unwrap_or(0);
    (!accepted.is_empty()).then(|| accepted.swap_remove(best))
}

fn accept_offer(offer: &str) -> Option<Accepted> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut accepted = Accepted { response: RESPONSE.to_owned(), deflate: Deflate::Both };
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
            ("server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits", None) => {}
            ("client_max_window_bits", Some(bits)) if window_bits(bits).is_some() => {}
            ("server_max_window_bits", Some(bits)) => {
                let bits = window_bits(bits)?;
                accepted.response.push_str(&format!("; server_max_window_bits={bits}"));
                // Shared frames are compressed with the full window; a smaller one would need frames of its own.
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
