//! Why a time can't be used.

/// The reason goes on after the column's name and its text: `timestamp 31.02.2025 names a day that is in no calendar`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeRefusal {
    pub(crate) reason: String,
    /// The other rows of the file can't be read right either.
    pub(crate) ends_file: bool,
}

impl TimeRefusal {
    pub(crate) fn row(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ends_file: false }
    }

    pub(crate) fn file(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ends_file: true }
    }
}
