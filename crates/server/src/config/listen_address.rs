//! The address to listen on, in the forms that other servers take too.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

const TAKES: &str = "must be an address and port, such as 0.0.0.0:8080, localhost:8080 or :8080";

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every address of this machine) or `localhost:8080`. Of a name's addresses the
/// first of IPv4 counts.
///
/// # Errors
/// What it takes, if the text is no such address, or the name has none.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Some(port) = text.strip_prefix(':') {
        let port = port.parse().map_err(|_| TAKES)?;
        return Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    }
    let addresses: Vec<_> = text.to_socket_addrs().map_err(|_| TAKES)?.collect();
    let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    first.copied().ok_or_else(|| TAKES.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_port_or_a_name() {
        for (text, address) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
            (":8080", "0.0.0.0:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(listen_address(text).map(|read| read.to_string()), Ok(address.to_owned()), "{text}");
        }
        for text in ["", "here", "8080", "127.0.0.1", ":", ":x", ":70000", "localhost:"] {
            assert_eq!(listen_address(text), Err(TAKES.to_owned()), "{text}");
        }
    }
}
