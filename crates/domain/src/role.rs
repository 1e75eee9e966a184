//! What a user is to its tenant.

use crate::names::named_values;

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

named_values!(Role, "role", "must be superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff", {
    Superadmin => "superadmin",
    Admin => "admin",
    Manager => "manager",
    Parent => "parent",
    Driver => "driver",
    Client => "client",
    Rider => "rider",
    Merchant => "merchant",
    Cadet => "cadet",
    TrainingStaff => "training_staff",
});
