//! Why the store could not do its work.

/// The reason of a failure. Nothing was left half written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database can't serve now: disk full, read-only, locked, unreachable or too slow. Try again later; HTTP 503.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// Other transactions got in the way twice: a deadlock, or one that could not be put in order. Try again; HTTP 503.
    #[error("database busy: {0}")]
    Contended(String),
    /// More positions arrived than the queue holds, and it did not empty in time. Try again later; HTTP 503.
    #[error("too much is being written at once, try again later")]
    Overloaded,
    /// The object exists already: `tenant`, `username`, `vehicle`, `device`, `device key`, `session`, `tracking_id`,
    /// `outgoing call`, `student_id`, `trip` or `alert`; HTTP 409.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The request lost its claim on its Idempotency-Key, because it took too long or the key was deleted. Its work was
    /// rolled back; HTTP 409.
    #[error("another request with this Idempotency-Key has taken over")]
    Superseded,
    /// The change refers to an object that does not exist: `tenant`, `vehicle`, `user`, `webhook` or `cadet`; HTTP 404
    /// or 422.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The database can't be used: its URL is of an unknown kind, or its tables are of a newer version of this program.
    #[error("database refused: {0}")]
    Refused(String),
    /// The present version is none of those that the caller expected: of a `cadet`; HTTP 412.
    #[error("the {0} was changed meanwhile")]
    Changed(&'static str),
    /// A stored row can't be parsed, or the database refused a statement that should be valid; HTTP 500.
    #[error("database holds what this version can't read: {0}")]
    Corrupt(String),
}

/// The result of the store's functions.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
