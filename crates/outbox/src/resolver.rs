//! Resolves host names and keeps the addresses that a webhook may have. The connection goes to a checked address, so a name
//! that resolves differently the next time gains nothing.

use crate::AddressRule;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// A resolver for webhooks' hosts.
pub(crate) struct CheckedResolver(pub(crate) Arc<AddressRule>);

/// A host has no address that may be called. It is not said whether it has another one: a tenant's admin could ask for
/// the names of the network that the server stands in.
#[derive(Debug)]
pub(crate) struct AddressRefused;

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not connect: the host has no public address, see MILEPOST_WEBHOOK_ALLOW")
    }
}

impl std::error::Error for AddressRefused {}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = Arc::clone(&self.0);
        Box::pin(async move {
            // The connector sets the port.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            // The operator's own names are no secret to those who may call them.
            if rule.names_host(name.as_str()) {
                return Ok(Box::new(found?.collect::<Vec<_>>().into_iter()) as Addrs);
            }
            let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
            let kept = keep(&rule, found)?;
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

fn keep(rule: &AddressRule, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, AddressRefused> {
    let kept: Vec<SocketAddr> = found.into_iter().filter(|address| rule.takes(address.ip())).collect();
    if kept.is_empty() { Err(AddressRefused) } else { Ok(kept) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_private_address_does_not_resolve() {
        let at = |addresses: &[&str]| addresses.iter().map(|a| a.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let rule = AddressRule::default();
        assert!(keep(&rule, at(&["127.0.0.1:0", "[::1]:0"])).is_err());
        assert!(keep(&rule, at(&[])).is_err());
        assert_eq!(keep(&rule, at(&["10.0.0.1:0", "8.8.8.8:0"])).unwrap(), at(&["8.8.8.8:0"]));
    }
}
