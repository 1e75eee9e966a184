//! Roles of users in their tenant.

use crate::names::named_values;

/// A user has one role. [`crate::RULES`] says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the documentation; their rights are in RULES")]
pub enum Role {
    /// Acts in every tenant.
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
