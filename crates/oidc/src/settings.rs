//! What the operator says about the provider.

use crate::RoleMap;
use milepost_domain::TenantId;
use std::fmt;
use std::net::IpAddr;
use url::Url;

/// The provider's name, as its tokens have it, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Reads `https://…`. `http://` is for a provider on this machine: who answers in its place lets anybody in.
    ///
    /// # Errors
    /// The values that the field accepts.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const TAKES: &str =
            "must be the provider's issuer, such as https://login.example.org (http:// on this machine only)";
        let url = Url::parse(text).map_err(|_| TAKES)?;
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        let fits = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        if fits && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(TAKES)
        }
    }

    /// The issuer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a user's tenant comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantSource {
    /// All users are of one tenant.
    Fixed(TenantId),
    /// A claim names it.
    Claim(String),
}

/// The provider, and what its users become here.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its name.
    pub issuer: Issuer,
    /// This server's name there.
    pub client_id: String,
    /// This server's secret there, if it has one.
    pub client_secret: Option<String>,
    /// What is asked for, separated by spaces.
    pub scopes: String,
    /// The claim with a user's groups.
    pub roles_claim: String,
    /// Roles by groups; `None` if roles are given here.
    pub roles: Option<RoleMap>,
    /// Where a user's tenant comes from.
    pub tenant: TenantSource,
    /// Whether a verified address links to an account that has it.
    pub links_email: bool,
    /// Where people reach this server.
    pub public_url: String,
}

// Written by hand, so that the secret never reaches a log line.
impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Issuer;

    #[test]
    fn an_issuer_without_encryption_is_taken_on_this_machine_only() {
        for fine in [
            "https://login.example.org",
            "https://login.example.org/realms/a",
            "http://127.0.0.1:3000",
            "http://[::1]",
            "http://localhost:3000/",
        ] {
            assert!(Issuer::parse(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://login.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
            "ftp://localhost",
            "login",
            "https://a@b",
            "https://a?b",
        ] {
            assert!(Issuer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
