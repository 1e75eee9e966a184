//! What a user shows beside its password.

/// The kinds of second factors that a user has, or may set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecondFactors {
    /// An authenticator app.
    pub totp: bool,
    /// A passkey.
    pub passkey: bool,
}

impl SecondFactors {
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        !self.totp && !self.passkey
    }

    /// Their names, as clients know them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [("totp", self.totp), ("passkey", self.passkey)].into_iter().filter(|(_, has)| *has).map(|(name, _)| name)
    }
}
