//! Access control: finds the caller of a request, and closes connections whose caller lost a right.

#![forbid(unsafe_code)]

mod access_tokens;
mod authenticate;
mod claims;
mod connections;
mod error;
mod identity_cache;
mod issuer_keys;
mod login;
mod login_audit;
mod login_limit;
mod login_name;
mod passwords;
mod revocation;
mod secret;
mod shared_state;
mod token;
mod token_signatures;

pub use access_tokens::ACCESS_TOKEN_PREFIX;
pub use authenticate::{Authentication, Credential};
pub use claims::{Claims, TokenError};
pub use connections::{
    Admission, CloseReason, ConnectionCount, ConnectionGroup, Disconnect, Holder, TooManyConnections, Visit,
};
pub use error::AccessError;
pub use issuer_keys::{IssuerKeys, IssuerRules};
pub use login::{Attempt, SESSION_S, TokenPair};
pub use secret::{hash_secret, random_secret};
pub use shared_state::FailedLogin;
pub use token::TokenKeys;

use connections::Connections;
use identity_cache::IdentityCache;
use login_limit::LoginLimit;
use milepost_clock::Clock;
use milepost_store::Store;
use passwords::Passwords;
use shared_state::FailedLogins;
use std::sync::Arc;

/// Checks credentials, issues tokens and sessions, and registers open connections.
pub struct Access {
    store: Arc<dyn Store>,
    clock: Clock,
    tokens: TokenKeys,
    passwords: Passwords,
    login_limit: LoginLimit,
    identities: IdentityCache,
    connections: Connections,
    failed_logins: FailedLogins,
}

impl Access {
    /// `max_connections_per_tenant` limits the sockets and streams that one tenant may have open, on all nodes that tell of theirs.
    pub fn new(store: Arc<dyn Store>, clock: Clock, tokens: TokenKeys, max_connections_per_tenant: usize) -> Self {
        Self {
            store,
            clock,
            tokens,
            passwords: Passwords::default(),
            login_limit: LoginLimit::default(),
            identities: IdentityCache::new(),
            connections: Connections::new(max_connections_per_tenant),
            failed_logins: FailedLogins::default(),
        }
    }

    /// The keys that sign and verify tokens.
    pub const fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }
}
