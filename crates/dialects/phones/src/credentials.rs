//! The key of a device in a request's headers.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key in `Authorization: Basic anything:key`, `Device key` or `Bearer key`, or in `X-Device-Key`.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, rest) = authorization.trim().split_once(' ').unwrap_or_default();
    let key = match scheme.to_ascii_lowercase().as_str() {
        "basic" => password_of(rest.trim()),
        "device" => Some(rest.trim().to_owned()),
        // Another token is meant for somebody else.
        "bearer" => Some(rest.trim().to_owned()).filter(|token| token.starts_with("mpd_")),
        _ => headers.get("x-device-key").and_then(|value| value.to_str().ok()).map(|key| key.trim().to_owned()),
    };
    key.filter(|key| !key.is_empty())
}

fn password_of(basic: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_come_in_each_of_the_headers() {
        let key = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            key_of(&headers)
        };
        let expected = Some("mpd_k:1".to_owned());
        assert_eq!(key("authorization", &format!("Basic {}", STANDARD.encode("jane@x.org:mpd_k:1"))), expected);
        assert_eq!(key("authorization", "device mpd_k:1"), expected);
        assert_eq!(key("authorization", "Bearer mpd_k:1"), expected);
        assert_eq!(key("x-device-key", "mpd_k:1"), expected);
        for value in ["Basic", "Basic ===", "Basic Og==", "Digest x", "Bearer ", "Bearer e30.e30.x"] {
            assert_eq!(key("authorization", value), None, "{value}");
        }
    }
}
