//! Why a provider did not let somebody in, in words for that person.

/// A failure of the provider, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It can't be reached, or takes too long.
    #[error("the identity provider can't be reached, try again soon")]
    Away,
    /// It answers what the protocol does not know.
    #[error("the identity provider answers wrongly: {0}")]
    Wrong(String),
    /// It refused the login.
    #[error("{0}")]
    Refused(String),
}
