//! Why the other server can't be read.

/// What went wrong, in words for the operator. No text has a credential.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The address or the file is of no use.
    #[error("{0}")]
    Refused(String),
    /// The file can't be read.
    #[error("can't read the file: {0}")]
    File(#[from] std::io::Error),
    /// The file is no dump, or was cut off.
    #[error("the dump can't be read at byte {at}: {why}")]
    Dump {
        /// Bytes before it.
        at: u64,
        /// What is wrong there.
        why: &'static str,
    },
    /// The database does not answer.
    #[error("the database of Traccar can't be read: {0}")]
    Database(#[from] sqlx::Error),
    /// The API does not answer.
    #[error("Traccar's API does not answer: {0}")]
    Unanswered(String),
    /// The API refuses.
    #[error("Traccar's API answers {path} with {status}: {text}")]
    Answered {
        /// What was asked for.
        path: String,
        /// The status code.
        status: u16,
        /// The first line of the answer.
        text: String,
    },
    /// Nobody takes what is read.
    #[error("the import was stopped")]
    Stopped,
}

impl From<reqwest::Error> for SourceError {
    fn from(error: reqwest::Error) -> Self {
        // Its address could have a token.
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unanswered(format!("{error}{cause}"))
    }
}
