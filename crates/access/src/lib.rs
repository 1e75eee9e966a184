//! Access control: finds the caller of a request, and closes connections whose caller lost a right.

#![forbid(unsafe_code)]

mod attempt_limit;
mod authenticate;
mod claims;
mod common_passwords;
mod connections;
mod error;
mod identity_cache;
mod issuer_keys;
mod login;
mod login_limit;
mod login_name;
mod password_reset;
mod passwords;
mod revocation;
mod secret;
mod sessions;
mod shared_state;
mod step_up;
mod token;
mod token_signatures;

pub use authenticate::{Authentication, Credential};
pub use claims::{Claims, TokenError};
pub use connections::{
    Admission, CloseReason, ConnectionCount, ConnectionGroup, Disconnect, Holder, TooManyConnections, Visit,
};
pub use error::AccessError;
pub use issuer_keys::{IssuerKeys, IssuerRules};
pub use login::{Attempt, SESSION_S, TokenPair};
pub use password_reset::{Forgetful, NewPasswordLink};
pub use secret::{hash_secret, random_secret};
pub use sessions::OpenSession;
pub use shared_state::FailedLogin;
pub use token::TokenKeys;

use attempt_limit::AttemptLimit;
use connections::Connections;
use identity_cache::IdentityCache;
use login_limit::LoginLimit;
use milepost_clock::Clock;
use milepost_store::Store;
use passwords::Passwords;
use shared_state::FailedLogins;
use std::sync::Arc;
use tokio::sync::Semaphore;

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
    /// Requests for resets of passwords.
    reset_limit: AttemptLimit,
    session_notes: Arc<Semaphore>,
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
            reset_limit: AttemptLimit::default(),
            session_notes: Arc::new(Semaphore::new(sessions::PARALLEL_NOTES)),
        }
    }

    /// The keys that sign and verify tokens.
    pub const fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }
}
