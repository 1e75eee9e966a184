//! What a user is to its tenant.

use crate::Invalid;

/// One role a user. What each may do stands in [`crate::RULES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the documentation; their rights are in RULES")]
pub enum Role {
    /// Every tenant.
    Superadmin,
    Admin,
    Manager,
    Parent,
    Driver,
    Client,
    Rider,
    Merchant,
    Cadet,
    TrainingStaff,
}

impl Role {
    /// All roles, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Superadmin,
        Self::Admin,
        Self::Manager,
        Self::Parent,
        Self::Driver,
        Self::Client,
        Self::Rider,
        Self::Merchant,
        Self::Cadet,
        Self::TrainingStaff,
    ];

    /// The role's name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superadmin => "superadmin",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Parent => "parent",
            Self::Driver => "driver",
            Self::Client => "client",
            Self::Rider => "rider",
            Self::Merchant => "merchant",
            Self::Cadet => "cadet",
            Self::TrainingStaff => "training_staff",
        }
    }

    /// # Errors
    /// [`Invalid`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or(Invalid::new(
            "role",
            "must be superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff",
        ))
    }
}
