//! The name by which browsers bind passkeys to this server.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What browsers know this server by (WebAuthn, section 4: the relying party).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host's name.
    pub id: String,
    /// The origin of the pages that may use its passkeys.
    pub origin: String,
}

impl RelyingParty {
    /// That of `PUBLIC_URL`.
    ///
    /// # Errors
    /// A sentence that says why there are no passkeys at it.
    pub fn of(public_url: &str) -> Result<Self, &'static str> {
        const NO_URL: &str = "passkeys need PUBLIC_URL, the name at which browsers reach this server: ask its operator";
        let (scheme, rest) = public_url.split_once("://").ok_or(NO_URL)?;
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let (id, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host.to_owned(), Some(port)),
            _ => (authority.clone(), None),
        };
        if id.is_empty() {
            return Err(NO_URL);
        }
        if id.parse::<Ipv4Addr>().is_ok() || id.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok() {
            return Err(
                "passkeys need a name, and this server is reached at an address: its operator may give it a name and set PUBLIC_URL",
            );
        }
        if scheme != "https" && id != "localhost" {
            return Err("passkeys need https, and this server is reached by http: its operator may set PUBLIC_URL");
        }
        let has_usual_port = matches!((scheme, port), ("https", Some("443")) | ("http", Some("80")));
        let origin = if has_usual_port { format!("{scheme}://{id}") } else { format!("{scheme}://{authority}") };
        Ok(Self { id, origin })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::RelyingParty;

    #[test]
    fn passkeys_need_a_name() {
        for (url, id, origin) in [
            ("https://Track.example.org", "track.example.org", "https://track.example.org"),
            ("https://track.example.org:8443/fleet", "track.example.org", "https://track.example.org:8443"),
            ("https://track.example.org:443", "track.example.org", "https://track.example.org"),
            ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ] {
            let party = RelyingParty::of(url).unwrap();
            assert_eq!((party.id.as_str(), party.origin.as_str()), (id, origin), "{url}");
        }
        for (url, reason) in [
            ("", "need PUBLIC_URL"),
            ("https://192.0.2.7", "need a name"),
            ("https://192.0.2.7:8443/x", "need a name"),
            ("https://[2001:db8::1]:8443", "need a name"),
            ("https://[2001:db8::1]", "need a name"),
            ("http://track.example.org", "need https"),
        ] {
            assert!(RelyingParty::of(url).unwrap_err().contains(reason), "{url}");
        }
    }
}
