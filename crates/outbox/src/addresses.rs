//! The addresses that a webhook may have: those of the public internet, and those that the operator allows.
//!
//! A tenant's admin chooses where webhooks go. Without this rule it could make the server call what only the server can
//! reach: its neighbours, its own ports, the cloud's metadata service.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Public addresses, and listed exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRule {
    names: Vec<String>,
    networks: Vec<Ipv6Net>,
}

impl AddressRule {
    /// A rule with exceptions: host names, addresses and networks (`hooks.internal`, `10.1.2.3`, `fd00::/8`).
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn new(allowed: &[String]) -> Result<Self, String> {
        let mut rule = Self::default();
        for entry in allowed {
            if let Some(network) = network(entry) {
                rule.networks.push(network);
            } else if is_host_name(entry) {
                rule.names.push(entry.trim_end_matches('.').to_ascii_lowercase());
            } else {
                return Err(entry.clone());
            }
        }
        Ok(rule)
    }

    /// Whether this host is allowed regardless of its address.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Whether this address is one of the exceptions.
    pub(crate) fn names_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&mapped(address)))
    }

    /// Whether calls may go to this address.
    pub(crate) fn takes(&self, address: IpAddr) -> bool {
        is_public(address) || self.names_address(address)
    }
}

/// Labels of letters, digits, `_` and `-` inside, between dots; a dot at the end means the same name.
pub(crate) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name that ends in a number is a mistyped address.
    let numeric = |text: &str| text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && text.split('.').all(label) && !numeric(text)
}

/// A network, or one address as the network that holds nothing else. IPv4 in its mapped form, so that a rule for
/// `10.0.0.0/8` also holds for `::ffff:10.0.0.1`.
fn network(text: &str) -> Option<Ipv6Net> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let network = match prefix {
        Some(prefix) => IpNet::new(address, prefix.parse().ok()?).ok()?,
        None => IpNet::from(address),
    };
    match network {
        IpNet::V4(v4) => Ipv6Net::new(v4.addr().to_ipv6_mapped(), v4.prefix_len() + 96).ok(),
        IpNet::V6(v6) => Some(v6),
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Networks that the IANA registry of special-purpose IPv4 addresses lists as not global, and multicast.
#[rustfmt::skip]
const RESERVED_V4: &[Ipv4Net] = &[
    net([0, 0, 0, 0], 8),       // this network; 0.0.0.0 reaches the machine itself
    net([10, 0, 0, 0], 8),      // private
    net([100, 64, 0, 0], 10),   // carrier-grade NAT; Alibaba's metadata is in it
    net([127, 0, 0, 0], 8),     // loopback
    net([168, 63, 129, 16], 32), // Azure's platform, a public address that only its machines reach
    net([169, 254, 0, 0], 16),  // link-local; the clouds' metadata
    net([172, 16, 0, 0], 12),   // private
    net([192, 0, 0, 0], 24),    // protocol assignments; Oracle's metadata
    net([192, 0, 2, 0], 24),    // documentation
    net([192, 88, 99, 0], 24),  // 6to4 relays
    net([192, 168, 0, 0], 16),  // private
    net([198, 18, 0, 0], 15),   // benchmarking
    net([198, 51, 100, 0], 24), // documentation
    net([203, 0, 113, 0], 24),  // documentation
    net([224, 0, 0, 0], 4),     // multicast
    net([240, 0, 0, 0], 4),     // reserved, and broadcast
];

const fn net([a, b, c, d]: [u8; 4], prefix_len: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_len)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !RESERVED_V4.iter().any(|network| network.contains(&address))
}

/// Forms that contain an IPv4 address are checked by it. Of the rest only `2000::/3` is assigned, except special networks.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] => is_public_v4(v4(g, h)),      // IPv4-mapped
        [0x64, 0xff9b, 0, 0, 0, 0] => is_public_v4(v4(g, h)),   // NAT64
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)), // 6to4
        [0x2001, 0..=0x01ff, ..] => false,                      // protocol assignments, Teredo, benchmarking, ORCHID
        [0x2001, 0xdb8, ..] => false,                           // documentation
        [0x3fff, 0..=0x0fff, ..] => false,                      // documentation
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn rule(allowed: &[&str]) -> AddressRule {
        AddressRule::new(&allowed.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn only_public_addresses_are_allowed() {
        let check = |address: &str, public: bool| {
            assert_eq!(AddressRule::default().takes(address.parse().unwrap()), public, "{address}");
        };
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "93.184.215.14",
            "172.15.255.255",
            "172.32.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "11.0.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            check(public, true);
        }
        for reserved in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:a9fe:a9fe::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "4000::1",
        ] {
            check(reserved, false);
        }
    }

    #[test]
    fn exceptions_allow_the_named_addresses_and_no_others() {
        let rule = rule(&["10.1.2.0/24", "127.0.0.1", "fd00::/8", "[::1]", "Hooks.Internal", "0.0.0.0/32"]);
        let takes = |address: &str| rule.takes(address.parse().unwrap());
        assert!(
            takes("10.1.2.3") && takes("::ffff:10.1.2.3") && takes("127.0.0.1") && takes("fd12::1") && takes("::1")
        );
        assert!(!takes("10.1.3.1") && !takes("127.0.0.2") && !takes("fc00::1") && !takes("::2") && !takes("0.0.0.1"));
        assert!(rule.names_host("hooks.internal") && rule.names_host("HOOKS.internal."));
        assert!(!rule.names_host("a.hooks.internal") && !rule.names_host("internal"));
        assert!(self::rule(&["0.0.0.0/0"]).takes("10.0.0.1".parse().unwrap()));
        assert!(!self::rule(&["0.0.0.0/0"]).takes("::1".parse().unwrap()));
        assert!(self::rule(&["::/0"]).takes("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_invalid_host_address_or_network_is_refused() {
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.256", "http://x", "a b", "*.example.org", "x:80", "10.0.0"] {
            assert_eq!(AddressRule::new(&[wrong.to_owned()]), Err(wrong.to_owned()));
        }
    }
}
