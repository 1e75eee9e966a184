//! From which address a request came, when it came through proxies: `X-Forwarded-For`, as far as it can be believed.

use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word on their clients' addresses is taken; nobody's by default. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[Network]>);

/// Addresses that share their first `prefix_bits` bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl TrustedProxies {
    /// `listed` are addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn new(listed: &[String]) -> Result<Self, String> {
        listed
            .iter()
            .map(|entry| Network::parse(entry.trim()).ok_or_else(|| entry.clone()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The client's address of a request that `peer` brought. A trusted peer's header is read from its right end, where
    /// the nearest proxy writes: the first address there that is no trusted proxy's is the client's. What stands further
    /// left anybody may have written.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        let mut entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.contains(nearest) {
            // Nothing more, or nothing that can be read: the last proxy that can be believed counts.
            let Some(before) = entries.next().and_then(address) else { break };
            nearest = before;
        }
        nearest
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let written: IpAddr = address.parse().ok()?;
        let address = written.to_canonical();
        let all_bits = bits_of(address);
        let prefix_bits = match prefix {
            None => all_bits,
            // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse::<u32>().ok()?.checked_sub(bits_of(written) - all_bits)?
            }
            Some(_) => return None,
        };
        (prefix_bits <= all_bits).then_some(Self { address, prefix_bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        differing >= self.prefix_bits
    }
}

const fn bits_of(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// An entry of the header; some proxies write a port with it, or brackets.
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
    use crate::ClientAddress;
    use axum::extract::{ConnectInfo, FromRequestParts};
    use axum::http::Request;

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
    fn strangers_header_is_not_read() {
        assert_eq!(seen(&TrustedProxies::default(), "127.0.0.1", &["1.2.3.4"]), "127.0.0.1");
        assert_eq!(seen(&proxies(&["10.0.0.1"]), "10.0.0.2", &["1.2.3.4"]), "10.0.0.2");
    }

    #[test]
    fn rightmost_untrusted_address_wins() {
        let trusted = proxies(&["10.0.0.0/8", "::1"]);
        for (peer, lines, expected) in [
            ("10.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
            // What the client itself wrote stands on the left.
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1, 203.0.113.9,10.9.9.9 , ::1"], "203.0.113.9"),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9", "10.9.9.9"], "203.0.113.9"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            // Only proxies: the farthest of them.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(seen(&trusted, peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn behind_what_cannot_be_read_nothing_is_believed() {
        let trusted = proxies(&["10.0.0.0/8"]);
        for line in ["unknown", "1.1.1.1, _hidden", "1.1.1.1, ", "", "1.1.1.1, 10.0.0.256", "1.1.1.1 10.0.0.2"] {
            assert_eq!(seen(&trusted, "10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
        assert_eq!(seen(&trusted, "10.0.0.1", &["1.1.1.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn networks_hold_what_shares_their_prefix() {
        for (network, inside, outside) in [
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("192.168.4.1", "192.168.4.1", "192.168.4.2"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("::/0", "2001:db8::1", "8.8.8.8"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?} {outside}");
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for entry in
            ["localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "::ffff:1.2.3.4/95", "", "10.0.0.1:80"]
        {
            assert_eq!(TrustedProxies::new(&["127.0.0.1".to_owned(), entry.to_owned()]).unwrap_err(), entry);
        }
        assert!(TrustedProxies::new(&[" 127.0.0.1 ".to_owned()]).is_ok());
    }

    #[tokio::test]
    async fn requests_are_asked_for_their_client_through_the_proxies_in_their_extensions() {
        let address = async |trusted: Option<TrustedProxies>| {
            let request = Request::builder().header(FORWARDED_FOR, "203.0.113.9").body(()).unwrap();
            let (mut parts, ()) = request.into_parts();
            parts.extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
            if let Some(trusted) = trusted {
                parts.extensions.insert(trusted);
            }
            ClientAddress::from_request_parts(&mut parts, &()).await.unwrap().0.unwrap().to_string()
        };
        assert_eq!(address(None).await, "127.0.0.1");
        assert_eq!(address(Some(proxies(&["127.0.0.1"]))).await, "203.0.113.9");
    }
}
