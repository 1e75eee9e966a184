//! Finds the client's address of a request that came through proxies, from the trusted part of `X-Forwarded-For`.

use axum::http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose `X-Forwarded-For` is trusted; none by default. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Reads addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn new(listed: &[String]) -> Result<Self, String> {
        listed
            .iter()
            .map(|entry| network(entry.trim()).ok_or_else(|| entry.clone()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The client's address of a request from `peer`. The header of a trusted peer is read from its right end, where
    /// the nearest proxy writes. The first address there that is not a trusted proxy is the client; entries further
    /// left may be forged.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let mut entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.contains(nearest) {
            // Without a further readable entry the last trusted proxy counts as the client.
            let Some(before) = entries.next().and_then(address) else { break };
            nearest = before;
        }
        nearest
    }

    /// Whether the address is one of the proxies.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Reads a network, or one address as a network of one.
fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address))).ok()?;
    let IpNet::V6(v6) = network else { return Some(network) };
    match v6.addr().to_ipv4_mapped() {
        // An IPv4-mapped network: `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        Some(v4) => Ipv4Net::new(v4, v6.prefix_len().checked_sub(96)?).ok().map(IpNet::V4),
        None => Some(network),
    }
}

/// Reads an entry of the header. Some proxies add a port or brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn proxies(listed: &[&str]) -> TrustedProxies {
        TrustedProxies::new(&listed.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    fn seen(trusted: &TrustedProxies, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        trusted.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_header_of_an_untrusted_peer_is_ignored() {
        assert_eq!(seen(&TrustedProxies::default(), "127.0.0.1", &["1.2.3.4"]), "127.0.0.1");
        assert_eq!(seen(&proxies(&["10.0.0.1"]), "10.0.0.2", &["1.2.3.4"]), "10.0.0.2");
    }

    #[test]
    fn rightmost_untrusted_address_wins() {
        let trusted = proxies(&["10.0.0.0/8", "::1"]);
        for (peer, lines, expected) in [
            ("10.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
            // The leftmost entry was written by the client itself.
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9,10.9.9.9 , ::1"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9", "10.9.9.9"], "203.0.113.9"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            // All entries are proxies: the farthest one counts.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(seen(&trusted, peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn entries_left_of_an_unreadable_one_are_not_trusted() {
        let trusted = proxies(&["10.0.0.0/8"]);
        for line in ["unknown", "1.1.1.1, _hidden", "1.1.1.1, ", "", "1.1.1.1, 10.0.0.256", "1.1.1.1 10.0.0.2"] {
            assert_eq!(seen(&trusted, "10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
        assert_eq!(seen(&trusted, "10.0.0.1", &["1.1.1.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn networks_contain_the_addresses_with_their_prefix() {
        for (network, inside, outside) in [
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("192.168.4.1", "192.168.4.1", "192.168.4.2"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("::/0", "2001:db8::1", "8.8.8.8"),
        ] {
            let network = super::network(network).unwrap();
            assert!(network.contains(&inside.parse::<IpAddr>().unwrap()), "{network:?} {inside}");
            assert!(!network.contains(&outside.parse::<IpAddr>().unwrap()), "{network:?} {outside}");
        }
    }

    #[test]
    fn an_invalid_address_is_named() {
        for entry in
            ["localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "::ffff:1.2.3.4/95", "", "10.0.0.1:80"]
        {
            assert_eq!(TrustedProxies::new(&["127.0.0.1".to_owned(), entry.to_owned()]).unwrap_err(), entry);
        }
        assert!(TrustedProxies::new(&[" 127.0.0.1 ".to_owned()]).is_ok());
    }
}
