//! The versions of things that several people may change at once.

/// The versions at which a caller allows its change. It is refused if somebody else made another version meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExpectedVersion {
    /// Whichever version there is.
    #[default]
    Any,
    /// One of those that the caller has seen.
    OneOf(Vec<i64>),
}

impl ExpectedVersion {
    /// May this version be changed?
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(seen) => seen.contains(&version),
        }
    }
}
