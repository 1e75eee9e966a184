//! The errors of use cases, with messages for their callers.

use milepost_access::AccessError;
use milepost_domain::{Invalid, SecondFactors};
use milepost_store::StoreError;

/// Why a use case failed. The `http` crate turns it into problem+json.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The credential is missing, wrong or expired.
    #[error("{0}")]
    NotAuthenticated(&'static str),
    /// The password was right, and a second factor is due or was wrong.
    #[error("{1}")]
    SecondFactorDue(SecondFactors, &'static str),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It does not exist, or the caller must not learn that it exists.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// It existed and has expired.
    #[error("the {0} has expired")]
    Gone(&'static str),
    /// Well-formed, but not acceptable.
    #[error("{}", first(.0))]
    Invalid(Vec<Invalid>),
    /// It exists already, or its state does not allow this.
    #[error("{0}")]
    Conflict(String),
    /// The version that the caller has seen is not the present one.
    #[error("somebody else changed the {0} meanwhile, read it again")]
    Changed(&'static str),
    /// A limit on attempts was reached.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany {
        /// When to try again, in seconds from now.
        retry_after_s: u64,
    },
    /// Too much is being read at once for this caller or its tenant.
    #[error("too much is being read at once, try again soon")]
    Busy,
    /// The database can't be used now, or its queue is full. Nothing was changed.
    #[error("the database is unavailable, try again soon")]
    Unavailable,
    /// A bug or a damaged row. The log has the details.
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
            AccessError::OutsideScope(scope) => Self::Forbidden(match scope {
                "read" => "the access token lacks the scope «read»",
                "ingest" => "the access token lacks the scope «ingest»",
                _ => "the access token lacks the scope «manage»",
            }),
            AccessError::TooMany { retry_after_s } => Self::TooMany { retry_after_s },
            AccessError::Invalid(invalid) => invalid.into(),
            AccessError::Gone(what) => Self::Gone(what),
            AccessError::StepUpNeeded(detail) | AccessError::Refused(detail) => Self::Forbidden(detail),
            AccessError::SecondFactorDue(factors, detail) => Self::SecondFactorDue(factors, detail),
            AccessError::Conflict(detail) => Self::Conflict(detail.to_owned()),
            AccessError::Store(error) => error.into(),
            AccessError::Internal => Self::Internal,
        }
    }
}

/// Logs failures of the store. They are logged only here.
impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => Self::Conflict(format!("{what} exists already")),
            StoreError::Superseded => Self::Conflict(format!("{error}, ask again for its answer")),
            StoreError::Unavailable(cause) | StoreError::Contended(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::Unavailable
            }
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Changed(what) => Self::Changed(what),
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
