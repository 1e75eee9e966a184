//! The reason why a value was refused, in words for the person who sent it.

use std::fmt;

/// A value that does not fit its type. `field` is the domain's name for it; a dialect may translate it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Name of the value: `latitude`, `tenant`, `speed`.
    pub field: &'static str,
    /// The values that it accepts: `must be a number from -90 to 90`.
    pub message: &'static str,
}

impl Invalid {
    /// Refuses `field` with a message that says what it accepts.
    pub const fn new(field: &'static str, message: &'static str) -> Self {
        Self { field, message }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

impl std::error::Error for Invalid {}
