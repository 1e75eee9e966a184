//! Talks to an identity provider by OpenID Connect: discovery, the code flow, its keys and its users' claims.
//!
//! It verifies no signature: tokens go to `milepost-access` with the provider's keys.

#![forbid(unsafe_code)]

mod claims;
mod error;
mod provider;
mod roles;
mod settings;

pub use claims::Claims;
pub use error::ProviderError;
pub use provider::{Authorization, Provider, Refreshed, Tokens};
pub use roles::RoleMap;
pub use settings::{Issuer, OidcSettings, TenantSource};
