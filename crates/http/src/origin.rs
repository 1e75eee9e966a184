//! The web pages that may use a visitor's cookie (against cross-site request forgery and socket hijacking).

use axum::http::{HeaderMap, header};

/// The server's own origin and those that the operator listed.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    allowed: Vec<String>,
}

impl OriginPolicy {
    /// `allowed` are origins as browsers write them, without a path: `https://maps.example.org`.
    ///
    /// # Errors
    /// The first entry that is not an origin.
    pub fn new(allowed: &[String]) -> Result<Self, String> {
        let clean = |origin: &String| {
            let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            match rest {
                Some(host) if !host.is_empty() && !host.contains(['/', '*', ' ', '?', '#', '@']) => Ok(origin),
                _ => Err(origin),
            }
        };
        Ok(Self { allowed: allowed.iter().map(clean).collect::<Result<_, _>>()? })
    }

    /// Whether the request came from an allowed page or from a program. Programs send no `Origin`.
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let origin = origin.to_ascii_lowercase();
        self.allowed.contains(&origin) || is_same_host(&origin, headers)
    }

    /// The request's origin if it is listed, for CORS headers.
    pub fn listed<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
        self.allowed.contains(&origin.to_ascii_lowercase()).then_some(origin)
    }
}

fn is_same_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let named = origin.split_once("://").map(|(_, host)| host);
    match (host, named) {
        (Some(host), Some(named)) => host.eq_ignore_ascii_case(named),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn headers(origin: Option<&str>, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_own_and_listed_origins_are_allowed() {
        let policy = OriginPolicy::new(&["https://maps.example.org/".to_owned()]).unwrap();
        let check = |origin, expected| {
            assert_eq!(policy.allows(&headers(origin, "bus.example.org:8080")), expected, "{origin:?}");
        };
        check(None, true);
        check(Some("http://bus.example.org:8080"), true);
        check(Some("https://BUS.example.org:8080"), true);
        check(Some("https://maps.example.org"), true);
        check(Some("http://bus.example.org"), false);
        check(Some("https://evil.example"), false);
        check(Some("https://maps.example.org.evil.example"), false);
        check(Some("null"), false);
    }

    #[test]
    fn a_wildcard_is_no_origin() {
        assert!(OriginPolicy::new(&["*".to_owned()]).is_err());
        assert!(OriginPolicy::new(&["https://*.example.org".to_owned()]).is_err());
    }
}
