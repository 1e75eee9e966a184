//! Why access was refused or could not be checked.

use milepost_domain::{Invalid, SecondFactors};
use milepost_store::StoreError;

/// A refusal or a failure. `milepost_service::ServiceError` converts it with the same messages.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The credential is missing, wrong or expired.
    #[error("{0}")]
    NotAuthenticated(&'static str),
    /// The access token is valid, but not for this.
    #[error("the access token lacks the scope «{0}»")]
    OutsideScope(&'static str),
    /// Too many failed logins.
    #[error("too many attempts, try again in {retry_after_s} s")]
    TooMany {
        /// Whole seconds to wait.
        retry_after_s: u64,
    },
    /// A new password that is not acceptable.
    #[error("{0}")]
    Invalid(Invalid),
    /// It existed, and is good for nothing any more.
    #[error("the {0} has expired")]
    Gone(&'static str),
    /// The caller has to show once more who it is.
    #[error("{0}")]
    StepUpNeeded(&'static str),
    /// The password was right, and one of these second factors is due or was wrong.
    #[error("{1}")]
    SecondFactorDue(SecondFactors, &'static str),
    /// The caller is known and can't have this.
    #[error("{0}")]
    Refused(&'static str),
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of the server; the log has the cause.
    #[error("internal error")]
    Internal,
}
