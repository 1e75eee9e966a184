//! Why a use case refused or failed, in words that an edge can pass on.

use milepost_access::AccessError;
use milepost_domain::Invalid;
use milepost_store::StoreError;

/// A refusal or failure. The `http` room turns it into problem+json in one place.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The credential is missing, wrong or expired.
    #[error("{0}")]
    NotAuthenticated(&'static str),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It does not exist, or the caller must not learn that it does.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// It was there, and its time is over.
    #[error("the {0} has expired")]
    Gone(&'static str),
    /// Well-formed, but not acceptable.
    #[error("{}", first(.0))]
    Invalid(Vec<Invalid>),
    /// It exists already, or its present state forbids this.
    #[error("{0}")]
    Conflict(String),
    /// More than a limit allows; come back after so many seconds.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany {
        /// Whole seconds to wait.
        retry_after_s: u64,
    },
    /// The database cannot be used or keep up just now; nothing was changed.
    #[error("the database is unavailable, try again soon")]
    Unavailable,
    /// A defect or a damaged row; the log tells more.
    #[error("internal error")]
    Internal,
}

fn first(invalid: &[Invalid]) -> String {
    invalid.first().map_or_else(|| "invalid".to_owned(), ToString::to_string)
}

impl From<Invalid> for ServiceError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

impl From<AccessError> for ServiceError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotAuthenticated(detail) => Self::NotAuthenticated(detail),
            AccessError::TooMany { retry_after_s } => Self::TooMany { retry_after_s },
            AccessError::Invalid(invalid) => invalid.into(),
            AccessError::Store(error) => error.into(),
            AccessError::Internal => Self::Internal,
        }
    }
}

/// Logged here and nowhere else: this is where a store's failure is handled.
impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Conflict(format!("{what} exists already")),
            StoreError::Superseded => Self::Conflict(format!("{error}, ask again for its answer")),
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::Unavailable
            }
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Overloaded => {
                tracing::warn!("the committer's queue is full");
                Self::Unavailable
            }
            other => {
                tracing::error!(error = %other, "store failed");
                Self::Internal
            }
        }
    }
}
