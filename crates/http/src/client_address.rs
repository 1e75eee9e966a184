//! The address that a request came from, for rate limits.

use crate::TrustedProxies;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use std::net::{IpAddr, SocketAddr};

/// The address of the connection's peer. If the peer is one of the [`TrustedProxies`] in the request's extensions, it
/// is the address that the proxy reports.
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The address of a request's client.
    pub fn of(parts: &Parts) -> Self {
        let Some(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return Self(None) };
        let peer = peer.0.ip().to_canonical();
        let proxies = parts.extensions.get::<TrustedProxies>();
        Self(Some(proxies.map_or(peer, |proxies| proxies.client_address(peer, &parts.headers))))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::http::Request;

    #[tokio::test]
    async fn the_client_is_found_through_the_proxies_in_a_requests_extensions() {
        let address = async |trusted: Option<TrustedProxies>| {
            let request = Request::builder().header("x-forwarded-for", "203.0.113.9").body(()).unwrap();
            let (mut parts, ()) = request.into_parts();
            parts.extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
            if let Some(trusted) = trusted {
                parts.extensions.insert(trusted);
            }
            ClientAddress::from_request_parts(&mut parts, &()).await.unwrap().0.unwrap().to_string()
        };
        assert_eq!(address(None).await, "127.0.0.1");
        assert_eq!(address(Some(TrustedProxies::new(&["127.0.0.1".to_owned()]).unwrap())).await, "203.0.113.9");
    }
}
