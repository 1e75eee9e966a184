//! Negotiates permessage-deflate so that compressed frames can be shared by all sockets.

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

/// What is answered to an offer that is accepted. Without context takeover a compressed frame depends on nothing that
/// one connection saw before, so every connection can be sent the same bytes.
const RESPONSE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const RESPONSE_WITH_WINDOW: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15";

/// The header value that accepts the first acceptable offer, if there is one.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<&'static str> {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(accept_offer)
}

fn accept_offer(offer: &str) -> Option<&'static str> {
    let mut parts = offer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut response = RESPONSE;
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
            // Shared frames are compressed with the full window; a smaller one would need frames of its own.
            ("server_max_window_bits", Some(bits)) if window_bits(bits) == Some(15) => response = RESPONSE_WITH_WINDOW,
            _ => return None,
        }
    }
    Some(response)
}

fn window_bits(text: &str) -> Option<u8> {
    if text.starts_with('0') || text.starts_with('+') {
        return None;
    }
    text.parse().ok().filter(|bits| (8..=15).contains(bits))
}
