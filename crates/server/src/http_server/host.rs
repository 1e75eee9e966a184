//! Checks the `Host` header of a request.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version, header};

/// Whether the request names one host, as RFC 9112, section 3.2 asks for. A request of HTTP/1.0 may name none, and an
/// empty name is allowed.
pub(super) fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version == Version::HTTP_10,
        (Some(host), None) => host.is_empty() || is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

fn is_host(host: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(host) else { return false };
    // An authority may also name a user, a host may not.
    let port = authority.as_str().strip_prefix(authority.host());
    !authority.host().is_empty()
        && port.is_some_and(|port| {
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn one_host_is_named_and_it_is_well_formed() {
        let check = |hosts: &[&'static str], version: Version, expected: bool| {
            let lines = hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host)));
            let headers = HeaderMap::from_iter(lines);
            assert_eq!(names_one_host(version, &headers), expected, "{hosts:?} {version:?}");
        };
        for host in ["bus.example.org", "bus.example.org:8080", "127.0.0.1:80", "[::1]:8080", "localhost", "a_b.c", ""]
        {
            check(&[host], Version::HTTP_11, true);
        }
        for host in ["a b", "evil.com/../x", "user@host", "http://host", "host:port", "[::1", "a\tb", ":80"] {
            check(&[host], Version::HTTP_11, false);
        }
        check(&[], Version::HTTP_11, false);
        check(&[], Version::HTTP_10, true);
        check(&["a", "a"], Version::HTTP_11, false);
        check(&["a", "a"], Version::HTTP_10, false);
    }
}
