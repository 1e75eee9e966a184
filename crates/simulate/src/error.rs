//! The error of a simulation.

/// The reason why a simulation did not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// An option that can't be used.
    #[error("{0}")]
    Option(String),
    /// A file that can't be read or has no usable content.
    #[error("{file}: {reason}")]
    File {
        /// Its path, as given.
        file: String,
        /// The cause.
        reason: String,
    },
    /// The server can't be reached.
    #[error("{url} does not answer: {reason}; is the server running?")]
    Unreachable {
        /// The URL that was called.
        url: String,
        /// The cause.
        reason: String,
    },
    /// The server answers, but TLS with it fails.
    #[error("{url} can't be reached by TLS: {reason}; is it an https server whose certificate this machine trusts?")]
    Tls {
        /// The URL that was called.
        url: String,
        /// The cause that TLS reports.
        reason: String,
    },
    /// The server refused a call that the simulation needs.
    #[error("{call} was answered {status}: {detail}")]
    Refused {
        /// Method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// The server's explanation.
        detail: String,
    },
}
