//! Why the store could not do what it was asked.

/// What went wrong. Whatever it is, nothing was left half written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database can't serve now (disk full, read-only, locked, unreachable, too slow): try again later, HTTP 503.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// More was brought than the queue holds, and it did not drain in time: try again later, HTTP 503.
    #[error("too much is being written at once, try again later")]
    Overloaded,
    /// It exists already: `tenant`, `username`, `vehicle`, `device`, `device key`, `session`, `tracking_id`,
    /// `outgoing call`, `student_id`, `trip`, `alert`; HTTP 409.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The request's claim on its Idempotency-Key was taken over, because it took too long, or forgotten: what it did is
    /// undone; HTTP 409.
    #[error("another request with this Idempotency-Key has taken over")]
    Superseded,
    /// What the change refers to does not exist: `tenant`, `vehicle`, `user`, `webhook`, `cadet`; HTTP 404 or 422.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The database can't be used at all: an unknown kind of URL, or tables of a newer version of this program.
    #[error("database refused: {0}")]
    Refused(String),
    /// A stored row does not parse, or the database refused a statement that should fit: HTTP 500.
    #[error("database holds what this version can't read: {0}")]
    Corrupt(String),
}

/// What the store's functions return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
