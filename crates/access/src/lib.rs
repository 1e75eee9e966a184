//! Access control: finds the caller of a request, and closes connections whose caller lost a right.

#![forbid(unsafe_code)]

mod access_tokens;
mod attempt_limit;
mod authenticate;
mod claims;
mod common_passwords;
mod connections;
mod error;
mod foreign_hash;
mod identity_cache;
mod issuer_keys;
mod login;
mod login_audit;
mod login_limit;
mod login_name;
mod passkeys;
mod password_reset;
mod passwords;
mod provider_grants;
mod provider_login;
mod recalled_passwords;
mod revocation;
mod second_factor;
mod secret;
mod sessions;
mod shared_state;
mod shares;
mod step_up;
mod token;
mod token_signatures;
mod totp;
mod unsubscribe;
mod user_tokens;

pub use access_tokens::ACCESS_TOKEN_PREFIX;
pub use authenticate::{Authentication, Credential};
pub use claims::{Claims, TokenError};
pub use connections::{
    Admission, CloseReason, ConnectionCount, ConnectionGroup, Disconnect, Holder, TooManyConnections, Visit,
};
pub use error::AccessError;
pub use foreign_hash::{Pbkdf2Digest, Pbkdf2Hash};
pub use issuer_keys::{IssuerKeys, IssuerRules};
pub use login::{Attempt, SESSION_S, TokenPair};
pub use passkeys::{ALGORITHMS, AddedPasskey, Assertion, PasskeyQuestion, PasskeySetup, Registration, RelyingParty};
pub use password_reset::{Forgetful, NewPasswordLink};
pub use provider_grants::{DueCheck, ProviderGrant, ProviderToken};
pub use provider_login::{BegunLogin, ProviderLogin, ProviderLogout};
pub use second_factor::{Opened, TotpSetup};
pub use secret::{hash_secret, random_secret};
pub use sessions::OpenSession;
pub use shared_state::FailedLogin;
pub use shares::SHARE_PREFIX;
pub use token::TokenKeys;
pub use unsubscribe::is_report_unsubscribe;

use attempt_limit::AttemptLimit;
use connections::Connections;
use identity_cache::{IdentityCache, KnownChanges};
use login_limit::LoginLimit;
use milepost_cache::CacheBudget;
use milepost_clock::Clock;
use milepost_store::Store;
use passwords::Passwords;
use recalled_passwords::RecalledPasswords;
use shared_state::FailedLogins;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Checks credentials, issues tokens and sessions, and registers open connections.
pub struct Access {
    store: Arc<dyn Store>,
    clock: Clock,
    tokens: TokenKeys,
    passwords: Passwords,
    /// Right passwords of programs that send theirs with every request.
    recalled_passwords: RecalledPasswords,
    login_limit: LoginLimit,
    identities: IdentityCache,
    known_changes: KnownChanges,
    connections: Connections,
    failed_logins: FailedLogins,
    /// Requests for resets of passwords.
    reset_limit: AttemptLimit,
    session_notes: Arc<Semaphore>,
    /// Nobody logs in by password but the first user: `OIDC_ONLY`.
    providers_only: bool,
    /// What browsers bind passkeys to, or why there are none.
    relying_party: Result<RelyingParty, &'static str>,
}

impl Access {
    /// With the usual memory for identities, as [`Self::new_within`].
    pub fn new(store: Arc<dyn Store>, clock: Clock, tokens: TokenKeys, max_connections_per_tenant: usize) -> Self {
        Self::new_within(CacheBudget::default(), store, clock, tokens, max_connections_per_tenant)
    }

    /// `max_connections_per_tenant` limits the sockets and streams that one tenant may have open, on all nodes that tell of theirs.
    pub fn new_within(
        budget: CacheBudget,
        store: Arc<dyn Store>,
        clock: Clock,
        tokens: TokenKeys,
        max_connections_per_tenant: usize,
    ) -> Self {
        Self {
            store,
            clock,
            tokens,
            passwords: Passwords::default(),
            recalled_passwords: RecalledPasswords::default(),
            login_limit: LoginLimit::default(),
            identities: IdentityCache::new(budget.identities_bytes()),
            known_changes: KnownChanges::default(),
            connections: Connections::new(max_connections_per_tenant),
            failed_logins: FailedLogins::default(),
            reset_limit: AttemptLimit::default(),
            session_notes: Arc::new(Semaphore::new(sessions::PARALLEL_NOTES)),
            providers_only: false,
            relying_party: RelyingParty::of(""),
        }
    }

    /// Takes passwords of the first user alone from now on: all others log in at an identity provider.
    #[must_use]
    pub fn with_providers_only(self, providers_only: bool) -> Self {
        Self { providers_only, ..self }
    }

    /// Takes passkeys that browsers bind to the host of this URL.
    #[must_use]
    pub fn with_public_url(self, public_url: &str) -> Self {
        Self { relying_party: RelyingParty::of(public_url), ..self }
    }

    /// The present time.
    pub fn now(&self) -> milepost_domain::Timestamp {
        self.clock.now()
    }

    /// The keys that sign and verify tokens.
    pub const fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }
}
