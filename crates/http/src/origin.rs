//! The web pages that may use a visitor's cookie (against cross-site request forgery and socket hijacking).

use axum::http::{HeaderMap, header};

/// An origin by RFC 6454: scheme, host and port. A default port is left out, so that equal origins compare equal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    authority: Authority,
}

/// Host and port. No port is the default one of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    fn parse(text: &str, scheme: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        // An IPv6 address has colons of its own, within brackets.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (text.as_str(), None),
        };
        if host.is_empty() || host.contains(['/', '*', ' ', '?', '#', '@', ',']) {
            return None;
        }
        let default = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Some(Self { host: host.to_owned(), port: port.filter(|port| Some(*port) != default) })
    }
}

impl Origin {
    /// `null` and origins without a host, such as `file://`, are none: many pages share them.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let authority = Authority::parse(rest, &scheme)?;
        is_scheme.then_some(Self { scheme, authority })
    }

    /// Whether the request went to the server that this page came from. A proxy may have taken off TLS: `X-Forwarded-Proto` says
    /// so. No page can set that header on another's request, and it only narrows what is allowed.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // A chain of proxies makes a list, the client's side first. Some write `wss` for the TLS of a socket. `http` says
        // little: it may come from a proxy behind the one that took off TLS.
        let first = value("x-forwarded-proto").and_then(|schemes| schemes.split(',').next()).unwrap_or_default().trim();
        let has_tls = ["https", "wss"].iter().any(|scheme| first.eq_ignore_ascii_case(scheme));
        let is_scheme_of_server = self.scheme == "https" || (self.scheme == "http" && !has_tls);
        let host = value(header::HOST.as_str()).and_then(|host| Authority::parse(host, &self.scheme));
        is_scheme_of_server && host.as_ref() == Some(&self.authority)
    }
}

/// The server's own origin and those that the operator listed.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    allowed: Vec<Origin>,
}

impl OriginPolicy {
    /// `allowed` are origins as browsers and app shells write them, without a path: `https://maps.example.org`,
    /// `capacitor://localhost`.
    ///
    /// # Errors
    /// The first entry that is not an origin.
    pub fn new(allowed: &[String]) -> Result<Self, String> {
        let parse = |entry: &String| Origin::parse(entry.trim().trim_end_matches('/')).ok_or_else(|| entry.clone());
        Ok(Self { allowed: allowed.iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// Whether the request came from an allowed page or from a program. Programs send no `Origin`.
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        if !headers.contains_key(header::ORIGIN) {
            return true;
        }
        origin_of(headers).is_some_and(|origin| self.allowed.contains(&origin) || origin.is_own(headers))
    }

    /// The same for the cookies of a dialect whose clients are pages of this host at another port: cookies know no ports.
    pub fn allows_host(&self, headers: &HeaderMap) -> bool {
        let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let is_host = |origin: &Origin| {
            let of_request = host().and_then(|host| Authority::parse(host, &origin.scheme));
            matches!(&*origin.scheme, "http" | "https")
                && of_request.is_some_and(|host| host.host == origin.authority.host)
        };
        self.allows(headers) || origin_of(headers).is_some_and(|origin| is_host(&origin))
    }

    /// The request's origin if it is listed, for CORS headers.
    pub fn listed<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let origin = origin_of(headers)?;
        self.allowed.contains(&origin).then(|| headers.get(header::ORIGIN)?.to_str().ok()).flatten()
    }
}

fn origin_of(headers: &HeaderMap) -> Option<Origin> {
    Origin::parse(headers.get(header::ORIGIN)?.to_str().ok()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_own_and_listed_origins_are_allowed() {
        let listed = ["https://maps.example.org/", "https://live.example.org:443", "capacitor://localhost"];
        let policy = OriginPolicy::new(&listed.map(str::to_owned)).unwrap();
        let check = |host, origin, expected| {
            let headers = headers(&[("host", host), ("origin", origin)]);
            assert_eq!(policy.allows(&headers), expected, "{origin} at {host}");
        };
        assert!(policy.allows(&headers(&[("host", "bus.example.org")])), "programs send no origin");
        let own = "bus.example.org:8080";
        check(own, "http://bus.example.org:8080", true);
        check(own, "https://BUS.example.org:8080", true);
        check(own, "http://bus.example.org", false);
        check(own, "https://bus.example.org", false);
        check(own, "https://evil.example", false);
        check(own, "chrome-extension://bus.example.org:8080", false);
        check(own, "file://bus.example.org:8080", false);
        check(own, "null", false);
        check("bus.example.org", "http://bus.example.org:80", true);
        check("bus.example.org:80", "http://bus.example.org", true);
        check("bus.example.org:443", "https://bus.example.org", true);
        check("bus.example.org:443", "http://bus.example.org", false);
        check("[::1]:8080", "http://[::1]:8080", true);
        check("[::1]", "http://[::1]:80", true);
        check(own, "https://maps.example.org", true);
        check(own, "https://MAPS.example.org:443", true);
        check(own, "http://maps.example.org", false);
        check(own, "https://maps.example.org.evil.example", false);
        check(own, "https://live.example.org", true);
        check(own, "capacitor://localhost", true);
        check(own, "ionic://localhost", false);
    }

    #[test]
    fn behind_a_proxy_with_tls_a_page_without_it_is_another() {
        let policy = OriginPolicy::default();
        let check = |origin, expected| {
            for proto in ["https", "HTTPS, http", "wss"] {
                let pairs = [("host", "bus.example.org"), ("x-forwarded-proto", proto), ("origin", origin)];
                assert_eq!(policy.allows(&headers(&pairs)), expected, "{origin} over {proto}");
            }
        };
        check("https://bus.example.org", true);
        check("http://bus.example.org", false);
        check("http://bus.example.org:443", false);
        let inner = headers(&[
            ("host", "bus.example.org"),
            ("x-forwarded-proto", "http"),
            ("origin", "https://bus.example.org"),
        ]);
        assert!(policy.allows(&inner), "a second proxy sees no TLS");
    }

    #[test]
    fn what_many_pages_share_cannot_be_listed() {
        for entry in ["*", "null", "file://", "https://*.example.org", "https://a.example/path", "https://u@a.example"]
        {
            assert_eq!(OriginPolicy::new(&[entry.to_owned()]).unwrap_err(), entry);
        }
    }
}
